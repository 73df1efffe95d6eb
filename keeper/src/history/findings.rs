//! Findings on event logs.

use {
    crate::{
        finding::{Fact, Finding, Parties, Rule},
        history::order::Order,
    },
    blockable_sdk::{Pubkey, program::state::Credit},
};

/// Credits that one alert names.
const NAMED: usize = 3;

/// A credit's log hashes to what its account says.
pub fn proven(credit: &Pubkey, account: Option<&Credit>) -> Finding {
    on_credit(Finding::over(Rule::LogMismatch, *credit), account)
}

/// A credit's log does not hash to what its account says.
pub fn mismatch(credit: &Pubkey, account: Option<&Credit>, node: &str, records: u64) -> Finding {
    on_credit(Finding::is(*credit, Fact::LogMismatch { node: node.to_string(), records }), account)
}

/// Records that cannot be fetched, of all credits together: one node that has removed history concerns many. `None` while nothing
/// can be said.
pub fn lost(market: &Pubkey, order: &Order, node: &str) -> Option<Finding> {
    let credits = order.lost().count();
    if credits > 0 {
        let examples = order.lost().take(NAMED).map(|(credit, reason)| (*credit, reason.to_string()));
        let fact = Fact::RecordsLost { node: node.to_string(), credits, examples: examples.collect() };
        return Some(Finding::is(*market, fact));
    }
    order.has_gone_round().then(|| Finding::over(Rule::LogMismatch, *market))
}

fn on_credit(finding: Finding, account: Option<&Credit>) -> Finding {
    match account {
        Some(credit) => finding.between(Parties { lender: credit.lender, borrower: credit.borrower }),
        None => finding,
    }
}
