//! The lock: use is ahead of payment by an agreed amount, and freezes come on top of it.

use {
    super::{life::refused, stage::*, *},
    crate::{
        actions::{FreezeAmount, LotTerms, NewLot, PurchaseLimits, UnitBounds},
        errors::BlockableError::*,
        events::Change,
        metering::finishing,
        state::{AutoFreeze, Credit, FreezePolicy, Instalment, Lot, Rider},
        transitions::Status,
    },
};

/// Ten instalments of 9 USDC for 90,000 units each, one of them unlocked ahead.
pub(super) const LOCKED: Terms = Terms {
    principal: 90 * USDC,
    units: 900_000,
    unlocked_ahead: 90_000,
    late_fee: 0,
    freeze_policy: FreezePolicy::OnDelinquency as u8,
    auto_freeze: AutoFreeze::FromDelinquency as u8,
    ..TERMS
};

/// Ten instalments on days 30, 60, ..., 300.
pub(super) fn ten() -> Vec<Instalment> {
    (1..=10).map(|month| Instalment { due_after: month * 30 * DAY as u32, principal: 9 * USDC }).collect()
}

/// A loan with a lock whose units went live at [`START`].
pub(super) fn locked(terms: Terms, rider: Rider) -> Stage {
    let mut stage = Stage::new();
    stage.offer_on(terms, rider, &ten());
    stage.accept();
    let clock = stage.clock();
    if rider.reserve > 0 {
        let amount = stage.credit.begin_funding(u64::MAX, &clock).unwrap();
        stage.act(|credit| credit.receive_funding(BORROWER, amount));
    }
    stage.issue();
    stage
}

pub(super) fn freeze(stage: &mut Stage, amount: FreezeAmount, reason: FreezeReason) {
    let clock = stage.clock();
    stage.act(|credit| credit.freeze(&LENDER, amount, reason, None, &clock));
}

/// Uses up to so many units in all, with so many more held by running jobs, within the rate bound. Returns the effect.
pub(super) fn use_units(stage: &mut Stage, cumulative: u64, in_flight: u64) -> Metered {
    let now = stage.now;
    let Credit { collateral, meter, .. } = &mut stage.credit;
    apply(collateral, meter, &Reading { cumulative, in_flight, reported_at: now }, 1_000, now).unwrap()
}

pub(super) fn mark_delinquent(stage: &mut Stage, day: i64) {
    let clock = stage.on_day(day);
    stage.act(|credit| credit.mark_delinquent(&clock));
}

pub(super) fn mark_defaulted(stage: &mut Stage, day: i64) {
    let clock = stage.on_day(day);
    stage.act(|credit| credit.mark_defaulted(&clock));
}

/// Seizes exactly so many units into a lot.
pub(super) fn seize(stage: &mut Stage, units: u64) -> Lot {
    let (clock, bounds, mut lot) = (stage.clock(), stage.market.bounds, Lot::zeroed());
    let new = NewLot { key: LOT, bump: 250, credit: CREDIT, rent_payer: PAYER };
    let terms = LotTerms { start_price: 100 * USDC, floor_price: 50 * USDC, window: 4 * DAY as u32 };
    let amount = UnitBounds::exactly(units);
    stage.act(|credit| credit.seize_to_lot(&mut lot, new, amount, terms, &bounds, &clock));
    lot
}

/// Locked, frozen and available units.
fn units(stage: &Stage) -> [u64; 3] {
    let units = &stage.credit.collateral;
    [units.locked(), units.frozen(), units.available()]
}

#[test]
fn each_payment_opens_the_units_that_it_pays_for() {
    let mut stage = locked(LOCKED, NO_RIDER);
    assert_eq!(units(&stage), [810_000, 0, 90_000]);
    stage.on_day(10);
    stage.pay(USDC);
    assert_eq!(units(&stage), [800_000, 0, 100_000]);
    let Some(Change::Paid { released, unlocked, thawed, locked, .. }) = stage.changes.last() else {
        panic!("no payment")
    };
    assert_eq!([*released, *unlocked, *thawed, *locked], [10_000, 10_000, 0, 800_000]);
    stage.pay(80 * USDC);
    assert_eq!(units(&stage), [0, 0, 900_000], "the last instalment's units are those unlocked ahead");
    stage.pay(u64::MAX);
    assert_eq!((stage.credit.status(), units(&stage)), (Ok(Status::Repaid), [0, 0, 900_000]));
}

