//! Tests of the credits that are metered, and the time at which they are.

use {
    super::*,
    blockable_sdk::program::{
        metering::{self, Reading},
        state::FreezeRecord,
    },
};

const EVERY: i64 = 60;

/// Two reporters who agree that credit 0 has used 500 units.
fn reported(at: i64) -> World {
    let mut world = World::at(at).with(credit(0));
    world.hear(report(0, at, &[(0, 500)]));
    world.hear(report(1, at, &[(0, 500)]));
    world
}

#[test]
fn a_chunk_is_metered_once_per_interval() {
    assert_eq!(reported(ISSUED + EVERY - 1).kinds(), []);
    let mut world = reported(ISSUED + EVERY);
    let plan = world.plan();
    assert_eq!(meterings(&plan), [(vec![address(0)], vec![0, 1])]);
    assert_eq!(plan.intents[0].due_at.get(), ISSUED + EVERY);
    world.change(0, |credit| meter(credit, 500, ISSUED + EVERY));
    assert_eq!(world.kinds(), [], "the same reports again");
    let later = ISSUED + 2 * EVERY;
    world.hear(report(0, later - 1, &[(0, 600)]));
    world.hear(report(1, later - 1, &[(0, 600)]));
    assert_eq!(world.clone().moved_to(later - 1).kinds(), []);
    assert_eq!(world.moved_to(later).kinds(), [Kind::Meter]);
}

/// Applies a reading as the program does.
fn meter(credit: &mut Credit, cumulative: u64, at: i64) {
    let reading = Reading { cumulative, in_flight: 0, reported_at: at };
    metering::apply(&mut credit.collateral, &mut credit.meter, &reading, RATE, at, None).unwrap();
    credit.event_seq += 1;
}

#[test]
fn a_reading_that_changes_nothing_moves_the_time_once_per_interval() {
    let mut world = World::at(ISSUED + EVERY).with(credit(0)).with(credit(1));
    world.change(1, |credit| credit.meter.reported_at = ISSUED + 30);
    for index in 0..2 {
        world.hear(report(index, ISSUED + EVERY, &[(0, 0), (1, 0)]));
    }
    assert_eq!(meterings(&world.plan()), [(vec![address(0)], vec![0, 1])], "the other one is not old enough");
    world.change(0, |credit| credit.collateral.consumed = UNITS);
    assert_eq!(world.kinds(), [], "nothing is left to use");
}

#[test]
fn what_has_changed_is_metered_with_its_chunk() {
    let mut world = World::at(ISSUED + EVERY).with(credit(0)).with(credit(1));
    world.change(1, |credit| credit.meter.reported_at = ISSUED + 30);
    for index in 0..2 {
        world.hear(report(index, ISSUED + EVERY, &[(0, 0), (1, 3)]));
    }
    assert_eq!(meterings(&world.plan()), [(vec![address(0), address(1)], vec![0, 1])]);
}

#[test]
fn a_credit_that_settles_a_freeze_is_metered_sooner() {
    let mut world = reported(ISSUED + 10);
    assert_eq!(world.kinds(), []);
    world.change(0, |credit| {
        credit.collateral.frozen_for_payment = UNITS;
        credit.meter.in_flight = 700;
    });
    assert_eq!(world.kinds(), [Kind::Meter]);
    assert_eq!(world.plan().intents[0].due_at.get(), ISSUED + 10);
    assert_eq!(world.clone().moved_to(ISSUED + 9).kinds(), []);
    let settled = ISSUED + EVERY;
    for index in 0..2 {
        let mut same = report(index, settled, &[(0, 0)]);
        same.readings[0].in_flight = 700;
        world.hear(same);
    }
    assert_eq!(world.kinds(), [], "nothing has settled since");
    let plan = world.moved_to(settled).plan();
    assert_eq!(plan.intents[0].due_at.get(), settled, "and nothing is urgent");
}

/// A minute after a freeze the reports from before it count no more; a report from after it rules them out.
#[test]
fn a_freeze_is_metered_by_the_reports_from_before_it_though_later_ones_have_come() {
    let frozen_at = ISSUED + 20;
    let mut world = reported(frozen_at);
    for index in 0..2 {
        world.hear(report(index, frozen_at + 8, &[(0, 500)]));
    }
    let mut world = world.moved_to(frozen_at + 9).with(credit(1));
    world.change(0, |credit| {
        credit.collateral.frozen_for_other = UNITS;
        (credit.meter.frozen_at_chain, credit.frozen_at_market) = (frozen_at, frozen_at);
    });
    let dates = |world: &World| -> Vec<_> {
        let plan = world.plan();
        let of = |intent: &Intent| match &intent.action {
            IntentAction::Meter { reports, .. } => reports.iter().map(|report| report.reported_at).collect(),
            _ => Vec::new(),
        };
        plan.intents.iter().flat_map(of).collect()
    };
    assert_eq!(dates(&world), [frozen_at, frozen_at], "at once, though the interval has not passed");
    let waiting = World { shelf: Shelf::default(), ..world.clone() };
    let mut late = waiting.clone();
    for index in 0..2 {
        late.hear(report(index, frozen_at + 8, &[(0, 500)]));
    }
    assert_eq!(dates(&late), [0; 0], "later reports are held back");
    assert_eq!(dates(&late.clone().moved_to(frozen_at + 60)), [0; 0]);
    assert_eq!(dates(&late.moved_to(frozen_at + 61)), [frozen_at + 8, frozen_at + 8], "none has come");
    world.change(0, |credit| meter(credit, 500, frozen_at));
    assert_eq!(dates(&world), [0; 0], "it has been metered up to the freeze");
}

