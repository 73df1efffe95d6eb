//! Refusals of what lender, borrower and provider must agree on where money is held back.

use {
    crate::{
        attempt::{Attempt, foreign_provider},
        holdback::{held, other_provider, schedule},
        refusals,
    },
    blockable_sdk::{
        Instruction, PROGRAM_ID, Pubkey, instructions,
        program::{instructions::UnitBounds, state::Market},
    },
    blockable_testkit::{DAY, Parties, World},
};

refusals! {
    credit_cancel_locked by cancelling {
        ProviderNotSuspended: cancel_together_before_the_suspension_has_lasted = |good| good.after(|world, _| {
            world.set_time(world.now() - 1);
        });
        ProviderNotSuspended: cancel_together_without_a_suspension = |good| good.after(|world, _| {
            let resume = instructions::provider_resume(&world.keys.market, &Parties::address("admin"), &world.provider);
            world.sent(&[resume], &["admin"]);
        });
        ProviderNotSuspended: cancel_together_under_a_suspension_by_the_provider_itself = |good| good.after(|world, _| {
            let (market, admin, authority) = (&world.keys.market, Parties::address("admin"), Parties::address("provider"));
            let resume = instructions::provider_resume(market, &admin, &world.provider);
            let suspend = instructions::provider_suspend(market, &authority, &world.provider);
            world.sent(&[resume, suspend], &["admin", "provider"]);
            world.pass(2 * DAY);
        });
        ProviderNotSuspended: cancel_together_where_the_market_asks_for_more = |good| {
            let market = good.world.keys.market;
            good.written::<Market>(market, |market| market.min_suspension += 1)
        };
        NotBorrower: cancel_by_the_lender_alone = |good| good.with(|world, credit| {
            world.cancel_locked("lender", credit, UnitBounds::ALL)
        }).signed_by_nobody().signed_by_also("lender");
        NotBorrower: cancel_with_a_stranger_as_the_borrower = |good| good.signed_by_instead_of("borrower", "stranger");
        NotLender: cancel_with_a_stranger_as_the_lender = |good| good.signed_by("stranger");
        NotLender: cancel_by_the_borrower_alone = |good| good.with(|world, credit| {
            world.cancel_with("borrower", Some("borrower"), credit, UnitBounds::ALL)
        }).signed_by_nobody().signed_by_also("borrower");
        BeyondCovered: cancel_together_more_than_is_covered = |good| good.with(|world, credit| {
            world.cancel_together(credit, UnitBounds::exactly(450_000_001))
        });
    }
    credit_restructure by restructuring {
        HoldbackOutlasts: restructure_without_the_provider = |good| good.with(|world, credit| {
            world.restructure(credit, world.credit(credit).terms, schedule(151))
        }).signed_by_nobody().signed_by_also("lender").signed_by_also("borrower");
        NotProvider: restructure_with_a_stranger_as_the_provider = |good| good.signed_by_instead_of("provider", "stranger");
        ProviderMismatch: restructure_with_another_provider = |good| good.after(|world, _| foreign_provider(world)).with(|world, credit| {
            agreed(world, credit, &other_provider(world), "stranger")
        }).signed_by_instead_of("provider", "stranger");
        ProviderMismatch: restructure_with_an_authority_of_no_provider = |good| good.with(|world, credit| {
            agreed(world, credit, &PROGRAM_ID, "provider")
        });
    }
}

/// A cancel by lender and borrower, once the admin's suspension of the provider has lasted for as long as the market asks.
fn cancelling() -> Attempt {
    let mut world = World::new();
    let credit = world.active(&held());
    let suspend = world.suspend_by_admin();
    world.sent(&[suspend], &["admin"]);
    world.pass(world.market().min_suspension);
    let cancel = world.cancel_together(&credit, UnitBounds::ALL);
    Attempt::new(world, credit, cancel, &["lender", "borrower"])
}

/// A restructuring by which the holdback waits for a day longer, with a provider.
fn agreed(world: &World, credit: &Pubkey, provider: &Pubkey, authority: &str) -> Instruction {
    let restructure = world.restructure(credit, world.credit(credit).terms, schedule(151));
    instructions::with_provider(restructure, provider, &Parties::address(authority))
}

fn restructuring() -> Attempt {
    let mut world = World::new();
    let credit = world.active(&held());
    let restructure = agreed(&world, &credit, &world.provider, "provider");
    Attempt::new(world, credit, restructure, &["lender", "borrower", "provider"])
}
