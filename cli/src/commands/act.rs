//! Changes that are one transaction on one account.

use {
    crate::{
        args::SignArgs,
        carry_out::carry_out,
        change::{After, Change, Effect, Line, MarketHead, Role, Step},
        error::CliError,
        lookup::CreditView,
        output::Answer,
        parties::Parties,
        session::{MarketView, Session},
        views::{credit_effect, health, market_effect},
    },
    blockable_sdk::{Instruction, Pubkey, amounts::Lamports},
};

/// An act: the parts of a [`Change`] that differ from command to command.
pub(super) struct Act {
    /// The act, as a sentence.
    pub title: String,
    /// The keys that may sign.
    pub role: Role,
    /// Facts besides the account itself.
    pub facts: Vec<Line>,
    /// The instructions.
    pub instructions: Vec<Instruction>,
    /// The part that cannot be undone.
    pub irreversible: String,
    /// Rent that is paid for accounts.
    pub rent: Lamports,
    /// Accounts that it creates.
    pub created: Vec<(&'static str, Pubkey)>,
    /// Words for what holds afterwards.
    pub done: String,
}

impl Act {
    /// An act without rent and new accounts.
    pub(super) fn new(
        title: String,
        role: Role,
        instructions: Vec<Instruction>,
        irreversible: &str,
        done: String,
    ) -> Act {
        Act {
            title,
            role,
            facts: Vec::new(),
            instructions,
            irreversible: irreversible.to_string(),
            rent: Lamports::ZERO,
            created: Vec::new(),
            done,
        }
    }

    /// The same with facts.
    pub(super) fn with_facts(mut self, facts: impl IntoIterator<Item = (&'static str, String)>) -> Act {
        self.facts.extend(facts.into_iter().map(|(name, value)| (name.to_string(), value)));
        self
    }
}

/// Carries an act on a credit out; its effect is everything about the credit that changes. Errors: as [`carry_out`].
pub(super) async fn act_on_credit(
    session: &Session,
    sign: &SignArgs,
    parties: &Parties,
    (credit, market): (&CreditView, &MarketView),
    act: Act,
) -> Result<Answer, CliError> {
    let mut facts = vec![
        ("credit".to_string(), format!("{} ({})", credit.address, health(credit))),
        ("lender".to_string(), credit.account.lender.to_string()),
        ("borrower".to_string(), credit.account.borrower.to_string()),
    ];
    facts.extend(act.facts.iter().cloned());
    let effect = |after: &After| credit_effect(credit, market, after);
    finish(session, sign, parties, market.into(), credit.address, act, facts, &effect).await
}

/// Carries an act on a market out; its effect is everything about the market that changes. Errors: as [`carry_out`].
pub(super) async fn act_on_market(
    session: &Session,
    sign: &SignArgs,
    parties: &Parties,
    market: &MarketView,
    act: Act,
) -> Result<Answer, CliError> {
    let facts = act.facts.clone();
    let effect = |after: &After| market_effect(market, after);
    finish(session, sign, parties, market.into(), market.address, act, facts, &effect).await
}

/// Loads the keys of a change that concerns nobody but its signer: there is no usual one. `does` is the act: "buys". Errors: as
/// [`Parties::load`], [`CliError::Usage`] where neither a key nor an address is known.
pub(super) fn load_own_key(session: &Session, sign: &SignArgs, does: &str) -> Result<Parties, CliError> {
    let parties = Parties::load(session, sign, Pubkey::default())?;
    if parties.signer == Pubkey::default() {
        return Err(CliError::Usage(format!(
            "it is not known who {does}; name the key, or its address, by --keypair"
        )));
    }
    Ok(parties)
}

#[expect(clippy::too_many_arguments, reason = "the parts of one change, taken apart once")]
async fn finish(
    session: &Session,
    sign: &SignArgs,
    parties: &Parties,
    market: MarketHead,
    watched: Pubkey,
    act: Act,
    facts: Vec<Line>,
    effect: &(dyn Fn(&After) -> Result<Effect, CliError> + Sync),
) -> Result<Answer, CliError> {
    let change = Change {
        title: act.title,
        market,
        role: act.role,
        facts,
        steps: vec![Step { instructions: act.instructions, watched: vec![watched] }],
        effect: Box::new(effect),
        irreversible: act.irreversible,
        rent: act.rent,
        created: act.created,
        gate: None,
    };
    let done = act.done;
    carry_out(session, sign, parties, &change, |_| done).await
}
