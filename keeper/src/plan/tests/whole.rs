//! Properties of whole plans.

use {
    super::*,
    crate::plan::{IntentId, Reason},
    proptest::prelude::*,
};

/// Credits in all sorts of trouble, and reports on them, taken in from the last to the first where `reversed`.
fn crowd(number: u32, reversed: bool) -> World {
    let clock = DUE + DEFAULT_GRACE;
    let mut indices: Vec<u32> = (0..number).collect();
    let mut reporters = vec![0u8, 1, 2];
    if reversed {
        indices.reverse();
        reporters.reverse();
    }
    let mut world = World::at(clock);
    for index in indices {
        let mut one = if index % 5 == 0 { defaulted() } else { credit(index) };
        one.meter.index = index;
        one.reserve_held = if index % 3 == 0 { 400 * USDC } else { 0 };
        one.units_expire_at = if index % 7 == 0 { ISSUED + DAY } else { 0 };
        world = world.with(one);
    }
    for reporter in reporters {
        for chunk in 0..number.div_ceil(32) {
            let readings: Vec<_> = (0..32).map(|bit| (bit, 1_000 * u64::from(chunk + 1))).collect();
            world.hear(ReportRecord { chunk, ..report(reporter, clock - 5, &readings) });
        }
    }
    world
}

fn names(plan: &Plan) -> Vec<(Kind, IntentId, Pubkey, ChainTime, Reason)> {
    let name = |intent: &Intent| (intent.kind(), intent.id, intent.subject(), intent.due_at, intent.reason);
    plan.intents.iter().map(name).collect()
}

#[test]
fn the_same_inputs_give_the_same_plan_in_any_order_of_arrival() {
    let world = crowd(100, false);
    let plan = world.plan();
    assert!(plan.intents.len() > 50);
    for other in [world.plan(), crowd(100, true).plan()] {
        assert_eq!(names(&plan), names(&other));
        assert_eq!(plan.findings, other.findings);
    }
}

#[test]
fn no_two_intents_have_one_name_and_none_is_planned_twice_on_a_credit() {
    let plan = crowd(100, false).plan();
    let mut ids: Vec<_> = plan.intents.iter().map(|intent| intent.id).collect();
    let mut credits: Vec<_> =
        plan.intents.iter().filter(|intent| intent.kind() != Kind::Meter).map(Intent::subject).collect();
    let (intents, on_credits) = (ids.len(), credits.len());
    ids.sort();
    ids.dedup();
    credits.sort();
    credits.dedup();
    assert_eq!((ids.len(), credits.len()), (intents, on_credits));
}

#[test]
fn freezes_come_first_and_what_is_older_before_what_is_newer() {
    let kinds: Vec<_> = crowd(100, false).kinds();
    let first = |kind| kinds.iter().position(|other| *other == kind).unwrap();
    let last = |kind| kinds.iter().rposition(|other| *other == kind).unwrap();
    assert!(last(Kind::AutoFreeze) < first(Kind::Meter));
    assert!(last(Kind::Meter) < first(Kind::MarkDelinquent));
    let mut older = credit(1);
    older.issued_at -= DAY;
    older.debt.accrued_at -= DAY;
    let plan = World::at(DUE + DELINQUENCY_GRACE).with(credit(0)).with(older).plan();
    let subjects: Vec<_> = plan.intents.iter().map(Intent::subject).collect();
    assert_eq!(subjects, [address(1), address(0)]);
}

#[test]
fn another_state_of_a_credit_gives_another_name() {
    let mut world = World::at(DUE + DELINQUENCY_GRACE).with(credit(0));
    let first = world.intent().unwrap().id;
    assert_eq!(world.clone().moved_to(DUE + DELINQUENCY_GRACE + 99).intent().unwrap().id, first);
    world.change(0, |credit| credit.event_seq += 1);
    assert_ne!(world.intent().unwrap().id, first);
    world.change(0, |credit| (credit.event_seq, credit.event_hash) = (5, [8; 32]));
    assert_ne!(world.intent().unwrap().id, first, "another credit at the same address");
}

