//! Chooses the operations that are due on a credit.

use {
    super::attempt,
    crate::{
        action::{Amount, Attempt, By, Jump, Moment, Step},
        dice::Dice,
        lab::{Lab, cast},
        ops::Op,
    },
    blockable_sdk::program::{
        state::{Credit, Market, Provider},
        transitions::Status,
    },
};

/// The operations that are due on a credit and that chance alone would seldom choose.
pub(super) fn due_operations(lab: &Lab, credit: &Credit) -> Vec<Op> {
    let (chain_time, Some(market)) = (lab.now, lab.read::<Market>(&credit.market)) else {
        return Vec::new();
    };
    let market_time = lab.market_time(&market);
    let (rider, terms, since) = (&credit.rider, &credit.terms, credit.debt.arrears_since);
    let status = Status::from_byte(credit.status).unwrap_or(Status::Closed);
    let mut due = Vec::new();
    let mut add = |holds: bool, op: Op| {
        if holds {
            due.push(op);
        }
    };
    let missing = credit.reserve_held < rider.reserve;
    let next_due = credit.schedule().due_date(usize::from(credit.debt.instalments_billed));
    let late = since != 0 || next_due.is_ok_and(|date| date.is_some_and(|date| date <= market_time));
    let covenant = rider.has_covenant() && status == Status::Active && !late;
    let window = i64::from(rider.covenant_window);
    let offered = credit.pending_lender != Default::default();
    add(status == Status::Accepted && missing, Op::ReserveFund);
    add(status == Status::Accepted && !missing, Op::CreditIssue);
    add(status == Status::Delinquent && missing, Op::ReserveFund);
    add(credit.reserve_held > 0 && late && status.is_secured(), Op::ReserveDraw);
    add(offered && credit.claims.lender > 0, Op::VaultCollect);
    add(offered && credit.claims.lender == 0, Op::CreditAcceptLender);
    let handed = credit.pending_borrower != Default::default();
    add(handed && market_time >= credit.pending_borrower_ready_at, Op::CreditAcceptBorrower);
    add(handed && credit.claims.borrower > 0, Op::VaultCollect);
    add(covenant && chain_time - credit.covenant.measured_at >= window, Op::UsageMeter);
    add(covenant && credit.meter.reported_at - credit.covenant.measured_at >= window, Op::CovenantApply);
    let passed = |after: u32| since != 0 && market_time >= since + i64::from(after);
    add(status == Status::Active && late, Op::CreditMarkDelinquent);
    add(status == Status::Delinquent && passed(terms.default_grace), Op::CreditMarkDefaulted);
    let expired = credit.units_expire_at != 0 && market_time >= credit.units_expire_at;
    add(expired && credit.collateral.remaining() > 0, Op::CreditExpireUnits);
    let cure_period_over = market_time >= credit.defaulted_at + i64::from(terms.cure_period);
    add(status == Status::Defaulted && cure_period_over && !expired, Op::CreditSeizeToPool);
    let used_up = credit.collateral.lien() == 0 || expired;
    let held = credit.reserve_held > 0;
    add(status == Status::Defaulted && cure_period_over && used_up && held, Op::ReserveDraw);
    add(status == Status::Seizing && credit.lots_open > 0 && !expired, Op::LotBuy);
    due.extend(due_on_the_holdback(lab, credit, &market, status));
    due.extend(due_for_another(lab, credit, status));
    due
}

/// Seconds until the admin's suspension of a credit's provider lets lender and borrower cancel: none or fewer once it does,
/// `None` where there is no suspension.
fn until_cancel(lab: &Lab, credit: &Credit, market: &Market) -> Option<i64> {
    let provider = lab.read::<Provider>(&credit.provider).filter(Provider::is_suspended_by_admin)?;
    Some(provider.admin_suspended_at + i64::from(market.min_suspension) - lab.market_time(market))
}

/// A step by which lender and borrower of a loan that is not in default come to cancel: the admin suspends the provider, or time
/// passes until it has been suspended for long enough. Seldom, because a suspended provider issues nothing.
pub(super) fn towards_cancel(lab: &Lab, on: u8, credit: &Credit, dice: &mut Dice) -> Option<Step> {
    let is_sound = [Status::Active.byte(), Status::Delinquent.byte()].contains(&credit.status);
    if !is_sound || credit.covered().unwrap_or(0) == 0 {
        return None;
    }
    let market = lab.read::<Market>(&credit.market)?;
    let Some(seconds) = until_cancel(lab, credit, &market) else {
        let place = lab.providers.iter().position(|(_, key)| *key == credit.provider)?;
        let admin = cast().actors.iter().position(|key| *key == market.admin)?;
        let suspend = attempt(Op::ProviderSuspend, place as u8, Amount::Exact, dice);
        return dice.one_in(40).then_some(Step::Call(Attempt { by: By::Actor(admin as u8), ..suspend }));
    };
    let wait = Step::Wait(Jump::To(on, Moment::Suspension, dice.pick(&[0, 1, -1])));
    (seconds > 0 && dice.one_in(2)).then_some(wait)
}

/// Operations that the holdback calls for: a cancel, or that the provider collects.
fn due_on_the_holdback(lab: &Lab, credit: &Credit, market: &Market, status: Status) -> Vec<Op> {
    let (time, covered) = (lab.market_time(market), credit.covered().unwrap_or(0) > 0);
    let may_cancel = match status {
        Status::Active | Status::Delinquent => {
            until_cancel(lab, credit, market).is_some_and(|seconds| seconds <= 0)
        }
        Status::Defaulted => time >= credit.defaulted_at + i64::from(credit.terms.cure_period),
        Status::Seizing => true,
        _ => false,
    };
    let mut due = vec![Op::CreditCancelLocked; 3 * usize::from(covered && may_cancel)];
    if credit.claims.provider > 0 {
        due.push(Op::VaultCollect);
    }
    due
}

/// Operations that the default of another credit of the same parties calls for: a freeze, and a thaw once it is over.
fn due_for_another(lab: &Lab, credit: &Credit, status: Status) -> Vec<Op> {
    if !status.is_secured() || credit.rider.cross_default == 0 {
        return Vec::new();
    }
    let broken = |place: &crate::lab::Place| {
        lab.read::<Credit>(&place.credit).is_some_and(|other| credit.is_cross_default(&other))
    };
    let mut due = Vec::new();
    if status < Status::Defaulted && lab.places.iter().any(broken) {
        due.push(Op::CreditFreeze);
    }
    if credit.collateral.frozen_for_cross > 0 {
        due.push(Op::CreditThawCross);
    }
    due
}
