//! The admin hands over in two steps, and names the guardian.

use {
    crate::market_changes::change,
    blockable_sdk::{
        Pubkey,
        events::MarketChange,
        instructions,
        program::{errors::BlockableError, state::MarketSettings},
    },
    blockable_testkit::{DAY, Landed, Parties, World},
    solana_sdk::instruction::Instruction,
};

fn offer(world: &World, to: Pubkey) -> Instruction {
    instructions::market_offer_admin(&world.keys.market, &Parties::address("admin"), to)
}

fn accept(world: &World, who: &str) -> Instruction {
    instructions::market_accept_admin(&world.keys.market, &Parties::address(who))
}

fn set_guardian(world: &World, who: &str, to: &str) -> Instruction {
    instructions::market_set_guardian(&world.keys.market, &Parties::address(who), Parties::address(to))
}

fn offered(world: &mut World, to: Pubkey) -> Landed {
    world.sent(&[offer(world, to)], &["admin"])
}

#[test]
fn the_admins_place_changes_hands_when_it_is_accepted() {
    let mut world = World::new();
    let to = Parties::address("stranger");
    let landed = offered(&mut world, to);
    assert_eq!(change(&world, &landed), MarketChange::AdminOffered { to });
    let market = world.market();
    assert_eq!((market.admin, market.pending_admin), (Parties::address("admin"), to));
    // Until then the old admin is the admin, and the new one is not.
    world.refused(&[set_guardian(&world, "stranger", "buyer")], &["stranger"], BlockableError::NotAdmin);
    world.sent(&[set_guardian(&world, "admin", "buyer")], &["admin"]);

    let landed = world.sent(&[accept(&world, "stranger")], &["stranger"]);
    assert_eq!(change(&world, &landed), MarketChange::AdminChanged { to });
    let market = world.market();
    assert_eq!((market.admin, market.pending_admin), (to, Pubkey::default()));
    world.refused(&[set_guardian(&world, "admin", "guardian")], &["admin"], BlockableError::NotAdmin);
    world.refused(&[offer(&world, Parties::address("admin"))], &["admin"], BlockableError::NotAdmin);
    world.refused(&[world.pause_by("admin", 60)], &["admin"], BlockableError::NotGuardian);
    world.refused(&[accept(&world, "stranger")], &["stranger"], BlockableError::NotOffered);
    world.sent(&[set_guardian(&world, "stranger", "guardian")], &["stranger"]);
}

#[test]
fn an_offer_to_the_zero_key_withdraws_the_offer() {
    let mut world = World::new();
    offered(&mut world, Parties::address("stranger"));
    let landed = offered(&mut world, Pubkey::default());
    assert_eq!(change(&world, &landed), MarketChange::AdminOffered { to: Pubkey::default() });
    assert_eq!(world.market().pending_admin, Pubkey::default());
    world.refused(&[accept(&world, "stranger")], &["stranger"], BlockableError::NotOffered);
}

#[test]
fn the_latest_offer_counts() {
    let mut world = World::new();
    offered(&mut world, Parties::address("stranger"));
    offered(&mut world, Parties::address("buyer"));
    world.refused(&[accept(&world, "stranger")], &["stranger"], BlockableError::NotOffered);
    world.sent(&[accept(&world, "buyer")], &["buyer"]);
    assert_eq!(world.market().admin, Parties::address("buyer"));
}

#[test]
fn what_the_old_admin_proposed_waits_on_for_the_new_one() {
    let mut world = World::new();
    let settings = MarketSettings { redistribution_fee_bps: 300, ..world.market().settings() };
    world.sent(&[world.propose("admin", settings)], &["admin"]);
    offered(&mut world, Parties::address("stranger"));
    world.sent(&[accept(&world, "stranger")], &["stranger"]);
    world.pass(2 * DAY);
    let apply = |who| instructions::market_apply_change(&world.keys.market, &Parties::address(who));
    let (by_old, by_new) = (apply("admin"), apply("stranger"));
    world.refused(&[by_old], &["admin"], BlockableError::NotAdmin);
    world.sent(&[by_new], &["stranger"]);
    assert_eq!(world.market().settings(), settings);
}

#[test]
fn the_guardian_is_whom_the_admin_names() {
    let mut world = World::new();
    let to = Parties::address("stranger");
    let landed = world.sent(&[set_guardian(&world, "admin", "stranger")], &["admin"]);
    assert_eq!(change(&world, &landed), MarketChange::GuardianSet { to });
    assert_eq!(world.market().guardian, to);
    world.refused(&[world.pause_by("guardian", 60)], &["guardian"], BlockableError::NotGuardian);
    world.sent(&[world.pause_by("stranger", 60)], &["stranger"]);
}

#[test]
fn the_guardian_can_pause_and_nothing_else() {
    let mut world = World::new();
    let market = world.keys.market;
    let guardian = Parties::address("guardian");
    let settings = MarketSettings { redistribution_fee_bps: 100, ..world.market().settings() };
    let refused = [
        world.propose("guardian", settings),
        instructions::market_apply_change(&market, &guardian),
        instructions::market_cancel_change(&market, &guardian),
        instructions::market_offer_admin(&market, &guardian, guardian),
        set_guardian(&world, "guardian", "guardian"),
    ];
    for instruction in refused {
        world.refused(&[instruction], &["guardian"], BlockableError::NotAdmin);
    }
    let suspend = instructions::provider_suspend(&market, &guardian, &world.provider);
    world.refused(&[suspend], &["guardian"], BlockableError::NotProvider);
    world.sent(&[world.pause_by("guardian", 60)], &["guardian"]);
    world.refused(&[world.unpause_by("guardian")], &["guardian"], BlockableError::PauseRunning);
}
