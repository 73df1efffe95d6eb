//! Changes that are one transaction on one account.

use {
    crate::{
        args::{GlobalArgs, SignArgs},
        carry_out::{carry_out, nothing},
        change::{Change, EffectOf, Line, MarketHead, Role, Step},
        error::CliError,
        lookup::{CreditView, credit},
        output::{Answer, keep_warning},
        parties::Parties,
        session::{MarketView, Session},
        views::{credit_effect, credit_json, health, market_effect, market_json},
    },
    blockable_sdk::{
        Instruction, Pubkey,
        amounts::Lamports,
        events::{CreditRecord, Event},
    },
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
    /// The same by a record of what has landed, with its amounts; `None` for a record of something else.
    pub landed: Option<Landed>,
}

/// Words for a change of a credit that has landed; `None` for one that is not the act's.
pub(super) type Landed = Box<dyn Fn(&CreditRecord) -> Option<String>>;

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
            landed: None,
        }
    }

    /// The same with words for what has landed.
    pub(super) fn with_landed(mut self, landed: impl Fn(&CreditRecord) -> Option<String> + 'static) -> Act {
        self.landed = Some(Box::new(landed));
        self
    }

    /// The same with facts.
    pub(super) fn with_facts(mut self, facts: impl IntoIterator<Item = (&'static str, String)>) -> Act {
        self.facts.extend(facts.into_iter().map(|(name, value)| (name.to_string(), value)));
        self
    }

    /// The same with a danger that its reader should see: above its other facts, and in the document's `warnings`.
    pub(super) fn with_warning(mut self, warning: Option<String>) -> Act {
        if let Some(warning) = warning {
            keep_warning(&warning);
            self.facts.insert(0, ("WARNING".to_string(), warning));
        }
        self
    }

    /// The change that it is, one transaction that is about `subject`; and the words for what holds afterwards.
    fn into_change<'a>(
        self,
        market: MarketHead,
        subject: Pubkey,
        effect: EffectOf<'a, CliError>,
    ) -> (Change<'a>, String) {
        let change = Change {
            title: self.title,
            market,
            role: self.role,
            facts: self.facts,
            steps: vec![Step { instructions: self.instructions, watched: vec![subject] }],
            effect,
            irreversible: self.irreversible,
            rent: self.rent,
            created: self.created,
            gate: None,
        };
        (change, self.done)
    }
}

/// A command's work on one credit: the chain, the keys that are named, the credit with its debt accrued, and its market.
pub(super) struct OnCredit<'a> {
    /// The chain.
    pub session: Session,
    /// The keys that are named, and the way to the chain.
    pub sign: &'a SignArgs,
    /// The credit.
    pub credit: CreditView,
    /// Its market.
    pub market: MarketView,
}

impl<'a> OnCredit<'a> {
    /// Opens the session and reads the credit. Errors: as [`Session::open`] and [`credit`].
    pub(super) async fn open(
        global: &GlobalArgs,
        sign: &'a SignArgs,
        address: &Pubkey,
    ) -> Result<OnCredit<'a>, CliError> {
        let session = Session::open(global, Some(sign), None).await?;
        let (credit, market) = credit(&session, address).await?;
        Ok(OnCredit { session, sign, credit, market })
    }

    /// The answer where nothing is to be done, because `says` holds.
    pub(super) fn nothing(&self, says: &str) -> Answer {
        nothing(&self.session, &self.market, says, credit_json(&self.credit, &self.market))
    }

    /// Loads the keys. Errors: as [`Parties::load`].
    pub(super) fn parties(&self, usual: Pubkey) -> Result<Parties, CliError> {
        Parties::load(&self.session, self.sign, usual)
    }

    /// Carries an act out; its effect is everything about the credit that changes. Errors: as [`carry_out`].
    pub(super) async fn carry_out(&self, parties: &Parties, mut act: Act) -> Result<Answer, CliError> {
        let (credit, market, landed) = (&self.credit, &self.market, act.landed.take());
        let effect = Box::new(|after: &_| credit_effect(credit, market, after));
        let (mut change, done) = act.into_change(market.into(), credit.address, effect);
        let heads = [
            ("credit".to_string(), format!("{} ({})", credit.address, health(credit))),
            ("lender".to_string(), credit.account.lender.to_string()),
            ("borrower".to_string(), credit.account.borrower.to_string()),
        ];
        change.facts.splice(0..0, heads);
        let answer = carry_out(&self.session, self.sign, parties, &change, |_| done).await?;
        match landed {
            Some(landed) => Ok(as_landed(&self.session, answer, landed).await),
            None => Ok(answer),
        }
    }
}

/// A command's work on the market of the settings: the chain, the keys that are named, and the market.
pub(super) struct OnMarket<'a> {
    /// The chain.
    pub session: Session,
    /// The keys that are named, and the way to the chain.
    pub sign: &'a SignArgs,
    /// The market.
    pub market: MarketView,
}

impl<'a> OnMarket<'a> {
    /// Opens the session and reads the market. Errors: as [`Session::open`] and [`Session::named_market`].
    pub(super) async fn open(global: &GlobalArgs, sign: &'a SignArgs) -> Result<OnMarket<'a>, CliError> {
        let session = Session::open(global, Some(sign), None).await?;
        let market = session.named_market().await?;
        Ok(OnMarket { session, sign, market })
    }

    /// The answer where nothing is to be done, because `says` holds.
    pub(super) fn nothing(&self, says: &str) -> Answer {
        nothing(&self.session, &self.market, says, market_json(&self.market))
    }

    /// Loads the keys. Errors: as [`Parties::load`].
    pub(super) fn parties(&self, usual: Pubkey) -> Result<Parties, CliError> {
        Parties::load(&self.session, self.sign, usual)
    }

    /// Carries an act out; its effect is everything about the market that changes. Errors: as [`carry_out`].
    pub(super) async fn carry_out(&self, parties: &Parties, act: Act) -> Result<Answer, CliError> {
        let market = &self.market;
        let effect = Box::new(|after: &_| market_effect(market, after));
        let (change, done) = act.into_change(market.into(), market.address, effect);
        carry_out(&self.session, self.sign, parties, &change, |_| done).await
    }
}

/// The answer about a change with the amounts that have landed in its first line, by the records of its transactions. Where these
/// cannot be read, the answer as it is: its words hold for every outcome that the bounds of the change allow.
pub(super) async fn as_landed(
    session: &Session,
    mut answer: Answer,
    landed: impl Fn(&CreditRecord) -> Option<String>,
) -> Answer {
    if answer.data["changed"] != true {
        return answer;
    }
    let signatures = answer.data["signatures"].as_array().cloned().unwrap_or_default();
    for signature in signatures.iter().filter_map(|signature| signature.as_str()?.parse().ok()) {
        let Ok(transaction) = session.client.landed(&signature).await else { continue };
        let words = transaction.events.iter().flat_map(Event::records).find_map(&landed);
        if let Some(words) = words {
            let rest = answer.text.split_once('\n').map_or(String::new(), |(_, rest)| format!("\n{rest}"));
            answer.text = words + &rest;
            break;
        }
    }
    answer
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
