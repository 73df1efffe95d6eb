//! Freezes for several reasons at once, what payments and cures thaw of them, and the promises to running jobs.

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
fn issued(policy: FreezePolicy, rider: Rider) -> Stage {
    let mut stage = Stage::new();
    stage.offer(Terms { freeze_policy: policy as u8, ..TERMS }, rider);
    stage.accept();
    stage.issue();
    stage
}

fn freeze(stage: &mut Stage, amount: FreezeAmount, reason: FreezeReason) {
    let clock = stage.clock();
    stage.act(|credit| credit.freeze(&LENDER, amount, reason, None, &clock));
}

/// Marks the loan delinquent on day 31 and defaulted on day 35.
fn default(stage: &mut Stage) {
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

fn up_to(most: u64) -> ThawBounds {
    ThawBounds { most, keep: 0 }
}

fn amounts(credit: &Credit) -> (u64, u64, u64) {
    let units = &credit.collateral;
    (units.frozen_for_payment, units.frozen_for_other, units.frozen())
}

/// Fault 5: a stranger's automatic freeze relabelled what the lender had frozen for risk, and the arrears thawed it.
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

    // Half of the arrears thaw half of what is frozen about payment, which is less than what is frozen for risk.
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
    // A thaw is of units, whatever they are frozen for.
    stage.act(|credit| credit.thaw(&LENDER, up_to(100_000)));
    assert_eq!(amounts(&stage.credit), (900_000, 800_000, 900_000));
    stage.act(|credit| credit.thaw(&LENDER, up_to(300_000)));
    assert_eq!(amounts(&stage.credit), (600_000, 600_000, 600_000));
}

/// Fault 6: units frozen "for risk" while delinquent stayed frozen for the rest of a loan that nobody may freeze.
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

/// The arrears were paid while the notice stood, so that no payment is left to thaw what was frozen about them.
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

/// A freeze of as many units as the lender read under lien landed after a small payment had released a few.
#[test]
fn a_small_payment_does_not_make_a_freeze_fail() {
    let mut stage = issued(FreezePolicy::AtWill, Rider::default());
    let lien = stage.credit.collateral.lien();
    pay(&mut stage, 1_000);
    assert_eq!(stage.credit.collateral.lien(), lien - 10);
    freeze(&mut stage, FreezeAmount::Units(lien), FreezeReason::Risk);
    assert_eq!(amounts(&stage.credit), (0, lien - 10, lien - 10));
}

/// A loan in default on day 35 with 600,000 units held by jobs, of which nothing is frozen yet.
fn defaulted_with_jobs() -> Stage {
    let mut stage = issued(FreezePolicy::AtWill, Rider::default());
    stage.credit.meter.in_flight = 600_000;
    default(&mut stage);
    stage
}

fn seizable(stage: &mut Stage, day: i64) -> u64 {
    let clock = stage.on_day(day);
    stage.credit.seizable(&clock).unwrap()
}

#[test]
fn jobs_keep_what_a_freeze_promised_them_for_the_cure_period() {
    let mut stage = defaulted_with_jobs();
    stage.on_day(40);
    freeze(&mut stage, FreezeAmount::All, FreezeReason::Default);
    assert_eq!((stage.credit.meter.promised, stage.credit.meter.promised_at), (600_000, START + 40 * DAY));
    assert_eq!([45, 49, 50].map(|day| seizable(&mut stage, day)), [400_000, 400_000, 1_000_000]);
    // A thaw followed by another freeze takes no promise away either.
    let clock = stage.on_day(45);
    stage.act(|credit| credit.thaw(&LENDER, ThawBounds::ALL));
    stage.act(|credit| credit.freeze(&LENDER, FreezeAmount::All, FreezeReason::Default, None, &clock));
    assert_eq!([45, 49, 50].map(|day| seizable(&mut stage, day)), [400_000, 400_000, 1_000_000]);
}

