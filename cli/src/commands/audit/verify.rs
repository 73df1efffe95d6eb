//! `blockable audit verify`.

use {
    super::{auditor, failed},
    crate::{args::GlobalArgs, error::CliError, output::Answer, session::Session, table::lines},
    blockable_sdk::{
        Pubkey,
        audit::{Audited, NOT_REBUILT},
    },
    blockable_service::{command::values::address, hex, text},
    clap::Args,
    serde_json::{Value, json},
    std::time::Instant,
};

/// Proves a credit's log complete, rebuilds the credit from its events alone, and compares it with the account
///
/// Every transaction of the credit is fetched, from all nodes named. It names the first event that is missing, altered or not possible,
/// or the first field of the account that no event explains.
#[derive(Args, Debug)]
pub(crate) struct VerifyArgs {
    /// The credit's account
    #[arg(value_name = "CREDIT", value_parser = address)]
    credit: Pubkey,
}

/// Verifies the credit. Errors: [`CliError`].
pub(super) async fn run(global: &GlobalArgs, args: &VerifyArgs) -> Result<Answer, CliError> {
    let session = Session::open(global, None, None).await?;
    let began = Instant::now();
    let audited = match auditor(&session).audit(&args.credit).await {
        Ok(audited) => audited,
        Err(error) => return Err(failed(&session, &args.credit, &error).await),
    };
    let took = began.elapsed();
    let mut shown = vec![
        ("cluster".to_string(), session.cluster()),
        ("credit".to_string(), args.credit.to_string()),
        ("log".to_string(), format!("complete, {}", events(audited.events))),
        ("event hash".to_string(), hex::encode(audited.hash)),
        ("account".to_string(), account(&audited)),
    ];
    let transactions = text::thousands(u64::try_from(audited.transactions).unwrap_or(u64::MAX));
    shown.push((
        "read".to_string(),
        format!(
            "{transactions} transactions in {:.1} s, account as of slot {}",
            took.as_secs_f64(),
            audited.slot
        ),
    ));
    if audited.replay.was_paused() {
        let note =
            "the market was paused, and not all its pauses are served: times by its clock are not compared";
        shown.push(("note".to_string(), note.to_string()));
    }
    let data = json!({
        "credit": args.credit.to_string(),
        "complete": true,
        "events": audited.events,
        "event_hash": hex::encode(audited.hash),
        "transactions": audited.transactions,
        "slot": audited.slot,
        "account": if audited.account.is_some() { "as the events lead to" } else { "closed" },
        "market_pauses_known": !audited.replay.was_paused(),
        "not_rebuilt": NOT_REBUILT.iter().map(|(field, reason)| json!({"field": field, "reason": reason})).collect::<Vec<Value>>(),
        "cluster": session.cluster_json(),
    });
    Ok(Answer { text: lines(&shown), data })
}

fn events(count: u64) -> String {
    if count == 1 { "1 event".to_string() } else { format!("{} events", text::thousands(count)) }
}

fn account(audited: &Audited) -> String {
    match audited.account {
        Some(_) => "as the events lead to, field by field".to_string(),
        None => {
            "closed; its last event removed it, and no account proves that event to be the last".to_string()
        }
    }
}
