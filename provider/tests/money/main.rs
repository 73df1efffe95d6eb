//! Prices by the chain, and requests that come again.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    reason = "a test ends by a panic where something is wrong"
)]

#[path = "../common/mod.rs"]
mod common;
mod idempotency;
mod prices;
