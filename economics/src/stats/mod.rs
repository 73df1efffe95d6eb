//! Sums and histograms of outcomes, in whole numbers: adding them up in any order gives the same result, so that a
//! study does not depend on the number of threads.

mod estimate;
mod histogram;
mod ratio;
mod tally;
#[cfg(test)]
mod tests;

pub use {
    estimate::{Estimate, Z95},
    histogram::Histogram,
    ratio::RatioSums,
    tally::Tally,
};
