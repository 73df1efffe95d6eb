//! Repayment schedules: billing, interest and arrears as functions of market time.
//!
//! Interest is simple, actual/365, on the principal outstanding: `principal x APR x seconds / (10,000 x year)`.
//! The fraction below one micro-USDC is carried exactly, so the number of accruals never changes the sum. What is held back
//! bears a rate of its own.

mod billing;
mod credit;
mod interest;

use crate::{
    state::{Debt, Terms},
    units::{BPS, Overflow, SECONDS_PER_YEAR, add, after, elapsed, mul_div_floor},
};
pub use {billing::accrue, credit::LENDER_CANCELS_FOR, interest::HeldBack};

/// Denominator of an interest fraction: basis points times seconds per year.
const INTEREST_DENOMINATOR: u64 = BPS * SECONDS_PER_YEAR;

/// The part of a coupon that is added to the principal instead of falling due: `share_bps x unused / granted`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PayInKind {
    /// Share of the coupon on unused units, in basis points; 0 for none.
    pub share_bps: u16,
    /// Units that are unused.
    pub unused: u64,
    /// Units granted.
    pub granted: u64,
}

impl PayInKind {
    /// The part of a coupon that is added to the principal, in micro-USDC, rounded down. Errors: [`Overflow`].
    fn part_of(&self, coupon: u64) -> Result<u64, Overflow> {
        if self.share_bps == 0 || self.granted == 0 {
            return Ok(0);
        }
        let all_unused = self.unused == self.granted;
        let unused = if all_unused { coupon } else { mul_div_floor(coupon, self.unused, self.granted)? };
        let all_in_kind = u64::from(self.share_bps) == BPS;
        if all_in_kind { Ok(unused) } else { mul_div_floor(unused, u64::from(self.share_bps), BPS) }
    }
}

/// A repayment schedule, borrowed from a credit account.
#[derive(Clone, Copy, Debug)]
pub struct Schedule<'a> {
    /// Market time that due dates count from.
    pub start: i64,
    /// Seconds from `start` to each due date, ascending.
    pub due_after: &'a [u32],
    /// Principal due at each date, in micro-USDC.
    pub principal: &'a [u64],
    /// Coupons added to the principal so far, in micro-USDC; they fall due with the last instalment.
    pub capitalised: u64,
    /// The part of each further coupon that accrual adds to the principal.
    pub pay_in_kind: PayInKind,
    /// The part of the principal that is held back.
    pub held_back: HeldBack,
}

