//! Reports from before a freeze that land after it, where other freezes follow the first.

use {
    super::{
        changes::{defaulted, seize},
        freezes::{freeze, issued, up_to},
        locks::{LOCKED, locked},
        stage::*,
        *,
    },
    crate::{
        actions::{FreezeAmount, ThawBounds, UnitBounds},
        metering::{awaited_freeze, closed_before_freeze, follow_freeze},
        quorum::QuorumReading,
        state::{FreezePolicy, FreezeRecord, Lot, Rider},
    },
};

const MINUTE: i64 = LATE_REPORT_SECONDS;

/// Applies a report of one reporter, with no job in flight.
fn report(stage: &mut Stage, cumulative: u64, reported_at: i64) -> Metered {
    let reading = Reading { cumulative, in_flight: 0, reported_at };
    let quorum = QuorumReading { reading, latest_at: reported_at };
    let (epoch_began_at, clock) = (stage.provider.epoch_began_at, stage.clock());
    let before = (stage.credit.collateral.consumed, stage.credit.meter.overrun);
    stage.credit.apply_reading(&quorum, epoch_began_at, &clock).unwrap();
    Metered {
        consumed: stage.credit.collateral.consumed - before.0,
        overrun: stage.credit.meter.overrun - before.1,
        deferred: cumulative - stage.credit.meter.cumulative,
    }
}

/// Units that come back from a lot within a minute of a freeze were closed before it: no report from before reaches them.
#[test]
fn units_that_come_back_from_a_lot_are_closed_to_late_reports() {
    for is_frozen_twice in [false, true] {
        let mut stage = defaulted();
        stage.act(|credit| credit.thaw(&LENDER, ThawBounds::ALL));
        let lot = seize(&mut stage, UnitBounds::exactly(600_000));
        stage.now += i64::from(lot.window);
        if is_frozen_twice {
            freeze(&mut stage, FreezeAmount::Units(1), FreezeReason::Risk);
            stage.now += 1;
        }
        freeze(&mut stage, FreezeAmount::All, FreezeReason::Risk);
        let clock = stage.clock();
        stage.act(|credit| credit.close_lot(&lot, LOT, &LENDER, &clock));
        assert_eq!((stage.credit.collateral.available(), stage.credit.collateral.frozen()), (0, 1_000_000));
        stage.now += 5;
        let served_until = stage.now - 5 - i64::from(is_frozen_twice);
        let metered = report(&mut stage, 1_000_000, served_until);
        assert_eq!((metered.consumed, metered.overrun), (400_000, 600_000), "what was outside the lot");
    }
}

/// Units that a lot takes in the second of a freeze, and returns, were open before it: use from before is no overrun.
#[test]
fn units_that_a_lot_takes_after_a_freeze_and_returns_stay_open_to_late_reports() {
    let mut stage = defaulted();
    stage.act(|credit| credit.thaw(&LENDER, ThawBounds::ALL));
    freeze(&mut stage, FreezeAmount::All, FreezeReason::Risk);
    // A test market can have windows of seconds.
    let lot = Lot { window: 10, ..seize(&mut stage, UnitBounds::exactly(600_000)) };
    let served_until = stage.now;
    stage.now += i64::from(lot.window);
    let clock = stage.clock();
    stage.act(|credit| credit.close_lot(&lot, LOT, &LENDER, &clock));
    let metered = report(&mut stage, 1_000_000, served_until);
    assert_eq!((metered.consumed, metered.overrun), (1_000_000, 0));
}

/// A late report finds the same units open after a freeze in two parts of one instant as after one.
#[test]
fn freezing_in_parts_takes_nothing_that_was_served_before() {
    let served = |parts: &[u64]| {
        let mut stage = issued(FreezePolicy::AtWill, Rider::default());
        stage.now += 1_000;
        for part in parts {
            freeze(&mut stage, FreezeAmount::Units(*part), FreezeReason::Risk);
        }
        stage.now += 10;
        report(&mut stage, 600_000, START + 1_000)
    };
    assert_eq!(served(&[1_000_000]), Metered { consumed: 600_000, overrun: 0, deferred: 0 });
    assert_eq!(served(&[999_999, 1_000_000]), served(&[1_000_000]));
    assert_eq!(served(&[1, 500_000, 1_000_000]), served(&[1_000_000]));
}

