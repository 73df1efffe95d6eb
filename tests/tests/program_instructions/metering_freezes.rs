//! Use after a freeze: the part that running jobs were promised, and the part that is the provider's loss.

use {
    blockable_sdk::{
        Pubkey,
        events::Change,
        program::{
            instructions::{FreezeAmount, ThawBounds},
            metering::{Metered, finishing},
            report::SignedReport,
            state::{FreezePolicy, FreezeReason},
        },
    },
    blockable_testkit::{Loan, World},
};

const UNITS: u64 = 1_000_000_000;

/// A credit that has used 1,000 units and holds 300 for running jobs, frozen a minute after that report.
fn frozen(amount: FreezeAmount) -> (World, Pubkey) {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1).with(|terms| terms.freeze_policy = FreezePolicy::AtWill as u8));
    world.pass(60);
    world.sent(&[world.meter(&[credit], &[(0, 1_000, 300)])], &[]);
    world.pass(60);
    world.sent(&[world.freeze(&credit, amount, FreezeReason::Risk)], &["lender"]);
    (world, credit)
}

/// Meters one reading that two reporters give as of now.
#[track_caller]
fn meter(world: &mut World, credit: &Pubkey, cumulative: u64, in_flight: u64) -> Metered {
    let reports =
        vec![world.report(0, &[(0, cumulative, in_flight)]), world.report(1, &[(0, cumulative, in_flight)])];
    submit(world, credit, reports)
}

/// Frozen units that running jobs may still use.
fn finishing_of(world: &World, credit: &Pubkey) -> u64 {
    let state = world.credit(credit);
    finishing(&state.collateral, &state.meter)
}

#[track_caller]
fn submit(world: &mut World, credit: &Pubkey, reports: Vec<SignedReport>) -> Metered {
    let landed = world.sent(&[world.meter_with(&[*credit], reports)], &[]);
    match landed.changes().as_slice() {
        [Change::Metered { metered, .. }] => *metered,
        other => panic!("the credit was not metered: {other:?} {:?}", landed.chunk()),
    }
}

#[test]
fn jobs_in_flight_at_a_freeze_settle_and_the_rest_is_overrun() {
    let (mut world, credit) = frozen(FreezeAmount::All);
    let state = world.credit(&credit);
    assert_eq!((state.collateral.frozen(), finishing(&state.collateral, &state.meter)), (UNITS - 1_000, 300));

    world.pass(60);
    let metered = meter(&mut world, &credit, 1_200, 100);
    assert_eq!(metered, Metered { consumed: 200, overrun: 0, deferred: 0 });
    let state = world.credit(&credit);
    assert_eq!((state.collateral.frozen(), finishing(&state.collateral, &state.meter)), (UNITS - 1_200, 100));

    world.pass(60);
    let metered = meter(&mut world, &credit, 1_450, 0);
    assert_eq!(metered, Metered { consumed: 100, overrun: 150, deferred: 0 });
    let state = world.credit(&credit);
    assert_eq!((state.collateral.frozen(), state.collateral.consumed), (UNITS - 1_300, 1_300));
    assert_eq!((finishing(&state.collateral, &state.meter), state.meter.overrun), (0, 150));
    assert_eq!(state.meter.cumulative, 1_450);
}

#[test]
fn a_job_that_ends_without_using_its_units_leaves_them_frozen() {
    let (mut world, credit) = frozen(FreezeAmount::All);
    world.pass(60);
    assert_eq!(meter(&mut world, &credit, 1_000, 0), Metered::default());
    assert_eq!(finishing_of(&world, &credit), 0);
    world.pass(60);
    // What comes after is a new job: the same 300 units are no longer promised.
    let metered = meter(&mut world, &credit, 1_300, 0);
    assert_eq!(metered, Metered { consumed: 0, overrun: 300, deferred: 0 });
    assert_eq!(world.credit(&credit).collateral.frozen(), UNITS - 1_000);
}

#[test]
fn jobs_reported_only_after_a_freeze_are_promised_nothing() {
    let (mut world, credit) = frozen(FreezeAmount::All);
    world.pass(60);
    meter(&mut world, &credit, 1_000, 5_000);
    assert_eq!((finishing_of(&world, &credit), world.credit(&credit).meter.in_flight), (300, 300));
}

#[test]
fn a_partial_freeze_leaves_the_rest_to_new_jobs() {
    let (mut world, credit) = frozen(FreezeAmount::Units(UNITS - 1_500));
    // 500 units are left available, which cover the 300 in flight.
    assert_eq!(world.credit(&credit).collateral.available(), 500);
    assert_eq!(finishing_of(&world, &credit), 0);
    world.pass(60);
    let metered = meter(&mut world, &credit, 1_600, 0);
    assert_eq!(metered, Metered { consumed: 500, overrun: 100, deferred: 0 });
    assert_eq!(world.credit(&credit).collateral.frozen(), UNITS - 1_500);
}

