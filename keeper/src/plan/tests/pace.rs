//! Properties of the time at which a reading is due.

use {
    super::*,
    crate::plan::{metering::pace::due_at, now::Now},
    blockable_sdk::program::metering::Reading,
    proptest::prelude::*,
};

const QUIET: i64 = 3_600;
const SOON: i64 = 300;
const URGENT: i64 = 10;
const HOUR: i64 = 3_600;

/// The seconds from the last metering to the time at which a reading is due, `elapsed` seconds after it.
fn seconds(mut world: World, used: u64, elapsed: i64, is_changed: bool) -> i64 {
    world.settings =
        PlanSettings { meter_every: QUIET, soon_every: SOON, urgent_every: URGENT, ..settings() };
    let now = Now::new(&world.snapshot, &world.settings).unwrap();
    let credit = world.credit(0);
    let metered = credit.meter.reported_at;
    let reading =
        Reading { cumulative: credit.meter.cumulative + used, in_flight: 0, reported_at: metered + elapsed };
    due_at(&now, credit, &reading, is_changed).seconds_since(ChainTime(metered))
}

/// A credit that was metered last at a time, and a clock some seconds later.
fn metered_at(metered: i64, elapsed: i64, change: impl FnOnce(&mut Credit)) -> World {
    let mut world = World::at(metered + elapsed).with(credit(0));
    world.change(0, |credit| {
        credit.meter.reported_at = metered;
        change(credit);
    });
    world
}

#[test]
fn each_reason_has_its_pace() {
    let quiet = |elapsed| metered_at(ISSUED, elapsed, |_| {});
    let used = 1_000;
    assert_eq!(seconds(quiet(60), used, 60, true), QUIET);
    assert_eq!(seconds(quiet(60), UNITS / 200, 60, true), URGENT, "half a per cent of what is left");
    let late = metered_at(ISSUED, 60, |credit| credit.status = Status::Delinquent.byte());
    assert_eq!(seconds(late.clone(), used, 60, true), SOON);
    assert_eq!(seconds(late, 0, 60, false), QUIET, "a reading that changes nothing tells nobody more");
    let before_due = metered_at(DUE - HOUR - 60, 60, |_| {});
    assert_eq!(seconds(before_due, used, 60, true), SOON);
    let earlier = metered_at(DUE - HOUR - 61, 60, |_| {});
    assert_eq!(seconds(earlier, used, 60, true), QUIET);
    let after_due = metered_at(DUE - 5, 20, |_| {});
    assert_eq!(seconds(after_due, 0, 20, false), URGENT, "the due date has passed since");
    let far_after = metered_at(DUE - 100, 200, |_| {});
    assert_eq!(seconds(far_after, 0, 200, false), 100, "and at the due date itself");
}

proptest! {
    #[test]
    fn a_reading_is_due_within_the_longest_and_not_before_the_shortest_interval(
        left in 0..UNITS, used in 0..UNITS, elapsed in 0..2 * QUIET, status in 0..8_u8,
        metered in ISSUED..DUE + 20 * DAY, is_changed: bool,
    ) {
        let world = metered_at(metered, elapsed, |credit| {
            credit.collateral.consumed = UNITS - left;
            credit.status = status;
        });
        let due = seconds(world, used, elapsed, is_changed);
        prop_assert!((URGENT..=QUIET).contains(&due), "{due}");
    }

    #[test]
    fn more_use_is_never_due_later_and_fewer_units_left_neither(
        left in 1..UNITS, used in 0..1_000_000_u64, more in 0..1_000_000_u64, elapsed in 1..QUIET,
    ) {
        let world = |left| metered_at(ISSUED, elapsed, |credit| credit.collateral.consumed = UNITS - left);
        let first = seconds(world(left), used, elapsed, used > 0);
        prop_assert!(seconds(world(left), used + more, elapsed, used + more > 0) <= first);
        prop_assert!(seconds(world(left / 2), used, elapsed, used > 0) <= first);
    }

    #[test]
    fn units_that_wait_longer_than_the_shortest_interval_are_less_than_the_share(
        left in 1..UNITS, used in 1..UNITS, elapsed in URGENT..QUIET,
    ) {
        let world = metered_at(ISSUED, elapsed, |credit| credit.collateral.consumed = UNITS - left);
        let waits = seconds(world, used, elapsed, true) > elapsed;
        prop_assert!(!waits || u128::from(used) * 10_000 < u128::from(left) * 50 + 10_000, "{used} of {left}");
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn a_borrower_can_make_a_keeper_meter_only_so_often_for_its_use(steps in prop::collection::vec(1..5_000_000_u64, 1..400)) {
        // Cycles ten seconds apart; the credit is metered whenever that is due.
        let (mut left, mut used, mut waited, mut urgent) = (UNITS, 0, 0, 0_u32);
        for step in steps.into_iter().cycle().take(1_500) {
            used = (used + step).min(left);
            waited += URGENT;
            let world = metered_at(ISSUED, waited, |credit| credit.collateral.consumed = UNITS - left);
            let due = seconds(world, used, waited, used > 0);
            if due <= waited {
                urgent += u32::from(due == URGENT && waited < QUIET);
                (left, used, waited) = (left - used, 0, 0);
            }
        }
        // Each takes half a per cent of what is left, down to the last 200 units: ln(1e9 / 200) / 0.005, and those 200.
        prop_assert!(urgent <= 3_300, "{urgent}");
    }
}
