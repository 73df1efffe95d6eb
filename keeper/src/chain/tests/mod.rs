//! Reading the chain through nodes that the test plays.

mod frozen;
mod mirror;
mod vaults;
