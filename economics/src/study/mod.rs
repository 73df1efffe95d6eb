//! Many paths on all cores, and what they say about a preset.

mod plan;
mod run;
mod summary;
#[cfg(test)]
mod tests;
mod tornado;
mod worlds;

pub use {
    plan::StudyPlan,
    run::{Tallies, run},
    summary::{Quantiles, Sources, Summary, Yields},
    tornado::{Bar, tornado},
    worlds::{World, WorldsResult, worlds},
};