impl Schedule<'_> {
    /// Number of instalments.
    pub fn len(&self) -> usize {
        self.due_after.len().min(self.principal.len())
    }

    /// Returns true when there is no instalment, as in an unrestricted credit.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Due date of an instalment in market time, `None` past the last. Errors: [`Overflow`].
    pub fn due_date(&self, instalment: usize) -> Result<Option<i64>, Overflow> {
        match self.due_after.get(instalment) {
            Some(seconds) => after(self.start, *seconds).map(Some),
            None => Ok(None),
        }
    }

    /// Number of instalments that fall due within `seconds` of the start. Errors: [`Overflow`].
    fn due_within(&self, seconds: u64) -> Result<u8, Overflow> {
        let due = self.due_after.partition_point(|due| u64::from(*due) <= seconds);
        u8::try_from(due).map_err(|_| Overflow)
    }

    /// Principal of the first `count` instalments, in micro-USDC.
    pub fn principal_due(&self, count: u8) -> u64 {
        let due = self.principal.iter().take(usize::from(count));
        let with_last = if self.is_last(count) { self.capitalised } else { 0 };
        due.fold(with_last, |sum, principal| sum.saturating_add(*principal))
    }

    /// Principal of the instalment at an index, in micro-USDC.
    fn principal_of(&self, index: usize) -> u64 {
        let capitalised = if index.saturating_add(1) >= self.len() { self.capitalised } else { 0 };
        self.principal.get(index).map_or(0, |principal| principal.saturating_add(capitalised))
    }

    /// Returns true when the instalment numbered `count`, from 1, is the last.
    fn is_last(&self, count: u8) -> bool {
        usize::from(count) >= self.len()
    }

    /// Returns true when no more principal will fall due, so that all that is owed is due.
    pub fn has_matured(&self, debt: &Debt) -> bool {
        let billed = debt.instalments_billed;
        self.principal.iter().skip(usize::from(billed)).all(|principal| *principal == 0)
            && (self.capitalised == 0 || self.is_last(billed))
    }

    /// Principal billed and unpaid, in micro-USDC.
    pub fn principal_in_arrears(&self, debt: &Debt) -> u64 {
        self.principal_due(debt.instalments_billed).saturating_sub(debt.schedule_paid).min(debt.principal)
    }

    /// The sum that must be paid now to be current, in micro-USDC: late fees, billed interest, billed principal. Zero while
    /// no instalment is unpaid: fees from before a restructuring fall due with the first new instalment.
    pub fn arrears(&self, debt: &Debt) -> u64 {
        if self.has_matured(debt) {
            return debt.total();
        }
        if debt.arrears_since == 0 {
            return 0;
        }
        debt.late_fees.saturating_add(debt.interest_due).saturating_add(self.principal_in_arrears(debt))
    }

    /// Sets `arrears_since` after a payment: the due date of the oldest instalment that is still unpaid, 0 for none.
    pub(crate) fn update_arrears_since(&self, debt: &mut Debt, terms: &Terms) -> Result<(), Overflow> {
        let interest = self.oldest_unpaid_interest(debt, terms)?;
        let principal = self.oldest_unpaid_principal(debt)?;
        debt.arrears_since = interest.into_iter().chain(principal).min().unwrap_or(0);
        Ok(())
    }

    fn oldest_unpaid_principal(&self, debt: &Debt) -> Result<Option<i64>, Overflow> {
        let mut through = 0u64;
        for (index, principal) in self.principal.iter().take(usize::from(debt.instalments_billed)).enumerate()
        {
            through = add(through, *principal)?;
            if through > debt.schedule_paid {
                return self.due_date(index);
            }
        }
        if self.principal_in_arrears(debt) > 0 {
            self.due_date(self.len().saturating_sub(1))
        } else {
            Ok(None)
        }
    }

    /// The oldest due date whose interest is unpaid, going back from the latest billing.
    ///
    /// Payments take billed interest before principal, so neither the principal nor what is held back has changed since the
    /// oldest unpaid billing, and the unpaid interest is that of the last `interest / (principal x APR)` seconds. A micro-USDC
    /// is left out, because every billing rounds down and carries its fraction to the next. A cancel lowers the principal
    /// although interest is unpaid: the date found is then too early, and the one on record stays.
    fn oldest_unpaid_interest(&self, debt: &Debt, terms: &Terms) -> Result<Option<i64>, Overflow> {
        let Some(unpaid) = debt.interest_due.checked_sub(1) else { return Ok(None) };
        let Some(last) = usize::from(debt.instalments_billed).checked_sub(1) else {
            // Interest is billed with an instalment: without one there is no other date than that on record.
            return Ok(Some(debt.arrears_since));
        };
        let billed_until =
            if self.has_matured(debt) { debt.accrued_at } else { self.due_date(last)?.ok_or(Overflow)? };
        let seconds = self.held_back.seconds_of(unpaid, debt.principal, terms, billed_until);
        let Some(seconds) = seconds else { return Ok(Some(debt.arrears_since)) };
        let paid = elapsed(self.start, billed_until.saturating_sub(seconds))?;
        let oldest = usize::from(self.due_within(paid)?).min(last);
        Ok(self.due_date(oldest)?.map(|date| date.max(debt.arrears_since)))
    }
}

/// Takes principal off instalments, from the last one on, in micro-USDC. An instalment of which nothing is left keeps its
/// date.
pub fn take_from_last<'a>(instalments: impl DoubleEndedIterator<Item = &'a mut u64>, mut principal: u64) {
    for instalment in instalments.rev() {
        let taken = principal.min(*instalment);
        *instalment = instalment.saturating_sub(taken);
        principal = principal.saturating_sub(taken);
    }
}
