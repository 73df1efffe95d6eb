//! The keeper daemon: watches the usage reports and repayment schedules of a market, submits what falls due, and alerts the
//! parties.
//!
//! Each cycle reads the chain (`chain`), plans the due actions (`plan`) by the usage reports that were taken in (`ingest`), and
//! submits them (`land`). It measures every credit (`watch`) and raises alerts (`alerts`) on the findings of its parts
//! (`finding`). Outside the cycle, `history` proves the event logs, `api` answers requests and serves the `page`, and `ops` reports
//! health and metrics. All that must survive a crash is in one SQLite file (`store`).
//!
//! | module | rule that it keeps |
//! |---|---|
//! | `store` | record before sending; one process per store |
//! | `chain` | two nodes that agree, finalized state and a cluster that produces blocks, before anyone is marked late |
//! | `ingest` | a report that was accepted survives a crash; two that conflict are kept as evidence |
//! | `plan` | the same inputs give the same intents with the same ids |
//! | `land` | sign anew only what has expired; bisect and quarantine; a cap on each key's spending |
//! | `history` | an event is stored once it joins on to those before, and proven by the hash in the account |
//! | `alerts` | an alert is stored in one transaction with its deliveries |
//! | `daemon` | tasks start in order and stop in reverse; health is progress |
//!
//! The modules are private. The binary needs [`run_command_line`]; [`Keeper`] runs a keeper inside of another process, as tests and
//! benchmarks do.

// Tests may wait for the clock and need no deadline.
#![cfg_attr(test, allow(clippy::disallowed_methods))]

mod alerts;
mod api;
mod chain;
mod commands;
mod config;
mod daemon;
mod finding;
mod health;
mod history;
mod ingest;
mod land;
mod limits;
mod links;
mod lots;
mod ops;
mod page;
pub mod parts;
mod plan;
mod server;
mod store;
mod values;
mod watch;

pub use {
    commands::run_command_line,
    config::{Config, ConfigError},
    daemon::{CycleError, CycleSummary, Keeper, KeeperAddrs, OpenError},
};
