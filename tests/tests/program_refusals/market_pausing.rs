//! The longest pause of a market: six hours per UTC day, in which market time stops.

use {
    blockable_sdk::program::{
        errors::BlockableError,
        state::{MAX_PAUSE_PER_DAY, Market},
    },
    blockable_testkit::{DAY, START, World},
};

/// A world `seconds` before the next midnight in UTC.
fn before_midnight(seconds: i64) -> World {
    let mut world = World::new();
    let midnight = (START / i64::from(DAY) + 1) * i64::from(DAY);
    world.set_time(midnight - seconds);
    world
}

#[track_caller]
fn pause(world: &mut World, seconds: u32) {
    let pause = world.pause_by("guardian", seconds);
    world.sent(&[pause], &["guardian"]);
}

#[track_caller]
fn unpause(world: &mut World) {
    let unpause = world.unpause_by("admin");
    world.sent(&[unpause], &["admin"]);
}

#[track_caller]
fn too_long(world: &mut World, seconds: u32) {
    let pause = world.pause_by("guardian", seconds);
    world.refused(&[pause], &["guardian"], BlockableError::PauseBudgetExceeded);
}

#[track_caller]
fn market_time(world: &World) -> i64 {
    world.market().market_time(world.now()).expect("a time")
}

/// Seconds paused so many days from today.
fn spent(world: &World, days: i64) -> u32 {
    world.market().paused_on((world.now() / i64::from(DAY) + days) as u32).into()
}

#[test]
fn six_hours_a_day_in_as_many_pauses_as_one_likes() {
    let mut world = World::new();
    for _ in 0..6 {
        pause(&mut world, 3_600);
        world.pass(3_600);
    }
    too_long(&mut world, 1);
    assert_eq!(world.paused_today(), MAX_PAUSE_PER_DAY);
}

#[test]
fn the_next_day_begins_at_midnight_with_six_hours() {
    let mut world = before_midnight(7 * 3_600);
    pause(&mut world, MAX_PAUSE_PER_DAY);
    world.pass(7 * 3_600 - 1);
    too_long(&mut world, 1);
    world.pass(1);
    too_long(&mut world, MAX_PAUSE_PER_DAY + 1);
    pause(&mut world, MAX_PAUSE_PER_DAY);
}

#[test]
fn what_a_pause_did_not_use_is_given_back() {
    let mut world = World::new();
    pause(&mut world, MAX_PAUSE_PER_DAY);
    world.pass(600);
    unpause(&mut world);
    assert_eq!(world.paused_today(), 600);
    assert_eq!(world.market().paused_seconds, 600);
    too_long(&mut world, MAX_PAUSE_PER_DAY - 599);
    pause(&mut world, MAX_PAUSE_PER_DAY - 600);
}

#[test]
fn a_pause_that_ran_its_time_gives_nothing_back() {
    let mut world = World::new();
    pause(&mut world, 3_600);
    world.pass(5_000);
    let unpause = world.unpause_by("stranger");
    world.sent(&[unpause], &["stranger"]);
    assert_eq!((world.paused_today(), world.market().paused_seconds), (3_600, 3_600));
    too_long(&mut world, MAX_PAUSE_PER_DAY - 3_599);
}

#[test]
fn what_is_given_back_after_midnight_is_the_new_days() {
    let mut world = before_midnight(60);
    pause(&mut world, MAX_PAUSE_PER_DAY);
    world.pass(120);
    unpause(&mut world);
    assert_eq!((spent(&world, -1), world.paused_today()), (60, 60));
    too_long(&mut world, MAX_PAUSE_PER_DAY - 59);
    pause(&mut world, MAX_PAUSE_PER_DAY - 60);
    assert_eq!(world.paused_today(), MAX_PAUSE_PER_DAY);
}

#[test]
fn a_pause_that_has_expired_is_counted_by_the_next() {
    let mut world = World::new();
    pause(&mut world, 3_600);
    world.pass(10_000);
    assert_eq!(market_time(&world), world.now() - 3_600);
    pause(&mut world, 1_800);
    let market = world.market();
    assert_eq!((market.paused_seconds, world.paused_today()), (3_600, 5_400));
    world.pass(900);
    assert_eq!(market_time(&world), world.now() - 3_600 - 900);
    unpause(&mut world);
    let market = world.market();
    assert_eq!((market.paused_seconds, world.paused_today()), (4_500, 4_500));
    assert_eq!((market.paused_at, market.pause_expires_at), (0, 0));
    assert_eq!(market_time(&world), world.now() - 4_500);
}

#[test]
fn a_pause_ends_by_itself_to_the_second() {
    let mut world = World::new();
    pause(&mut world, 3_600);
    let offer = world.offer(&blockable_testkit::Loan::new(1));
    world.pass(3_599);
    world.refused(std::slice::from_ref(&offer), &["lender"], BlockableError::MarketPaused);
    world.pass(1);
    world.sent(&[offer], &["lender"]);
}

#[test]
fn market_time_never_runs_backwards_through_pauses() {
    let mut world = World::new();
    let mut latest = market_time(&world);
    for round in 0..20u32 {
        pause(&mut world, 600);
        world.pass(100 + 100 * (round % 8));
        if world.market().is_paused(world.now()) {
            unpause(&mut world);
        }
        assert!(market_time(&world) >= latest);
        latest = market_time(&world);
        world.pass(DAY / 4);
        assert_eq!(market_time(&world), latest + i64::from(DAY / 4));
        latest = market_time(&world);
    }
}

#[test]
fn no_two_pauses_around_midnight_make_a_longer_one() {
    let mut world = before_midnight(1);
    pause(&mut world, MAX_PAUSE_PER_DAY);
    world.pass(MAX_PAUSE_PER_DAY);
    let market: Market = world.market();
    assert_eq!(i64::from(market.pause_day), START / i64::from(DAY));
    too_long(&mut world, 2);
    pause(&mut world, 1);
}

#[test]
fn four_days_of_six_hours_are_all_that_31_days_hold() {
    let mut world = before_midnight(0);
    let first = world.now();
    for day in 0..4 {
        world.set_time(first + day * i64::from(DAY));
        pause(&mut world, MAX_PAUSE_PER_DAY);
    }
    for day in [4, 15, 30] {
        world.set_time(first + day * i64::from(DAY));
        let again = world.pause_by("guardian", 1);
        world.refused(&[again], &["guardian"], BlockableError::PauseMonthExceeded);
    }
    assert_eq!(market_time(&world), world.now() - i64::from(DAY));
    world.set_time(first + 31 * i64::from(DAY));
    pause(&mut world, MAX_PAUSE_PER_DAY);
}
