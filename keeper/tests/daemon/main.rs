//! `blockable-keeper` as its operator runs it: a process of its own, on a cluster of the test's, with reporters that the
//! test plays.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    reason = "a test ends by a panic where something is wrong"
)]

mod books;
mod caps;
mod causes;
mod commands;
mod configs;
mod damage;
mod duo;
mod duty;
mod heard;
mod holdback;
mod hook;
mod housekeeping;
mod kills;
mod network;
mod oracles;
mod pauses;
mod proxy;
mod record;
mod serving;
mod setup;
mod silence;
mod sinks;
mod stopping;
mod usage;
mod websocket;
