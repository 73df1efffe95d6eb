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

pub(super) use {
    args::ChainArgs,
    carry_out::{Act, act, carry_out, nothing, role},
    change::{ChangeArgs, change},
    error::ActError,
    key::Authority,
    payout::payout_owner,
    reporter_keys::reporter_keys,
    session::Session,
    state::{provider_effect, provider_json, settings_lines, waiting_text},
};