#[test]
fn use_beyond_what_is_open_is_overrun() {
    let mut stage = locked(LOCKED, NO_RIDER);
    stage.on_day(10);
    let metered = use_units(&mut stage, 100_000, 50_000);
    assert_eq!(metered, Metered { consumed: 90_000, overrun: 10_000, deferred: 0 });
    assert_eq!((stage.credit.meter.in_flight, units(&stage)), (0, [810_000, 0, 0]));
    // The units of the overrun are not made up for by a later payment.
    stage.pay(USDC);
    assert_eq!(units(&stage), [800_000, 0, 10_000]);
}

/// With the larger of frozen and locked units held, 40 % of the lien would lie within the lock.
#[test]
fn a_freeze_of_a_part_closes_that_part_of_what_is_open() {
    let mut stage = locked(Terms { freeze_policy: FreezePolicy::AtWill as u8, ..LOCKED }, NO_RIDER);
    stage.pay(9 * USDC);
    assert_eq!(units(&stage), [720_000, 0, 180_000]);
    freeze(&mut stage, FreezeAmount::Bps(4_000), FreezeReason::Risk);
    assert_eq!(units(&stage), [720_000, 36_000, 144_000]);
    let Some(Change::Frozen { units: raised, locked, .. }) = stage.changes.last() else {
        panic!("no freeze")
    };
    assert_eq!([*raised, *locked], [36_000, 720_000]);
    freeze(&mut stage, FreezeAmount::Units(1_000_000), FreezeReason::Risk);
    assert_eq!(units(&stage), [720_000, 90_000, 90_000], "exactly what was repaid stays open");
}

#[test]
fn a_shortfall_is_a_share_of_what_no_lock_holds() {
    let mut stage = locked(LOCKED, NO_RIDER);
    mark_delinquent(&mut stage, 31);
    freeze(&mut stage, FreezeAmount::Shortfall, FreezeReason::MissedPayment);
    assert_eq!(units(&stage), [810_000, 9_000, 81_000], "a tenth of the debt is in arrears");
}

/// 1/9 of the arrears opens what it pays for and 1/9 of what is frozen, used units or not.
#[test]
fn a_part_of_the_arrears_does_not_undo_a_full_freeze() {
    for (used, frozen, thawed) in [(0, 90_000, 10_000), (50_000, 40_000, 4_444)] {
        let mut stage = locked(LOCKED, NO_RIDER);
        mark_delinquent(&mut stage, 31);
        use_units(&mut stage, used, 0);
        freeze(&mut stage, FreezeAmount::All, FreezeReason::MissedPayment);
        assert_eq!(units(&stage), [810_000, frozen, 0]);
        stage.pay(USDC);
        assert_eq!(units(&stage), [800_000, frozen - thawed, 10_000 + thawed]);
        stage.pay(8 * USDC);
        assert_eq!(
            (stage.credit.status(), units(&stage)),
            (Ok(Status::Active), [720_000, 0, 180_000 - used])
        );
    }
}

#[test]
fn a_full_freeze_leaves_what_was_repaid_and_not_used() {
    for (repaid, used) in [(0, 0), (0, 90_000), (90_000, 30_000), (90_000, 100_000), (180_000, 270_000)] {
        let mut stage = locked(LOCKED, NO_RIDER);
        stage.on_day(20);
        if repaid > 0 {
            stage.pay(repaid / 10_000 * USDC);
        }
        use_units(&mut stage, used, 0);
        let next_due = 30 * (1 + repaid as i64 / 90_000);
        mark_delinquent(&mut stage, next_due + 1);
        let clock = stage.clock();
        let frozen = { stage.credit }.auto_freeze(CREDIT, &clock);
        if repaid + 90_000 > used.max(repaid) {
            assert!(frozen.is_ok());
            stage.act(|credit| credit.auto_freeze(CREDIT, &clock));
        } else {
            refused(frozen, AlreadyFrozen);
        }
        assert_eq!(stage.credit.collateral.available(), repaid.saturating_sub(used), "{repaid} {used}");
    }
}