/// A loan of which 90,000 units have been used in 100 seconds, none of them reported, as the lender freezes all but 1,000
/// units and a second later the rest.
fn frozen_twice() -> Stage {
    let mut stage = issued(FreezePolicy::AtWill, Rider::default());
    stage.now += 100;
    freeze(&mut stage, FreezeAmount::Units(999_000), FreezeReason::Risk);
    stage.now += 1;
    freeze(&mut stage, FreezeAmount::All, FreezeReason::Risk);
    stage
}

#[test]
fn a_second_freeze_takes_nothing_that_was_served_before_the_first() {
    let mut stage = frozen_twice();
    stage.now += MINUTE - 1;
    let done = report(&mut stage, 90_000, START + 100);
    assert_eq!(done, Metered { consumed: 90_000, overrun: 0, deferred: 0 });
}

/// Use between the two freezes counts up to the units that were open then.
#[test]
fn a_report_from_between_two_freezes_is_measured_by_the_second() {
    let mut stage = frozen_twice();
    stage.now += 5;
    let done = report(&mut stage, 90_000, START + 101);
    assert_eq!(done, Metered { consumed: 1_000, overrun: 89_000, deferred: 0 });
}

#[test]
fn the_minute_of_each_freeze_is_its_own() {
    let mut stage = frozen_twice();
    stage.now = START + 101 + MINUTE;
    // The first freeze is 61 seconds ago, the second 60.
    let done = report(&mut stage, 90_000, START + 100);
    assert_eq!(done, Metered { consumed: 1_000, overrun: 89_000, deferred: 0 });
    let mut stage = frozen_twice();
    stage.now = START + 102 + MINUTE;
    assert_eq!(report(&mut stage, 90_000, START + 100).overrun, 90_000);
}

/// Reporters that came into force after the first freeze reach what was open before it as little as what is frozen now.
#[test]
fn reporters_of_a_later_epoch_reach_no_earlier_freeze() {
    let mut stage = frozen_twice();
    stage.now += 5;
    stage.provider.epoch_began_at = START + 100;
    assert_eq!(report(&mut stage, 90_000, START + 100).consumed, 1_000);
    let mut stage = frozen_twice();
    stage.now += 5;
    stage.provider.epoch_began_at = START + 101;
    assert_eq!(report(&mut stage, 90_000, START + 100).consumed, 0);
}

/// Locked units are closed to use before any freeze: no late report reaches them.
#[test]
fn locked_units_are_closed_before_each_of_two_freezes() {
    let terms = Terms { freeze_policy: FreezePolicy::AtWill as u8, ..LOCKED };
    let mut stage = locked(terms, Rider::default());
    stage.now += 100;
    freeze(&mut stage, FreezeAmount::Units(80_000), FreezeReason::Risk);
    stage.now += 1;
    freeze(&mut stage, FreezeAmount::All, FreezeReason::Risk);
    let freezes = stage.credit.freezes();
    assert_eq!(freezes.map(|freeze| freeze.closed_before), [810_000, 890_000]);
    stage.now += 5;
    let done = report(&mut stage, 100_000, START + 100);
    assert_eq!(done, Metered { consumed: 90_000, overrun: 10_000, deferred: 0 });
}

