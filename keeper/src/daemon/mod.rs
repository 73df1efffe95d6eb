//! The keeper as a whole: its parts, their cycle, their start and their end.

mod audit;
mod cycle;
mod housekeeping;
mod keeper;
mod losses;
mod parts;
#[cfg(test)]
mod tests;

pub use {
    cycle::{CycleError, CycleSummary},
    keeper::{Keeper, KeeperAddrs},
    parts::OpenError,
};

pub(crate) use parts::{Parts, open_key};
