//! Invariants that must hold after each step.

use super::*;

/// Values of a loan's life that the checks compare with later ones.
pub(super) struct Checks {
    /// True while nothing has been seized, cancelled in default, expired or written off.
    before_recovery: bool,
    is_full: bool,
    /// Holdback that was given back, in micro-USDC.
    given_back: u64,
    cancels: u64,
}

type Verified = Result<(), String>;

fn check(holds: bool, name: &str) -> Verified {
    if holds { Ok(()) } else { Err(name.to_string()) }
}

impl Checks {
    pub fn new(play: &Play) -> Checks {
        let Terms { principal, units, unlocked_ahead, holdback, .. } = play.credit.terms;
        let locked = u128::from(units - unlocked_ahead);
        let is_full = u128::from(holdback) == locked * u128::from(principal) / u128::from(units);
        Checks { before_recovery: true, is_full, given_back: 0, cancels: 0 }
    }

    pub fn verify(&mut self, before: &Play, after: &Play, changes: &[Change]) -> Verified {
        for change in changes {
            self.note(change, after)?;
        }
        money_adds_up(after)?;
        units_add_up(after)?;
        interest_is_exact(before, after, changes)?;
        self.provider_is_paid_what_it_earned(after)?;
        use_stays_ahead_by_what_was_agreed(after)?;
        self.a_full_holdback_bounds_the_debt(after)?;
        nothing_but_payment_opens_units(before, after, changes)
    }

    fn note(&mut self, change: &Change, after: &Play) -> Verified {
        let is_owed = after.credit.debt.total() > 0;
        let (paid, earned) = match change {
            Change::LockedCancelled { paid, earned, .. } => {
                self.cancels += 1;
                self.before_recovery &= after.credit.status() != Ok(Status::Seizing);
                (*paid, *earned)
            }
            Change::Expired { paid, .. } => {
                self.before_recovery = false;
                (*paid, 0)
            }
            Change::WrittenOff { paid, earned, debt, .. } => {
                check(*debt == 0 || *earned == 0, "a write-off earns nothing")?;
                self.before_recovery = false;
                (*paid, 0)
            }
            Change::Seized { .. } | Change::TakenOver { .. } => {
                self.before_recovery = false;
                (0, 0)
            }
            Change::Sold { earned, .. } => (0, *earned),
            Change::Paid { earned, status: Status::Seizing, .. } => (0, *earned),
            _ => (0, 0),
        };
        check(!is_owed || earned == 0, "no sale, cancel or recovery earns")?;
        self.given_back += paid;
        Ok(())
    }

    /// The sum of all that the provider got, may collect, waits for and gave up is the principal. With all that is locked held back it has, to
    /// a unit, the price of all units that it must serve.
    fn provider_is_paid_what_it_earned(&self, play: &Play) -> Verified {
        let credit = &play.credit;
        let received = play.paid_to_provider + credit.claims.provider;
        let all = received + credit.holdback_left + self.given_back;
        check(all == credit.terms.principal, "the holdback is earned, kept or given back")?;
        let holdback = credit.holdback();
        let left_to_unlock = credit.collateral.left_to_unlock();
        check(
            credit.holdback_left <= holdback.price_ceil(left_to_unlock).unwrap(),
            "no more is kept than is left to unlock",
        )?;
        if self.is_full && self.before_recovery && credit.debt.total() > 0 {
            let must_serve = credit.terms.units - credit.collateral.cancelled - left_to_unlock;
            let price = holdback.price_floor(must_serve).unwrap();
            let rounding = holdback.price_ceil(1).unwrap() + self.cancels;
            check(received + rounding >= price, "the provider is paid for what it must serve")?;
        }
        Ok(())
    }

