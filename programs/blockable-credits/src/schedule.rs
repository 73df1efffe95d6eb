//! Repayment schedules: billing, interest and arrears as functions of market time.
//!
//! Interest is simple, actual/365, on the principal outstanding: `principal x APR x seconds / (10,000 x year)`.
//! The fraction below one micro-USDC is carried exactly, so the number of accruals never changes the sum.

use crate::{
    state::{Debt, Terms},
    units::{BPS, Overflow, SECONDS_PER_YEAR, add, after, elapsed, mul_div_floor, sub},
};

/// Denominator of an interest fraction: basis points times seconds per year.
const INTEREST_DENOMINATOR: u64 = BPS * SECONDS_PER_YEAR;

/// How much of a coupon is added to the principal instead of falling due: `share_bps x unused / granted`.
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

/// A schedule as it stands in a credit account.
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
    /// What accrual adds to the principal from here on.
    pub pay_in_kind: PayInKind,
}

impl Schedule<'_> {
    /// Number of instalments.
    pub fn len(&self) -> usize {
        self.due_after.len().min(self.principal.len())
    }

    /// Whether there is no instalment, as in an unrestricted credit.
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

    /// Whether the instalment numbered `count`, from 1, is the last.
    fn is_last(&self, count: u8) -> bool {
        usize::from(count) >= self.len()
    }

    /// Whether no more principal will fall due, so that all that is owed is due.
    pub fn has_matured(&self, debt: &Debt) -> bool {
        let billed = debt.instalments_billed;
        self.principal.iter().skip(usize::from(billed)).all(|principal| *principal == 0)
            && (self.capitalised == 0 || self.is_last(billed))
    }

    /// Principal billed and unpaid, in micro-USDC.
    pub fn principal_in_arrears(&self, debt: &Debt) -> u64 {
        self.principal_due(debt.instalments_billed).saturating_sub(debt.schedule_paid).min(debt.principal)
    }

    /// What must be paid now to be current, in micro-USDC: late fees, billed interest, billed principal. Zero while no
    /// instalment is unpaid: fees that a new schedule took over fall due with its first instalment.
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
    pub(crate) fn update_arrears_since(&self, debt: &mut Debt, apr_bps: u16) -> Result<(), Overflow> {
        let interest = self.oldest_unpaid_interest(debt, apr_bps)?;
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
    /// Payments take billed interest before principal, so the principal has stood still since the oldest unpaid
    /// billing: what is unpaid stands for the last `interest / (principal x APR)` seconds. A micro-USDC is left out,
    /// because every billing rounds down and carries its fraction to the next.
    fn oldest_unpaid_interest(&self, debt: &Debt, apr_bps: u16) -> Result<Option<i64>, Overflow> {
        let Some(unpaid) = debt.interest_due.checked_sub(1) else { return Ok(None) };
        let Some(last) = usize::from(debt.instalments_billed).checked_sub(1) else {
            // Interest is billed with an instalment: without one there is no other date than that on record.
            return Ok(Some(debt.arrears_since));
        };
        let billed_until =
            if self.has_matured(debt) { debt.accrued_at } else { self.due_date(last)?.ok_or(Overflow)? };
        let per_second = u128::from(debt.principal).checked_mul(u128::from(apr_bps)).ok_or(Overflow)?;
        let seconds = u128::from(unpaid)
            .checked_mul(u128::from(INTEREST_DENOMINATOR))
            .and_then(|unpaid| unpaid.checked_div(per_second))
            .and_then(|seconds| i64::try_from(seconds).ok());
        let Some(seconds) = seconds else { return Ok(Some(debt.arrears_since)) };
        let paid = elapsed(self.start, billed_until.saturating_sub(seconds))?;
        let oldest = usize::from(self.due_within(paid)?).min(last);
        Ok(self.due_date(oldest)?.map(|date| date.max(debt.arrears_since)))
    }
}

/// Brings a debt up to `now`: interest, billing at due dates, late fees.
///
/// Does nothing when `now` is not later than the last accrual. Returns the coupons capitalised so far, in micro-USDC, as
/// [`Schedule::capitalised`]. Errors: [`Overflow`].
pub fn accrue(debt: &mut Debt, terms: &Terms, mut schedule: Schedule, now: i64) -> Result<u64, Overflow> {
    bill_until(debt, terms, &mut schedule, now)?;
    charge_late_fees(debt, terms, schedule, now)?;
    accrue_interest(debt, terms, now)?;
    if schedule.has_matured(debt) {
        bill_interest(debt)?;
    }
    Ok(schedule.capitalised)
}

