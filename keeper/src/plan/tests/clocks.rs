//! Pauses, stalls and keepers that wait for others.

use super::*;

/// The world with a pause of its market.
fn paused(mut world: World, at: i64, until: i64) -> World {
    let market = &mut world.snapshot.market;
    (market.paused_at, market.pause_expires_at) = (at, until);
    world
}

#[test]
fn a_paused_market_has_nothing_due_but_a_freeze() {
    let late = DUE + DEFAULT_GRACE + DAY;
    let mut expiring = credit(1);
    (expiring.status, expiring.units_expire_at) = (Status::Repaid.byte(), ISSUED + 1);
    expiring.debt.principal = 0;
    let mut world = World::at(late).with(credit(0)).with(expiring);
    world.hear(report(0, late, &[(0, 10), (1, 10)]));
    world.hear(report(1, late, &[(0, 10), (1, 10)]));
    assert_eq!(world.kinds(), [Kind::Meter, Kind::MarkDelinquent, Kind::ExpireUnits]);
    let world = paused(world, late - 10, late + 10);
    assert_eq!(world.kinds(), []);
    assert!(world.plan().findings.is_empty());
    let mut covered = defaulted();
    covered.reserve_held = 400 * USDC;
    let world = world.with(covered);
    assert_eq!(world.kinds(), [Kind::AutoFreeze], "no reserve can be drawn now");
    assert_eq!(world.plan().intents[0].due_at.get(), DUE + DEFAULT_GRACE, "the pause does not put it off");
}

#[test]
fn a_pause_moves_every_date_by_as_much() {
    let grace_ends = DUE + DELINQUENCY_GRACE;
    let world = paused(World::at(grace_ends + 3_599).with(credit(0)), DUE + 10, DUE + 3_610);
    assert_eq!(world.due(), None);
    let intent = world.moved_to(grace_ends + 3_600).intent().unwrap();
    assert_eq!((intent.kind(), intent.due_at.get()), (Kind::MarkDelinquent, grace_ends + 3_600));
}

#[test]
fn what_the_cluster_stood_still_for_is_added_to_a_grace() {
    let grace_ends = DUE + DELINQUENCY_GRACE;
    let mut world = World::at(grace_ends + 3_599).with(credit(0));
    world.snapshot.stalls = Stalls(vec![stall(DUE - 7_200, DUE), stall(DUE + 50, DUE + 3_650)]);
    assert_eq!(world.due(), None);
    let world = world.moved_to(grace_ends + 3_600);
    assert_eq!(world.due(), Some(Kind::MarkDelinquent), "a stall before the due date does not count");
}

#[test]
fn a_stall_makes_the_default_grace_longer_too() {
    let mut credit = credit(0);
    credit.status = Status::Delinquent.byte();
    let mut world = World::at(DUE + DEFAULT_GRACE + 99).with(credit);
    world.snapshot.stalls = Stalls(vec![stall(DUE + DEFAULT_GRACE - 100, DUE + DEFAULT_GRACE)]);
    assert_eq!(world.due(), None);
    assert_eq!(world.moved_to(DUE + DEFAULT_GRACE + 100).due(), Some(Kind::MarkDefaulted));
}

/// The account does not say when earlier pauses were: a stall that may have come after the due date counts.
#[test]
fn a_stall_that_might_count_counts() {
    let mut world = World::at(0).with(credit(0));
    world.snapshot.market.paused_seconds = 3_600;
    world.snapshot.stalls = Stalls(vec![stall(DUE + 900, DUE + 1_000)]);
    let grace_ends = DUE + 3_600 + DELINQUENCY_GRACE;
    let mut world = world.moved_to(grace_ends + 99);
    assert_eq!(world.due(), None);
    assert_eq!(world.clone().moved_to(grace_ends + 100).due(), Some(Kind::MarkDelinquent));
    world.change(0, |credit| credit.paused_at_offer = 3_600);
    assert_eq!(world.due(), Some(Kind::MarkDelinquent), "all pauses were before the offer");
}

#[test]
fn a_stall_holds_up_no_draw_and_no_freeze() {
    let mut drawn = credit(1);
    drawn.reserve_held = 400 * USDC;
    let mut world = World::at(DUE + DEFAULT_GRACE).with(defaulted()).with(drawn);
    world.snapshot.stalls = Stalls(vec![stall(DUE, DUE + 100 * DAY)]);
    assert_eq!(world.kinds(), [Kind::AutoFreeze, Kind::DrawReserve]);
}

#[test]
fn a_backup_leaves_what_is_due_to_others_at_first() {
    let grace_ends = DUE + DELINQUENCY_GRACE;
    let mut world = World::at(grace_ends + 29).with(credit(0));
    world.settings.backup_delay_seconds = 30;
    assert_eq!(world.due(), None);
    let intent = world.moved_to(grace_ends + 30).intent().unwrap();
    assert_eq!((intent.kind(), intent.due_at.get()), (Kind::MarkDelinquent, grace_ends));
}

#[test]
fn a_backup_meters_what_nobody_has_metered() {
    let metered_at = ISSUED + 60;
    let mut world = World::at(metered_at + 29).with(credit(0));
    world.settings.backup_delay_seconds = 30;
    world.hear(report(0, metered_at, &[(0, 10)]));
    world.hear(report(1, metered_at, &[(0, 10)]));
    assert_eq!(world.kinds(), []);
    let plan = world.moved_to(metered_at + 30).plan();
    assert_eq!(plan.intents[0].due_at.get(), metered_at);
}
