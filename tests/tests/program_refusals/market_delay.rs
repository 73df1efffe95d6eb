//! No transaction loosens a market without its delay: what waits, for how long, and what is in force at once.

use {
    blockable_sdk::{
        Instruction, instructions,
        program::{
            errors::BlockableError,
            state::{Market, MarketSettings, TermBounds},
        },
    },
    blockable_testkit::{DAY, Parties, USDC, World},
};

/// A change to settings, with a name for messages.
type Change = (&'static str, fn(&mut MarketSettings));

/// Seconds that a change of the market of [`tight`] waits.
const DELAY: u32 = 10 * DAY;

/// Every setting loosened alone, and the lot bounds either way: each must wait.
const LOOSENINGS: &[Change] = &[
    ("a higher fee", |settings| settings.redistribution_fee_bps += 1),
    ("a shorter delay", |settings| settings.change_delay -= 1),
    ("the shortest delay", |settings| settings.change_delay = 2 * DAY),
    ("a shorter delay of providers", |settings| settings.provider_delay -= 1),
    ("another guardian", |settings| settings.guardian = Parties::address("stranger")),
    ("another treasury", |settings| settings.treasury = account_of_the_stranger()),
    ("a smaller least principal", |settings| settings.bounds.min_principal -= 1),
    ("a larger principal", |settings| settings.bounds.max_principal += 1),
    ("a shorter interval", |settings| settings.bounds.min_instalment_interval -= 1),
    ("a longer term", |settings| settings.bounds.max_term += 1),
    ("a shorter delinquency grace", |settings| settings.bounds.min_delinquency_grace -= 1),
    ("a shorter default grace", |settings| settings.bounds.min_default_grace -= 1),
    ("a shorter cure period", |settings| settings.bounds.min_cure_period -= 1),
    ("a higher APR", |settings| settings.bounds.max_apr_bps += 1),
    ("a higher late fee", |settings| settings.bounds.max_late_fee_bps += 1),
    ("a shorter least window", |settings| settings.bounds.min_lot_window -= 1),
    ("a longer least window", |settings| settings.bounds.min_lot_window += 1),
    ("a shorter longest window", |settings| settings.bounds.max_lot_window -= 1),
    ("a longer longest window", |settings| settings.bounds.max_lot_window += 1),
    ("a lower start price", |settings| settings.bounds.min_start_price_bps -= 1),
    ("a higher start price", |settings| settings.bounds.min_start_price_bps += 1),
    ("a lower highest start price", |settings| settings.bounds.max_start_price_bps -= 1),
    ("a higher highest start price", |settings| settings.bounds.max_start_price_bps += 1),
    ("a lower floor price", |settings| settings.bounds.min_floor_price_bps -= 1),
    ("a higher floor price", |settings| settings.bounds.min_floor_price_bps += 1),
];

/// Every setting tightened alone: each is in force at once.
const TIGHTENINGS: &[Change] = &[
    ("a lower fee", |settings| settings.redistribution_fee_bps -= 1),
    ("a longer delay", |settings| settings.change_delay += 1),
    ("a longer delay of providers", |settings| settings.provider_delay += 1),
    ("a larger least principal", |settings| settings.bounds.min_principal += 1),
    ("a smaller principal", |settings| settings.bounds.max_principal -= 1),
    ("a longer interval", |settings| settings.bounds.min_instalment_interval += 1),
    ("a shorter term", |settings| settings.bounds.max_term -= 1),
    ("a longer delinquency grace", |settings| settings.bounds.min_delinquency_grace += 1),
    ("a longer default grace", |settings| settings.bounds.min_default_grace += 1),
    ("a longer cure period", |settings| settings.bounds.min_cure_period += 1),
    ("a lower APR", |settings| settings.bounds.max_apr_bps -= 1),
    ("a lower late fee", |settings| settings.bounds.max_late_fee_bps -= 1),
];

fn account_of_the_stranger() -> blockable_sdk::Pubkey {
    World::without_market(blockable_sdk::tokens::TOKEN_PROGRAM).token_account("stranger")
}

/// A world whose market is so tight that every setting can be loosened.
fn tight() -> World {
    let mut world = World::new();
    let market = world.keys.market;
    world.write::<Market>(&market, |market| {
        market.change_delay = DELAY;
        market.bounds = TermBounds {
            min_principal: 10 * USDC,
            max_principal: 1_000_000 * USDC,
            min_instalment_interval: 7 * DAY,
            max_term: 1_000 * DAY,
            min_delinquency_grace: 3 * DAY,
            min_default_grace: 6 * DAY,
            min_cure_period: 5 * DAY,
            min_lot_window: 4 * DAY,
            max_lot_window: 30 * DAY,
            max_apr_bps: 5_000,
            max_late_fee_bps: 500,
            min_start_price_bps: 8_000,
            max_start_price_bps: 20_000,
            min_floor_price_bps: 2_000,
            reserved: [0; 2],
        };
    });
    world
}

fn propose(world: &World, changes: &[fn(&mut MarketSettings)]) -> (MarketSettings, Instruction) {
    let mut settings = world.market().settings();
    changes.iter().for_each(|change| change(&mut settings));
    (settings, world.propose("admin", settings))
}

fn apply(world: &World) -> Instruction {
    world.apply_change_by("admin")
}

/// The instruction by which anyone named applies a change that is proposed now, in the same transaction.
fn apply_now(world: &World, who: &str) -> Instruction {
    let ready_at = world.now() + i64::from(world.market().change_delay);
    instructions::market_apply_change(&world.keys.market, &Parties::address(who), ready_at)
}

/// Requires that the changes together wait for `delay`, leave everything as it is, and are then applied.
#[track_caller]
fn waits(world: &mut World, changes: &[fn(&mut MarketSettings)], delay: u32, name: &str) {
    let before = world.market().settings();
    let (settings, propose) = propose(world, changes);
    // One transaction cannot do both.
    let at_once = [propose.clone(), apply_now(world, "admin")];
    world.refused(&at_once, &["admin"], BlockableError::ChangeDelayRunning);
    world.sent(&[propose], &["admin"]);
    assert_eq!(world.market().settings(), before, "{name} is in force at once");
    assert_eq!(world.market().change_ready_at, world.now() + i64::from(delay), "{name}");
    world.pass(delay - 1);
    let apply = apply(world);
    world.refused(std::slice::from_ref(&apply), &["admin"], BlockableError::ChangeDelayRunning);
    assert_eq!(world.market().settings(), before, "{name}");
    world.pass(1);
    world.sent(&[apply], &["admin"]);
    assert_eq!(world.market().settings(), settings, "{name}");
    assert_eq!(world.market().change_ready_at, 0);
}

#[test]
fn every_loosening_waits() {
    for (name, change) in LOOSENINGS {
        waits(&mut tight(), &[*change], DELAY, name);
    }
}

#[test]
fn every_tightening_is_in_force_at_once() {
    for (name, change) in TIGHTENINGS {
        let mut world = tight();
        let (settings, propose) = propose(&world, &[*change]);
        world.sent(&[propose], &["admin"]);
        assert_eq!(world.market().settings(), settings, "{name} waits");
        assert_eq!(world.market().change_ready_at, 0, "{name}");
    }
}

#[test]
fn a_loosening_among_tightenings_makes_all_of_them_wait() {
    for (name, loosen) in LOOSENINGS {
        let every: Vec<_> = TIGHTENINGS.iter().map(|(_, tighten)| *tighten).collect();
        // The loosening comes last and by more than one, so that it is not undone by its own tightening.
        let changes = [every, vec![*loosen, *loosen]].concat();
        if *name != "the shortest delay" {
            waits(&mut tight(), &changes, DELAY, name);
        }
    }
}

#[test]
fn all_tightenings_together_are_in_force_at_once() {
    let mut world = tight();
    let every: Vec<_> = TIGHTENINGS.iter().map(|(_, tighten)| *tighten).collect();
    let (settings, propose) = propose(&world, &every);
    world.sent(&[propose], &["admin"]);
    assert_eq!(world.market().settings(), settings);
}

#[test]
fn a_shorter_delay_helps_no_change_until_it_is_in_force() {
    let mut world = tight();
    let (_, shorten) = propose(&world, &[|settings| settings.change_delay = 2 * DAY]);
    world.sent(&[shorten], &["admin"]);
    world.pass(DELAY - 1);
    // What is proposed meanwhile takes the place of the shorter delay and waits as long as ever.
    waits(&mut world, &[|settings| settings.redistribution_fee_bps = 300], DELAY, "a higher fee");
    assert_eq!(world.market().change_delay, DELAY);

    waits(&mut world, &[|settings| settings.change_delay = 2 * DAY], DELAY, "a shorter delay");
    waits(&mut world, &[|settings| settings.redistribution_fee_bps = 400], 2 * DAY, "a higher fee");
}

#[test]
fn a_test_market_may_wait_a_second_and_not_less() {
    let mut world = tight();
    let market = world.keys.market;
    world.write::<Market>(&market, |market| (market.is_test, market.change_delay) = (1, 1));
    waits(&mut world, &[|settings| settings.redistribution_fee_bps = 300], 1, "a higher fee");
}

#[test]
fn time_spent_paused_does_not_count() {
    let mut world = tight();
    let (settings, propose) = propose(&world, &[|settings| settings.redistribution_fee_bps = 300]);
    world.sent(&[propose], &["admin"]);
    for _ in 0..3 {
        let pause = world.pause_by("guardian", 21_600);
        world.sent(&[pause], &["guardian"]);
        world.pass(DAY);
    }
    // Three pauses of six hours have ended by themselves.
    world.pass(DELAY - 3 * DAY + 3 * 21_600 - 1);
    let apply = apply(&world);
    world.refused(std::slice::from_ref(&apply), &["admin"], BlockableError::ChangeDelayRunning);
    world.pass(1);
    world.sent(&[apply], &["admin"]);
    assert_eq!(world.market().settings(), settings);
}

#[test]
fn a_tightening_drops_what_waits() {
    let mut world = tight();
    let (settings, propose_fee) = propose(&world, &[|settings| settings.redistribution_fee_bps = 300]);
    world.sent(&[propose_fee], &["admin"]);
    let (_, lengthen) = propose(&world, &[|settings| settings.change_delay = 60 * DAY]);
    world.sent(&[lengthen], &["admin"]);
    world.pass(DELAY);
    let apply = apply(&world);
    world.refused(&[apply], &["admin"], BlockableError::NoChangeProposed);
    assert_ne!(world.market().settings(), settings);
}

#[test]
fn no_one_takes_a_way_around_the_delay() {
    let mut world = tight();
    let (_, propose) = propose(&world, &[|settings| settings.redistribution_fee_bps = 300]);
    let market = world.keys.market;
    let ready_at = world.now() + i64::from(DELAY);
    let cancel = instructions::market_cancel_change(&market, &Parties::address("admin"), ready_at);
    let hand_over =
        instructions::market_offer_admin(&market, &Parties::address("admin"), Parties::address("buyer"));
    let take = instructions::market_accept_admin(&market, &Parties::address("buyer"));
    let (apply, apply_as_new) = (apply_now(&world, "admin"), apply_now(&world, "buyer"));
    let running = BlockableError::ChangeDelayRunning;
    world.refused(&[propose.clone(), propose.clone(), apply.clone()], &["admin"], running);
    let roles = [propose.clone(), hand_over, take, apply_as_new];
    world.refused(&roles, &["admin", "buyer"], running);
    let none = BlockableError::NoChangeProposed;
    world.refused(&[propose.clone(), cancel, apply.clone()], &["admin"], none);
    let pause = world.pause_by("admin", 21_600);
    let unpause = instructions::market_unpause(&market, &Parties::address("admin"), world.now());
    world.refused(&[propose, pause, unpause, apply], &["admin"], running);
}

#[test]
fn roles_and_pauses_leave_the_settings_and_what_waits_alone() {
    let mut world = tight();
    let market = world.keys.market;
    let address = Parties::address;
    let (_, propose) = propose(&world, &[|settings| settings.redistribution_fee_bps = 300]);
    world.sent(&[propose], &["admin"]);
    let before = world.market();
    let now = world.now();
    let steps = [
        (world.pause_by("guardian", 60), "guardian"),
        (instructions::market_unpause(&market, &address("admin"), now), "admin"),
        (world.halt_by("guardian"), "guardian"),
        (instructions::market_lift_halt(&market, &address("admin"), now), "admin"),
        (instructions::market_offer_admin(&market, &address("admin"), address("buyer")), "admin"),
    ];
    for (step, signer) in steps {
        world.sent(&[step], &[signer]);
        let market = world.market();
        assert_eq!(market.settings(), before.settings());
        assert_eq!(market.proposed_settings(), before.proposed_settings());
        assert_eq!(market.change_ready_at, before.change_ready_at);
    }
}
