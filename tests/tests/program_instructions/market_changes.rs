//! Changes of a market's settings: what tightens is in force at once, anything else waits.

use {
    blockable_sdk::{
        events::{Event, MarketChange, MarketChanged},
        program::{
            errors::BlockableError,
            instructions::UnitBounds,
            state::{MarketSettings, Party, TermBounds},
        },
    },
    blockable_testkit::{DAY, Landed, Loan, START, USDC, World},
    solana_sdk::instruction::Instruction,
};

const DELAY: i64 = 2 * DAY as i64;

/// The market's change in a transaction, checked to be its only event.
#[track_caller]
pub(crate) fn change(world: &World, landed: &Landed) -> MarketChange {
    let [Event::MarketChanged(MarketChanged { market, at, change })] = landed.events.as_slice() else {
        panic!("one event of a market is expected: {:?}", landed.events)
    };
    assert_eq!((*market, *at), (world.keys.market, world.now()));
    change.clone()
}

fn apply(world: &World) -> Instruction {
    world.apply_change_by("admin")
}

fn cancel(world: &World) -> Instruction {
    world.cancel_change_by("admin")
}

/// The market's settings with a higher fee.
fn looser(world: &World, redistribution_fee_bps: u16) -> MarketSettings {
    MarketSettings { redistribution_fee_bps, ..world.market().settings() }
}

/// Proposes settings that loosen.
fn propose(world: &mut World, settings: MarketSettings) -> Landed {
    world.sent(&[world.propose("admin", settings)], &["admin"])
}

#[test]
fn what_only_tightens_is_in_force_at_once() {
    let mut world = World::new();
    let current = world.market().settings();
    let bounds = TermBounds { max_apr_bps: 4_000, min_cure_period: 5 * DAY, ..current.bounds };
    let settings = MarketSettings { redistribution_fee_bps: 100, change_delay: 3 * DAY, bounds, ..current };
    let landed = world.sent(&[world.propose("admin", settings)], &["admin"]);

    assert_eq!(change(&world, &landed), MarketChange::Applied { settings });
    assert_eq!((world.market().settings(), world.market().change_ready_at), (settings, 0));
    let offer = world.offer(&Loan::new(1).with(|terms| terms.apr_bps = 4_001));
    world.refused(&[offer], &["lender"], BlockableError::AprTooHigh);
    world.offered(&Loan::new(1).with(|terms| terms.apr_bps = 4_000));
}

#[test]
fn what_loosens_waits_for_the_delay_to_the_second() {
    let mut world = World::new();
    let (before, settings) = (world.market(), looser(&world, 300));
    let landed = propose(&mut world, settings);

    let ready_at = START + DELAY;
    assert_eq!(change(&world, &landed), MarketChange::Proposed { settings, ready_at });
    let market = world.market();
    assert_eq!((market.settings(), market.proposed_settings()), (before.settings(), settings));
    assert_eq!(market.change_ready_at, ready_at);

    world.set_time(ready_at - 1);
    world.refused(&[apply(&world)], &["admin"], BlockableError::ChangeDelayRunning);
    world.set_time(ready_at);
    let landed = world.sent(&[apply(&world)], &["admin"]);
    assert_eq!(change(&world, &landed), MarketChange::Applied { settings });
    let market = world.market();
    assert_eq!((market.settings(), market.change_ready_at), (settings, 0));
    let nothing = (market.proposed_fee_bps, market.proposed_delay, market.proposed_treasury);
    assert_eq!(nothing, (0, 0, Default::default()));
    world.refused(&[apply(&world)], &["admin"], BlockableError::NoChangeProposed);
}

#[test]
fn one_field_that_loosens_makes_the_whole_change_wait() {
    let mut world = World::new();
    let current = world.market().settings();
    let bounds = TermBounds { max_apr_bps: 4_000, min_delinquency_grace: DAY - 1, ..current.bounds };
    let loose = MarketSettings { bounds, ..current };
    world.refused(&[world.propose("admin", loose)], &["admin"], BlockableError::BoundsTooLoose);

    let mixed = MarketSettings { redistribution_fee_bps: 100, change_delay: 2 * DAY, ..current };
    let bounds = TermBounds { max_apr_bps: 5_001, ..current.bounds };
    let landed = propose(&mut world, MarketSettings { bounds, ..mixed });
    assert!(matches!(change(&world, &landed), MarketChange::Proposed { .. }));
    assert_eq!(world.market().settings(), current);
}

#[test]
fn what_prices_collateral_waits_whichever_way_it_moves() {
    let windows: [fn(&mut TermBounds); 7] = [
        |bounds| bounds.min_lot_window += 1,
        |bounds| bounds.max_lot_window -= 1,
        |bounds| bounds.min_start_price_bps += 1,
        |bounds| bounds.max_start_price_bps -= 1,
        |bounds| bounds.min_floor_price_bps += 1,
        |bounds| (bounds.min_start_price_bps, bounds.min_floor_price_bps) = (10_000, 10_000),
        |bounds| (bounds.min_lot_window, bounds.max_lot_window) = (5 * DAY, 5 * DAY),
    ];
    for window in windows {
        let mut world = World::new();
        let mut settings = world.market().settings();
        window(&mut settings.bounds);
        let landed = propose(&mut world, settings);
        assert!(matches!(change(&world, &landed), MarketChange::Proposed { .. }));
    }
}

