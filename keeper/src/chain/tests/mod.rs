//! Reading the chain through nodes that the test plays.

mod mirror;
mod outside;
mod silent;
mod vaults;
