//! Reads the chain, and knows whom of several nodes to believe.

mod belief;
mod mirror;
mod node;
mod nodes;
mod sightings;
mod snapshot;
mod stall;
#[cfg(test)]
mod tests;

pub use {
    mirror::{Mirror, Read, read_few},
    node::{FETCH, Node, NodeError},
    nodes::Nodes,
    sightings::Sightings,
    snapshot::Snapshot,
    stall::{Sighting, Stall, StallWatch, Stalls, between},
};
