//! Reads the chain, and decides which of several nodes can be used.
//!
//! | module | contents |
//! |---|---|
//! | `node` | one node: every request has a deadline |
//! | `nodes` | all nodes: those that lag, run ahead or belong to another cluster are passed over |
//! | `slots` | the slots that can be believed where nodes disagree |
//! | `mirror` | a market's accounts, brought up to date by fetching what has changed |
//! | `snapshot` | a market at one slot |
//! | `vaults` | vaults that the payment token's issuer has frozen |
//! | `stalls`, `stall_log` | times at which the cluster produced no blocks, found and kept |

mod mirror;
mod node;
mod nodes;
mod rest;
mod slots;
mod snapshot;
mod stall_log;
mod stalls;
#[cfg(test)]
mod tests;
mod vaults;

pub(crate) use snapshot::OtherCredit;
pub(crate) use {
    mirror::{MAX_CREDITS, Mirror, read_credits},
    node::{MAX_ACCOUNTS, Node, NodeError},
    nodes::Nodes,
    stall_log::StallLog,
    stalls::{SlotTime, Stall},
};
pub use {snapshot::Snapshot, stalls::Stalls};
