//! The terms that the honest party has signed, as it has read them, and its freezes: they measure what it is entitled to.

use {
    crate::amounts::div_up,
    blockable_sdk::program::state::{Credit, Terms},
};

/// The part of an agreement that bounds what can happen to its parties.
#[derive(Clone, Copy, Debug)]
pub(super) struct SignedTerms {
    /// Principal, in micro-USDC.
    pub principal: i128,
    /// Units granted for it.
    pub units: i128,
    /// Units that may be used ahead of payment.
    pub ahead: i128,
    /// Part of the principal that is held back, in micro-USDC.
    pub holdback: i128,
    /// Most units that can be used in a second.
    pub rate: i128,
    /// Seconds of the longest job.
    pub longest_job: i128,
}

impl SignedTerms {
    /// The agreement in terms.
    pub(super) fn new(terms: &Terms) -> SignedTerms {
        SignedTerms {
            principal: terms.principal.into(),
            units: terms.units.into(),
            ahead: terms.unlocked_ahead.into(),
            holdback: terms.holdback.into(),
            rate: terms.max_units_per_second.into(),
            longest_job: terms.longest_job.into(),
        }
    }

    /// The value of units at what the loan pays for them, in micro-USDC, rounded up.
    pub(super) fn value(&self, units: i128) -> i128 {
        div_up(units * self.principal, self.units)
    }

    /// The most that rounding may cost in one transaction, in micro-USDC: the price of a unit, at either end.
    pub(super) fn dust(&self) -> i128 {
        2 * self.value(1) + 2
    }
}

/// The effect of an honest lender's freezes on one loan.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frozen {
    /// The most units that may ever be consumed: those consumed, those open, and those of jobs that ran as the freeze landed.
    pub most_consumed: i128,
    /// Units that others cannot thaw: they stay frozen, except those that running jobs use.
    pub held: i128,
}

impl Frozen {
    /// The freeze of `target` units that turned `before` into `after`, at a time of the chain, on top of an `earlier` one.
    pub(super) fn new(
        signed: &SignedTerms,
        target: i128,
        before: &Credit,
        after: &Credit,
        now: i64,
        earlier: Option<Frozen>,
    ) -> Frozen {
        let (consumed, open) =
            (i128::from(before.collateral.consumed), i128::from(before.collateral.available()));
        // Use since the last report was admitted before the freeze; jobs that run may finish.
        let since_report = i128::from(now - before.meter.reported_at).max(0);
        let left = i128::from(before.collateral.remaining());
        let running = left.min(signed.rate * (since_report + signed.longest_job));
        let earlier_jobs = earlier.map_or(0, |freeze| (freeze.most_consumed - consumed - open).max(0));
        let frozen = &after.collateral;
        Frozen {
            most_consumed: consumed + i128::from(frozen.available()) + running + earlier_jobs,
            held: target.max(earlier.map_or(0, |freeze| freeze.held)).min(frozen.freezable().into()),
        }
    }
}
