//! Parts that Blockable's daemons share.
//!
//! | module | contents | feature |
//! |---|---|---|
//! | [`address`] | addresses as people write them | |
//! | [`backoff`] | pauses between attempts, of the SDK | |
//! | [`buckets`] | a bound on how often each of many may do something | |
//! | [`hex`] | bytes as hexadecimal digits, and back | |
//! | [`init_file`] | first files of a daemon, which overwrite nothing | |
//! | [`lock`] | locks that outlive a panic | |
//! | [`private_file`] | files that only their owner can read | |
//! | [`sse`] | server-sent events | |
//! | [`terms`] | the terms of a loan for people | |
//! | [`text`] | money, units, rates, shares, spans and times for people | |
//! | [`command`] | exit codes, the JSON envelope, the confirmation, and amounts and times as people write them | `command` |
//! | [`secrets`] | secrets from the environment or from files | `settings` |
//! | [`settings`] | TOML files and the environment, with all mistakes at once | `settings` |
//! | [`sqlite`] | failures of SQLite files | `sqlite` |
//! | [`sign_in`] | sign-in by a wallet | `sign-in` |
//! | [`webhook`] | signatures of webhooks | `webhooks` |
//! | [`disk`] | the free space of disks | `daemon` |
//! | [`http`] | a server with bounds on its clients | `daemon` |
//! | [`outgoing`] | HTTP clients with bounds on answers, of the SDK | `daemon` |
//! | [`log`] | log lines on stderr | `daemon` |
//! | [`memory`] | the allocator of a daemon with many threads | `daemon` |
//! | [`shutdown`] | signals to stop, and tasks that start in order and stop in reverse | `daemon` |

// Tests may wait for the clock and need no deadline.
#![cfg_attr(test, allow(clippy::disallowed_methods))]

pub mod address;
pub mod buckets;
#[cfg(feature = "command")]
pub mod command;
#[cfg(feature = "daemon")]
pub mod disk;
pub mod hex;
#[cfg(feature = "daemon")]
pub mod http;
pub mod init_file;
pub mod lock;
#[cfg(feature = "daemon")]
pub mod log;
#[cfg(feature = "daemon")]
pub mod memory;
pub mod private_file;
#[cfg(feature = "settings")]
pub mod secrets;
#[cfg(feature = "settings")]
pub mod settings;
#[cfg(feature = "daemon")]
pub mod shutdown;
#[cfg(feature = "sign-in")]
pub mod sign_in;
#[cfg(feature = "sqlite")]
pub mod sqlite;
pub mod sse;
pub mod terms;
pub mod text;
#[cfg(feature = "webhooks")]
pub mod webhook;

pub use blockable_sdk::backoff;
#[cfg(feature = "daemon")]
pub use blockable_sdk::http as outgoing;
