//! Tests and benchmarks of Blockable on the real ELF.
//!
//! [`World`] is a market with its parties in LiteSVM: the harness of the program tests and of `bench`.

mod parties;
mod world;

pub use {
    parties::{Loan, Parties},
    world::{DAY, Landed, Refused, START, USDC, World},
};

/// The committed program.
pub const ELF: &[u8] = include_bytes!("../../app-idl/blockable_credits.so");
