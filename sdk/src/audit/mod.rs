//! Audits a credit: proves its log complete, rebuilds its state from the events alone, and compares that with the account.
//!
//! | step | item | finds |
//! |---|---|---|
//! | joins records in order | [`join`] | a record that is missing, repeated, out of place or of another credit |
//! | hashes the chain | [`prove`] | a record that was altered, or is missing at the end |
//! | redoes every event | [`Replay`] | an event that the program would not have recorded in that state |
//! | compares with the account | [`Replay::differences`] | a field that no event explains |
//!
//! [`Replay`] repeats no rule of the program: it calls the program's own actions on a copy, with inputs read from the event, and
//! the change that comes back must be the recorded one, figure by figure. [`NOT_REBUILT`] names the fields that no event carries.

#[cfg(feature = "client")]
mod chain;
mod compare;
mod join;
mod kind;
mod moved;
mod replay;
mod seized;
mod statement;

#[cfg(feature = "client")]
pub(crate) use chain::list_back;
#[cfg(feature = "client")]
pub use chain::{
    AuditError, Audited, Auditor, History, HistoryError, ListedTransaction, RpcHistory, ShownAccount,
};
pub use {
    compare::{Difference, NOT_REBUILT},
    join::{Found, Joined, Link, Position, ProofError, join, prove},
    kind::{Life, kind},
    moved::money_moved,
    replay::{Origin, Pauses, Replay, ReplayError},
    seized::SeizedUnits,
    statement::{Balance, Statement, StatementLine},
};

#[cfg(test)]
mod tests;
