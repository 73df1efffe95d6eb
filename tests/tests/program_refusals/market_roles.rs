//! Refusals when a market's roles change hands, of pauses and of halts. How long pauses may be is in `market_pausing`.

use {
    crate::{attempt::Attempt, refusals},
    blockable_sdk::{Instruction, Pubkey, instructions, program::state::MarketSettings},
    blockable_testkit::{DAY, Parties, START, World},
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
        ChangeDelayRunning: accept_a_second_early = |good| good.after(|world, _| world.set_time(world.now() - 1));
        ChangeDelayRunning: accept_what_was_offered_anew = |good| good.after(|world, _| {
            let offer = offer(world, Parties::address("buyer"));
            world.sent(&[offer], &["admin"]);
        });
        ChangeLapsed: accept_after_a_fortnight = |good| good.after(|world, _| world.pass(14 * DAY + 1));
        NotOffered: accept_twice = |good| good.after(|world, _| {
            let accept = accept(world);
            world.sent(&[accept], &["buyer"]);
        });
        MarketPaused: accept_while_paused = |good| good.while_paused();
        ArithmeticOverflow: accept_at_an_impossible_time = |good| good.at_impossible_time();
    }
    market_pause by pausing {
        AmountZero: pause_for_no_time = |good| good.with(|world, _| world.pause_by("guardian", 0));
        NotGuardian: pause_by_a_stranger = |good| good.signed_by("stranger");
        NotGuardian: pause_by_the_lender = |good| good.signed_by("lender");
        NotGuardian: pause_by_the_provider = |good| good.signed_by("provider");
        NotGuardian: pause_by_the_guardian_before = |good| good.after(|world, _| {
            replace_guardian(world);
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
        PauseMonthExceeded: pause_on_a_fifth_day = |good| good.with_market(|market| {
            market.pause_day = (START / i64::from(DAY)) as u32;
            market.paused_on = [2_700; 32];
        });
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
        PauseReplaced: unpause_a_pause_that_ended = |good| good.with_market(|market| market.paused_at += 1);
        PauseRunning: unpause_by_the_guardian = |good| good.signed_by("guardian");
        PauseRunning: unpause_by_a_stranger = |good| good.signed_by("stranger");
        PauseRunning: unpause_a_second_early = |good| good.after(|world, _| world.pass(3_599 - 60)).signed_by("stranger");
        ArithmeticOverflow: unpause_at_an_impossible_time = |good| good.at_impossible_time();
    }
    market_halt by halting {
        NotGuardian: halt_by_a_stranger = |good| good.signed_by("stranger");
        NotGuardian: halt_by_the_lender = |good| good.signed_by("lender");
        NotGuardian: halt_by_the_provider = |good| good.signed_by("provider");
        NotGuardian: halt_by_the_guardian_before = |good| good.after(|world, _| replace_guardian(world));
        AlreadyHalted: halt_twice = |good| good.after(|world, _| halted(world));
        AlreadyHalted: halt_by_the_admin_what_is_halted = |good| good.after(|world, _| halted(world))
            .with(|world, _| world.halt_by("admin")).signed_by_instead_of("guardian", "admin");
        ArithmeticOverflow: halt_at_an_impossible_time = |good| good.at_impossible_time();
    }
    market_lift_halt by lifting {
        NotAdmin: lift_by_the_guardian = |good| good.signed_by("guardian");
        NotAdmin: lift_by_a_stranger = |good| good.signed_by("stranger");
        NotHalted: lift_what_is_not_halted = |good| good.with_market(|market| market.halted_at = 0);
        NotHalted: lift_what_has_ended = |good| good.after(|world, _| {
            let lift = world.lift_halt_by("admin");
            world.sent(&[lift], &["admin"]);
            world.pass(2 * DAY);
        });
        HaltReplaced: lift_an_older_halt = |good| good.with_market(|market| market.halted_at += 1);
        HaltEnds: lift_twice = |good| good.after(|world, _| {
            let lift = world.lift_halt_by("admin");
            world.sent(&[lift], &["admin"]);
        });
        MarketPaused: lift_while_paused = |good| good.while_paused();
        ArithmeticOverflow: lift_at_an_impossible_time = |good| good.at_impossible_time();
    }
}

fn offer(world: &World, to: Pubkey) -> Instruction {
    instructions::market_offer_admin(&world.keys.market, &Parties::address("admin"), to)
}

fn accept(world: &World) -> Instruction {
    instructions::market_accept_admin(&world.keys.market, &Parties::address("buyer"))
}

/// The buyer becomes the guardian.
fn replace_guardian(world: &mut World) {
    let settings = MarketSettings { guardian: Parties::address("buyer"), ..world.market().settings() };
    let propose = world.propose("admin", settings);
    world.sent(&[propose], &["admin"]);
    world.pass(2 * DAY);
    let apply = world.apply_change_by("admin");
    world.sent(&[apply], &["admin"]);
}

fn halted(world: &mut World) {
    let halt = world.halt_by("guardian");
    world.sent(&[halt], &["guardian"]);
}

/// The buyer becomes the admin.
fn hand_over(world: &mut World, _: &Pubkey) {
    let (offer, accept) = (offer(world, Parties::address("buyer")), accept(world));
    world.sent(&[offer], &["admin"]);
    world.pass(2 * DAY);
    world.sent(&[accept], &["buyer"]);
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
    world.pass(2 * DAY);
    let instruction = accept(&world);
    Attempt::new(world, Pubkey::default(), instruction, &["buyer"])
}

fn halting() -> Attempt {
    let world = World::new();
    let instruction = world.halt_by("guardian");
    Attempt::new(world, Pubkey::default(), instruction, &["guardian"])
}

fn lifting() -> Attempt {
    let mut world = World::new();
    halted(&mut world);
    world.pass(60);
    let instruction = world.lift_halt_by("admin");
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
    world.pass(2 * DAY);
    let accept = accept(&world);
    world.sent(&[accept], &["buyer"]);
    assert_eq!(world.market().admin, Parties::address("buyer"));
    assert_eq!(world.market().pending_admin, Pubkey::default());
    let settings = MarketSettings { guardian: Parties::address("buyer"), ..world.market().settings() };
    let propose = world.propose("admin", settings);
    world.refused(&[propose], &["admin"], blockable_sdk::program::errors::BlockableError::NotAdmin);
}
