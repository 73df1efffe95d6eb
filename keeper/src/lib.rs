//! The keeper daemon: watches the usage oracles and repayment schedules of a market, submits what falls due, and warns
//! whom it concerns.
//!
//! A cycle reads the chain ([`chain`]), takes in what reporters have signed ([`ingest`]), works out what is due
//! ([`plan`]) and lands it ([`land`]). Beside it [`watch`] measures every credit, [`alert`] tells the parties, [`history`]
//! proves the event logs and [`api`] shows all of it. What must survive is in one SQLite file ([`store`]).
//!
//! | module | rule of keeping that it holds |
//! |---|---|
//! | [`store`] | persist before sending; one process per store |
//! | [`chain`] | two nodes that agree, finalized state and a cluster that moves, before anyone is marked late |
//! | [`plan`] | the same inputs give the same intents with the same ids |
//! | [`land`] | sign anew only what is dead; bisect and quarantine; a cap on what each key spends |
//! | [`daemon`] | tasks start in order and stop in reverse; health is progress |

pub mod alert;
pub mod api;
pub mod chain;
pub mod commands;
pub mod config;
pub mod daemon;
pub mod health;
pub mod history;
pub mod ingest;
pub mod land;
pub mod plan;
pub mod store;
pub mod watch;

pub use config::{Config, ConfigError};