#[test]
fn another_report_epoch_or_state_gives_metering_another_name() {
    let world = crowd(1, false);
    let meter = |world: &World| {
        let plan = world.plan();
        plan.intents.iter().find(|intent| intent.kind() == Kind::Meter).unwrap().id
    };
    let first = meter(&world);
    let mut other = world.clone();
    other.change(0, |credit| credit.event_seq += 1);
    assert_ne!(meter(&other), first);
    let mut other = world.clone();
    other.hear(report(2, DUE + DEFAULT_GRACE, &[(0, 1_000)]));
    assert_ne!(meter(&other), first);
    assert_eq!(meter(&world.moved_to(DUE + DEFAULT_GRACE + 10)), first, "time alone changes nothing");
}

#[test]
fn a_hundred_thousand_credits_are_planned() {
    let number = 100_000u32;
    let plan = crowd(number, false).plan();
    let of = |kind| plan.intents.iter().filter(|intent| intent.kind() == kind).count();
    assert_eq!(of(Kind::Meter), 3_125);
    let credits: usize = plan
        .intents
        .iter()
        .filter(|intent| intent.kind() == Kind::Meter)
        .map(|intent| intent.credits().len())
        .sum();
    assert_eq!(credits, 100_000);
    // Every fifth is in default, where no reserve is drawn; a third of the others has one that cures.
    assert_eq!(of(Kind::AutoFreeze), 20_000);
    assert_eq!(of(Kind::DrawReserve), 33_334 - 6_667);
    assert_eq!(of(Kind::MarkDelinquent), 80_000 - 26_667);
}

#[test]
fn a_market_whose_clock_is_out_of_range_has_nothing_due() {
    let mut world = crowd(10, false);
    world.snapshot.market.paused_seconds = u64::MAX;
    let plan = world.plan();
    assert!(plan.intents.is_empty() && plan.findings.is_empty());
}

proptest! {
    #![proptest_config(super::program::cases(300))]

    /// The value that the chain would count lies within the tolerance of what a quorum of reporters say.
    #[test]
    fn a_minority_never_moves_a_reading_beyond_what_a_quorum_says(
        honest in 0u64..50_000, lie in any::<u64>(), liar in 0u8..3, drift in prop::array::uniform3(0u64..5),
        clock in 60i64..300,
    ) {
        let clock = ISSUED + clock;
        let mut world = World::at(clock).with(credit(0));
        for index in 0..3u8 {
            let said = if index == liar { lie } else { honest + drift[usize::from(index)] };
            world.hear(report(index, clock, &[(0, said)]));
        }
        let plan = world.plan();
        prop_assert_eq!(meterings(&plan), vec![(vec![address(0)], vec![0, 1, 2])]);
        let IntentAction::Meter { reports, .. } = &plan.intents[0].action else { unreachable!() };
        let mut said: Vec<_> = reports.iter().map(|report| report.readings[0].cumulative).collect();
        said.sort_unstable();
        prop_assert!((honest..honest + 5).contains(&said[1]));
    }

    /// Nothing panics, and ids stay apart, on reports of any shape.
    #[test]
    fn reports_of_any_shape_are_taken(
        shapes in prop::collection::vec((0u8..9, -400i64..400, any::<u32>(), any::<u64>(), 0u8..40), 0..8),
        quorum in 0u8..9, reporters in 0u8..9, chunk_size in 0u8..40,
    ) {
        let mut world = World::at(ISSUED + 500).with(credit(0)).with(credit(3));
        *world.provider() = provider(quorum, reporters.min(8));
        world.provider().settings.chunk_size = chunk_size;
        for (index, age, bitmap, cumulative, size) in shapes {
            let record = report(index, ISSUED + 500 + age, &[(0, cumulative), (3, 1)]);
            world.shelf.put(Arc::new(ReportRecord { bitmap, chunk_size: size, ..record }));
        }
        let plan = world.plan();
        let mut ids: Vec<_> = plan.intents.iter().map(|intent| intent.id).collect();
        ids.sort();
        ids.dedup();
        prop_assert_eq!(ids.len(), plan.intents.len());
    }
}
