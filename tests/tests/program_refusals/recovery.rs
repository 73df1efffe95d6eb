//! Refusals of seizures and sales.

use {
    crate::{
        attempt::{Attempt, foreign_market, foreign_provider, repay},
        fees, refusals,
    },
    blockable_sdk::{
        Instruction, Pubkey, addresses, instructions,
        program::{
            instructions::{LotTerms, UnitBounds},
            state::Lot,
            transitions::Status,
        },
    },
    blockable_testkit::{DAY, Loan, Parties, START, World},
};

refusals! {
    credit_seize_to_pool by seizing {
        VaultMismatch: seize_with_another_vault = |good| good.with_another_vault();
        VaultFrozen: seize_while_the_vault_is_frozen = |good| good.with_frozen_vault();
        MarketMismatch: seize_in_a_foreign_market = |good| good.in_foreign_market();
        NotLender: seize_by_a_stranger = |good| good.signed_by("stranger");
        NotLender: seize_by_the_freeze_authority = |good| good.signed_by("freezer");
        MarketPaused: seize_while_paused = |good| good.while_paused();
        ArithmeticOverflow: seize_at_an_impossible_time = |good| good.at_impossible_time();
        ArithmeticOverflow: seize_into_one_lot_too_many = |good| {
            good.with_credit(|credit| credit.lots_opened = u32::MAX).with(|world, credit| world.seize(credit, UnitBounds::ALL))
        };
        UnknownStatus: seize_in_an_unknown_status = |good| good.with_unknown_status();
        WrongStatus: seize_before_default = |good| good.with_credit(|credit| credit.status = Status::Delinquent.byte());
        WrongStatus: seize_what_is_repaid = |good| good.after(|world, credit| {
            let pay = world.repay("borrower", credit, u64::MAX);
            world.sent(&[pay], &["borrower"]);
        });
        UnitsExpired: seize_units_that_have_expired = with_expired_units;
        CurePeriodRunning: seize_a_second_early = |good| good.after(|world, _| world.set_time(world.now() - 1));
        LotPriceTooLow: seize_at_prices_out_of_bounds = |good| good.with_each(|world, credit| vec![
            priced(world, credit, |terms| (terms.start_price, terms.floor_price) = (49_999_999, 49_999_999)),
            priced(world, credit, |terms| terms.floor_price = 9_999_999),
            priced(world, credit, |terms| terms.floor_price = terms.start_price + 1),
        ]);
        LotPriceTooLow: seize_at_a_price_of_zero_in_a_market_without_bounds = |good| good.with_market(|market| {
            (market.bounds.min_start_price_bps, market.bounds.min_floor_price_bps) = (0, 0);
        }).with(|world, credit| priced(world, credit, |terms| terms.floor_price = 0));
        LotPriceTooHigh: seize_at_a_start_that_nobody_pays = |good| good.with_each(|world, credit| vec![
            priced(world, credit, |terms| terms.start_price = 300_000_001),
            priced(world, credit, |terms| terms.start_price = u64::MAX),
        ]);
        LotOutlivesUnits: seize_into_a_lot_that_ends_after_its_units = |good| good.with_credit(|credit| {
            credit.units_expire_at = START + i64::from(59 * DAY);
        }).with(|world, credit| priced(world, credit, |terms| terms.window = 5 * DAY));
        LotWindowOutOfBounds: seize_with_a_window_out_of_bounds = |good| good.with_each(|world, credit| vec![
            priced(world, credit, |terms| terms.window = 3 * DAY - 1),
            priced(world, credit, |terms| terms.window = 90 * DAY + 1),
        ]);
        AmountZero: seize_no_units = |good| good.with(|world, credit| world.seize(credit, UnitBounds::exactly(0)));
        BeyondLien: seize_more_than_the_lien = |good| good.with(|world, credit| world.seize(credit, UnitBounds::exactly(1_000_000_001)));
        HeldByRunningJobs: seize_what_running_jobs_hold = |good| good.after(|world, credit| {
            let meter = world.meter(&[*credit], &[(0, 0, 1_000)]);
            world.sent(&[meter], &[]);
        }).with(|world, credit| world.seize(credit, UnitBounds::exactly(999_999_001)));
        BeyondLien: seize_all_of_nothing = |good| good.after(|world, credit| {
            let all = world.seize(credit, UnitBounds::ALL);
            world.sent(&[all], &["lender"]);
        }).with(|world, credit| world.seize(credit, UnitBounds::ALL));
    }
    lot_buy by buying {
        VaultMismatch: buy_into_another_vault = |good| good.with_another_vault();
        MarketHalted: buy_from_ones_own_lot_while_halted = |good| good.with(|world, credit| world.buy_from("lender", credit, 0, 1_000, u64::MAX)).signed_by_instead_of("buyer", "lender").while_halted();
        AmountZero: buy_nothing = |good| good.with(|world, credit| world.buy(credit, 0, u64::MAX));
        MarketMismatch: buy_in_a_foreign_market = |good| {
            let mut good = good;
            let market = foreign_market(&mut good.world);
            good.world.keys.market = market;
            good.with(|world, credit| world.buy(credit, UNITS, u64::MAX))
        };
        ProviderMismatch: buy_from_another_provider = |good| {
            let mut good = good;
            foreign_provider(&mut good.world);
            good.world.provider = addresses::provider(&good.world.keys.market, &Parties::address("stranger"));
            good.with(|world, credit| world.buy(credit, UNITS, u64::MAX))
        };
        MintMismatch: buy_with_another_mint = |good| good.with_foreign_mint();
        TokenProgramMismatch: buy_with_another_token_program = |good| good.with_foreign_token_program();
        TokenAccountMint: buy_from_an_account_of_another_mint = |good| good.with_account_of_foreign_mint("buyer");
        TokenAccountOwner: buy_from_another_ones_account = |good| good.with_account_of("borrower", "buyer");
        LotMismatch: buy_from_another_credits_lot = with_another_credits_lot;
        MarketPaused: buy_while_paused = |good| good.while_paused();
        ArithmeticOverflow: buy_at_an_impossible_time = |good| good.at_impossible_time();
        ArithmeticOverflow: buy_at_a_price_beyond_any_sum = |good| good.after(|world, credit| {
            let close = world.close_lot("lender", credit, 0);
            world.pass(10 * DAY);
            world.sent(&[close], &["lender"]);
            world.sent(&[world.seize(credit, UnitBounds::ALL)], &["lender"]);
            let lot = addresses::lot(credit, 1);
            world.write(&lot, |lot: &mut Lot| lot.start_price = u64::MAX);
        }).with(|world, credit| world.buy_from("buyer", credit, 1, 2 * UNITS, u64::MAX));
        UnitsExpired: buy_units_that_have_expired = |good| {
            with_expired_units(good).with(|world, credit| world.buy(credit, UNITS, u64::MAX))
        };
        LotUnitsExceeded: buy_more_than_is_left = |good| good.with(|world, credit| world.buy(credit, 1_000_000_001, u64::MAX));
        PriceAboveMaximum: buy_above_the_maximum = |good| good.with(|world, credit| world.buy(credit, UNITS, 94_999_999));
        UnknownStatus: buy_in_an_unknown_status = |good| good.with_unknown_status();
        WrongStatus: buy_when_the_debt_is_paid = |good| good.after(repay);
        TransferMismatch: buy_in_a_mint_that_takes_fees = |_| {
            let mut world = fees::world();
            let credit = world.seized(&Loan::new(1), UnitBounds::ALL);
            fees::begin(&mut world);
            let buy = world.buy(&credit, UNITS, u64::MAX);
            Attempt::new(world, credit, buy, &["buyer"])
        };
    }
    lot_close by closing {
        MarketMismatch: close_in_a_foreign_market = |good| good.in_foreign_market();
        LotMismatch: close_another_credits_lot = with_another_credits_lot;
        ReceiverMismatch: close_with_the_rent_to_another = |good| good.with(|world, credit| {
            let (lender, stranger) = (Parties::address("lender"), Parties::address("stranger"));
            instructions::lot_close(&world.keys.market, &lender, &stranger, credit, 0)
        });
        MarketPaused: close_while_paused = |good| good.while_paused();
        ArithmeticOverflow: close_at_an_impossible_time = |good| good.at_impossible_time();
        ArithmeticOverflow: close_a_lot_that_was_not_counted = |good| good.with_credit(|credit| credit.lots_open = 0);
        UnknownStatus: close_in_an_unknown_status = |good| good.with_unknown_status();
        WrongStatus: close_a_lot_of_a_credit_that_has_none = |good| good.with_credit(|credit| credit.status = Status::Defaulted.byte());
        LotStillOpen: close_a_second_early = |good| good.after(|world, _| world.set_time(world.now() - 1));
        LotNotYours: close_an_unsold_lot_by_a_stranger = |good| {
            good.with(|world, credit| world.close_lot("stranger", credit, 0)).signed_by("stranger")
        };
        LotNotYours: close_an_unsold_lot_by_the_borrower = |good| {
            good.with(|world, credit| world.close_lot("borrower", credit, 0)).signed_by("borrower")
        };
    }
}