#[test]
fn a_partial_freeze_promises_running_jobs_only_what_is_not_available() {
    let (mut world, credit) = frozen(FreezeAmount::Units(UNITS - 1_100));
    let state = world.credit(&credit);
    assert_eq!((state.collateral.available(), finishing(&state.collateral, &state.meter)), (100, 200));
    world.pass(60);
    let metered = meter(&mut world, &credit, 1_400, 0);
    assert_eq!(metered, Metered { consumed: 300, overrun: 100, deferred: 0 });
}

#[test]
fn a_thaw_opens_the_units_again() {
    let (mut world, credit) = frozen(FreezeAmount::All);
    world.sent(&[world.thaw("lender", &credit, ThawBounds::ALL)], &["lender"]);
    assert_eq!(finishing_of(&world, &credit), 0);
    world.pass(60);
    let metered = meter(&mut world, &credit, 9_000, 0);
    assert_eq!(metered, Metered { consumed: 8_000, overrun: 0, deferred: 0 });
}

/// A freeze in full, and reports from ten seconds before it of 5,000 units used and 400 in flight.
fn reported_just_before_the_freeze() -> (World, Pubkey, Vec<SignedReport>) {
    let (world, credit) = frozen(FreezeAmount::All);
    let at = world.now() - 10;
    let readings = [(0, 5_000, 400)];
    let reports = vec![world.report_at(0, at, &readings), world.report_at(1, at, &readings)];
    (world, credit, reports)
}

#[test]
fn a_report_from_before_the_freeze_counts_within_a_minute_of_it() {
    let (mut world, credit, reports) = reported_just_before_the_freeze();
    world.pass(60);
    let metered = submit(&mut world, &credit, reports);
    assert_eq!(metered, Metered { consumed: 4_000, overrun: 0, deferred: 0 });
    let state = world.credit(&credit);
    assert_eq!((state.collateral.consumed, state.collateral.frozen()), (5_000, UNITS - 5_000));
    assert_eq!((state.meter.in_flight, finishing(&state.collateral, &state.meter)), (400, 400));
}

#[test]
fn a_report_from_before_the_freeze_is_too_late_after_a_minute() {
    let (mut world, credit, reports) = reported_just_before_the_freeze();
    world.pass(61);
    let metered = submit(&mut world, &credit, reports);
    // Only the 300 units known to be in flight at the freeze.
    assert_eq!(metered, Metered { consumed: 300, overrun: 3_700, deferred: 0 });
    assert_eq!(world.credit(&credit).collateral.frozen(), UNITS - 1_300);
}

#[test]
fn a_report_from_after_the_freeze_gains_nothing_by_coming_early() {
    let (mut world, credit) = frozen(FreezeAmount::All);
    world.pass(1);
    let metered = meter(&mut world, &credit, 5_000, 400);
    assert_eq!(metered, Metered { consumed: 300, overrun: 3_700, deferred: 0 });
}

#[test]
fn a_second_freeze_lets_a_late_report_reach_only_what_was_open_before_it() {
    let (mut world, credit) = frozen(FreezeAmount::Units(UNITS - 2_000));
    world.pass(60);
    world.sent(&[world.freeze(&credit, FreezeAmount::All, FreezeReason::Breach)], &["lender"]);
    let at = world.now() - 10;
    let readings = [(0, 5_000, 0)];
    let reports = vec![world.report_at(0, at, &readings), world.report_at(1, at, &readings)];
    let metered = submit(&mut world, &credit, reports);
    assert_eq!(metered, Metered { consumed: 1_000, overrun: 3_000, deferred: 0 });
    assert_eq!(world.credit(&credit).collateral.frozen(), UNITS - 2_000);
}

#[test]
fn a_freeze_in_two_parts_takes_no_more_from_late_reports_than_one() {
    let metered = |parts: &[FreezeAmount]| {
        let mut world = World::new();
        let credit =
            world.active(&Loan::new(1).with(|terms| terms.freeze_policy = FreezePolicy::AtWill as u8));
        world.pass(60);
        let at = world.now();
        let readings = [(0, 4_000, 0)];
        let reports = vec![world.report_at(0, at, &readings), world.report_at(1, at, &readings)];
        let freezes: Vec<_> =
            parts.iter().map(|part| world.freeze(&credit, *part, FreezeReason::Breach)).collect();
        world.sent(&freezes, &["lender"]);
        world.pass(5);
        submit(&mut world, &credit, reports)
    };
    let whole = metered(&[FreezeAmount::All]);
    assert_eq!(whole, Metered { consumed: 4_000, overrun: 0, deferred: 0 });
    assert_eq!(metered(&[FreezeAmount::Units(UNITS - 1), FreezeAmount::All]), whole);
}