/// Fault 12: a freeze that anyone can make renewed a promise that had lapsed.
#[test]
fn a_strangers_freeze_renews_no_promise() {
    let mut stage = defaulted_with_jobs();
    freeze(&mut stage, FreezeAmount::Units(800_000), FreezeReason::Risk);
    // The lien has 200,000 open units, so that 400,000 of the jobs' are frozen.
    assert_eq!(stage.credit.meter.promised, 400_000);
    assert_eq!([44, 45].map(|day| seizable(&mut stage, day)), [400_000, 800_000]);
    let clock = stage.on_day(46);
    stage.act(|credit| credit.auto_freeze(CREDIT, &clock));
    // The jobs on the units that were open get a promise of their own.
    let meter = stage.credit.meter;
    assert_eq!((meter.lapsed, meter.promised, meter.promised_at), (400_000, 200_000, START + 46 * DAY));
    assert_eq!([46, 55, 56].map(|day| seizable(&mut stage, day)), [800_000, 800_000, 1_000_000]);

    // While the first promise holds, it is not moved.
    let mut early = defaulted_with_jobs();
    freeze(&mut early, FreezeAmount::Units(800_000), FreezeReason::Risk);
    let clock = early.on_day(44);
    early.act(|credit| credit.auto_freeze(CREDIT, &clock));
    assert_eq!((early.credit.meter.promised, early.credit.meter.promised_at), (600_000, START + 35 * DAY));
    assert_eq!([44, 45].map(|day| seizable(&mut early, day)), [400_000, 1_000_000]);
}

/// Fault 12: the freeze authority thaws a unit and freezes it again every ten days; or all of them, with or without a
/// report in between.
#[test]
fn no_thaw_and_freeze_renew_a_promise() {
    for (units, reports) in [(1, false), (1, true), (600_000, false), (1_000_000, false), (1_000_000, true)] {
        let mut stage = defaulted_with_jobs();
        freeze(&mut stage, FreezeAmount::All, FreezeReason::Default);
        for day in [44, 45, 54, 64] {
            let clock = stage.on_day(day);
            stage.act(|credit| credit.thaw(&LENDER, up_to(units)));
            if reports {
                let Credit { collateral, meter, .. } = &mut stage.credit;
                let reading = Reading { cumulative: 0, in_flight: 600_000, reported_at: clock.chain };
                apply(collateral, meter, &reading, 1_000, clock.chain).unwrap();
            }
            stage.act(|credit| credit.freeze(&LENDER, FreezeAmount::All, FreezeReason::Risk, None, &clock));
            let expected = if day < 45 { 400_000 } else { 1_000_000 };
            assert_eq!(seizable(&mut stage, day), expected, "day {day}, {units} units, reports: {reports}");
        }
    }
}

/// A promise is for jobs: those that a later report no longer shows have ended, and others can get one.
#[test]
fn jobs_that_began_after_a_thaw_get_a_promise_of_their_own() {
    let mut stage = defaulted_with_jobs();
    freeze(&mut stage, FreezeAmount::All, FreezeReason::Default);
    let clock = stage.on_day(46);
    stage.act(|credit| credit.thaw(&LENDER, ThawBounds::ALL));
    for (seconds, in_flight) in [(0, 100_000), (60, 500_000)] {
        let Credit { collateral, meter, .. } = &mut stage.credit;
        let reading = Reading { cumulative: 0, in_flight, reported_at: clock.chain + seconds };
        apply(collateral, meter, &reading, 1_000, clock.chain + seconds).unwrap();
    }
    let clock = stage.on_day(47);
    stage.act(|credit| credit.freeze(&LENDER, FreezeAmount::All, FreezeReason::Default, None, &clock));
    let meter = stage.credit.meter;
    assert_eq!((meter.lapsed, meter.promised, meter.promised_at), (100_000, 400_000, START + 47 * DAY));
    assert_eq!([47, 56, 57].map(|day| seizable(&mut stage, day)), [600_000, 600_000, 1_000_000]);
}

