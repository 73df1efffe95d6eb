//! `blockable-provider serve` as its operator runs it: a process of its own, on a cluster of the test's.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    reason = "a test ends by a panic where something is wrong"
)]

mod faults;
mod kills;
mod ledger;
mod locks;
mod notices;
mod reload;
mod replay;
mod restore;
mod setup;
mod takeover;
