//! The harness of Blockable's tests, benchmarks and fuzzer.
//!
//! [`World`] is a market with its parties in LiteSVM: the harness of the program tests and of `bench`. Whatever a test
//! does, what must always hold is checked after every transaction of a world. [`Chain`] is a market on a cluster that is
//! reached over JSON-RPC.

#[cfg(feature = "cluster")]
mod audit;
#[cfg(feature = "cluster")]
mod chain;
#[cfg(feature = "cluster")]
mod cluster;
mod constants;
#[cfg(feature = "cluster")]
mod daemon;
mod elf;
#[cfg(feature = "http")]
pub mod faults;
#[cfg(feature = "fixtures")]
pub mod fixtures;
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "cluster")]
pub mod node;
#[cfg(feature = "documents")]
pub mod openapi;
#[cfg(feature = "documents")]
pub mod ops_files;
#[cfg(feature = "cluster")]
mod outcome;
#[cfg(feature = "cluster")]
mod parties;
#[cfg(feature = "cluster")]
mod pipe;
mod ports;
#[cfg(feature = "cluster")]
pub mod replay;
#[cfg(feature = "cluster")]
mod reporters;
#[cfg(feature = "documents")]
pub mod selectors;
#[cfg(feature = "cluster")]
mod server_file;
#[cfg(feature = "cluster")]
mod steps;
#[cfg(feature = "cluster")]
mod steps_agreed;
#[cfg(feature = "cluster")]
mod steps_locked;
#[cfg(feature = "cluster")]
mod tokens;
pub mod trace;
#[cfg(feature = "vault")]
pub mod vault;
#[cfg(feature = "cluster")]
mod world;

#[cfg(feature = "cluster")]
pub use {
    chain::Chain,
    cluster::Cluster,
    daemon::Daemon,
    outcome::{Landed, Refused},
    parties::{Loan, Parties},
    pipe::Pipe,
    reporters::{Lie, Reporters},
    server_file::ServerFile,
    steps_agreed::covenant,
    tokens::Money,
    world::World,
};
pub use {
    constants::{DAY, START, USDC},
    elf::{ELF, ELF_VARIABLE, ElfError, elf_path, read_elf, read_program},
    ports::free_ports,
};