/// Lender and borrower are one: twice a minute the lender freezes in two parts just before a report lands, and thaws.
#[test]
fn freezing_in_parts_and_thawing_again_makes_no_use_free() {
    let mut stage = issued(FreezePolicy::AtWill, Rider::default());
    let mut used = 0;
    for _ in 0..12 {
        stage.now += 30;
        used += 30_000;
        freeze(&mut stage, FreezeAmount::Bps(9_999), FreezeReason::Risk);
        let served_until = stage.now;
        stage.now += 1;
        freeze(&mut stage, FreezeAmount::All, FreezeReason::Risk);
        stage.now += 3;
        report(&mut stage, used, served_until);
        stage.credit.thaw(&LENDER, up_to(u64::MAX)).unwrap();
    }
    assert_eq!((stage.credit.collateral.consumed, stage.credit.meter.overrun), (used, 0));
}

proptest! {
    #![proptest_config(cases(2_000))]

    /// For a minute after each freeze, reports from before it find at least the units open that were; and never more than were
    /// open at a freeze that was no more than a minute away.
    #[test]
    fn each_freeze_leaves_a_minute_to_the_reports_before_it(
        steps in prop::collection::vec((0i64..45, 0u64..1_000), 1..20),
    ) {
        let none = FreezeRecord::default();
        let (mut now, mut records, mut all) = (START, [none; 2], Vec::<FreezeRecord>::new());
        for (seconds, closed_before) in steps {
            now += seconds;
            let next = FreezeRecord { closed_before, at_chain: now, at_market: now };
            records = follow_freeze(records, next, &at(now));
            all.push(next);
            for freeze in all.iter().filter(|freeze| now <= freeze.at_market + MINUTE) {
                let closed = closed_before_freeze(records, freeze.at_chain, 0, &at(now)).unwrap();
                prop_assert!(closed <= freeze.closed_before, "{:?} {:?}", freeze, records);
                let near = |other: &&FreezeRecord| (other.at_chain - freeze.at_chain).abs() <= MINUTE;
                prop_assert!(all.iter().filter(near).any(|other| other.closed_before == closed));
            }
            let too_late = now + MINUTE + 1;
            prop_assert_eq!(closed_before_freeze(records, now, 0, &at(too_late)), None);
        }
    }
}

/// A freeze that landed at a Unix time; market time is seven seconds behind.
fn landed(at_chain: i64) -> FreezeRecord {
    FreezeRecord { at_chain, at_market: at_chain - 7, closed_before: 0 }
}

#[test]
fn reports_from_before_a_freeze_are_awaited_for_a_minute_by_the_reporters_of_then() {
    let none = FreezeRecord::default();
    let of_one = |reported_at, epoch_began_at, seconds| {
        awaited_freeze([none, landed(1_000)], reported_at, epoch_began_at, 993 + seconds)
    };
    assert_eq!([0, MINUTE].map(|seconds| of_one(999, 999, seconds)), [Some(1_000); 2]);
    assert_eq!(of_one(999, 999, MINUTE + 1), None);
    assert_eq!([1_000, 1_001].map(|reported_at| of_one(reported_at, 0, 0)), [None; 2]);
    assert_eq!([1_000, 1_001].map(|epoch_began_at| of_one(0, epoch_began_at, 0)), [None; 2]);
    assert_eq!(awaited_freeze([none; 2], -1, -1, 0), None, "no freeze");
    // Of two freezes the first, until a report from between them has been applied.
    let of_two = |reported_at| awaited_freeze([landed(1_000), landed(1_030)], reported_at, 0, 1_023);
    assert_eq!([999, 1_000, 1_029, 1_030].map(of_two), [Some(1_000), Some(1_030), Some(1_030), None]);
}

#[test]
fn a_loan_awaits_the_reports_of_its_freezes_while_something_is_frozen() {
    let mut stage = frozen_twice();
    let awaited = |stage: &Stage| stage.credit.awaited_freeze(stage.provider.epoch_began_at, stage.now);
    assert_eq!(awaited(&stage), Some(START + 100));
    stage.now += 5;
    report(&mut stage, 90_000, START + 100);
    assert_eq!(awaited(&stage), Some(START + 101));
    stage.credit.collateral.limit_frozen(1);
    assert_eq!(awaited(&stage), Some(START + 101));
    stage.credit.collateral.limit_frozen(0);
    assert_eq!(awaited(&stage), None);
}