/// Bills every instalment that has fallen due, and notes the first that is unpaid.
///
/// Between payments the principal stands still: once something is in arrears, the interest of all further due dates
/// is one product, worked out at the last of them.
fn bill_until(debt: &mut Debt, terms: &Terms, schedule: &mut Schedule, now: i64) -> Result<(), Overflow> {
    let due = schedule.due_within(elapsed(schedule.start, now)?)?;
    if debt.instalments_billed >= due {
        return Ok(());
    }
    let mut principal_due = schedule.principal_due(debt.instalments_billed);
    if debt.arrears_since == 0 && debt.interest_accrued == 0 && (terms.apr_bps == 0 || debt.principal == 0) {
        // Without interest, dates that no principal is unpaid at leave no trace.
        while debt.instalments_billed < due {
            let next = add(principal_due, schedule.principal_of(usize::from(debt.instalments_billed)))?;
            if next > debt.schedule_paid && debt.principal > 0 {
                break;
            }
            principal_due = next;
            debt.instalments_billed = debt.instalments_billed.saturating_add(1);
        }
    }
    while debt.arrears_since == 0 && debt.instalments_billed < due {
        let instalment = usize::from(debt.instalments_billed);
        let date = schedule.due_date(instalment)?.ok_or(Overflow)?;
        debt.instalments_billed = debt.instalments_billed.checked_add(1).ok_or(Overflow)?;
        principal_due = add(principal_due, schedule.principal_of(instalment))?;
        accrue_interest(debt, terms, date)?;
        capitalise(debt, schedule)?;
        bill_interest(debt)?;
        if debt.interest_due > 0 || (principal_due > debt.schedule_paid && debt.principal > 0) {
            debt.arrears_since = date;
        }
    }
    if debt.instalments_billed < due {
        debt.instalments_billed = due;
        let last = usize::from(due).checked_sub(1).ok_or(Overflow)?;
        accrue_interest(debt, terms, schedule.due_date(last)?.ok_or(Overflow)?)?;
        bill_interest(debt)?;
    }
    Ok(())
}

/// Adds the agreed part of a coupon to the principal. Not at the last instalment, where all of it falls due, and not
/// while something is unpaid, so that the principal stands still in arrears.
fn capitalise(debt: &mut Debt, schedule: &mut Schedule) -> Result<(), Overflow> {
    if schedule.is_last(debt.instalments_billed) {
        return Ok(());
    }
    let part = schedule.pay_in_kind.part_of(debt.interest_accrued)?;
    debt.interest_accrued = sub(debt.interest_accrued, part)?;
    debt.principal = add(debt.principal, part)?;
    schedule.capitalised = add(schedule.capitalised, part)?;
    Ok(())
}

fn bill_interest(debt: &mut Debt) -> Result<(), Overflow> {
    debt.interest_due = add(debt.interest_due, core::mem::take(&mut debt.interest_accrued))?;
    Ok(())
}

/// Charges each instalment's late fee, once, when its delinquency grace has passed while it or an older one is unpaid.
fn charge_late_fees(debt: &mut Debt, terms: &Terms, schedule: Schedule, now: i64) -> Result<(), Overflow> {
    let grace = u64::from(terms.delinquency_grace);
    let Some(seconds) = elapsed(schedule.start, now)?.checked_sub(grace) else { return Ok(()) };
    let checked = schedule.due_within(seconds)?;
    if debt.arrears_since != 0 {
        let paid = elapsed(schedule.start, debt.arrears_since)?.checked_sub(1).ok_or(Overflow)?;
        let first_unpaid = schedule.due_within(paid)?.max(debt.instalments_late_checked);
        let late = u64::from(checked.saturating_sub(first_unpaid));
        let fees = terms.late_fee.checked_mul(late).ok_or(Overflow)?;
        debt.late_fees = add(debt.late_fees, fees)?;
    }
    debt.instalments_late_checked = checked.max(debt.instalments_late_checked);
    Ok(())
}

#[inline(never)]
fn accrue_interest(debt: &mut Debt, terms: &Terms, now: i64) -> Result<(), Overflow> {
    let seconds = elapsed(debt.accrued_at, now)?;
    if seconds == 0 {
        return Ok(());
    }
    debt.accrued_at = now;
    if debt.principal == 0 || terms.apr_bps == 0 {
        return Ok(());
    }
    let numerator = u128::from(debt.principal)
        .checked_mul(u128::from(terms.apr_bps))
        .and_then(|product| product.checked_mul(u128::from(seconds)))
        .and_then(|product| product.checked_add(u128::from(debt.interest_remainder)))
        .ok_or(Overflow)?;
    let denominator = u128::from(INTEREST_DENOMINATOR);
    let whole = numerator.checked_div(denominator).ok_or(Overflow)?;
    let used = whole.checked_mul(denominator).ok_or(Overflow)?;
    let remainder = numerator.checked_sub(used).ok_or(Overflow)?;
    debt.interest_accrued = add(debt.interest_accrued, u64::try_from(whole).map_err(|_| Overflow)?)?;
    debt.interest_remainder = u64::try_from(remainder).map_err(|_| Overflow)?;
    Ok(())
}
