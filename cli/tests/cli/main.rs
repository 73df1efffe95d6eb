//! The binary against a sandbox: what it prints, what it sends, what it refuses.
//!
//! All tests share one sandbox; a test that changes a loan makes one of its own by [`world::World::loan`].

// Tests may end by a panic, wait for the clock and need no deadline.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod agreed;
mod answers;
mod audit;
mod clocks;
mod complaints;
mod credit;
mod dangers;
mod enforcement;
mod faults;
mod freezes;
mod golden;
mod help;
mod hostile;
mod lists;
mod manners;
mod market;
mod multisig;
mod node;
mod offer;
mod offer_review;
mod origination;
mod pages;
mod pool;
mod propose;
mod reports;
mod run;
mod runs;
mod schema;
mod secrets;
mod simulate;
mod usage;
mod world;
