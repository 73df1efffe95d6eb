//! Refusals when a market's roles change hands, and of pauses. How long pauses may be is in `market_pausing`.

use {
    crate::{attempt::Attempt, refusals},
    blockable_sdk::{Instruction, Pubkey, instructions},
    blockable_testkit::{Parties, World},
};

refusals! {
    market_offer_admin by offering {
        NotAdmin: offer_by_a_stranger = |good| good.signed_by("stranger");
        NotAdmin: offer_by_the_guardian = |good| good.signed_by("guardian");
        NotAdmin: offer_by_whom_the_place_is_offered_to = |good| {
            good.with_market(|market| market.pending_admin = Parties::address("stranger")).signed_by("stranger")
        };
        NotAdmin: offer_by_the_admin_before = |good| good.after(hand_over);
        MarketPaused: offer_while_paused = |good| good.while_paused();
        ArithmeticOverflow: offer_at_an_impossible_time = |good| good.at_impossible_time();
    }
    market_accept_admin by accepting {
        NotOffered: accept_by_a_stranger = |good| good.signed_by("stranger");
        NotOffered: accept_by_the_admin = |good| good.signed_by("admin");
        NotOffered: accept_by_the_guardian = |good| good.signed_by("guardian");
        NotOffered: accept_without_an_offer = |good| good.with_market(|market| market.pending_admin = Pubkey::default());
        NotOffered: accept_what_was_withdrawn = |good| good.after(|world, _| {
            let withdraw = offer(world, Pubkey::default());
            world.sent(&[withdraw], &["admin"]);
        });
        NotOffered: accept_what_was_offered_to_another_since = |good| good.after(|world, _| {
            let offer = offer(world, Parties::address("stranger"));
            world.sent(&[offer], &["admin"]);
        });
        NotOffered: accept_twice = |good| good.after(|world, _| {
            let accept = accept(world);
            world.sent(&[accept], &["buyer"]);
        });
        MarketPaused: accept_while_paused = |good| good.while_paused();
        ArithmeticOverflow: accept_at_an_impossible_time = |good| good.at_impossible_time();
    }
    market_set_guardian by naming_a_guardian {
        NotAdmin: name_a_guardian_by_a_stranger = |good| good.signed_by("stranger");
        NotAdmin: name_a_guardian_by_the_guardian = |good| good.signed_by("guardian");
        MarketPaused: name_a_guardian_while_paused = |good| good.while_paused();
        ArithmeticOverflow: name_a_guardian_at_an_impossible_time = |good| good.at_impossible_time();
    }
    market_pause by pausing {
        AmountZero: pause_for_no_time = |good| good.with(|world, _| world.pause_by("guardian", 0));
        NotGuardian: pause_by_a_stranger = |good| good.signed_by("stranger");
        NotGuardian: pause_by_the_lender = |good| good.signed_by("lender");
        NotGuardian: pause_by_the_provider = |good| good.signed_by("provider");
        NotGuardian: pause_by_the_guardian_before = |good| good.after(|world, _| {
            let name = name_guardian(world);
            world.sent(&[name], &["admin"]);
        });
        AlreadyPaused: pause_twice = |good| good.after(|world, _| {
            let pause = world.pause_by("guardian", 60);
            world.sent(&[pause], &["guardian"]);
            world.pass(59);
        });
        AlreadyPaused: pause_by_the_admin_while_paused = |good| good.while_paused().with(|world, _| world.pause_by("admin", 60)).signed_by_instead_of("guardian", "admin");
        PauseBudgetExceeded: pause_for_too_long = |good| good.with_each(|world, _| vec![
            world.pause_by("guardian", 21_601),
            world.pause_by("guardian", u32::MAX),
        ]);
        PauseBudgetExceeded: pause_for_too_long_in_two_pauses = |good| good.after(|world, _| {
            let pause = world.pause_by("admin", 21_000);
            world.sent(&[pause], &["admin"]);
            world.pass(21_000);
        }).with(|world, _| world.pause_by("guardian", 601));
        PauseBudgetExceeded: pause_beyond_any_number = |good| good.after(|world, _| {
            let pause = world.pause_by("guardian", 60);
            world.sent(&[pause], &["guardian"]);
            world.pass(60);
        }).with(|world, _| world.pause_by("guardian", u32::MAX));
        ArithmeticOverflow: pause_at_an_impossible_time = |good| good.at_impossible_time();
    }
    market_unpause by unpausing {
        NotPaused: unpause_what_is_not_paused = |good| good.after(|world, _| {
            let unpause = world.unpause_by("admin");
            world.sent(&[unpause], &["admin"]);
        });
        PauseRunning: unpause_by_the_guardian = |good| good.signed_by("guardian");
        PauseRunning: unpause_by_a_stranger = |good| good.signed_by("stranger");
        PauseRunning: unpause_a_second_early = |good| good.after(|world, _| world.pass(3_599 - 60)).signed_by("stranger");
        ArithmeticOverflow: unpause_at_an_impossible_time = |good| good.at_impossible_time();
    }
}

fn offer(world: &World, to: Pubkey) -> Instruction {
    instructions::market_offer_admin(&world.keys.market, &Parties::address("admin"), to)
}

fn accept(world: &World) -> Instruction {
    instructions::market_accept_admin(&world.keys.market, &Parties::address("buyer"))
}

fn name_guardian(world: &World) -> Instruction {
    let (admin, to) = (Parties::address("admin"), Parties::address("buyer"));
    instructions::market_set_guardian(&world.keys.market, &admin, to)
}

/// The buyer becomes the admin.
fn hand_over(world: &mut World, _: &Pubkey) {
    let (offer, accept) = (offer(world, Parties::address("buyer")), accept(world));
    world.sent(&[offer, accept], &["admin", "buyer"]);
}

fn offering() -> Attempt {
    let world = World::new();
    let instruction = offer(&world, Parties::address("buyer"));
    Attempt::new(world, Pubkey::default(), instruction, &["admin"])
}

fn accepting() -> Attempt {
    let mut world = World::new();
    let offer = offer(&world, Parties::address("buyer"));
    world.sent(&[offer], &["admin"]);
    let instruction = accept(&world);
    Attempt::new(world, Pubkey::default(), instruction, &["buyer"])
}

fn naming_a_guardian() -> Attempt {
    let world = World::new();
    let instruction = name_guardian(&world);
    Attempt::new(world, Pubkey::default(), instruction, &["admin"])
}

fn pausing() -> Attempt {
    let world = World::new();
    let instruction = world.pause_by("guardian", 3_600);
    Attempt::new(world, Pubkey::default(), instruction, &["guardian"])
}

/// A minute after the guardian has paused for an hour.
fn unpausing() -> Attempt {
    let mut world = World::new();
    let pause = world.pause_by("guardian", 3_600);
    world.sent(&[pause], &["guardian"]);
    world.pass(60);
    let instruction = world.unpause_by("admin");
    Attempt::new(world, Pubkey::default(), instruction, &["admin"])
}

#[test]
fn a_place_changes_hands_only_when_it_is_taken() {
    let mut world = World::new();
    let offer = offer(&world, Parties::address("buyer"));
    world.sent(&[offer], &["admin"]);
    assert_eq!(world.market().admin, Parties::address("admin"));
    let accept = accept(&world);
    world.sent(&[accept], &["buyer"]);
    assert_eq!(world.market().admin, Parties::address("buyer"));
    assert_eq!(world.market().pending_admin, Pubkey::default());
    let name = name_guardian(&world);
    world.refused(&[name], &["admin"], blockable_sdk::program::errors::BlockableError::NotAdmin);
}
