//! Readings become consumption: quorum, median, order, rate bound.

use {
    blockable_sdk::{
        Pubkey,
        events::Change,
        instructions,
        program::{
            instructions::{CapacityArgs, ReportersArgs},
            metering::{Metered, Skip},
            report::SignedReport,
            state::{Collateral, Meter},
        },
    },
    blockable_testkit::{DAY, Loan, Parties, START, USDC, World},
};

const UNITS: u64 = 1_000_000_000;

/// A world with an active credit, metered from its issue, a minute ago.
fn active() -> (World, Pubkey) {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    world.pass(60);
    (world, credit)
}

/// Meters one credit with reports; returns why it was skipped, `None` where it was not.
#[track_caller]
fn meter(world: &mut World, credit: &Pubkey, reports: Vec<SignedReport>) -> Option<Skip> {
    let landed = world.sent(&[world.meter_with(&[*credit], reports)], &[]);
    let chunk = landed.chunk();
    assert_eq!(chunk.records.len() + chunk.skipped.len(), 1);
    chunk.skipped.first().map(|skipped| skipped.reason)
}

#[test]
fn a_quorum_moves_the_meter_and_nothing_else() {
    let (mut world, credit) = active();
    let money = world.money(&credit);
    let landed = world.sent(&[world.meter(&[credit], &[(0, 1_000, 50)])], &[]);

    assert_eq!(world.money(&credit), money);
    let state = world.credit(&credit);
    assert_eq!(state.collateral, Collateral { granted: UNITS, consumed: 1_000, ..Collateral::default() });
    let reported_at = START + 60;
    let expected = Meter { cumulative: 1_000, in_flight: 50, reported_at, ..Meter::default() };
    assert_eq!(state.meter, expected);
    let chunk = landed.chunk();
    assert_eq!((chunk.provider, chunk.epoch, chunk.chunk), (world.provider, 1, 0));
    assert_eq!(chunk.skipped, []);
    let metered = Metered { consumed: 1_000, overrun: 0, deferred: 0 };
    let change = Change::Metered { cumulative: 1_000, in_flight: 50, reported_at, metered };
    assert_eq!(landed.changes(), [change]);
}

#[test]
fn of_two_readings_the_smaller_counts() {
    let (mut world, credit) = active();
    let reports = vec![world.report(2, &[(0, 2_000, 10)]), world.report(1, &[(0, 1_000, 20)])];
    assert_eq!(meter(&mut world, &credit, reports), None);
    let meter = world.credit(&credit).meter;
    assert_eq!((meter.cumulative, meter.in_flight), (1_000, 10));
}

#[test]
fn of_three_readings_the_middle_one_counts_for_each_value_on_its_own() {
    let (mut world, credit) = active();
    let now = world.now();
    let reports = vec![
        world.report_at(0, now - 5, &[(0, 5_000, 30)]),
        world.report_at(1, now, &[(0, 1_000, 20)]),
        world.report_at(2, now - 9, &[(0, 2_000, 10)]),
    ];
    assert_eq!(meter(&mut world, &credit, reports), None);
    let meter = world.credit(&credit).meter;
    assert_eq!((meter.cumulative, meter.in_flight, meter.reported_at), (2_000, 20, now - 5));
}

#[test]
fn one_dishonest_reporter_of_three_moves_nothing_beyond_the_honest_ones() {
    for lie in [0, u64::MAX] {
        let (mut world, credit) = active();
        let reports = vec![
            world.report(0, &[(0, 1_000, 0)]),
            world.report(1, &[(0, lie, lie)]),
            world.report(2, &[(0, 1_003, 0)]),
        ];
        assert_eq!(meter(&mut world, &credit, reports), None);
        let consumed = world.credit(&credit).collateral.consumed;
        assert!((1_000..=1_003).contains(&consumed), "{consumed}");
    }
}

#[test]
fn reporters_that_are_silent_on_a_credit_do_not_count_for_its_quorum() {
    let (mut world, credit) = active();
    let reports =
        vec![world.report(0, &[(0, 1_000, 0)]), world.report(1, &[(1, 7, 0)]), world.report(2, &[])];
    let before = world.credit(&credit);
    assert_eq!(meter(&mut world, &credit, reports), Some(Skip::NoQuorum));
    assert_eq!(world.credit(&credit).event_hash, before.event_hash);
    assert_eq!(world.credit(&credit).meter, before.meter);
}

#[test]
fn repeated_and_reordered_reports_change_nothing() {
    let (mut world, credit) = active();
    let first = vec![world.report(0, &[(0, 1_000, 0)]), world.report(1, &[(0, 1_000, 0)])];
    world.pass(60);
    let second = vec![world.report(0, &[(0, 3_000, 5)]), world.report(1, &[(0, 3_000, 5)])];
    assert_eq!(meter(&mut world, &credit, second.clone()), None);
    let after = world.credit(&credit);
    for again in [first, second] {
        assert_eq!(meter(&mut world, &credit, again), Some(Skip::Stale));
        let state = world.credit(&credit);
        assert_eq!((state.meter, state.collateral), (after.meter, after.collateral));
        assert_eq!((state.event_seq, state.event_hash), (after.event_seq, after.event_hash));
    }
}

