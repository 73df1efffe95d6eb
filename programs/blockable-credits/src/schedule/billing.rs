//! Accrual: interest, billing at due dates and late fees.

use {
    super::{INTEREST_DENOMINATOR, Schedule},
    crate::{
        state::{Debt, Terms},
        units::{Overflow, add, elapsed, sub},
    },
};

/// Brings a debt up to `now`: interest, billing at due dates, late fees.
///
/// Interest and fees stop at 2^64 - 1 micro-USDC, so that a debt that was left alone for centuries can still be paid. Does
/// nothing when `now` is not later than the last accrual. Returns the new [`Schedule::capitalised`]: the coupons added to the
/// principal so far, in micro-USDC. Errors: [`Overflow`].
pub fn accrue(debt: &mut Debt, terms: &Terms, mut schedule: Schedule, now: i64) -> Result<u64, Overflow> {
    bill_until(debt, terms, &mut schedule, now)?;
    charge_late_fees(debt, terms, schedule, now)?;
    accrue_interest(debt, terms, &schedule, now)?;
    if schedule.has_matured(debt) {
        bill_interest(debt);
    }
    Ok(schedule.capitalised)
}

/// Bills every instalment that has fallen due, and notes the due date of the first that is unpaid.
///
/// While something is in arrears the principal does not change without a payment. So the interest of all further due dates
/// is computed at once, at the last of them.
fn bill_until(debt: &mut Debt, terms: &Terms, schedule: &mut Schedule, now: i64) -> Result<(), Overflow> {
    let due = schedule.due_within(elapsed(schedule.start, now)?)?;
    if debt.instalments_billed >= due {
        return Ok(());
    }
    let mut principal_due = schedule.principal_due(debt.instalments_billed);
    let bears_no_interest = terms.apr_bps == 0 || debt.principal == 0;
    let interest_owed = debt.interest_accrued.saturating_add(debt.interest_due);
    if debt.arrears_since == 0 && interest_owed == 0 && bears_no_interest {
        // Without interest, a due date at which no principal is unpaid only counts as billed.
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
        accrue_interest(debt, terms, schedule, date)?;
        capitalise(debt, schedule)?;
        bill_interest(debt);
        if debt.interest_due > 0 || (principal_due > debt.schedule_paid && debt.principal > 0) {
            debt.arrears_since = date;
        }
    }
    if debt.instalments_billed < due {
        debt.instalments_billed = due;
        let last = usize::from(due).checked_sub(1).ok_or(Overflow)?;
        let date = schedule.due_date(last)?.ok_or(Overflow)?;
        accrue_interest(debt, terms, schedule, date)?;
        bill_interest(debt);
    }
    Ok(())
}

/// Adds the agreed part of a coupon to the principal. At the last instalment nothing is added, because all falls due there.
/// The caller adds nothing while something is unpaid, so that the principal does not change in arrears.
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

fn bill_interest(debt: &mut Debt) {
    debt.interest_due = debt.interest_due.saturating_add(core::mem::take(&mut debt.interest_accrued));
}

/// Charges each instalment's late fee once: when its delinquency grace has passed while it or an older one is unpaid.
fn charge_late_fees(debt: &mut Debt, terms: &Terms, schedule: Schedule, now: i64) -> Result<(), Overflow> {
    let grace = u64::from(terms.delinquency_grace);
    let Some(seconds) = elapsed(schedule.start, now)?.checked_sub(grace) else { return Ok(()) };
    let checked = schedule.due_within(seconds)?;
    if debt.arrears_since != 0 {
        let paid = elapsed(schedule.start, debt.arrears_since)?.checked_sub(1).ok_or(Overflow)?;
        let first_unpaid = schedule.due_within(paid)?.max(debt.instalments_late_checked);
        let late = u64::from(checked.saturating_sub(first_unpaid));
        debt.late_fees = debt.late_fees.saturating_add(terms.late_fee.saturating_mul(late));
    }
    debt.instalments_late_checked = checked.max(debt.instalments_late_checked);
    Ok(())
}

#[inline(never)]
fn accrue_interest(debt: &mut Debt, terms: &Terms, schedule: &Schedule, now: i64) -> Result<(), Overflow> {
    let from = debt.accrued_at;
    let seconds = elapsed(from, now)?;
    if seconds == 0 {
        return Ok(());
    }
    debt.accrued_at = now;
    if debt.principal == 0 || terms.apr_bps == 0 {
        return Ok(());
    }
    let interest = schedule.held_back.interest(debt.principal, terms, from, seconds)?;
    let numerator = interest.checked_add(u128::from(debt.interest_remainder)).ok_or(Overflow)?;
    let whole = numerator.checked_div(u128::from(INTEREST_DENOMINATOR)).ok_or(Overflow)?;
    // The remainder is below the denominator, so that its low 64 bits are all of it.
    let used = (whole as u64).wrapping_mul(INTEREST_DENOMINATOR);
    debt.interest_remainder = (numerator as u64).wrapping_sub(used);
    debt.interest_accrued = debt.interest_accrued.saturating_add(u64::try_from(whole).unwrap_or(u64::MAX));
    Ok(())
}
