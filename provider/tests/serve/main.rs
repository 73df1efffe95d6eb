//! `blockable-provider serve` as its operator runs it: a process of its own, on a cluster of the test's.

mod faults;
mod kills;
mod ledger;
mod replay;
mod setup;
