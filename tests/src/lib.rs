//! Tests and benchmarks of Blockable on the real ELF.
//!
//! [`World`] is a market with its parties in LiteSVM: the harness of the program tests and of `bench`. Whatever a test
//! does, what must always hold is checked after every transaction of a world. [`Chain`] is a market on a cluster that is
//! reached over JSON-RPC.

mod audit;
mod chain;
mod cluster;
pub mod fuzz;
pub mod node;
mod outcome;
mod parties;
mod pipe;
mod reporters;
mod server_file;
mod steps;
mod steps_agreed;
mod tokens;
mod world;

pub use {
    chain::Chain,
    cluster::Cluster,
    outcome::{Landed, Refused},
    parties::{Loan, Parties},
    pipe::Pipe,
    reporters::{Lie, Reporters},
    server_file::ServerFile,
    steps_agreed::covenant,
    tokens::Money,
    world::{DAY, START, USDC, World},
};

/// The committed program.
pub const ELF: &[u8] = include_bytes!("../../app-idl/blockable_credits.so");
