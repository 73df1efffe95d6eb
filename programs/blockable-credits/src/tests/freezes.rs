//! Freezes for several reasons at once, and the units that payments and cures thaw of them.

use {
    super::{life::refused, stage::*, *},
    crate::{
        actions::{FreezeAmount, ThawBounds},
        errors::BlockableError::*,
        events::Change,
        state::{Credit, FreezePolicy, FreezeReason, Instalment, Rider},
        transitions::Status,
    },
};

/// A loan whose units went live at [`START`], with a freeze policy of its own.
pub(super) fn issued(policy: FreezePolicy, rider: Rider) -> Stage {
    let mut stage = Stage::new();
    stage.offer(Terms { freeze_policy: policy as u8, ..TERMS }, rider);
    stage.accept();
    stage.issue();
    stage
}

pub(super) fn freeze(stage: &mut Stage, amount: FreezeAmount, reason: FreezeReason) {
    let clock = stage.clock();
    stage.act(|credit| credit.freeze(&LENDER, amount, reason, None, &clock));
}

/// Marks the loan delinquent on day 31 and defaulted on day 35.
pub(super) fn default(stage: &mut Stage) {
    let clock = stage.on_day(31);
    let mark = stage.credit.mark_delinquent(&clock).unwrap();
    stage.note(mark);
    let clock = stage.on_day(35);
    let mark = stage.credit.mark_defaulted(&clock).unwrap();
    stage.note(mark);
}

fn pay(stage: &mut Stage, amount: u64) {
    let clock = stage.clock();
    let amount = stage.credit.begin_payment(amount, &clock).unwrap();
    stage.act(|credit| credit.receive_payment(BORROWER, amount));
}

pub(super) fn up_to(most: u64) -> ThawBounds {
    ThawBounds { most, keep: 0 }
}

fn amounts(credit: &Credit) -> (u64, u64, u64) {
    let units = &credit.collateral;
    (units.frozen_for_payment, units.frozen_for_other, units.frozen())
}

/// Fault 5: a stranger's automatic freeze changed the reason of the lender's freeze for risk, and paying the arrears thawed
/// it.
#[test]
fn paying_the_arrears_thaws_nothing_that_was_frozen_for_risk() {
    let mut stage = issued(FreezePolicy::AtWill, Rider::default());
    freeze(&mut stage, FreezeAmount::Units(800_000), FreezeReason::Risk);
    default(&mut stage);
    let mut alone = stage.credit;
    let clock = stage.clock();
    stage.act(|credit| credit.auto_freeze(CREDIT, &clock));
    assert_eq!(amounts(&stage.credit), (1_000_000, 800_000, 1_000_000));
    let frozen = Change::Frozen {
        by: CREDIT,
        reason: FreezeReason::Default,
        units: 200_000,
        frozen_for_payment: 1_000_000,
        frozen_for_other: 800_000,
        frozen_for_cross: 0,
        locked: 0,
    };
    assert_eq!(stage.changes.last(), Some(&frozen));

    // Half of the arrears thaw half of the units frozen for payment. More units stay frozen for risk.
    pay(&mut stage, 26 * USDC - USDC / 2);
    assert_eq!(amounts(&stage.credit), (500_000, 755_000, 755_000), "the lien is 755,000 units");
    pay(&mut stage, 26 * USDC - USDC / 2);
    assert_eq!((stage.credit.status(), amounts(&stage.credit)), (Ok(Status::Active), (0, 500_000, 500_000)));
    let Some(Change::Paid { frozen_for_payment, frozen_for_other, .. }) = stage.changes.last() else {
        panic!("no payment")
    };
    assert_eq!((*frozen_for_payment, *frozen_for_other), (0, 500_000));

    // As many units stay frozen as without the automatic freeze.
    let amount = alone.begin_payment(51 * USDC, &clock).unwrap();
    alone.receive_payment(BORROWER, amount).unwrap();
    assert_eq!(amounts(&alone), amounts(&stage.credit));
}

