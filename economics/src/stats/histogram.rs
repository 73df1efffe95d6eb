use super::{Estimate, Z95};

/// A histogram of values from zero up, in bins of one width; values beyond the last bin are counted in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    width: f64,
    bins: Vec<u64>,
    count: u64,
}

impl Histogram {
    /// An empty histogram up to `most`, with so many bins.
    pub fn new(most: f64, bins: usize) -> Histogram {
        Histogram { width: most / bins.max(1) as f64, bins: vec![0; bins.max(1) + 1], count: 0 }
    }

    /// Counts a value.
    pub fn add(&mut self, value: f64) {
        // A cast of a float saturates; the middle of a bin stands for it.
        let bin = ((value / self.width + 0.5) as usize).min(self.bins.len() - 1);
        if let Some(count) = self.bins.get_mut(bin) {
            *count += 1;
            self.count += 1;
        }
    }

    /// Adds the values of another histogram of the same bins.
    pub fn merge(&mut self, other: &Histogram) {
        self.bins.iter_mut().zip(&other.bins).for_each(|(here, there)| *here += there);
        self.count += other.count;
    }

    /// The number of values.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Values with their numbers, bin by bin.
    pub fn bins(&self) -> impl Iterator<Item = (f64, u64)> + '_ {
        self.bins.iter().enumerate().map(|(bin, count)| (bin as f64 * self.width, *count))
    }

    /// A quantile from 0 to 1, to the width of a bin. Its interval is that of the order statistics whose ranks lie
    /// `1.96 sqrt(n p (1 - p))` below and above.
    pub fn quantile(&self, at: f64) -> Estimate {
        let count = self.count as f64;
        let spread = Z95 * (count * at * (1.0 - at)).sqrt();
        let rank = |rank: f64| self.at_rank(rank.clamp(0.0, (count - 1.0).max(0.0)) as u64);
        Estimate {
            value: rank(count * at),
            low: rank(count * at - spread),
            high: rank((count * at + spread).ceil()),
        }
    }

    /// The value with so many values below it.
    fn at_rank(&self, rank: u64) -> f64 {
        let mut below = 0;
        for (value, count) in self.bins() {
            below += count;
            if below > rank {
                return value;
            }
        }
        0.0
    }
}
