//! Reads the chain, and knows whom of several nodes to believe.

mod mirror;
mod node;
mod nodes;
mod sightings;
mod snapshot;
mod stall;

pub use {
    mirror::{Mirror, Read, read_few},
    node::{FETCH, Node, NodeError},
    nodes::Nodes,
    sightings::Sightings,
    snapshot::Snapshot,
    stall::{Sighting, Stall, StallWatch, Stalls, between},
};