/// A freeze for another reason is on record also where as many units are frozen already.
#[test]
fn each_kind_of_reason_has_an_amount_of_its_own() {
    let mut stage = issued(FreezePolicy::AtWill, Rider::default());
    stage.credit.meter.in_flight = 300_000;
    stage.on_day(31);
    freeze(&mut stage, FreezeAmount::All, FreezeReason::MissedPayment);
    let before = (stage.credit.frozen_at_market, stage.credit.meter);
    stage.on_day(32);
    freeze(&mut stage, FreezeAmount::Units(800_000), FreezeReason::Breach);
    assert_eq!(amounts(&stage.credit), (1_000_000, 800_000, 1_000_000));
    let Some(Change::Frozen { units: 0, reason: FreezeReason::Breach, .. }) = stage.changes.last() else {
        panic!("{:?}", stage.changes.last())
    };
    // Nothing was closed, so no report becomes a late one, and no promise changes.
    assert_eq!((stage.credit.frozen_at_market, stage.credit.meter), before);
    let clock = stage.clock();
    let again = |amount, reason| { stage.credit }.freeze(&LENDER, amount, reason, None, &clock);
    refused(again(FreezeAmount::Units(800_000), FreezeReason::Risk), AlreadyFrozen);
    refused(again(FreezeAmount::All, FreezeReason::Default), AlreadyFrozen);
    assert!(again(FreezeAmount::Units(800_001), FreezeReason::Risk).is_ok());
    // A thaw opens units, whatever they are frozen for.
    stage.act(|credit| credit.thaw(&LENDER, up_to(100_000)));
    assert_eq!(amounts(&stage.credit), (900_000, 800_000, 900_000));
    stage.act(|credit| credit.thaw(&LENDER, up_to(300_000)));
    assert_eq!(amounts(&stage.credit), (600_000, 600_000, 600_000));
}

/// Fault 6: units frozen "for risk" while delinquent stayed frozen after the cure, though the policy allowed no freeze then.
#[test]
fn a_cure_thaws_what_nobody_may_freeze_then() {
    for (policy, left) in [
        (FreezePolicy::OnDelinquency, 0),
        (FreezePolicy::OnDefault, 0),
        // Half of the units are free of the lien by then.
        (FreezePolicy::AtWill, 500_000),
    ] {
        let mut stage = issued(policy, Rider::default());
        default(&mut stage);
        freeze(&mut stage, FreezeAmount::Units(800_000), FreezeReason::Risk);
        pay(&mut stage, 51 * USDC);
        assert_eq!((stage.credit.status(), stage.credit.collateral.frozen()), (Ok(Status::Active), left));
        assert_eq!((stage.credit.meter.promised, stage.credit.meter.lapsed), (0, 0));
    }
}

/// The arrears were paid while the notice stood, which thawed nothing. So the withdrawal thaws the units frozen for payment.
#[test]
fn a_notice_that_is_withdrawn_after_the_arrears_were_paid_leaves_no_freeze_about_payment() {
    let rider = Rider { breach_notice: 1, ..Rider::default() };
    let mut stage = issued(FreezePolicy::AtWill, rider);
    let clock = stage.on_day(31);
    freeze(&mut stage, FreezeAmount::All, FreezeReason::MissedPayment);
    freeze(&mut stage, FreezeAmount::Units(100_000), FreezeReason::Risk);
    stage.act(|credit| credit.give_notice(&LENDER, NOTICE, &clock));
    let mut unpaid = stage.credit;
    pay(&mut stage, 51 * USDC);
    assert_eq!(stage.credit.collateral.frozen(), 500_000, "all that is under lien");
    stage.act(|credit| credit.withdraw_notice(&LENDER, clock.market, &clock));
    assert_eq!(amounts(&stage.credit), (0, 100_000, 100_000));
    unpaid.withdraw_notice(&LENDER, clock.market, &clock).unwrap();
    assert_eq!(amounts(&unpaid), (1_000_000, 100_000, 1_000_000));
}

#[test]
fn a_restructuring_keeps_what_was_frozen_for_risk_and_no_more() {
    for (policy, left) in [(FreezePolicy::AtWill, 300_000), (FreezePolicy::OnDelinquency, 0)] {
        let mut stage = issued(policy, Rider::default());
        default(&mut stage);
        freeze(&mut stage, FreezeAmount::Units(300_000), FreezeReason::Risk);
        freeze(&mut stage, FreezeAmount::All, FreezeReason::Default);
        let (clock, bounds, terms) = (stage.clock(), stage.market.bounds, stage.credit.terms);
        let schedule = vec![Instalment { due_after: 40 * DAY as u32, principal: 100 * USDC }];
        let limits = stage.restructure_limits();
        stage.act(|credit| credit.restructure(terms, schedule, &limits, &bounds, false, &clock));
        assert_eq!(amounts(&stage.credit), (0, left, left));
    }
}

