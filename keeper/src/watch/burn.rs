//! Burn rates: averages of the rate of use whose weights halve with age. They are statistics, not money.

use {
    blockable_sdk::amounts::{ChainTime, Units},
    serde::{Deserialize, Serialize},
};

/// The half-lives of the two averages, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HalfLives {
    /// Half-life of the recent rate, which projections use.
    pub short: u64,
    /// Half-life of the long-term rate, which it is compared with.
    pub long: u64,
}

/// A weighted mean of rates. The sum of the weights is kept as well, so that a short record is the mean of what it has and does not
/// begin at zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Average {
    sum: f64,
    weight: f64,
}

impl Average {
    fn add(&mut self, rate: f64, seconds: f64, half_life: u64) {
        // Never a division by zero: the settings begin at an hour.
        let kept = (-seconds / half_life.max(1) as f64).exp2();
        self.sum = self.sum * kept + rate * (1.0 - kept);
        self.weight = self.weight * kept + (1.0 - kept);
    }

    fn rate(&self) -> f64 {
        if self.weight > 0.0 { self.sum / self.weight } else { 0.0 }
    }
}

/// The record of a credit's use.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Burn {
    /// The chain's clock at the first reading.
    since: ChainTime,
    /// The chain's clock at the latest reading.
    at: ChainTime,
    /// Units consumed by then.
    consumed: Units,
    /// The chain's clock when use last rose; the first reading before it has.
    used_at: ChainTime,
    short: Average,
    long: Average,
}

impl Burn {
    /// Begins a record with a reading: the chain's clock and the cumulative units consumed.
    pub(crate) fn begin(at: ChainTime, consumed: Units) -> Burn {
        Burn { since: at, at, consumed, used_at: at, short: Average::default(), long: Average::default() }
    }

    /// Takes in a reading. One that is not later, or has less consumed, comes from a node that lags and changes nothing.
    pub(crate) fn read(&mut self, at: ChainTime, consumed: Units, half_lives: HalfLives) {
        let Some(used) = consumed.checked_sub(self.consumed).filter(|_| at > self.at) else { return };
        let seconds = at.seconds_since(self.at) as f64;
        let rate = used.get() as f64 / seconds;
        self.short.add(rate, seconds, half_lives.short);
        self.long.add(rate, seconds, half_lives.long);
        self.at = at;
        self.consumed = consumed;
        if !used.is_zero() {
            self.used_at = at;
        }
    }

    /// The recent rate, in units per second.
    pub(crate) fn short_rate(&self) -> f64 {
        self.short.rate()
    }

    /// The long-term rate, in units per second.
    pub(crate) fn long_rate(&self) -> f64 {
        self.long.rate()
    }

    /// The recent rate as a multiple of the long-term rate; `None` without any use.
    pub(crate) fn ratio(&self) -> Option<f64> {
        let long = self.long_rate();
        (long > 0.0).then(|| self.short_rate() / long)
    }

    /// The span of the record in seconds.
    pub(crate) fn observed_seconds(&self) -> i64 {
        self.at.seconds_since(self.since)
    }

    /// Tests whether the record is long enough to project from: a quarter of the short half-life.
    pub(crate) fn is_settled(&self, half_lives: HalfLives) -> bool {
        self.observed_seconds() >= i64::try_from(half_lives.short / 4).unwrap_or(i64::MAX)
    }

    /// The chain's clock when use last rose.
    pub(crate) fn used_at(&self) -> ChainTime {
        self.used_at
    }

    /// The seconds without use up to the latest reading.
    pub(crate) fn idle_seconds(&self) -> i64 {
        self.at.seconds_since(self.used_at)
    }
}

/// The time at which units are used up at a rate in units per second; `None` for never, or for a time beyond the year 9999.
pub(crate) fn exhausted_at(now: ChainTime, available: Units, rate: f64) -> Option<ChainTime> {
    if available.is_zero() {
        return Some(now);
    }
    if rate.is_nan() || rate <= 0.0 {
        return None;
    }
    let seconds = available.get() as f64 / rate;
    // The last time that a date of four digits can hold.
    const LATEST: f64 = 253_402_300_799.0;
    (seconds < LATEST).then(|| now.plus_seconds(seconds as i64)).filter(|at| at.get() as f64 <= LATEST)
}
