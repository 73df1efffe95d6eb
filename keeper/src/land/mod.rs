//! Lands the plan: packs intents into transactions, writes each down before it is sent, and follows it until it has
//! landed, failed or died.
//!
//! [`Lander::land`] is a pipeline; each stage takes values and returns values, with the intents that it left out and the reasons:
//!
//! | stage | module |
//! |---|---|
//! | confirm actions held against a borrower | [`confirm`] |
//! | select the intents of this round | `select` |
//! | pack intents into transactions | [`pack`] |
//! | simulate, and take out intents that cannot succeed | `simulate` |
//! | price | [`fee`] |
//! | sign, within the keys' caps | `sign` |
//! | write down, then send | `send`, [`journal`] |
//!
//! Next to the pipeline, `track` follows transactions to their ends (`statuses`, `ends`), woken by `hints`; [`rehearse`] runs the
//! pipeline without sending. State between rounds is in `shared`: transactions in flight ([`flight`]), costs of earlier simulations
//! (`costs`), deaths in a row (`attempts`), faults of keys (`key_faults`), lanes of work that failed ([`lanes`], in the
//! store). `findings` reports problems to the operator.

mod ask;
mod attempts;
mod classify;
pub(crate) mod confirm;
mod costs;
mod ends;
mod error;
pub(crate) mod fee;
mod findings;
pub(crate) mod flight;
mod hints;
pub(crate) mod journal;
mod key_faults;
pub(crate) mod lander;
pub(crate) mod lanes;
mod left_out;
mod message;
pub(crate) mod pack;
pub(crate) mod rehearse;
mod select;
mod send;
pub(crate) mod settings;
mod shared;
mod sign;
mod simulate;
mod statuses;
#[cfg(test)]
pub(crate) mod tests;
mod track;
mod version;

pub(crate) use {
    error::LandError,
    lander::{Lander, Landing},
    settings::{KeySettings, LandSettings},
    simulate::simulate_message,
    statuses::STATUSES,
};
