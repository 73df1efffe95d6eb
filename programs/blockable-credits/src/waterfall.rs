//! The waterfall of a payment: late fees, then interest, then principal; first over all that is due, then over the rest.
//!
//! Paying exactly the arrears therefore cures. Principal is last over the whole debt: once every instalment is
//! due, accrued interest is due with it, so the lien cannot be released while interest is owed.

use crate::{
    schedule::Schedule,
    state::{Debt, Terms},
    units::{Overflow, add, sub},
};

/// The parts of an applied payment. All amounts in micro-USDC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Part that paid late fees.
    pub late_fees: u64,
    /// Part that paid interest.
    pub interest: u64,
    /// Part that paid principal.
    pub principal: u64,
    /// Arrears before the payment.
    pub arrears_before: u64,
    /// Arrears after it.
    pub arrears_after: u64,
}

/// Applies a payment to a debt that has been accrued up to now.
///
/// Errors: [`Overflow`] when `amount` exceeds [`Debt::total`]; the debt is then half changed and to be dropped.
pub fn pay(debt: &mut Debt, terms: &Terms, schedule: Schedule, amount: u64) -> Result<Applied, Overflow> {
    let all_due = schedule.has_matured(debt);
    apply(debt, terms, schedule, amount, all_due)
}

/// Applies proceeds of collateral: as [`pay`], with all accrued interest due before any principal.
///
/// Errors: [`Overflow`] when `amount` exceeds [`Debt::total`]; the debt is then half changed and to be dropped.
pub fn recover(debt: &mut Debt, terms: &Terms, schedule: Schedule, amount: u64) -> Result<Applied, Overflow> {
    apply(debt, terms, schedule, amount, true)
}

/// The parts of money that was held back and is given back. All amounts in micro-USDC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GivenBack {
    /// Part that paid principal.
    pub principal: u64,
    /// Part that paid interest.
    pub interest: u64,
    /// Part that paid late fees.
    pub late_fees: u64,
    /// The rest above the debt.
    pub surplus: u64,
}

/// Applies money that was held back to a debt that has been accrued up to now: principal first, since it was never paid out,
/// then interest and late fees. The caller takes the principal off the last instalments; see
/// [`take_from_last`](crate::schedule::take_from_last).
pub fn give_back(debt: &mut Debt, amount: u64) -> GivenBack {
    let mut left = amount;
    let principal = take(&mut debt.principal, &mut left);
    let billed = take(&mut debt.interest_due, &mut left);
    let interest = billed.saturating_add(take_interest_not_due(debt, &mut left));
    let late_fees = take(&mut debt.late_fees, &mut left);
    GivenBack { principal, interest, late_fees, surplus: left }
}

fn apply(
    debt: &mut Debt,
    terms: &Terms,
    schedule: Schedule,
    amount: u64,
    all_due: bool,
) -> Result<Applied, Overflow> {
    let arrears_before = schedule.arrears(debt);
    let mut left = amount;
    let late_fees = take(&mut debt.late_fees, &mut left);
    let mut interest = take(&mut debt.interest_due, &mut left);
    if all_due {
        interest = add(interest, take_interest_not_due(debt, &mut left))?;
    }
    let mut principal = left.min(schedule.principal_in_arrears(debt));
    pay_principal(debt, &mut left, principal)?;

    interest = add(interest, take_interest_not_due(debt, &mut left))?;
    let early_principal = left.min(debt.principal);
    pay_principal(debt, &mut left, early_principal)?;
    principal = add(principal, early_principal)?;
    if left > 0 {
        return Err(Overflow);
    }
    schedule.update_arrears_since(debt, terms)?;
    Ok(Applied { late_fees, interest, principal, arrears_before, arrears_after: schedule.arrears(debt) })
}

fn take(owed: &mut u64, left: &mut u64) -> u64 {
    let paid = (*owed).min(*left);
    *owed = owed.saturating_sub(paid);
    *left = left.saturating_sub(paid);
    paid
}

/// Pays accrued interest that is not billed, its fraction rounded up to one micro-USDC and then gone.
#[inline(never)]
fn take_interest_not_due(debt: &mut Debt, left: &mut u64) -> u64 {
    let owed = debt.interest_not_due();
    if *left < owed {
        return take(&mut debt.interest_accrued, left);
    }
    debt.interest_accrued = 0;
    debt.interest_remainder = 0;
    *left = left.saturating_sub(owed);
    owed
}

#[inline(never)]
fn pay_principal(debt: &mut Debt, left: &mut u64, paid: u64) -> Result<(), Overflow> {
    debt.principal = sub(debt.principal, paid)?;
    debt.schedule_paid = add(debt.schedule_paid, paid)?;
    *left = sub(*left, paid)?;
    Ok(())
}
