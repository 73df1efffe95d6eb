//! Lands what is planned: packs intents into transactions, writes each down before it is sent, and follows it until it is
//! known to have landed, failed or died.
//!
//! | module | what |
//! |---|---|
//! | [`classify`] | what a failure says of the intents that met it |
//! | [`confirm`] | what is held against a borrower must be finalized, and two nodes must say so |
//! | [`costs`] | what metering took when it was simulated |
//! | `faults` | what keys have failed at |
//! | [`fee`] | priority fees: by what others pay, with a cap, higher with every attempt |
//! | [`flight`] | the transactions whose end is not known |
//! | `hints` | hears over WebSocket of confirmations |
//! | [`journal`] | the record of intents, transactions and spending |
//! | [`lander`] | one round of landing |
//! | [`lanes`] | work that keeps failing is put aside |
//! | [`pack`] | which intents share a transaction |
//! | [`prepare`] | simulates, bisects, signs |
//! | [`rehearse`] | what would be sent, simulated and not sent |
//! | `select` | what of all that is due goes now |
//! | `sign`, `send` | keys, fees and caps; written down, then sent |
//! | `tell` | what the operator should know |
//! | [`track`] | what has become of what was sent |

pub mod classify;
pub mod confirm;
pub mod costs;
mod faults;
pub mod fee;
pub mod flight;
mod hints;
pub mod journal;
pub mod lander;
pub mod lanes;
pub mod pack;
pub mod prepare;
pub mod rehearse;
mod select;
mod send;
pub mod settings;
mod sign;
mod tell;
#[cfg(test)]
pub(crate) mod tests;
pub mod track;

pub use {
    lander::{LandError, Lander, Landing},
    settings::{KeySettings, LandSettings, VersionChoice},
};
