//! The parts that the commands which sign on the chain share.
//!
//! A command reads the chain first, and plans what is missing: running it again is a no-op that says so. A plan is simulated,
//! shown, confirmed, sent and followed by one function, [`carry_out`]; with `--dry-run` no key is loaded, so nothing can be sent.

mod args;
mod carry_out;
mod change;
mod error;
mod key;
mod payout;
mod reporter_keys;
mod session;
mod state;

use serde_json::Value;
pub(super) use {
    args::ChainArgs,
    carry_out::{Plan, act, carry_out},
    change::{ChangeArgs, change},
    error::ActError,
    key::Authority,
    payout::payout_owner,
    reporter_keys::reporter_keys,
    session::Session,
    state::{provider_json, settings_lines},
};

/// The result of a command: text for people, and the data of its JSON document.
#[derive(Debug)]
pub(super) struct Answer {
    /// Lines for people.
    pub text: String,
    /// The same for scripts.
    pub data: Value,
}
