//! Windows of a covenant in which the borrower could not use its units.

use {
    super::stage::*,
    crate::{
        actions::{FreezeAmount, ThawBounds},
        state::{FreezePolicy, FreezeReason, Rider},
    },
};

/// A step for use below the plan of five days.
const RIDER: Rider =
    Rider { covenant_window: 5 * DAY as u32, apr_step_bps: 50, apr_ceiling_bps: 500, ..COVENANT };

/// A loan at 2 % that the lender may freeze at will.
fn issued() -> Stage {
    let mut stage = Stage::new();
    let terms = crate::state::Terms { apr_bps: 200, freeze_policy: FreezePolicy::AtWill as u8, ..TERMS };
    stage.offer(terms, Rider { apr_floor_bps: 100, ..RIDER });
    stage.accept();
    stage.issue();
    stage
}

/// A reading of no use on a day.
fn read(stage: &mut Stage, day: i64) {
    stage.credit.meter.reported_at = stage.on_day(day).chain;
}

/// Applies the covenant; the rate afterwards.
fn apply(stage: &mut Stage) -> u16 {
    let clock = stage.clock();
    stage.act(|credit| credit.apply_covenant(&clock));
    stage.credit.apr_bps()
}

/// Ends a window on a day with a reading of no use; the rate afterwards.
fn end_window(stage: &mut Stage, day: i64) -> u16 {
    read(stage, day);
    apply(stage)
}

fn freeze(stage: &mut Stage, day: i64) {
    let clock = stage.on_day(day);
    stage.act(|credit| credit.freeze(&LENDER, FreezeAmount::All, FreezeReason::Risk, None, &clock));
}

fn thaw(stage: &mut Stage, day: i64) {
    stage.on_day(day);
    stage.act(|credit| credit.thaw(&LENDER, ThawBounds::ALL));
}

#[test]
fn the_rate_begins_at_that_of_the_terms_and_rises_by_windows_without_use() {
    let mut stage = issued();
    assert_eq!(stage.credit.apr_bps(), 200);
    assert_eq!([5, 10, 15].map(|day| end_window(&mut stage, day)), [250, 300, 350]);
}

#[test]
fn a_window_that_ends_or_begins_with_frozen_units_does_not_count() {
    let mut stage = issued();
    freeze(&mut stage, 4);
    assert_eq!(end_window(&mut stage, 5), 200, "frozen at the end");
    thaw(&mut stage, 6);
    assert_eq!(end_window(&mut stage, 10), 200, "frozen at the beginning");
    assert_eq!(end_window(&mut stage, 15), 250);
}

#[test]
fn a_window_with_a_freeze_that_was_thawed_does_not_count() {
    let mut stage = issued();
    assert_eq!(end_window(&mut stage, 5), 250);
    freeze(&mut stage, 6);
    thaw(&mut stage, 7);
    assert_eq!(end_window(&mut stage, 10), 250);
    assert_eq!(end_window(&mut stage, 15), 300);
}

/// A reading counts as from before a freeze in its second. So the freeze lies in the window that begins with the reading.
#[test]
fn a_freeze_in_the_second_of_a_reading_lies_in_the_window_that_begins() {
    let mut stage = issued();
    read(&mut stage, 5);
    freeze(&mut stage, 5);
    thaw(&mut stage, 9);
    assert_eq!(apply(&mut stage), 200);
    assert_eq!(end_window(&mut stage, 10), 200);
    assert_eq!(end_window(&mut stage, 15), 250);
}

#[test]
fn a_borrower_without_units_to_use_does_not_fall_short() {
    for (unused, apr_bps) in [(0, 200), (1, 250)] {
        let mut stage = issued();
        let used = TERMS.units - unused;
        (stage.credit.collateral.consumed, stage.credit.covenant.consumed) = (used, used);
        assert_eq!(end_window(&mut stage, 5), apr_bps, "{unused} units left");
    }
}

/// Use counts in the window of its reading and in no other.
#[test]
fn each_window_counts_the_use_since_the_last() {
    let mut stage = issued();
    stage.credit.collateral.consumed = 360_000;
    assert_eq!(end_window(&mut stage, 5), 150, "nine tenths of the plan");
    assert_eq!(end_window(&mut stage, 10), 200, "none");
    stage.credit.collateral.consumed += 240_000;
    assert_eq!(end_window(&mut stage, 15), 200, "six tenths");
    stage.credit.collateral.consumed += 239_999;
    assert_eq!(end_window(&mut stage, 20), 250, "a unit less");
}
