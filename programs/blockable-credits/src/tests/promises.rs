//! Promises of freezes to running jobs: their date, and their end.

use {
    super::{
        freezes::{default, freeze, issued, step, take, up_to},
        stage::*,
        *,
    },
    crate::{
        actions::{FreezeAmount, ThawBounds},
        state::{Credit, FreezePolicy, FreezeReason, Rider},
    },
};

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

/// Fault 12: the freeze authority thaws one unit, or all, and freezes again every ten days, with or without a report in
/// between.
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

/// A promise is for the jobs of one freeze: once a later report no longer shows them, other jobs can get one.
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

/// Jobs whose promise had lapsed leave nothing to those that begin after them: these get a promise of their own.
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

/// Jobs of 600,000 units ran at a freeze, and as many run after a thaw. They count as the same jobs, unless so much time has
/// passed that even the longest job must have ended.
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

proptest! {
    #![proptest_config(cases(2_000))]

    /// One freeze meets all jobs, and no other job begins. Then the jobs keep their units for one cure period and not a second
    /// longer, whatever is thawed, frozen, paid and reported.
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
}