#[test]
fn a_seizure_and_what_it_recovers_unlock_nothing() {
    let mut stage = locked(LOCKED, NO_RIDER);
    stage.pay(9 * USDC);
    mark_delinquent(&mut stage, 61);
    mark_defaulted(&mut stage, 65);
    stage.on_day(76);
    assert_eq!(units(&stage), [720_000, 0, 180_000]);
    // Open units of the lien go first, then locked ones.
    let lot = seize(&mut stage, 90_000);
    assert_eq!(units(&stage), [720_000, 0, 90_000]);
    seize(&mut stage, 500_000);
    assert_eq!(units(&stage), [220_000, 0, 90_000]);
    // Recovery releases nothing, and so opens nothing.
    stage.pay(40 * USDC);
    assert_eq!(units(&stage), [220_000, 0, 90_000]);
    // Units that come back to a debt are locked or frozen, and none is open.
    let clock = stage.on_day(90);
    stage.act(|credit| credit.close_lot(&lot, LOT, &LENDER, &clock));
    assert_eq!(units(&stage), [310_000, 0, 90_000]);
    stage.pay(u64::MAX);
    assert_eq!(units(&stage), [0, 0, 400_000], "all that is left is the borrower's");
}

/// The open units go to the lot, so that the jobs on them finish on locked ones, and no other job begins there.
#[test]
fn jobs_keep_their_units_through_a_seizure() {
    let mut stage = locked(Terms { auto_freeze: AutoFreeze::Never as u8, ..LOCKED }, NO_RIDER);
    mark_delinquent(&mut stage, 31);
    mark_defaulted(&mut stage, 35);
    stage.on_day(46);
    use_units(&mut stage, 0, 70_000);
    let clock = stage.clock();
    assert_eq!(stage.credit.seizable(&clock), Ok(830_000));
    seize(&mut stage, 830_000);
    assert_eq!((units(&stage), stage.credit.meter.in_flight), ([70_000, 0, 0], 70_000));
    assert_eq!(finishing(&stage.credit.collateral, &stage.credit.meter), 70_000);
    stage.on_day(47);
    let metered = use_units(&mut stage, 80_000, 60_000);
    assert_eq!(metered, Metered { consumed: 70_000, overrun: 10_000, deferred: 0 });
    assert_eq!(stage.credit.meter.in_flight, 0);
}

/// The units of these jobs go with the frozen ones: locked ones do not take their place.
#[test]
fn jobs_whose_promise_has_lapsed_do_not_move_to_locked_units() {
    let mut stage = locked(LOCKED, NO_RIDER);
    mark_delinquent(&mut stage, 31);
    use_units(&mut stage, 0, 60_000);
    freeze(&mut stage, FreezeAmount::All, FreezeReason::MissedPayment);
    mark_defaulted(&mut stage, 35);
    let clock = stage.on_day(46);
    assert_eq!(stage.credit.seizable(&clock), Ok(900_000));
    seize(&mut stage, 90_000);
    assert_eq!((units(&stage), stage.credit.meter.in_flight), ([810_000, 0, 0], 0));
    stage.on_day(47);
    assert_eq!(use_units(&mut stage, 5_000, 0), Metered { consumed: 0, overrun: 5_000, deferred: 0 });
}

#[test]
fn jobs_keep_their_units_when_the_others_expire() {
    let terms = Terms { unit_lifetime: 400 * DAY as u32, ..LOCKED };
    let mut stage = locked(terms, NO_RIDER);
    stage.on_day(20);
    use_units(&mut stage, 10_000, 50_000);
    let clock = stage.on_day(400);
    stage.act(|credit| credit.expire_units(&clock));
    assert_eq!((units(&stage), stage.credit.collateral.remaining()), ([50_000, 0, 0], 50_000));
    let metered = use_units(&mut stage, 70_000, 0);
    assert_eq!(metered, Metered { consumed: 50_000, overrun: 10_000, deferred: 0 });
}

/// A report from before a freeze is measured against what was open then: the lock was as closed as it is now.
#[test]
fn a_late_report_reaches_no_locked_units() {
    let mut stage = locked(LOCKED, NO_RIDER);
    mark_delinquent(&mut stage, 31);
    let reported_at = stage.now;
    let clock = stage.clock();
    stage.act(|credit| credit.auto_freeze(CREDIT, &clock));
    let now = stage.now + LATE_REPORT_SECONDS;
    let Credit { collateral, meter, .. } = &mut stage.credit;
    let reading = Reading { cumulative: 120_000, in_flight: 500, reported_at };
    let metered = apply(collateral, meter, &reading, 1_000, now).unwrap();
    assert_eq!(metered, Metered { consumed: 90_000, overrun: 30_000, deferred: 0 });
    assert_eq!((units(&stage), stage.credit.meter.in_flight), ([810_000, 0, 0], 0));
}