/// The lender freezes twice: each freeze has its own reports, the first before the second.
#[test]
fn the_earlier_of_two_freezes_is_metered_first() {
    let (first, second) = (ISSUED + 20, ISSUED + 21);
    let mut world = World::at(second + 5).with(credit(0));
    for at in [first, second, second + 5] {
        for index in 0..2 {
            world.hear(report(index, at, &[(0, 500)]));
        }
    }
    let reported_at = |world: &World| match &world.plan().intents.first()?.action {
        IntentAction::Meter { reports, .. } => Some(reports[0].reported_at),
        _ => None,
    };
    world.change(0, |credit| {
        credit.collateral.frozen_for_other = UNITS;
        credit.earlier_freeze = FreezeRecord { closed_before: 0, at_chain: first, at_market: first };
        (credit.meter.closed_before, credit.meter.frozen_at_chain) = (UNITS - 1, second);
        credit.frozen_at_market = second;
    });
    assert_eq!(reported_at(&world), Some(first));
    world.change(0, |credit| credit.meter.reported_at = first);
    assert_eq!(reported_at(&world), Some(second));
}

#[test]
fn a_credit_whose_open_units_run_out_is_metered_soon() {
    let mut world = reported(ISSUED + 30);
    // 500 units in 30 seconds are 1,000 in an interval. The lock leaves so many open, and the lien is far larger.
    let open = |credit: &mut Credit, units: u64| {
        credit.collateral.frozen_for_other = UNITS - units;
        credit.meter.reported_at = ISSUED;
    };
    world.change(0, |credit| open(credit, 1_000));
    assert_eq!(world.kinds(), []);
    world.change(0, |credit| open(credit, 999));
    assert_eq!(world.kinds(), [Kind::Meter]);
    assert_eq!(world.plan().intents[0].due_at.get(), ISSUED + 30);
}

#[test]
fn a_credit_of_which_much_is_used_is_metered_at_once() {
    let mut world = reported(ISSUED + 10);
    // 500 units are half a per cent of 100,000.
    world.change(0, |credit| credit.collateral.consumed = UNITS - 100_001);
    assert_eq!(world.kinds(), []);
    world.change(0, |credit| credit.collateral.consumed = UNITS - 100_000);
    assert_eq!(world.kinds(), [Kind::Meter]);
}

#[test]
fn credits_that_the_program_would_leave_out_are_left_out() {
    let changes: [fn(&mut Credit); 8] = [
        |credit| credit.meter.reported_at = ISSUED + EVERY,
        |credit| credit.meter.cumulative = 501,
        |credit| credit.status = Status::Accepted.byte(),
        |credit| credit.status = 9,
        |credit| credit.has_index = 0,
        |credit| credit.market = key(77),
        |credit| credit.provider = key(77),
        |credit| credit.version = Credit::VERSION + 1,
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut world = reported(ISSUED + EVERY);
        world.change(0, change);
        assert_eq!(world.kinds(), [], "change {number}");
    }
    let mut world = reported(ISSUED + EVERY);
    world.change(0, |credit| {
        // A coupon in kind for a time that does not fit 64 bits.
        (credit.rider.pay_in_kind_bps, credit.terms.apr_bps) = (1, u16::MAX);
        credit.debt.accrued_at = i64::MIN;
    });
    assert_eq!(world.kinds(), []);
}

#[test]
fn a_credit_of_another_chunk_is_not_metered_by_this_one() {
    let mut world = reported(ISSUED + EVERY);
    world.change(0, |credit| credit.meter.index = 32);
    assert_eq!(world.kinds(), []);
}

#[test]
fn a_chunk_is_split_into_transactions_of_so_many_credits() {
    let mut world = World::at(ISSUED + EVERY);
    world.settings.max_credits = 10;
    let readings: Vec<_> = (0..25).map(|bit| (bit, 100 + u64::from(bit))).collect();
    for bit in 0..25 {
        let mut credit = credit(bit);
        credit.event_seq = 1;
        world = world.with(credit);
    }
    for index in 0..2 {
        world.hear(report(index, ISSUED + EVERY, &readings));
    }
    let plan = world.plan();
    let sizes: Vec<_> = meterings(&plan).iter().map(|(credits, _)| credits.len()).collect();
    assert_eq!(sizes, [10, 10, 5]);
    let mut ids: Vec<_> = plan.intents.iter().map(|intent| intent.id).collect();
    ids.dedup();
    assert_eq!(ids.len(), 3);
    let all: Vec<_> = meterings(&plan).into_iter().flat_map(|(credits, _)| credits).collect();
    assert_eq!(all, (0..25).map(address).collect::<Vec<_>>(), "in the order of their bits, none twice");
}

#[test]
fn an_unrestricted_credit_is_metered_too() {
    let mut world = reported(ISSUED + EVERY);
    world.change(0, |credit| {
        (credit.status, credit.lender) = (Status::Repaid.byte(), provider_key());
        credit.debt.principal = 0;
    });
    assert_eq!(world.kinds(), [Kind::Meter]);
}

#[test]
fn metering_that_is_switched_off_says_nothing() {
    let mut world = reported(ISSUED + EVERY);
    world.settings.enabled.remove(&Kind::Meter);
    assert!(world.plan().intents.is_empty() && world.plan().findings.is_empty());
}