    /// Invariant 15.
    fn a_full_holdback_bounds_the_debt(&self, play: &Play) -> Verified {
        let credit = &play.credit;
        if !self.is_full || !self.before_recovery {
            return Ok(());
        }
        let holdback = credit.holdback();
        let most = credit.holdback_left
            + holdback.price_ceil(credit.terms.unlocked_ahead).unwrap()
            + holdback.price_ceil(1).unwrap();
        check(credit.debt.principal <= most, "no more is owed than is held back and ahead")
    }
}

fn money_adds_up(play: &Play) -> Verified {
    let credit = &play.credit;
    check(credit.owed_from_vault() == Ok(play.vault), "the vault has what is owed from it")?;
    if credit.status().unwrap().is_secured() {
        let scheduled: u64 = credit.principal_due.iter().sum();
        check(
            scheduled - credit.debt.schedule_paid == credit.debt.principal,
            "the instalments are the principal",
        )?;
    } else {
        check((credit.holdback_left, credit.debt.total()) == (0, 0), "nothing is held back at the end")?;
    }
    Ok(())
}

fn units_add_up(play: &Play) -> Verified {
    let (credit, units) = (&play.credit, &play.credit.collateral);
    let gone = units.consumed + units.seized + units.expired + units.cancelled;
    check(units.granted == gone + units.remaining(), "units add up")?;
    check(
        units.frozen() <= units.freezable() && units.locked() <= units.lien(),
        "frozen units are of the lien",
    )?;
    check(units.held() + units.available() == units.remaining(), "held and open units are all there are")?;
    let outstanding = play.provider.outstanding_units;
    check(outstanding == units.granted - units.cancelled, "cancelled units give their capacity back")?;
    let covered = credit.covered().unwrap();
    let holdback = credit.holdback();
    check(covered <= units.locked(), "covered units are locked")?;
    check(holdback.price_floor(covered).unwrap() <= credit.holdback_left, "covered units are paid for")
}

/// Time alone, and no other step, makes interest: exactly that of both parts.
fn interest_is_exact(before: &Play, after: &Play, changes: &[Change]) -> Verified {
    let seconds = after.now - before.now;
    let (was, is) = (&before.credit.debt, &after.credit.debt);
    if !changes.is_empty() || is.accrued_at == was.accrued_at || seconds == 0 {
        return Ok(());
    }
    let fractions = |debt: &Debt| {
        u128::from(debt.interest_due + debt.interest_accrued) * FRACTION + u128::from(debt.interest_remainder)
    };
    let terms = &before.credit.terms;
    let held = was.principal.min(before.credit.holdback_left);
    let bears = |amount: u64, bps: u16, until: i64| {
        u128::from(amount) * u128::from(bps) * (until - was.accrued_at).max(0) as u128
    };
    let end = before.credit.cancel_opens_at().min(is.accrued_at);
    let made =
        bears(was.principal - held, terms.apr_bps, is.accrued_at) + bears(held, terms.holdback_apr_bps, end);
    check(fractions(is) - fractions(was) == made, "interest is that of both parts")
}

/// A cancel and a seizure open nothing while something is owed; neither do time and marks.
fn nothing_but_payment_opens_units(before: &Play, after: &Play, changes: &[Change]) -> Verified {
    let opens = |change: &Change| {
        let opening = matches!(
            change,
            Change::Paid { .. }
                | Change::Thawed { .. }
                | Change::ReserveFunded { .. }
                | Change::Restructured { .. }
                | Change::NoticeWithdrawn
        );
        opening || after.credit.debt.total() == 0
    };
    let (was, is) = (before.credit.collateral.available(), after.credit.collateral.available());
    check(is <= was || changes.iter().any(opens), "nothing but a payment opens units")
}

/// Invariant 14.
fn use_stays_ahead_by_what_was_agreed(play: &Play) -> Verified {
    let Credit { collateral, meter, terms, .. } = &play.credit;
    let used = collateral.consumed + meter.in_flight;
    check(used <= collateral.released + terms.unlocked_ahead, "use is ahead of payment by what was agreed")
}
