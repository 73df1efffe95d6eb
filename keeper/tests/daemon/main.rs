//! `blockable-keeper` as its operator runs it: a process of its own, on a cluster of the test's, with reporters that the
//! test plays.

mod books;
mod caps;
mod commands;
mod configs;
mod duo;
mod duty;
mod housekeeping;
mod kills;
mod network;
mod oracles;
mod pauses;
mod proxy;
mod record;
mod serving;
mod setup;
mod stopping;
mod usage;
mod websocket;
