//! Carries a plan out: simulates, shows, asks, sends.

use {
    super::{ActError, Answer, Authority, Session, provider_json},
    blockable_sdk::{
        Instruction, Signature, Signer, amounts::Lamports, errors::ClientError, program::state::Provider,
    },
    blockable_service::command::{Cost, Heading, Review, confirm, send_all, sol},
    serde_json::{Value, json},
};

/// The least fee of a transaction with one signature.
const LEAST_FEE: Lamports = Lamports(5_000);

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
) -> Result<Answer, ActError> {
    let authority = Authority::load(&session.args, &session.config.operator, provider.authority)?;
    let transactions = vec![vec![instruction]];
    let plan = Plan { title, effect, irreversible, rent: Lamports(0), transactions };
    let carried = carry_out(session, &authority, &plan).await?;
    let after = session.provider().await;
    Ok(carried.answer(session, after.map(|after| (done(&after), provider_json(session, &after)))))
}

/// Simulates a plan, shows it, asks, and sends it. Errors: [`ActError::Client`] and [`ActError::Confirm`], where nothing has
/// landed; [`ActError::Partly`].
pub(crate) async fn carry_out(
    session: &Session,
    authority: &Authority,
    plan: &Plan,
) -> Result<Carried, ActError> {
    eprintln!("{}", heading(session, authority));
    let sender = session.sender();
    let mut fee = Lamports(0);
    for instructions in &plan.transactions {
        let prepared = sender.prepare(instructions, &authority.address).await;
        let prepared = match prepared {
            Ok(prepared) => prepared,
            Err(error) => return Err(explain(session, authority, plan, error).await),
        };
        fee = fee.saturating_add(prepared.fee);
    }
    let cost = Cost { fee, rent: plan.rent, transactions: plan.transactions.len() };
    let (title, irreversible) = (&plan.title, &plan.irreversible);
    eprint!("{}", Review { title, lines: &plan.effect, cost, irreversible });
    let Some(keypair) = &authority.keypair else {
        eprintln!("dry run: simulated, not sent");
        return Ok(Carried::Simulated);
    };
    confirm(session.args.yes)?;
    let key: &dyn Signer = keypair;
    let send = async |instructions: &Vec<Instruction>| sender.send(instructions, key, &[]).await;
    Ok(Carried::Landed(send_all(&plan.transactions, send).await?))
}

/// Names the lack of SOL where that is why a simulation fails: nodes say it in other words.
async fn explain(session: &Session, authority: &Authority, plan: &Plan, error: ClientError) -> ActError {
    let least = plan.rent.saturating_add(LEAST_FEE);
    match session.client.rpc().get_balance(&authority.address).await {
        Ok(balance) if Lamports(balance) < least => ActError::Refused(format!(
            "the signer {} has {} SOL, and this costs {} SOL at least; send it SOL",
            authority.address,
            sol(Lamports(balance)),
            sol(least)
        )),
        _ => error.into(),
    }
}

/// The first line of every command that signs.
fn heading(session: &Session, authority: &Authority) -> Heading {
    Heading {
        cluster: session.cluster(),
        market: session.market_address(),
        admin: session.market.admin,
        signer: authority.address,
        source: authority.source.clone(),
        cosigner: None,
        payer: authority.address,
    }
}

impl Carried {
    /// The answer of a plan that was carried out. `after` has words for what holds now, and the data; where that cannot be read the
    /// answer has the signatures alone, because what has landed is no failure.
    pub(crate) fn answer(&self, session: &Session, after: Result<(String, Value), ActError>) -> Answer {
        let (landed, state) = match after {
            Ok(after) => after,
            Err(error) => {
                (format!("it landed, and the state after it cannot be read now: {error}"), Value::Null)
            }
        };
        let (signatures, text) = match self {
            Carried::Simulated => (Vec::new(), "dry run: simulated, nothing was sent".to_string()),
            Carried::Landed(signatures) => (signatures.iter().map(ToString::to_string).collect(), landed),
        };
        let is_dry_run = matches!(self, Carried::Simulated);
        let data = data(session, !is_dry_run, is_dry_run, &signatures, state);
        Answer { text, data }
    }
}

impl Answer {
    /// The answer of a command that found nothing to do.
    pub(crate) fn nothing(session: &Session, says: String, state: Value) -> Answer {
        let data = data(session, false, session.args.dry_run, &[], state);
        Answer { text: format!("nothing to do: {says}"), data }
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

#[cfg(test)]
mod tests {
    use {
        super::*,
        crate::commands::CommandError,
        blockable_sdk::{
            client::Landed,
            errors::{Outcome, SentError},
        },
        blockable_service::command::{Exit, Failure, document},
    };

    fn signature(number: u8) -> Signature {
        Signature::from([number; 64])
    }

    /// Sends five transactions of which one fails, and returns the document of the command.
    async fn fails_at(failing: u8, outcome: fn() -> Outcome) -> (Value, Exit) {
        let send = async |number: &u8| {
            let (signature, slot) = (signature(*number), 7);
            match *number == failing {
                false => Ok(Landed { signature, slot, compute_units: None, events: Vec::new() }),
                true => {
                    let reason = "the node is gone".to_string();
                    let sent = SentError { signature, last_valid: 9, outcome: outcome(), reason };
                    Err(ClientError::Sent(sent.into()))
                }
            }
        };
        let result = send_all(&[0, 1, 2, 3, 4], send).await;
        let result = result
            .map(|landed| json!(landed.len()))
            .map_err(|failed| CommandError::from(ActError::from(failed)));
        let exit = result.as_ref().map_or_else(|error| error.exit(), |_| Exit::Done);
        (document(&result), exit)
    }

    #[tokio::test]
    async fn a_failure_after_others_have_landed_names_all_of_them() {
        let (document, exit) = fails_at(3, || Outcome::Expired).await;
        let error = &document["error"];
        let landed: Vec<String> = (0..3).map(|number| signature(number).to_string()).collect();
        assert_eq!((&error["landed"], exit), (&json!(landed), Exit::Failed));
        assert_eq!(error["signature"], signature(3).to_string());
        let message = error["message"].as_str().unwrap();
        assert!(
            message.contains("3 of 5 transactions had landed") && message.contains(&landed[2]),
            "{message}"
        );
        let (document, exit) = fails_at(4, || Outcome::Unknown).await;
        assert_eq!((document["error"]["landed"].as_array().unwrap().len(), exit), (4, Exit::Unknown));
    }

    #[tokio::test]
    async fn a_failure_of_the_first_says_that_nothing_landed() {
        let (document, exit) = fails_at(0, || Outcome::Expired).await;
        assert_eq!((document["error"].get("landed"), exit), (None, Exit::Failed));
        assert!(!document["error"]["message"].as_str().unwrap().contains("had landed"));
    }

    #[tokio::test]
    async fn a_transaction_that_landed_without_its_events_is_no_failure() {
        let (document, exit) = fails_at(2, || Outcome::Landed { slot: 5 }).await;
        assert_eq!((&document["data"], exit), (&json!(5), Exit::Done));
    }
}
