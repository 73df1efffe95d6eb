//! The time of a demo: months where the clock can be moved, seconds where it cannot.

use {
    blockable_sandbox::venue::TEST_BOUNDS,
    blockable_sdk::program::{
        state::{Instalment, TermBounds, Terms},
        units::DAY,
    },
};

/// The length of a story's day on the chain's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pace {
    /// Milliseconds on the chain's clock that stand for a day.
    day_ms: u64,
    /// Metering transactions in the replay.
    pub windows: u32,
}

/// Fewest seconds in which the price of a lot falls: those in which a transaction lands on a node are few of them.
const LEAST_WINDOW: u32 = 20;
/// Milliseconds of a real day.
const DAY_MS: u64 = 1_000 * DAY as u64;

impl Pace {
    /// Days are days.
    pub(crate) const MONTHS: Pace = Pace { day_ms: DAY_MS, windows: 12 };
    /// Two days pass in a second, in a market of tests.
    pub(crate) const SECONDS: Pace = Pace { day_ms: 500, windows: 8 };

    /// True where a story keeps its real length.
    pub(crate) fn is_real(&self) -> bool {
        self.day_ms == DAY_MS
    }

    /// Seconds on the chain's clock for seconds of the story, rounded up.
    pub(crate) fn scale(&self, seconds: u32) -> u32 {
        let scaled = (u64::from(seconds) * self.day_ms).div_ceil(DAY_MS);
        u32::try_from(scaled).unwrap_or(u32::MAX)
    }

    /// Seconds on the chain's clock from issue to the beginning of a day of the story.
    pub(crate) fn day(&self, day: u32) -> u32 {
        self.scale(day.saturating_mul(DAY))
    }

    /// Seconds on the chain's clock over which the price of a lot falls.
    pub(crate) fn lot_window(&self, days: u32) -> u32 {
        self.day(days).max(LEAST_WINDOW)
    }

    /// A rate on the chain's clock for units per second of the story.
    fn rate(&self, units_per_second: u64) -> u64 {
        units_per_second.saturating_mul(DAY_MS / self.day_ms.max(1))
    }

    /// Terms at this pace.
    pub(crate) fn terms(&self, terms: Terms) -> Terms {
        Terms {
            max_units_per_second: self.rate(terms.max_units_per_second),
            delinquency_grace: self.scale(terms.delinquency_grace),
            default_grace: self.scale(terms.default_grace),
            cure_period: self.scale(terms.cure_period),
            longest_job: self.scale(terms.longest_job),
            ..terms
        }
    }

    /// A schedule at this pace.
    pub(crate) fn schedule(&self, schedule: &[Instalment]) -> Vec<Instalment> {
        let scaled =
            |due: &Instalment| Instalment { due_after: self.scale(due.due_after), principal: due.principal };
        schedule.iter().map(scaled).collect()
    }

    /// The market's bounds: those for real money where a story keeps its real length.
    pub(crate) fn bounds(&self) -> TermBounds {
        if self.is_real() {
            return TermBounds { max_apr_bps: 3_000, ..TermBounds::PRODUCTION };
        }
        TEST_BOUNDS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_story_in_seconds_keeps_the_order_of_its_dates() {
        let days = [1, 31, 61, 63, 68, 78];
        assert_eq!(days.map(|day| Pace::SECONDS.day(day)), [1, 16, 31, 32, 34, 39]);
        assert_eq!(days.map(|day| Pace::MONTHS.day(day)), days.map(|day| day * DAY));
        assert_eq!([10, 45].map(|days| Pace::SECONDS.lot_window(days)), [20, 23]);
        assert_eq!(Pace::MONTHS.lot_window(10), 10 * DAY);
    }
}
