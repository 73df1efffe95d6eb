//! Refusals when a provider's authority or payout account changes, and of its suspension.

use {
    crate::{attempt::Attempt, refusals},
    blockable_sdk::{
        Instruction, Pubkey, instructions,
        program::{errors::BlockableError, state::Provider},
    },
    blockable_testkit::{DAY, Loan, Parties, World},
};

refusals! {
    provider_offer_authority by offering {
        MarketMismatch: offer_in_a_foreign_market = |good| good.in_foreign_market();
        NotProvider: offer_by_a_stranger = |good| good.signed_by("stranger");
        NotProvider: offer_by_the_admin = |good| good.signed_by("admin");
        NotProvider: offer_by_whom_the_place_is_offered_to = |good| {
            with_provider(good, |provider| provider.pending_authority = Parties::address("stranger")).signed_by("stranger")
        };
        NotProvider: offer_by_the_authority_before = |good| good.after(|world, _| {
            let offer = offer(world, Parties::address("buyer"));
            world.sent(&[offer], &["provider"]);
            world.pass(world.market().provider_delay);
            let accept = accept(world);
            world.sent(&[accept], &["buyer"]);
        });
        ProposalSuspended: offer_while_suspended = |good| {
            with_provider(good, |provider| provider.suspended = Provider::SUSPENDED_BY_ADMIN)
        };
        MarketPaused: offer_while_paused = |good| good.while_paused();
        ArithmeticOverflow: offer_at_an_impossible_time = |good| good.at_impossible_time();
    }
    provider_accept_authority by accepting {
        MarketMismatch: accept_in_a_foreign_market = |good| good.in_foreign_market();
        NotOffered: accept_by_a_stranger = |good| good.signed_by("stranger");
        NotOffered: accept_by_the_authority = |good| good.signed_by("provider");
        NotOffered: accept_by_the_admin = |good| good.signed_by("admin");
        NotOffered: accept_without_an_offer = |good| with_provider(good, |provider| provider.pending_authority = Pubkey::default());
        NotOffered: accept_what_was_withdrawn = |good| good.after(|world, _| {
            let withdraw = offer(world, Pubkey::default());
            world.sent(&[withdraw], &["provider"]);
        });
        NotOffered: accept_twice = |good| good.after(|world, _| {
            let accept = accept(world);
            world.sent(&[accept], &["buyer"]);
        });
        ChangeDelayRunning: accept_before_the_delay_has_passed = |good| {
            let now = good.world.now();
            with_provider(good, |provider| provider.pending_authority_ready_at = now + 1)
        };
        ChangeLapsed: accept_too_late = |good| good.after(|world, _| world.pass(14 * DAY + 1));
        MarketPaused: accept_while_paused = |good| good.while_paused();
        ArithmeticOverflow: accept_at_an_impossible_time = |good| good.at_impossible_time();
    }
    provider_suspend by suspending {
        MarketMismatch: suspend_in_a_foreign_market = |good| good.in_foreign_market();
        NotProvider: suspend_by_a_stranger = |good| good.signed_by("stranger");
        NotProvider: suspend_by_the_guardian = |good| good.signed_by("guardian");
        NotProvider: suspend_by_a_lender = |good| good.signed_by("lender");
        MarketPaused: suspend_while_paused = |good| good.while_paused();
        ArithmeticOverflow: suspend_at_an_impossible_time = |good| good.at_impossible_time();
    }
    provider_resume by resuming {
        MarketMismatch: resume_in_a_foreign_market = |good| good.in_foreign_market();
        NotProvider: resume_by_a_stranger = |good| good.signed_by("stranger");
        NotProvider: resume_by_the_guardian = |good| good.signed_by("guardian");
        NotProvider: resume_by_a_lender = |good| good.signed_by("lender");
        MarketPaused: resume_while_paused = |good| good.while_paused();
        ArithmeticOverflow: resume_at_an_impossible_time = |good| good.at_impossible_time();
    }
}

fn offer(world: &World, to: Pubkey) -> Instruction {
    let authority = Parties::address("provider");
    instructions::provider_offer_authority(&world.keys.market, &authority, &world.provider, to)
}

fn accept(world: &World) -> Instruction {
    let to = Parties::address("buyer");
    let owed = world.provider().outstanding_units;
    instructions::provider_accept_authority(&world.keys.market, &to, &world.provider, owed)
}

fn suspend(world: &World, who: &str) -> Instruction {
    instructions::provider_suspend(&world.keys.market, &Parties::address(who), &world.provider)
}

fn resume(world: &World, who: &str) -> Instruction {
    instructions::provider_resume(&world.keys.market, &Parties::address(who), &world.provider)
}

fn offering() -> Attempt {
    let world = World::new();
    let instruction = offer(&world, Parties::address("buyer"));
    Attempt::new(world, Pubkey::default(), instruction, &["provider"])
}

fn accepting() -> Attempt {
    let mut world = World::new();
    let offer = offer(&world, Parties::address("buyer"));
    world.sent(&[offer], &["provider"]);
    world.pass(world.market().provider_delay);
    let instruction = accept(&world);
    Attempt::new(world, Pubkey::default(), instruction, &["buyer"])
}

fn suspending() -> Attempt {
    let world = World::new();
    let instruction = suspend(&world, "provider");
    Attempt::new(world, Pubkey::default(), instruction, &["provider"])
}

fn resuming() -> Attempt {
    let mut world = World::new();
    let suspend = suspend(&world, "provider");
    world.sent(&[suspend], &["provider"]);
    let instruction = resume(&world, "provider");
    Attempt::new(world, Pubkey::default(), instruction, &["provider"])
}

fn with_provider(good: Attempt, change: impl FnOnce(&mut Provider)) -> Attempt {
    let provider = good.world.provider;
    good.written(provider, change)
}

#[test]
fn nobody_lifts_the_suspension_of_another() {
    let pairs = [("provider", "admin"), ("admin", "provider")];
    for (suspends, lifts) in pairs {
        let mut world = World::new();
        let (suspend, lift) = (suspend(&world, suspends), resume(&world, lifts));
        world.sent(&[suspend], &[suspends]);
        world.sent(&[lift], &[lifts]);
        let offer = world.offer(&Loan::new(1));
        world.refused(std::slice::from_ref(&offer), &["lender"], BlockableError::ProviderSuspended);
        let resume = resume(&world, suspends);
        world.sent(&[resume], &[suspends]);
        world.sent(&[offer], &["lender"]);
    }
}

#[test]
fn two_suspensions_must_both_be_lifted() {
    let mut world = World::new();
    let offer = world.offer(&Loan::new(1));
    for who in ["provider", "admin"] {
        let suspend = suspend(&world, who);
        world.sent(&[suspend.clone(), suspend], &[who]);
    }
    assert_eq!(world.provider().suspended, Provider::SUSPENDED_BY_ITSELF | Provider::SUSPENDED_BY_ADMIN);
    for who in ["admin", "provider"] {
        world.refused(std::slice::from_ref(&offer), &["lender"], BlockableError::ProviderSuspended);
        let resume = resume(&world, who);
        world.sent(&[resume], &[who]);
    }
    world.sent(&[offer], &["lender"]);
}