#[test]
fn another_proposal_takes_the_place_of_the_one_that_waits() {
    let mut world = World::new();
    let (first, second) = (looser(&world, 300), looser(&world, 400));
    propose(&mut world, first);
    world.pass(DAY);
    let landed = propose(&mut world, second);

    let ready_at = START + i64::from(DAY) + DELAY;
    assert_eq!(change(&world, &landed), MarketChange::Proposed { settings: second, ready_at });
    world.set_time(START + DELAY);
    world.refused(&[apply(&world)], &["admin"], BlockableError::ChangeDelayRunning);
    world.set_time(ready_at);
    world.sent(&[apply(&world)], &["admin"]);
    assert_eq!(world.market().settings(), second);
}

#[test]
fn a_change_that_tightens_drops_the_one_that_waits() {
    let mut world = World::new();
    let (waits, tighter) = (looser(&world, 300), looser(&world, 100));
    propose(&mut world, waits);
    world.pass(DAY);
    world.sent(&[world.propose("admin", tighter)], &["admin"]);
    let market = world.market();
    assert_eq!((market.settings(), market.change_ready_at), (tighter, 0));
    world.set_time(START + DELAY);
    world.refused(&[apply(&world)], &["admin"], BlockableError::NoChangeProposed);
}

#[test]
fn a_change_can_be_applied_for_a_fortnight() {
    let mut world = World::new();
    let settings = looser(&world, 300);
    propose(&mut world, settings);
    world.set_time(START + DELAY + 14 * i64::from(DAY) + 1);
    world.refused(&[apply(&world)], &["admin"], BlockableError::ChangeLapsed);
    world.set_time(START + DELAY + 14 * i64::from(DAY));
    world.sent(&[apply(&world)], &["admin"]);
    assert_eq!(world.market().settings(), settings);
}

#[test]
fn a_shorter_delay_waits_for_the_longer_one() {
    let mut world = World::new();
    let current = world.market().settings();
    let long = MarketSettings { change_delay: 10 * DAY, ..current };
    world.sent(&[world.propose("admin", long)], &["admin"]);
    let landed = propose(&mut world, current);
    let ready_at = START + i64::from(10 * DAY);
    assert_eq!(change(&world, &landed), MarketChange::Proposed { settings: current, ready_at });
}

#[test]
fn a_pause_in_between_moves_the_change_by_as_much() {
    let mut world = World::new();
    let settings = looser(&world, 300);
    propose(&mut world, settings);
    world.pass(DAY);
    world.sent(&[world.pause_by("guardian", 20_000)], &["guardian"]);
    world.pass(20_000);
    world.set_time(START + DELAY + 19_999);
    world.refused(&[apply(&world)], &["admin"], BlockableError::ChangeDelayRunning);
    world.set_time(START + DELAY + 20_000);
    world.sent(&[apply(&world)], &["admin"]);
    assert_eq!(world.market().settings(), settings);
}

#[test]
fn a_change_that_is_cancelled_is_gone() {
    let mut world = World::new();
    let before = world.market();
    let settings = looser(&world, 300);
    propose(&mut world, settings);
    let landed = world.sent(&[cancel(&world)], &["admin"]);

    assert_eq!(change(&world, &landed), MarketChange::Cancelled);
    let market = world.market();
    assert_eq!((market.settings(), market.change_ready_at), (before.settings(), 0));
    assert_eq!((market.proposed_bounds, market.proposed_delay), (before.proposed_bounds, 0));
    world.set_time(START + DELAY);
    world.refused(&[apply(&world)], &["admin"], BlockableError::NoChangeProposed);
    world.refused(&[cancel(&world)], &["admin"], BlockableError::NoChangeProposed);
}

/// The fee and the treasury in force when a claim arises and when it is collected.
#[test]
fn sales_pay_the_fee_in_force_and_claims_go_to_the_treasury_in_force() {
    let mut world = World::new();
    let credit = world.seized(&Loan::new(1), UnitBounds::ALL);
    let treasury = world.second_account("treasury");
    let settings = MarketSettings { treasury, ..looser(&world, 300) };
    propose(&mut world, settings);
    world.sent(&[world.buy(&credit, 1_000_000, u64::MAX)], &["buyer"]);
    // $100 at 2 %.
    assert_eq!(world.credit(&credit).claims.treasury, 2 * USDC);

    world.pass(2 * DAY);
    world.sent(&[apply(&world)], &["admin"]);
    world.sent(&[world.buy(&credit, 1_000_000, u64::MAX)], &["buyer"]);
    // Two of ten days down from $100 to $50 are $90, at 3 %.
    assert_eq!(world.credit(&credit).claims.treasury, 2 * USDC + 2_700_000);
    let old = world.token_account("treasury");
    let collect = world.collect("stranger", &credit, Party::Treasury, &old);
    world.refused(&[collect], &["stranger"], BlockableError::DestinationNotAllowed);
    world.sent(&[world.collect("stranger", &credit, Party::Treasury, &treasury)], &["stranger"]);
    assert_eq!((world.balance(&treasury), world.balance(&old)), (4_700_000, 0));
}
