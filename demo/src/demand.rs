//! The use of the borrower, which is the same in both stories: a trace, cut into windows and mapped to units.

use {
    crate::loan::Loan, blockable_economics::assumptions::Assumptions, blockable_sdk::amounts::Units,
    blockable_testkit::trace::Request,
};

/// The usage of a credit at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// Units used since the start.
    pub cumulative: Units,
    /// Units of the requests still running.
    pub in_flight: Units,
}

/// Intervals between instalments for which the borrower pays.
const INTERVALS_PAID: u32 = 2;
/// Part of the planned units that it uses in that time, in percent.
const USES_PERCENT: u64 = 70;
/// The large first job, in percent of what the standard terms open ahead of payment.
const FIRST_JOB_PERCENT: u64 = 104;
/// Days' worth of units of the job that runs when everything is frozen.
const LAST_JOB_DAYS: u64 = 4;
/// A day's worth of units divided by this is served after the freeze, although it must not be.
const BEYOND_PART: u64 = 2;

/// Everything that the borrower wants to use, whatever the terms let it.
pub(crate) struct Demand {
    /// Day from which the borrower pays nothing: every instalment due before it is paid.
    pub stops_on: u32,
    /// A job on the day of issue, larger than what the standard terms open ahead of payment.
    pub first_job: Units,
    /// Use in the replay, window by window, that of the first job included.
    pub replay: Vec<Usage>,
    /// Units wanted on a day of a race: the use of a borrower that has stopped paying.
    pub race_a_day: Units,
    /// The multiple of the planned pace in a race.
    pub race_speed: u64,
    /// A job that runs when everything is frozen.
    pub last_job: Units,
    /// Units that a provider serves after the freeze although it must not.
    pub beyond: Units,
    /// Requests of the trace.
    pub requests: usize,
    /// The trace's file, or the generator and its seed.
    pub source: String,
}

impl Demand {
    /// The demand of a borrower whose plan is the standard loan, in so many windows.
    pub(crate) fn new(
        loan: &Loan,
        assumptions: &Assumptions,
        requests: &[Request],
        source: String,
        windows: u32,
    ) -> Demand {
        let day = loan.terms.units / u64::from(loan.preset.term_days().max(1));
        let stops_on = INTERVALS_PAID * loan.preset.interval_days;
        let first_job = Units(loan.terms.unlocked_ahead * FIRST_JOB_PERCENT / 100);
        let total = Units(day * u64::from(stops_on) * USES_PERCENT / 100).saturating_sub(first_job);
        let with_first_job = |usage: Usage| Usage {
            cumulative: usage.cumulative.saturating_add(first_job),
            in_flight: usage.in_flight,
        };
        // A cast of a float saturates.
        let race_speed = assumptions.borrower.race_speed as u64;
        Demand {
            stops_on,
            first_job,
            replay: cut(requests, total, windows as usize).into_iter().map(with_first_job).collect(),
            race_a_day: Units(day * race_speed),
            race_speed,
            last_job: Units(day * LAST_JOB_DAYS),
            beyond: Units(day / BEYOND_PART),
            requests: requests.len(),
            source,
        }
    }

    /// The windows of the replay, each with the day on which it ends: from day 1 to the last paid day.
    pub(crate) fn windows(&self) -> impl Iterator<Item = (u32, Usage)> + '_ {
        let count = self.replay.len().max(1) as u32;
        let day = move |number: u32| 1 + (self.stops_on - 1) * number / count;
        (1u32..).zip(&self.replay).map(move |(number, usage)| (day(number), *usage))
    }

    /// Units wanted in so many days of a race.
    pub(crate) fn race(&self, days: u32) -> Units {
        Units(self.race_a_day.get().saturating_mul(days.into()))
    }
}

/// Maps a trace to units, in windows of equal length.
///
/// Each request stands for as many units as it takes for all of them to use `total`. The last request of a window still
/// runs at its end: it is in flight there and settles in the next.
fn cut(requests: &[Request], total: Units, count: usize) -> Vec<Usage> {
    let weight: u128 = requests.iter().map(|request| u128::from(request.weight())).sum();
    let span = requests.last().map_or(0, |last| last.at_ms) + 1;
    let units = |done: u128| Units((done * u128::from(total.get()) / weight.max(1)) as u64);
    let mut windows = Vec::with_capacity(count);
    let (mut next, mut admitted, mut settled) = (0, 0u128, 0u128);
    for window in 1..=count {
        let end = span * window as u64 / count as u64;
        while let Some(request) = requests.get(next).filter(|request| request.at_ms < end) {
            settled = admitted;
            admitted += u128::from(request.weight());
            next += 1;
        }
        let is_last = window == count;
        let done = if is_last { admitted } else { settled };
        windows
            .push(Usage { cumulative: units(done), in_flight: units(admitted).saturating_sub(units(done)) });
    }
    windows
}

#[cfg(test)]
mod tests {
    use {super::*, blockable_testkit::trace::generate};

    #[test]
    fn windows_use_exactly_the_units_asked_for_and_lose_nothing_in_flight() {
        let requests = generate(7);
        let windows = cut(&requests, Units(1_000_003), 24);
        assert_eq!(windows.len(), 24);
        assert_eq!(windows[23], Usage { cumulative: Units(1_000_003), in_flight: Units::ZERO });
        assert!(windows[..23].iter().all(|usage| !usage.in_flight.is_zero()));
        for pair in windows.windows(2) {
            assert!(pair[1].cumulative >= pair[0].cumulative.saturating_add(pair[0].in_flight));
        }
    }
}
