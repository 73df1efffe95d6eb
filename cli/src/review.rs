//! The review before anything is signed, on stderr.

use {
    crate::{
        change::{Change, Effect, Line, MarketHead},
        parties::Parties,
        session::Session,
    },
    blockable_service::command::{Cost, Heading, Review},
};

/// The first line of every command that signs: cluster, market, signer and where its key came from.
pub(crate) fn heading(session: &Session, market: MarketHead, parties: &Parties) -> Heading {
    Heading {
        cluster: session.cluster(),
        market: market.address,
        admin: market.admin,
        signer: parties.signer,
        source: parties.source.clone(),
        cosigner: parties.cosigner,
        payer: parties.payer,
    }
}

/// The review: act, facts, effect before and after, cost, and the part that cannot be undone.
pub(crate) fn review(change: &Change, effect: &Effect, cost: Cost) -> String {
    let becomes =
        effect.lines.iter().map(|line| (line.name.clone(), format!("{} -> {}", line.before, line.after)));
    let lines: Vec<Line> = change.facts.iter().cloned().chain(becomes).collect();
    Review { title: &change.title, lines: &lines, cost, irreversible: &change.irreversible }.to_string()
}
