//! Refusals when a lender takes collateral over or gives its debt up.

use {
    crate::{
        attempt::{Attempt, foreign_provider, repay},
        refusals,
    },
    blockable_sdk::{
        addresses, instructions,
        program::{instructions::UnitBounds, transitions::Status},
    },
    blockable_testkit::{DAY, Loan, Parties, USDC, World},
};

refusals! {
    credit_seize_to_lender by taking_over {
        VaultMismatch: take_over_with_another_vault = |good| good.with_another_vault();
        VaultFrozen: take_over_while_the_vault_is_frozen = |good| good.with_frozen_vault();
        MarketMismatch: take_over_in_a_foreign_market = with_market;
        NotLender: take_over_by_a_stranger = |good| {
            good.with(|world, credit| world.seize_to_lender("stranger", credit, UnitBounds::ALL)).signed_by("stranger")
        };
        NotLender: take_over_by_the_freeze_authority = |good| {
            good.with(|world, credit| world.seize_to_lender("freezer", credit, UnitBounds::ALL)).signed_by("freezer")
        };
        NotLender: take_over_by_the_lender_before = |good| good.after(|world, credit| {
            let (offer, accept) = (world.offer_lender("lender", credit, "buyer"), world.accept_lender("buyer", credit));
            world.sent(&[offer, accept], &["lender", "buyer"]);
        });
        ProviderMismatch: take_over_at_another_provider = |good| good.after(|world, _| foreign_provider(world)).with(|world, credit| {
            let (market, lender) = (&world.keys.market, Parties::address("lender"));
            let foreign = addresses::provider(market, &Parties::address("stranger"));
            instructions::credit_seize_to_lender(market, &lender, &lender, credit, &foreign, 0, UnitBounds::ALL)
        });
        MarketPaused: take_over_while_paused = |good| good.while_paused();
        ArithmeticOverflow: take_over_at_an_impossible_time = |good| good.at_impossible_time();
        UnknownStatus: take_over_in_an_unknown_status = |good| good.with_unknown_status();
        WrongStatus: take_over_before_default = |good| good.with_status(Status::Delinquent);
        WrongStatus: take_over_what_is_repaid = |good| good.after(repay);
        UnitsExpired: take_over_units_that_have_expired = |good| {
            let now = good.world.now();
            good.with_credit(|credit| credit.units_expire_at = now)
                .with(|world, credit| world.seize_to_lender("lender", credit, UnitBounds::ALL))
        };
        CurePeriodRunning: take_over_a_second_early = |good| good.after(|world, _| world.set_time(world.now() - 1));
        FirstSeizureTooSmall: take_over_a_token_amount_first = |good| {
            good.with(|world, credit| world.seize_to_lender("lender", credit, UnitBounds::exactly(99_999_999)))
        };
        AmountZero: take_over_no_units = |good| {
            good.with(|world, credit| world.seize_to_lender("lender", credit, UnitBounds::exactly(0)))
        };
        BeyondLien: take_over_more_than_the_lien = |good| {
            good.with(|world, credit| world.seize_to_lender("lender", credit, UnitBounds::exactly(1_000_000_001)))
        };
        BeyondLien: take_over_all_of_nothing = |good| good.after(|world, credit| {
            let all = world.seize(credit, UnitBounds::ALL);
            world.sent(&[all], &["lender"]);
        }).with(|world, credit| world.seize_to_lender("lender", credit, UnitBounds::ALL));
        HeldByRunningJobs: take_over_what_running_jobs_hold = |good| good.after(|world, credit| {
            let meter = world.meter(&[*credit], &[(0, 0, 1_000)]);
            world.sent(&[meter], &[]);
        }).with(|world, credit| world.seize_to_lender("lender", credit, UnitBounds::exactly(999_999_001)));
        BeyondDebt: take_over_more_than_the_debt_is_worth = |good| good.with_credit(|credit| {
            // Half is repaid without a release: recoveries release nothing.
            credit.debt.principal = 50_000 * USDC;
        }).with(|world, credit| world.seize_to_lender("lender", credit, UnitBounds::exactly(600_000_000)));
    }
    credit_write_off by writing_off {
        MarketMismatch: write_off_in_a_foreign_market = |good| good.in_foreign_market();
        NotLender: write_off_by_a_stranger = |good| good.signed_by("stranger");
        NotLender: write_off_by_the_borrower = |good| good.signed_by("borrower");
        NotLender: write_off_by_the_freeze_authority = |good| good.signed_by("freezer");
        NotLender: write_off_by_the_admin = |good| good.signed_by("admin");
        MarketPaused: write_off_while_paused = |good| good.while_paused();
        ArithmeticOverflow: write_off_at_an_impossible_time = |good| good.at_impossible_time();
        UnknownStatus: write_off_in_an_unknown_status = |good| good.with_unknown_status();
        WrongStatus: write_off_before_default = |good| good.with_status(Status::Delinquent);
        WrongStatus: write_off_an_active_loan = |good| good.with_status(Status::Active);
        WrongStatus: write_off_what_is_repaid = |good| good.after(repay);
        WrongStatus: write_off_twice = |good| good.after(|world, credit| {
            let write_off = world.write_off("lender", credit);
            world.sent(&[write_off], &["lender"]);
        });
        LotsOpen: write_off_while_a_lot_is_open = |good| good.after(|world, credit| {
            world.pass(10 * DAY);
            let seize = world.seize(credit, UnitBounds::exactly(100_000_000));
            world.sent(&[seize], &["lender"]);
        });
    }
}

/// A loan in default whose cure period has just passed.
fn taking_over() -> Attempt {
    let mut world = World::new();
    let credit = world.defaulted(&Loan::new(1));
    world.pass(10 * DAY);
    let seize = world.seize_to_lender("lender", &credit, UnitBounds::exactly(200_000_000));
    Attempt::new(world, credit, seize, &["lender"])
}

fn writing_off() -> Attempt {
    let mut world = World::new();
    let credit = world.defaulted(&Loan::new(1));
    let write_off = world.write_off("lender", &credit);
    Attempt::new(world, credit, write_off, &["lender"])
}

/// The same with another market, in which the address of the lender's units is derived as well.
fn with_market(good: Attempt) -> Attempt {
    let mut good = good;
    let market = crate::attempt::foreign_market(&mut good.world);
    good.world.keys.market = market;
    good.with(|world, credit| world.seize_to_lender("lender", credit, UnitBounds::ALL))
}