/// So are those whose promise had lapsed: no mark of theirs stays for the jobs that come after them.
#[test]
fn jobs_that_began_after_a_lapse_get_a_promise_of_their_own() {
    let mut stage = defaulted_with_jobs();
    freeze(&mut stage, FreezeAmount::All, FreezeReason::Default);
    let clock = stage.on_day(46);
    stage.act(|credit| credit.thaw(&LENDER, up_to(1)));
    freeze(&mut stage, FreezeAmount::All, FreezeReason::Default);
    assert_eq!((stage.credit.meter.lapsed, stage.credit.meter.promised), (600_000, 0));
    stage.act(|credit| credit.thaw(&LENDER, ThawBounds::ALL));
    for (seconds, in_flight) in [(0, 100_000), (60, 500_000)] {
        let Credit { collateral, meter, .. } = &mut stage.credit;
        let reading = Reading { cumulative: 0, in_flight, reported_at: clock.chain + seconds };
        apply(collateral, meter, &reading, 1_000, clock.chain + seconds).unwrap();
        assert_eq!(meter.lapsed, 100_000);
    }
    stage.on_day(47);
    freeze(&mut stage, FreezeAmount::All, FreezeReason::Default);
    let meter = stage.credit.meter;
    assert_eq!((meter.lapsed, meter.promised, meter.promised_at), (100_000, 400_000, START + 47 * DAY));
}

/// Jobs of 600,000 units ran at a freeze, and as many run after a thaw: the same ones, unless they are too long for that.
#[test]
fn jobs_longer_than_the_longest_are_others() {
    let mut stage = defaulted_with_jobs();
    stage.credit.terms.longest_job = 12 * DAY as u32;
    freeze(&mut stage, FreezeAmount::All, FreezeReason::Default);
    let ended =
        |stage: &Stage, reported_at| stage.credit.promised_jobs_have_ended(reported_at, &stage.clock());
    let last = START + 47 * DAY;
    stage.now = last;
    assert!(!ended(&stage, last));
    stage.now = last + 1;
    assert!(ended(&stage, last + 1) && !ended(&stage, last));
    // A promise counts from market time.
    stage.market.paused_seconds = 1;
    assert!(!ended(&stage, last + 1));
    stage.market.paused_seconds = 0;

    let Credit { collateral, meter, .. } = &mut stage.credit;
    crate::metering::end_reopened(collateral, meter);
    assert_eq!(meter.promised, 600_000, "no other job can hold frozen units");
    crate::metering::thaw(collateral, 500_000).unwrap();
    crate::metering::end_reopened(collateral, meter);
    assert_eq!((meter.promised, meter.lapsed), (100_000, 0));
    freeze(&mut stage, FreezeAmount::All, FreezeReason::Default);
    let meter = stage.credit.meter;
    assert_eq!((meter.lapsed, meter.promised, meter.promised_at), (100_000, 500_000, last + 1));
}

/// A step of anyone.
#[derive(Clone, Copy, Debug)]
enum Step {
    Freeze(u16, FreezeReason),
    AutoFreeze,
    Thaw(u16),
    Pay(u16),
    Report(u16, u16),
}

fn step() -> impl Strategy<Value = Step> {
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
fn take(stage: &mut Stage, step: Step) {
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

    /// One freeze meets all jobs, and no other job begins: whatever is thawed, frozen, paid and reported, the jobs keep their
    /// units for one cure period, and not a second longer.
    #[test]
    fn jobs_keep_their_units_for_one_cure_period(
        steps in prop::collection::vec((0i64..3 * DAY, any::<bool>(), step()), 1..30), in_flight in 1u64..1_000_000,
    ) {
        let mut stage = defaulted_with_jobs();
        stage.credit.terms.longest_job = 1_000 * DAY as u32;
        stage.credit.meter.in_flight = in_flight;
        let promised_until = stage.now + i64::from(TERMS.cure_period);
        freeze(&mut stage, FreezeAmount::All, FreezeReason::Default);
        for (seconds, reports, step) in steps {
            stage.now += seconds;
            let clock = stage.clock();
            if reports && clock.chain > stage.credit.meter.reported_at {
                let Credit { collateral, meter, .. } = &mut stage.credit;
                let reading = Reading { cumulative: 0, in_flight, reported_at: clock.chain };
                apply(collateral, meter, &reading, 1_000, clock.chain).unwrap();
            }
            take(&mut stage, step);
            let units = stage.credit.collateral;
            if units.lien() == 0 {
                break;
            }
            let kept = if clock.market < promised_until { in_flight } else { 0 };
            let outside = units.remaining() - units.lien();
            let expected = units.lien() - kept.saturating_sub(outside);
            prop_assert_eq!(stage.credit.seizable(&clock), Ok(expected), "{:?} {:?}", step, stage.credit.meter);
        }
    }

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
