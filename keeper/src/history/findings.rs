//! Findings on event logs.

use {
    crate::{
        finding::{Fact, Finding, Parties, Rule},
        history::backlog::Backlog,
    },
    blockable_sdk::{Pubkey, program::state::Credit},
};

/// Credits that one alert names.
const NAMED: usize = 3;

/// Reports that a credit's log is proven.
pub(crate) fn proven(credit: &Pubkey, account: Option<&Credit>) -> Finding {
    on_credit(Finding::over(Rule::LogMismatch, *credit), account)
}

/// Reports that a credit's log does not hash to its account's event hash.
pub(crate) fn mismatch(credit: &Pubkey, account: Option<&Credit>, node: &str, records: u64) -> Finding {
    on_credit(Finding::is(*credit, Fact::LogMismatch { node: node.to_string(), records }), account)
}

/// Reports records that cannot be fetched, of all credits together: one node that has removed history concerns many. `None` until
/// every credit was worked on once.
pub(crate) fn lost(market: &Pubkey, backlog: &Backlog, node: &str) -> Option<Finding> {
    let credits = backlog.lost().count();
    if credits > 0 {
        let examples = backlog.lost().take(NAMED).map(|(credit, reason)| (*credit, reason.to_string()));
        let fact = Fact::RecordsLost { node: node.to_string(), credits, examples: examples.collect() };
        return Some(Finding::is(*market, fact));
    }
    backlog.is_first_round_done().then(|| Finding::over(Rule::LogMismatch, *market))
}

fn on_credit(finding: Finding, account: Option<&Credit>) -> Finding {
    match account {
        Some(credit) => finding.between(Parties { lender: credit.lender, borrower: credit.borrower }),
        None => finding,
    }
}
