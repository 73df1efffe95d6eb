//! The schedule and the debt of a credit account.

use {
    super::{HeldBack, PayInKind, Schedule, accrue},
    crate::{
        state::{Credit, Terms},
        units::DAY,
    },
    anchor_lang::Result,
};

/// Seconds from the end of the cure period until anybody may cancel covered units: 30 days, in which the lender decides.
pub const LENDER_CANCELS_FOR: u32 = 30 * DAY;

impl Terms {
    /// Market time at which the default grace of the last instalment and a cure period have passed: `last_due_after` are seconds
    /// from `start`, in market time, to its due date.
    pub fn opens_cancel(&self, start: i64, last_due_after: u32) -> i64 {
        let graces = u64::from(self.default_grace).saturating_add(u64::from(self.cure_period));
        start.saturating_add_unsigned(u64::from(last_due_after).saturating_add(graces))
    }
}

impl Credit {
    /// The repayment schedule, counted from issue or from the latest restructuring.
    #[inline(never)]
    pub fn schedule(&self) -> Schedule<'_> {
        let count = usize::from(self.instalment_count);
        Schedule {
            start: self.schedule_start(),
            due_after: self.due_after.get(..count).unwrap_or(&[]),
            principal: self.principal_due.get(..count).unwrap_or(&[]),
            capitalised: self.capitalised,
            pay_in_kind: PayInKind {
                share_bps: self.rider.pay_in_kind_bps,
                unused: self.collateral.remaining(),
                granted: self.collateral.granted,
            },
            held_back: if self.holdback_left == 0 {
                HeldBack::default()
            } else {
                HeldBack { amount: self.holdback_left, until: self.cancel_opens_at() }
            },
        }
    }

    /// Market time from which anybody may cancel the units under the holdback, if the loan is in default by then and its cure
    /// period has passed; interest on the holdback ends then. That is when the last instalment's default grace and a cure
    /// period have passed, and for a loan in default [`LENDER_CANCELS_FOR`] after its cure period, whichever is earlier.
    #[inline(never)]
    pub fn cancel_opens_at(&self) -> i64 {
        let at_end = self.schedule_opens_cancel();
        if self.defaulted_at == 0 {
            return at_end;
        }
        let after_cure = u64::from(self.terms.cure_period).saturating_add(u64::from(LENDER_CANCELS_FOR));
        self.defaulted_at.saturating_add_unsigned(after_cure).min(at_end)
    }

    /// Market time at which the schedule alone opens a cancel for anybody: see [`Terms::opens_cancel`].
    pub fn schedule_opens_cancel(&self) -> i64 {
        let dates = self.due_after.get(..usize::from(self.instalment_count)).unwrap_or_default();
        self.terms.opens_cancel(self.schedule_start(), dates.last().copied().unwrap_or_default())
    }

    /// Market time that due dates count from.
    fn schedule_start(&self) -> i64 {
        if self.restructured_at == 0 { self.issued_at } else { self.restructured_at }
    }

    /// Brings the debt up to a market time; see [`accrue`]. Errors: [`Overflow`](crate::units::Overflow).
    #[inline(never)]
    pub fn accrue(&mut self, market_time: i64) -> Result<()> {
        let mut debt = self.debt;
        let terms = self.terms_in_force();
        let capitalised = accrue(&mut debt, &terms, self.schedule(), market_time)?;
        self.capitalised = capitalised;
        self.debt = debt;
        Ok(())
    }

    /// The sum that must be paid now to be current, in micro-USDC, as of the last accrual.
    #[inline(never)]
    pub fn arrears(&self) -> u64 {
        self.schedule().arrears(&self.debt)
    }
}