#[test]
fn lost_reports_are_made_up_for_by_the_next_one() {
    let (mut world, credit) = active();
    world.pass(DAY);
    let reports = vec![world.report(0, &[(0, 9_000, 0)]), world.report(2, &[(0, 9_000, 0)])];
    assert_eq!(meter(&mut world, &credit, reports), None);
    assert_eq!(world.credit(&credit).collateral.consumed, 9_000);
}

#[test]
fn a_reading_below_the_last_is_skipped() {
    let (mut world, credit) = active();
    world.sent(&[world.meter(&[credit], &[(0, 1_000, 0)])], &[]);
    world.pass(60);
    let reports = vec![world.report(0, &[(0, 999, 0)]), world.report(1, &[(0, 999, 0)])];
    let before = world.credit(&credit);
    assert_eq!(meter(&mut world, &credit, reports), Some(Skip::Backwards));
    assert_eq!(world.credit(&credit).meter, before.meter);
}

#[test]
fn the_rate_bound_defers_what_is_above_it_and_catches_up() {
    let (mut world, credit) = active();
    let landed = world.sent(&[world.meter(&[credit], &[(0, 1_000_000, 0)])], &[]);
    // 60 seconds at 10,000 units per second.
    let metered = Metered { consumed: 600_000, overrun: 0, deferred: 400_000 };
    let Change::Metered { cumulative, metered: found, .. } = landed.changes()[0] else { panic!() };
    assert_eq!((cumulative, found), (600_000, metered));

    world.pass(40);
    world.sent(&[world.meter(&[credit], &[(0, 1_000_000, 0)])], &[]);
    assert_eq!(world.credit(&credit).collateral.consumed, 1_000_000);
}

#[test]
fn a_lower_rate_bound_holds_from_the_next_report_on() {
    let (mut world, credit) = active();
    let capacity = CapacityArgs { max_units_per_second: 2, ..World::capacity() };
    world.sent(&[world.set_capacity(capacity)], &["provider"]);
    world.sent(&[world.meter(&[credit], &[(0, 1_000, 0)])], &[]);
    assert_eq!(world.credit(&credit).collateral.consumed, 120);
}

#[test]
fn a_clock_ahead_by_a_minute_gains_no_time() {
    let (mut world, credit) = active();
    let now = world.now();
    let readings = [(0, 1_000_000, 0)];
    let reports = vec![world.report_at(0, now + 60, &readings), world.report_at(1, now + 60, &readings)];
    assert_eq!(meter(&mut world, &credit, reports), None);
    let meter = world.credit(&credit).meter;
    assert_eq!((meter.reported_at, meter.cumulative), (now, 600_000));
}

#[test]
fn use_beyond_the_units_is_the_providers_overrun() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1).with(|terms| terms.units = 1_000));
    world.pass(60);
    let landed = world.sent(&[world.meter(&[credit], &[(0, 1_500, 0)])], &[]);
    let state = world.credit(&credit);
    assert_eq!((state.collateral.consumed, state.meter.cumulative, state.meter.overrun), (1_000, 1_500, 500));
    assert_eq!((state.collateral.remaining(), state.collateral.lien()), (0, 0));
    let Change::Metered { metered, .. } = landed.changes()[0] else { panic!() };
    assert_eq!(metered, Metered { consumed: 1_000, overrun: 500, deferred: 0 });
}

#[test]
fn use_draws_on_released_units_first() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    world.sent(&[world.repay("borrower", &credit, 40_000 * USDC)], &["borrower"]);
    world.pass(DAY);
    world.sent(&[world.meter(&[credit], &[(0, 300_000_000, 0)])], &[]);
    assert_eq!(world.credit(&credit).collateral.lien(), 600_000_000);
    world.pass(DAY);
    world.sent(&[world.meter(&[credit], &[(0, 500_000_000, 0)])], &[]);
    assert_eq!(world.credit(&credit).collateral.lien(), 500_000_000);
}

#[test]
fn an_expired_reporter_is_left_out_and_the_others_go_on() {
    let (mut world, credit) = active();
    let mut reporters = World::reporters();
    reporters.reporters[1].expires_at = world.now();
    let (market, authority) = (world.keys.market, Parties::address("provider"));
    world.sent(
        &[instructions::provider_set_reporters(&market, &authority, &world.provider, reporters)],
        &["provider"],
    );
    let reports = vec![world.report(0, &[(0, 1_000, 0)]), world.report(2, &[(0, 1_000, 0)])];
    assert_eq!(meter(&mut world, &credit, reports), None);
    assert_eq!(world.credit(&credit).meter.cumulative, 1_000);
}

#[test]
fn reports_of_a_new_epoch_go_on_from_the_old_count() {
    let (mut world, credit) = active();
    world.sent(&[world.meter(&[credit], &[(0, 1_000, 0)])], &[]);
    let (market, authority) = (world.keys.market, Parties::address("provider"));
    let reporters = ReportersArgs { quorum: 3, ..World::reporters() };
    world.sent(
        &[instructions::provider_set_reporters(&market, &authority, &world.provider, reporters)],
        &["provider"],
    );
    world.pass(60);
    let reports = (0..3).map(|reporter| world.report(reporter, &[(0, 1_500, 0)])).collect();
    let landed = world.sent(&[world.meter_with(&[credit], reports)], &[]);
    assert_eq!(landed.chunk().epoch, 2);
    assert_eq!(world.credit(&credit).collateral.consumed, 1_500);
}
