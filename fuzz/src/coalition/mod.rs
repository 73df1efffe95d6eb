//! Coalitions: one honest party against everyone else.
//!
//! An honest lender, borrower or provider follows a fixed policy: it signs what it has read, within its own bounds. All other
//! keys (the other parties, the market's admin and guardian, the reporters) act as one. They also decide when, and after
//! which steps, an instruction that the honest party has signed lands. Each transaction is checked by value: the honest party
//! loses no more than its terms allow.

mod bounds;
mod checks;
mod choose;
mod corpus;
mod party;
mod policy;
mod run;
mod table;
mod worth;

pub use {
    corpus::{Known, known},
    party::{Honest, Move},
    run::{CoalitionResult, run_coalitions},
    table::play_moves,
};