/// A lender signs a freeze of all units under lien, and a small payment releases a few before it lands.
#[test]
fn a_small_payment_does_not_make_a_freeze_fail() {
    let mut stage = issued(FreezePolicy::AtWill, Rider::default());
    let lien = stage.credit.collateral.lien();
    pay(&mut stage, 1_000);
    assert_eq!(stage.credit.collateral.lien(), lien - 10);
    freeze(&mut stage, FreezeAmount::Units(lien), FreezeReason::Risk);
    assert_eq!(amounts(&stage.credit), (0, lien - 10, lien - 10));
}

/// A step that anyone may try, with its amounts as shares of 65,535.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Freeze(u16, FreezeReason),
    AutoFreeze,
    Thaw(u16),
    Pay(u16),
    Report(u16, u16),
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let reasons =
        [FreezeReason::MissedPayment, FreezeReason::Default, FreezeReason::Breach, FreezeReason::Risk];
    prop_oneof![
        3 => (any::<u16>(), prop::sample::select(reasons.to_vec())).prop_map(|(share, reason)| Step::Freeze(share, reason)),
        1 => Just(Step::AutoFreeze),
        1 => any::<u16>().prop_map(Step::Thaw),
        2 => any::<u16>().prop_map(Step::Pay),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let report = any::<(u16, u16)>().prop_map(|(used, held)| Step::Report(used, held));
    prop::collection::vec(prop_oneof![7 => step(), 2 => report], 1..20)
}

/// Takes a step, refused or not.
pub(super) fn take(stage: &mut Stage, step: Step) {
    let (clock, credit) = (stage.clock(), &mut stage.credit);
    let before = credit.collateral;
    match step {
        Step::Freeze(share, reason) => {
            let units = part(before.lien(), share).max(1);
            let _ = credit.freeze(&LENDER, FreezeAmount::Units(units), reason, None, &clock);
        }
        Step::AutoFreeze => {
            let _ = credit.auto_freeze(CREDIT, &clock);
        }
        Step::Thaw(share) => {
            let _ = credit.thaw(&LENDER, up_to(part(before.frozen(), share)));
        }
        Step::Pay(share) => {
            let amount = part(credit.debt.total(), share / 8).max(1);
            if let Ok(amount) = credit.begin_payment(amount, &clock) {
                credit.receive_payment(BORROWER, amount).unwrap();
            }
        }
        Step::Report(used, held) => {
            let cumulative = credit.meter.cumulative + part(100_000, used);
            let in_flight = part(before.granted, held);
            let reading = Reading { cumulative, in_flight, reported_at: clock.chain };
            apply(&mut credit.collateral, &mut credit.meter, &reading, 1_000, clock.chain).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn amounts_stay_within_the_lien_and_payments_lower_one_alone(steps in steps(), in_default: bool) {
        let mut stage = issued(FreezePolicy::AtWill, Rider::default());
        if in_default {
            default(&mut stage);
        }
        for step in steps {
            stage.now += 3_600;
            let before = stage.credit.collateral;
            take(&mut stage, step);
            let (after, meter) = (stage.credit.collateral, stage.credit.meter);
            prop_assert_eq!(after.frozen(), after.frozen_for_payment.max(after.frozen_for_other));
            prop_assert!(after.frozen() <= after.lien(), "{:?}", step);
            prop_assert!(meter.promised + meter.lapsed <= meter.in_flight, "{:?} {:?}", step, meter);
            match step {
                // At will, no cure takes away what was frozen for another reason; a payment can but release it.
                Step::Pay(_) => prop_assert_eq!(after.frozen_for_other, before.frozen_for_other.min(after.lien())),
                Step::Freeze(..) | Step::AutoFreeze => {
                    prop_assert!(after.frozen_for_payment >= before.frozen_for_payment);
                    prop_assert!(after.frozen_for_other >= before.frozen_for_other);
                }
                Step::Thaw(_) => prop_assert!(after.frozen() <= before.frozen()),
                // Running jobs use what they hold, from both amounts.
                Step::Report(..) => {
                    let used = before.frozen() - after.frozen();
                    prop_assert!(used <= after.consumed - before.consumed);
                    prop_assert!(before.frozen_for_other - after.frozen_for_other <= used);
                    prop_assert!(before.frozen_for_payment - after.frozen_for_payment <= used);
                }
            }
        }
    }
}
