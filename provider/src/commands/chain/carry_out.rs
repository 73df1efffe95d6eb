//! Carries a plan out: simulates, shows, asks, sends.

use {
    super::{ActError, Authority, Report, Session, provider_json},
    blockable_sdk::{
        Instruction, Signature, Signer,
        amounts::{LAMPORTS_PER_SOL, Lamports},
        errors::Outcome,
        program::state::Provider,
    },
    blockable_service::command::confirm,
    serde_json::{Value, json},
};

/// The steps that are missing, as a review shows them.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The act, as a sentence.
    pub title: String,
    /// Its effect, line by line: the name of a thing, and what becomes of it.
    pub effect: Vec<(String, String)>,
    /// The part that cannot be undone.
    pub irreversible: String,
    /// Rent that is paid for accounts.
    pub rent: Lamports,
    /// The transactions, each by its instructions.
    pub transactions: Vec<Vec<Instruction>>,
}

/// The end of a plan.
#[derive(Debug)]
pub(crate) enum Carried {
    /// It was a dry run.
    Simulated,
    /// Everything landed; the signatures.
    Landed(Vec<Signature>),
}

/// Carries out one instruction of the provider's authority that needs no rent. `title`, `effect` and `irreversible` are those of a
/// [`Plan`]; `done` says what holds afterwards, by the provider's account then. Errors: as [`carry_out`].
pub(crate) async fn act(
    session: &Session,
    provider: &Provider,
    (title, effect, irreversible): (String, Vec<(String, String)>, String),
    instruction: Instruction,
    done: impl FnOnce(&Provider) -> String,
) -> Result<Report, ActError> {
    let authority = Authority::load(&session.args, &session.config.operator, provider.authority)?;
    let transactions = vec![vec![instruction]];
    let plan = Plan { title, effect, irreversible, rent: Lamports(0), transactions };
    let carried = carry_out(session, &authority, &plan).await?;
    let after = session.provider().await?;
    Ok(carried.report(session, done(&after), provider_json(session, &after)))
}

/// Simulates a plan, shows it, asks, and sends it. Errors: [`ActError::Client`], [`ActError::Confirm`]; nothing was sent then but
/// what standard error lists as landed.
pub(crate) async fn carry_out(
    session: &Session,
    authority: &Authority,
    plan: &Plan,
) -> Result<Carried, ActError> {
    eprintln!("{}", heading(session, authority));
    let sender = session.sender();
    let mut fee = Lamports(0);
    for instructions in &plan.transactions {
        fee = fee.saturating_add(sender.prepare(instructions, &authority.address).await?.fee);
    }
    eprint!("{}", review(plan, fee));
    let Some(keypair) = &authority.keypair else {
        eprintln!("dry run: simulated, not sent");
        return Ok(Carried::Simulated);
    };
    confirm(session.args.yes)?;
    let key: &dyn Signer = keypair;
    let mut signatures = Vec::new();
    for instructions in &plan.transactions {
        let signature = match sender.send(instructions, key, &[]).await {
            Ok(landed) => landed.signature,
            // It did its work; only its events are not served.
            Err(error) => match error.sent() {
                Some(sent) if matches!(sent.outcome, Outcome::Landed { .. }) => sent.signature,
                _ => return Err(error.into()),
            },
        };
        eprintln!("landed {signature}");
        signatures.push(signature);
    }
    Ok(Carried::Landed(signatures))
}

/// The first line of every command that signs.
fn heading(session: &Session, authority: &Authority) -> String {
    format!(
        "cluster {}, market {} (admin {}), signer {} ({})",
        session.cluster(),
        session.market_address(),
        session.market.admin,
        authority.address,
        authority.source
    )
}

fn review(plan: &Plan, fee: Lamports) -> String {
    let mut text = format!("{}\n", plan.title);
    let width = plan.effect.iter().map(|(name, _)| name.len()).max().unwrap_or(0).max(14);
    for (name, effect) in &plan.effect {
        text += &format!("  {name:width$}  {effect}\n");
    }
    let count = plan.transactions.len();
    let rent = match plan.rent.is_zero() {
        true => String::new(),
        false => format!(", and {} SOL of rent", sol(plan.rent)),
    };
    let many = if count == 1 { "one transaction".to_string() } else { format!("{count} transactions") };
    text += &format!("  {:width$}  {} SOL for {many}{rent}\n", "cost", sol(fee));
    text += &format!("  {:width$}  {}\n", "not undone", plan.irreversible);
    text
}

/// Lamports in SOL, exactly.
fn sol(amount: Lamports) -> String {
    format!("{}.{:09}", amount.get() / LAMPORTS_PER_SOL, amount.get() % LAMPORTS_PER_SOL)
}

impl Carried {
    /// The report of a plan that was carried out: `done` says what is now, `state` is the data.
    pub(crate) fn report(&self, session: &Session, done: String, state: Value) -> Report {
        let (signatures, text) = match self {
            Carried::Simulated => (Vec::new(), "dry run: simulated, nothing was sent".to_string()),
            Carried::Landed(signatures) => (signatures.iter().map(ToString::to_string).collect(), done),
        };
        let is_dry_run = matches!(self, Carried::Simulated);
        let data = data(session, !is_dry_run, is_dry_run, &signatures, state);
        Report { text, data }
    }
}

impl Report {
    /// The report of a command that found nothing to do.
    pub(crate) fn nothing(session: &Session, says: String, state: Value) -> Report {
        let data = data(session, false, session.args.dry_run, &[], state);
        Report { text: format!("nothing to do: {says}"), data }
    }
}

fn data(session: &Session, changed: bool, dry_run: bool, signatures: &[String], state: Value) -> Value {
    json!({
        "cluster": {"name": session.cluster(), "genesis_hash": session.genesis.to_string()},
        "market": session.market_address().to_string(),
        "changed": changed,
        "dry_run": dry_run,
        "signatures": signatures,
        "state": state,
    })
}
