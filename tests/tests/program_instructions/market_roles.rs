//! The admin hands over in two steps and replaces the guardian, each after the market's delay.

use {
    crate::market_changes::change,
    blockable_sdk::{
        Pubkey,
        events::MarketChange,
        instructions,
        program::{errors::BlockableError, state::MarketSettings},
    },
    blockable_testkit::{DAY, Landed, Parties, START, World},
    solana_sdk::instruction::Instruction,
};

fn offer(world: &World, to: Pubkey) -> Instruction {
    instructions::market_offer_admin(&world.keys.market, &Parties::address("admin"), to)
}

fn accept(world: &World, who: &str) -> Instruction {
    instructions::market_accept_admin(&world.keys.market, &Parties::address(who))
}

/// The settings in force with another guardian.
fn with_guardian(world: &World, to: &str) -> MarketSettings {
    MarketSettings { guardian: Parties::address(to), ..world.market().settings() }
}

fn offered(world: &mut World, to: Pubkey) -> Landed {
    world.sent(&[offer(world, to)], &["admin"])
}

#[test]
fn the_admins_place_changes_hands_when_it_is_accepted() {
    let mut world = World::new();
    let to = Parties::address("stranger");
    let landed = offered(&mut world, to);
    let ready_at = START + i64::from(2 * DAY);
    assert_eq!(change(&world, &landed), MarketChange::AdminOffered { to, ready_at });
    let market = world.market();
    assert_eq!((market.admin, market.pending_admin), (Parties::address("admin"), to));
    // Until then the old admin is the admin, and the new one is not.
    world.refused(&[accept(&world, "stranger")], &["stranger"], BlockableError::ChangeDelayRunning);
    world.set_time(ready_at - 1);
    world.refused(&[accept(&world, "stranger")], &["stranger"], BlockableError::ChangeDelayRunning);
    world.refused(&[world.halt_by("stranger")], &["stranger"], BlockableError::NotGuardian);
    world.set_time(ready_at);
    world.sent(&[world.pause_by("admin", 1)], &["admin"]);
    world.pass(1);

    let landed = world.sent(&[accept(&world, "stranger")], &["stranger"]);
    assert_eq!(change(&world, &landed), MarketChange::AdminChanged { to });
    let market = world.market();
    assert_eq!((market.admin, market.pending_admin), (to, Pubkey::default()));
    let settings = with_guardian(&world, "buyer");
    world.refused(&[world.propose("admin", settings)], &["admin"], BlockableError::NotAdmin);
    world.refused(&[offer(&world, Parties::address("admin"))], &["admin"], BlockableError::NotAdmin);
    world.refused(&[world.pause_by("admin", 60)], &["admin"], BlockableError::NotGuardian);
    world.refused(&[accept(&world, "stranger")], &["stranger"], BlockableError::NotOffered);
    world.sent(&[world.propose("stranger", settings)], &["stranger"]);
}

#[test]
fn an_offer_to_the_zero_key_withdraws_the_offer() {
    let mut world = World::new();
    offered(&mut world, Parties::address("stranger"));
    let landed = offered(&mut world, Pubkey::default());
    let withdrawn = MarketChange::AdminOffered { to: Pubkey::default(), ready_at: 0 };
    assert_eq!(change(&world, &landed), withdrawn);
    assert_eq!(world.market().pending_admin, Pubkey::default());
    world.pass(2 * DAY);
    world.refused(&[accept(&world, "stranger")], &["stranger"], BlockableError::NotOffered);
}

#[test]
fn the_latest_offer_counts_and_waits_from_then_on() {
    let mut world = World::new();
    offered(&mut world, Parties::address("stranger"));
    world.pass(DAY);
    offered(&mut world, Parties::address("buyer"));
    world.pass(DAY);
    world.refused(&[accept(&world, "stranger")], &["stranger"], BlockableError::NotOffered);
    world.refused(&[accept(&world, "buyer")], &["buyer"], BlockableError::ChangeDelayRunning);
    world.pass(DAY);
    world.sent(&[accept(&world, "buyer")], &["buyer"]);
    assert_eq!(world.market().admin, Parties::address("buyer"));
}

#[test]
fn an_offer_of_the_place_lapses_a_fortnight_after_it_was_ready() {
    let mut world = World::new();
    offered(&mut world, Parties::address("stranger"));
    world.pass(16 * DAY + 1);
    world.refused(&[accept(&world, "stranger")], &["stranger"], BlockableError::ChangeLapsed);
    world.set_time(world.now() - 1);
    world.sent(&[accept(&world, "stranger")], &["stranger"]);
}

#[test]
fn what_the_old_admin_proposed_is_dropped_with_the_handover() {
    let mut world = World::new();
    let settings = MarketSettings { redistribution_fee_bps: 300, ..world.market().settings() };
    world.sent(&[world.propose("admin", settings)], &["admin"]);
    offered(&mut world, Parties::address("stranger"));
    world.pass(2 * DAY);
    world.sent(&[accept(&world, "stranger")], &["stranger"]);
    world.refused(&[world.apply_change_by("admin")], &["admin"], BlockableError::NotAdmin);
    world.refused(&[world.apply_change_by("stranger")], &["stranger"], BlockableError::NoChangeProposed);
    assert_ne!(world.market().settings(), settings);
}

/// The guardian can stop an admin: it is replaced in view of it, by a change that waits.
#[test]
fn another_guardian_waits_for_the_delay() {
    let mut world = World::new();
    let settings = with_guardian(&world, "stranger");
    world.sent(&[world.propose("admin", settings)], &["admin"]);
    world.refused(&[world.pause_by("stranger", 60)], &["stranger"], BlockableError::NotGuardian);
    world.refused(&[world.apply_change_by("admin")], &["admin"], BlockableError::ChangeDelayRunning);
    world.sent(&[world.halt_by("guardian")], &["guardian"]);
    world.pass(2 * DAY);
    let landed = world.sent(&[world.apply_change_by("admin")], &["admin"]);
    assert_eq!(change(&world, &landed), MarketChange::Applied { settings });
    world.refused(&[world.pause_by("guardian", 60)], &["guardian"], BlockableError::NotGuardian);
    world.sent(&[world.pause_by("stranger", 60)], &["stranger"]);
}

#[test]
fn the_guardian_can_pause_and_halt_and_nothing_else() {
    let mut world = World::new();
    let market = world.keys.market;
    let guardian = Parties::address("guardian");
    let settings = MarketSettings { redistribution_fee_bps: 100, ..world.market().settings() };
    let refused = [
        world.propose("guardian", settings),
        world.propose("guardian", with_guardian(&world, "stranger")),
        world.apply_change_by("guardian"),
        world.cancel_change_by("guardian"),
        instructions::market_offer_admin(&market, &guardian, guardian),
        world.lift_halt_by("guardian"),
    ];
    for instruction in refused {
        world.refused(&[instruction], &["guardian"], BlockableError::NotAdmin);
    }
    let suspend = instructions::provider_suspend(&market, &guardian, &world.provider);
    world.refused(&[suspend], &["guardian"], BlockableError::NotProvider);
    world.sent(&[world.halt_by("guardian")], &["guardian"]);
    world.sent(&[world.pause_by("guardian", 60)], &["guardian"]);
    world.refused(&[world.unpause_by("guardian")], &["guardian"], BlockableError::PauseRunning);
}