#[test]
fn a_buyer_takes_no_loan_with_more_units_locked_than_it_has_read() {
    let mut stage = locked(LOCKED, NO_RIDER);
    let clock = stage.on_day(5);
    stage.act(|credit| credit.offer_lender(&LENDER, SLOT, BUYER, &clock));
    let limits = stage.purchase_limits();
    assert_eq!(limits.most_locked, 810_000);
    let fewer = PurchaseLimits { most_locked: 809_999, ..limits };
    refused({ stage.credit }.accept_lender(&BUYER, &fewer, &clock), LockedAboveLimit);
    stage.act(|credit| credit.accept_lender(&BUYER, &limits, &clock));
    assert_eq!(units(&stage), [810_000, 0, 90_000]);
}

#[test]
fn a_restructuring_keeps_the_lock() {
    let mut stage = locked(LOCKED, NO_RIDER);
    stage.pay(9 * USDC);
    mark_delinquent(&mut stage, 61);
    freeze(&mut stage, FreezeAmount::All, FreezeReason::MissedPayment);
    let (clock, bounds, limits) = (stage.clock(), stage.market.bounds, stage.restructure_limits());
    let schedule: Vec<_> =
        (1..=9).map(|month| Instalment { due_after: month * 30 * DAY as u32, principal: 9 * USDC }).collect();
    let other = Terms { unlocked_ahead: 90_001, ..LOCKED };
    let refuse =
        |terms, schedule| { stage.credit }.restructure(terms, schedule, &limits, &bounds, false, &clock);
    refused(refuse(other, schedule.clone()), RestructureTouchesGrant);
    let mut balloon = schedule.clone();
    (balloon[0].principal, balloon[8].principal) = (4 * USDC, 14 * USDC);
    refused(refuse(LOCKED, balloon), InstalmentOpensTooLittle);
    stage.act(|credit| credit.restructure(LOCKED, schedule, &limits, &bounds, false, &clock));
    assert_eq!(units(&stage), [720_000, 0, 180_000]);
    stage.pay(9 * USDC);
    assert_eq!(units(&stage), [630_000, 0, 270_000]);
}

#[test]
fn anyone_freezes_from_the_mark_that_the_terms_name() {
    for (auto_freeze, allowed) in
        [(AutoFreeze::Never, 0), (AutoFreeze::FromDelinquency, 2), (AutoFreeze::FromDefault, 1)]
    {
        let mut stage = locked(Terms { auto_freeze: auto_freeze as u8, ..LOCKED }, NO_RIDER);
        let clock = stage.on_day(31);
        refused({ stage.credit }.auto_freeze(CREDIT, &clock), WrongStatus);
        let reasons = [FreezeReason::MissedPayment, FreezeReason::Default];
        let marks: [fn(&mut Stage, i64); 2] = [mark_delinquent, mark_defaulted];
        for ((index, mark), reason) in marks.into_iter().enumerate().zip(reasons) {
            mark(&mut stage, 31 + 4 * index as i64);
            let clock = stage.clock();
            let mut frozen = stage.credit;
            let change = frozen.auto_freeze(CREDIT, &clock);
            if index + allowed < 2 {
                refused(change, AutoFreezeNotAgreed);
                continue;
            }
            let Ok(Change::Frozen { by: CREDIT, reason: given, units: 90_000, .. }) = change else {
                panic!("{auto_freeze:?} {change:?}")
            };
            assert_eq!((given, frozen.collateral.available()), (reason, 0));
        }
    }
}

/// A lock is no freeze: a covenant's low mark has its effect, and no window begins frozen.
#[test]
fn a_lock_does_not_count_as_frozen_for_a_covenant() {
    let rider = Rider {
        planned_units: 9_000,
        covenant_window: 10 * DAY as u32,
        high_bps: 9_000,
        low_bps: 6_000,
        apr_step_bps: 50,
        apr_ceiling_bps: 100,
        ..NO_RIDER
    };
    let mut stage = locked(LOCKED, rider);
    let clock = stage.on_day(10);
    use_units(&mut stage, 1_000, 0);
    stage.act(|credit| credit.apply_covenant(&clock));
    assert_eq!((stage.credit.covenant.apr_bps, stage.credit.covenant.began_frozen), (50, 0));
    // A borrower that has used all that is open has not fallen short.
    let mut stage = locked(LOCKED, rider);
    stage.on_day(1);
    use_units(&mut stage, 90_000, 0);
    stage.credit.covenant.consumed = 90_000;
    let clock = stage.on_day(10);
    use_units(&mut stage, 90_000, 0);
    stage.act(|credit| credit.apply_covenant(&clock));
    assert_eq!(stage.credit.covenant.apr_bps, 0);
}
