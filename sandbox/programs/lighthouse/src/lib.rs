//! Stand-in for the Lighthouse program, `L2TExMFKdjpN9kozasaurPirfHy9P8sbXoAN1qA3S95`, for the sandbox and for tests.
//!
//! Phantom and Solflare add assertions of that program to what they sign on mainnet. An assertion changes nothing: it fails
//! the transaction where an account is not as the wallet has simulated it. This program reads the same instructions and
//! fails with the same codes, so that a page or a server can be tried in both directions.
//!
//! It is written from the published description of the instructions; no code of the original is in it. It has the
//! assertions on account data, deltas, account info, mints, token accounts and the clock, single and in lists. It has no
//! memory accounts, no data hash, no derived token account, and no stake, loader, Merkle or Bubblegum accounts: those
//! instructions fail with [`Failure::InvalidInstruction`] here. It logs nothing. Never deploy it: on mainnet the original is
//! at that address.

mod assertion;
#[cfg(target_os = "solana")]
mod chain;
mod cursor;
mod failure;
#[cfg(any(test, target_os = "solana"))]
mod input;
mod instruction;
mod known;
#[cfg(test)]
mod tests;
mod value;

pub use assertion::{Account, Clock};
pub use failure::Failure;
pub use instruction::process;
