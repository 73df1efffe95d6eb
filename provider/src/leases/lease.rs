//! One lease: its GPUs, and the units due for its time.

use {
    blockable_gate::{Hold, Job},
    blockable_sdk::amounts::Units,
    std::time::{Duration, Instant},
};

const PREFIX: &str = "lease";

/// The GPUs that a lease rents, as the reference of its holds names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rented {
    /// The lease's name.
    pub id: String,
    /// The GPUs' name.
    pub gpu: String,
    /// Number of GPUs.
    pub count: u32,
    /// Time at which the lease was opened, in milliseconds since 1970.
    pub opened_ms: i64,
}

impl Rented {
    /// Writes the reference of its holds.
    pub(crate) fn reference(&self) -> String {
        format!("{PREFIX}/{}/{}/{}/{}", self.id, self.gpu, self.count, self.opened_ms)
    }

    /// Reads a reference; `None` where it is that of another job.
    pub(crate) fn from_reference(reference: &str) -> Option<Rented> {
        let mut parts = reference.split('/');
        if parts.next()? != PREFIX {
            return None;
        }
        let rented = Rented {
            id: parts.next()?.to_string(),
            gpu: parts.next()?.to_string(),
            count: parts.next()?.parse().ok()?,
            opened_ms: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(rented)
    }
}

/// The time that a hold pays for. Times are of the monotonic clock.
#[derive(Clone, Debug)]
pub(super) struct Period {
    /// Holds the units of the whole period.
    pub hold: Hold,
    began: Instant,
    /// Part of this period that the period before has paid for, since seconds are paid whole.
    paid: Duration,
}

impl Period {
    /// Begins a period now, `paid` of which is paid for.
    pub(super) fn new(hold: Hold, paid: Duration) -> Period {
        Period { hold, began: Instant::now(), paid }
    }

    /// Resumes the period of a hold after a restart. The system's clock may have jumped meanwhile, so the elapsed time is
    /// bounded by the period's length.
    pub(super) fn restored(hold: Hold, now_ms: i64) -> Period {
        let elapsed = u64::try_from(now_ms.saturating_sub(hold.admitted_ms)).unwrap_or(0);
        let elapsed = Duration::from_millis(elapsed).min(hold.time_limit());
        let now = Instant::now();
        // A monotonic clock that began less than a period ago has no time before its beginning.
        Period { hold, began: now.checked_sub(elapsed).unwrap_or(now), paid: Duration::ZERO }
    }

    /// Length of the period.
    pub(super) fn length(&self) -> Duration {
        self.hold.time_limit()
    }

    /// Time until its end.
    pub(super) fn left(&self) -> Duration {
        self.length().saturating_sub(self.began.elapsed())
    }

    /// Time since its deadline, `None` before.
    pub(super) fn ended_for(&self) -> Option<Duration> {
        self.began.elapsed().checked_sub(self.length())
    }

    /// Units held for the whole period.
    pub(super) fn units(&self) -> Units {
        self.hold.units
    }

    /// Units per second. A hold is of a whole number of units per second.
    pub(super) fn units_per_second(&self) -> Units {
        Units(self.hold.units.get() / self.length().as_secs().max(1))
    }

    /// Units due now, for whole seconds rounded up, and the time beyond now that they pay for.
    pub(super) fn due(&self) -> (Units, Duration) {
        self.due_after(self.began.elapsed())
    }

    fn due_after(&self, elapsed: Duration) -> (Units, Duration) {
        let seconds = self.length().as_secs().max(1);
        let unpaid = elapsed.min(self.length()).saturating_sub(self.paid);
        let whole = (unpaid.as_secs() + u64::from(unpaid.subsec_nanos() > 0)).min(seconds);
        let beyond = (self.paid + Duration::from_secs(whole)).saturating_sub(elapsed);
        (Units(self.units_per_second().get() * whole), beyond)
    }

    /// The gate's job for a period of a length.
    pub(super) fn job(rented: &Rented, units_per_second: Units, length: Duration, api_key: &str) -> Job {
        let units = Units(units_per_second.get().saturating_mul(length.as_secs()));
        let job = Job::new(units, rented.reference(), length).settled_at_deadline();
        job.labelled(&rented.gpu, api_key)
    }

    /// The gate's job for another period at the same price.
    pub(super) fn next_job(&self, rented: &Rented, length: Duration) -> Job {
        Period::job(rented, self.units_per_second(), length, &self.hold.labels.api_key)
    }
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        blockable_gate::{AtDeadline, HoldId},
        blockable_sdk::Pubkey,
        proptest::prelude::*,
    };

    fn rented() -> Rented {
        Rented { id: "a1".to_string(), gpu: "h100".to_string(), count: 2, opened_ms: 1_000 }
    }

    fn period(seconds: u64, paid: Duration) -> Period {
        let hold = Hold {
            id: HoldId(1),
            credit: Pubkey::default(),
            index: 0,
            units: Units(20 * seconds),
            reference: rented().reference(),
            admitted_ms: 5_000,
            deadline_ms: 5_000 + 1_000 * i64::try_from(seconds).unwrap(),
            at_deadline: AtDeadline::Settle,
            labels: Default::default(),
        };
        Period::new(hold, paid)
    }

    #[test]
    fn a_reference_says_what_is_rented() {
        assert_eq!(Rented::from_reference(&rented().reference()), Some(rented()));
        for other in ["chat/0123", "lease/a/b/c/d", "lease/a/b/1", "lease/a/b/1/2/3", ""] {
            assert_eq!(Rented::from_reference(other), None, "{other}");
        }
    }

    #[test]
    fn seconds_are_paid_whole_and_never_twice() {
        let first = period(60, Duration::ZERO);
        assert_eq!(first.due_after(Duration::ZERO), (Units(0), Duration::ZERO));
        let (units, paid) = first.due_after(Duration::from_millis(1_200));
        assert_eq!((units, paid), (Units(40), Duration::from_millis(800)));
        let second = period(60, paid);
        assert_eq!(second.due_after(Duration::from_millis(700)), (Units(0), Duration::from_millis(100)));
        assert_eq!(second.due_after(Duration::from_millis(801)), (Units(20), Duration::from_millis(999)));
        assert_eq!(first.due_after(Duration::from_secs(500)).0, Units(1_200), "no more than was held");
    }

    #[test]
    fn a_restart_counts_from_admission_and_a_clock_that_jumped_costs_one_period_at_most() {
        let hold = period(60, Duration::ZERO).hold;
        let at = |now_ms| Period::restored(hold.clone(), now_ms);
        assert!((200..=220).contains(&at(15_000).due().0.get()));
        assert!(at(-1_000_000).due().0 <= Units(20));
        assert_eq!(at(i64::MAX).due().0, Units(1_200));
        assert_eq!(at(i64::MAX).left(), Duration::ZERO);
    }

    proptest! {
        /// However often a lease is renewed, it pays for its time rounded up to a second.
        #[test]
        fn heartbeats_change_nothing_about_the_sum(beats in proptest::collection::vec(1_u64..50_000, 1..30)) {
            let (mut paid, mut units, mut total) = (Duration::ZERO, 0, Duration::ZERO);
            for beat in beats {
                let elapsed = Duration::from_millis(beat);
                let (due, beyond) = period(60, paid).due_after(elapsed);
                (paid, units, total) = (beyond, units + due.get(), total + elapsed);
            }
            prop_assert_eq!(units, 20 * total.as_millis().div_ceil(1_000) as u64);
        }
    }
}