/// Units that the buyer buys.
const UNITS: u64 = 1_000_000;

fn seizing() -> Attempt {
    let mut world = World::new();
    let credit = world.defaulted(&Loan::new(1));
    world.pass(10 * DAY);
    let seize = world.seize(&credit, UnitBounds::ALL);
    Attempt::new(world, credit, seize, &["lender"])
}

fn priced(world: &World, credit: &Pubkey, change: fn(&mut LotTerms)) -> Instruction {
    let mut terms = world.lot_terms();
    change(&mut terms);
    world.seize_at(credit, UnitBounds::ALL, terms)
}

fn buying() -> Attempt {
    let mut world = World::new();
    let credit = world.seized(&Loan::new(1), UnitBounds::ALL);
    world.pass(DAY);
    let buy = world.buy(&credit, UNITS, u64::MAX);
    Attempt::new(world, credit, buy, &["buyer"])
}

fn closing() -> Attempt {
    let mut world = World::new();
    let credit = world.seized(&Loan::new(1), UnitBounds::ALL);
    world.pass(10 * DAY);
    let close = world.close_lot("lender", &credit, 0);
    Attempt::new(world, credit, close, &["lender"])
}

/// The same at the moment at which the units expire.
fn with_expired_units(good: Attempt) -> Attempt {
    let now = good.world.now();
    good.with_credit(|credit| credit.units_expire_at = now)
}

/// Lot 0 of the credit, replaced by a lot of another credit, whose account is copied and written.
fn with_another_credits_lot(good: Attempt) -> Attempt {
    let (own, other) = (addresses::lot(&good.credit, 0), addresses::lot(&good.credit, 1));
    good.after(|world, _| {
        let account = world.svm.get_account(&own).expect("the lot exists");
        world.svm.set_account(other, account).expect("an account can be set");
        let foreign = world.credit_address(2);
        world.write::<Lot>(&other, |lot| lot.credit = foreign);
    })
    .swap(own, other)
}
