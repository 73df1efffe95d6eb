//! What is told of logs, in words.

use {
    crate::{
        alert::{Level, Parties, Rule, Severity, Signal},
        history::order::Order,
    },
    blockable_sdk::{Pubkey, program::state::Credit},
};

/// Credits that are named in one alert.
const NAMED: usize = 3;

/// A credit's log is what the chain says.
pub fn proven(credit: &Pubkey, account: Option<&Credit>, records: u64) -> Signal {
    Signal {
        rule: Rule::LogMismatch,
        subject: *credit,
        level: Level::Clear,
        severity: Severity::Critical,
        parties: account.map(parties),
        happened: format!("the log of the credit is complete with {records} records"),
        means: "everything that has happened to the credit is in the log, in order".to_string(),
        next: "nothing".to_string(),
    }
}

/// A credit's log is not what the chain says.
pub fn mismatch(credit: &Pubkey, account: Option<&Credit>, node: &str, records: u64) -> Signal {
    Signal {
        rule: Rule::LogMismatch,
        subject: *credit,
        level: Level::Raise,
        severity: Severity::Critical,
        parties: account.map(parties),
        happened: format!(
            "the {records} records of the credit that the node {node} serves do not hash to the event hash in the \
             credit's account"
        ),
        means: "a record, or the account, is not as the program wrote it: the node serves what is not on the chain, or \
                the records that were kept were altered"
            .to_string(),
        next: "compare the credit's account and transactions with those of a node of another operator; trust no figure \
               of this credit until they agree"
            .to_string(),
    }
}

/// Records that cannot be had, of all credits together: one node that has forgotten concerns many. `None` while nothing can
/// be said.
pub fn lost(market: &Pubkey, order: &Order, node: &str) -> Option<Signal> {
    let (count, named) = (order.lost().count(), order.lost().take(NAMED));
    let named: Vec<String> = named.map(|(credit, reason)| format!("{credit}: {reason}")).collect();
    let level = match (count, order.has_gone_round()) {
        (0, true) => Level::Clear,
        (0, false) => return None,
        _ => Level::Raise,
    };
    let happened = match level {
        Level::Clear => "the records of all credits can be had".to_string(),
        _ => format!(
            "records of {count} credits cannot be had from the node {node}, among them of {}",
            named.join("; ")
        ),
    };
    Some(Signal {
        rule: Rule::LogMismatch,
        subject: *market,
        level,
        severity: Severity::Warning,
        parties: None,
        happened,
        means: "their logs are not kept beyond what was proven before; metering, marks and alerts go on. A node that has \
                removed old transactions no longer has them; one that leaves transactions out does not keep them all"
            .to_string(),
        next: "put a node with full history first under [[rpc]], or set history.enabled = false".to_string(),
    })
}

fn parties(credit: &Credit) -> Parties {
    Parties { lender: credit.lender, borrower: credit.borrower }
}
