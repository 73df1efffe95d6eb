//! The review before anything is signed, on stderr.

use {
    crate::{
        change::{Change, Effect, MarketId},
        parties::Parties,
        session::Session,
    },
    blockable_sdk::amounts::{LAMPORTS_PER_SOL, Lamports},
};

/// Least width of the column of names.
const NAMES: usize = 14;

/// The cost of a change.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// Fees of all transactions.
    pub fee: Lamports,
    /// Rent.
    pub rent: Lamports,
    /// The number of transactions.
    pub transactions: usize,
}

/// The first line of every command that signs: cluster, market, signer and where its key came from.
pub(crate) fn heading(session: &Session, market: MarketId, parties: &Parties) -> String {
    let mut line = format!(
        "cluster {}, market {} (admin {}), signer {} ({})",
        session.cluster(),
        market.address,
        market.admin,
        parties.signer,
        parties.source
    );
    if let Some(cosigner) = parties.cosigner {
        line += &format!(", also {cosigner}");
    }
    if parties.payer != parties.signer {
        line += &format!(", fee payer {}", parties.payer);
    }
    line
}

/// The review: act, facts, effect before and after, cost, and the part that cannot be undone.
pub(crate) fn review(change: &Change, effect: &Effect, cost: &Cost) -> String {
    let names = change.facts.iter().map(|(name, _)| name).chain(effect.lines.iter().map(|line| &line.name));
    let width = names.map(|name| name.chars().count()).max().unwrap_or(0).max(NAMES);
    let mut text = format!("{}\n", change.title);
    let mut line = |name: &str, value: &str| text += &format!("  {name:width$}  {value}\n");
    for (name, value) in &change.facts {
        line(name, value);
    }
    for effect in &effect.lines {
        line(&effect.name, &format!("{} -> {}", effect.before, effect.after));
    }
    line("cost", &cost.text());
    line("not undone", &change.irreversible);
    text
}

impl Cost {
    fn text(&self) -> String {
        let many = match self.transactions {
            1 => "one transaction".to_string(),
            count => format!("{count} transactions"),
        };
        match self.rent {
            Lamports::ZERO => format!("{} SOL for {many}", sol(self.fee)),
            rent => format!("{} SOL for {many}, and {} SOL of rent", sol(self.fee), sol(rent)),
        }
    }
}

/// Lamports in SOL, exactly.
pub(crate) fn sol(amount: Lamports) -> String {
    format!("{}.{:09}", amount.get() / LAMPORTS_PER_SOL, amount.get() % LAMPORTS_PER_SOL)
}
