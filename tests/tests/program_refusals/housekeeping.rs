//! Refusals when units expire, and vaults and credits are removed.

use {
    crate::{
        attempt::{Attempt, foreign_market, foreign_provider},
        refusals,
    },
    blockable_sdk::{
        Instruction, Pubkey, addresses, instructions,
        program::{
            instructions::UnitBounds,
            state::{Party, Provider},
            transitions::Status,
        },
    },
    blockable_testkit::{DAY, Loan, Parties, World},
};

refusals! {
    credit_expire_units by expiring {
        MarketMismatch: expire_in_a_foreign_market = |good| good.in_foreign_market();
        MarketPaused: expire_while_paused = |good| good.while_paused();
        ArithmeticOverflow: expire_at_an_impossible_time = |good| good.at_impossible_time();
        UnknownStatus: expire_in_an_unknown_status = |good| good.with_unknown_status();
        WrongStatus: expire_before_the_units_are_live = |good| good.with_status(Status::Accepted);
        NothingToExpire: expire_a_second_early = |good| good.after(|world, _| world.set_time(world.now() - 1));
        NothingToExpire: expire_units_that_never_do = |good| good.with_credit(|credit| credit.units_expire_at = 0);
        NothingToExpire: expire_twice = |good| good.after(|world, credit| {
            let expire = world.expire_units(credit);
            world.sent(&[expire], &[]);
        });
        NothingToExpire: expire_what_running_jobs_hold = |good| good.with_credit(|credit| {
            credit.meter.in_flight = credit.collateral.granted;
        });
    }
    vault_close by closing_the_vault {
        MarketMismatch: close_the_vault_in_a_foreign_market = |good| good.in_foreign_market();
        MintMismatch: close_the_vault_with_another_mint = |good| good.with_foreign_mint();
        TokenProgramMismatch: close_the_vault_with_another_token_program = |good| good.with_foreign_token_program();
        ReceiverMismatch: close_the_vault_with_the_rent_to_another = |good| good.with_each(|world, credit| {
            ["stranger", "borrower", "payer"].map(|name| close_vault_to(world, credit, name, "treasury")).to_vec()
        });
        ReceiverMismatch: close_the_vault_with_the_rent_to_a_later_lender = |good| good.with_credit(|credit| {
            (credit.original_lender, credit.lender) = (credit.lender, Parties::address("buyer"));
        }).with(|world, credit| close_vault_to(world, credit, "buyer", "treasury"));
        TreasuryMismatch: close_the_vault_with_the_rest_to_another = |good| good.with_each(|world, credit| {
            ["stranger", "lender"].map(|name| close_vault_to(world, credit, "lender", name)).to_vec()
        });
        MarketPaused: close_the_vault_while_paused = |good| good.while_paused();
        ArithmeticOverflow: close_the_vault_at_an_impossible_time = |good| good.at_impossible_time();
        UnknownStatus: close_the_vault_in_an_unknown_status = |good| good.with_unknown_status();
        WrongStatus: close_the_vault_while_a_debt_stands = |good| good.after(|world, _| {
            world.active(&Loan::new(2));
        }).with(|world, _| world.close_vault(&world.credit_address(2)));
        WrongStatus: close_the_vault_of_an_offer = |good| good.after(|world, _| {
            world.offered(&Loan::new(2));
        }).with(|world, _| world.close_vault(&world.credit_address(2)));
        ClaimsLeft: close_the_vault_before_the_lender_has_collected = |good| good.after(|world, _| {
            repaid(world, 2);
        }).with(|world, _| world.close_vault(&world.credit_address(2)));
        ClaimsLeft: close_the_vault_while_a_party_has_a_claim = |good| good.with_credit(|credit| credit.claims.borrower = 1);
        ClaimsLeft: close_the_vault_while_the_treasury_has_a_claim = |good| good.with_credit(|credit| credit.claims.treasury = 1);
        ClaimsLeft: close_the_vault_while_a_reserve_is_held = |good| good.with_credit(|credit| credit.reserve_held = 1);
    }
    credit_close by closing {
        ReceiverMismatch: close_with_the_rent_to_another = |good| good.with_each(|world, credit| {
            ["stranger", "borrower", "payer"].map(|name| close_to(world, credit, "borrower", name)).to_vec()
        });
        MarketMismatch: close_in_a_foreign_market = |good| good.in_foreign_market();
        ProviderMismatch: close_at_another_provider = |good| {
            let foreign = addresses::provider(&good.world.keys.market, &Parties::address("stranger"));
            let own = good.world.provider;
            good.after(|world, _| foreign_provider(world)).swap(own, foreign)
        };
        MarketPaused: close_while_paused = |good| good.while_paused();
        ArithmeticOverflow: close_at_an_impossible_time = |good| good.at_impossible_time();
        ArithmeticOverflow: close_more_units_than_are_outstanding = |good| {
            let provider = good.world.provider;
            good.written::<Provider>(provider, |provider| provider.outstanding_units = 999_999_999)
        };
        UnknownStatus: close_in_an_unknown_status = |good| good.with_unknown_status();
        WrongStatus: close_while_a_debt_stands = |good| good.after(|world, _| {
            world.active(&Loan::new(2));
        }).with(|world, _| world.close_credit("borrower", &world.credit_address(2)));
        WrongStatus: close_an_offer = |good| good.after(|world, _| {
            world.offered(&Loan::new(2));
        }).with(|world, _| world.close_credit("borrower", &world.credit_address(2)));
        LotsOpen: close_while_a_lot_is_open = |good| good.with_credit(|credit| credit.lots_open = 1);
        VaultOpen: close_before_the_vault = |good| good.after(|world, _| {
            repaid(world, 2);
        }).with(|world, _| world.close_credit("borrower", &world.credit_address(2)));
        UnitsLeft: close_with_units_left_by_another = |good| good.with_each(|world, credit| {
            vec![close_to(world, credit, "lender", "lender")]
        }).signed_by_instead_of("borrower", "lender");
        UnitsLeft: close_with_units_left_by_the_provider = |good| good.with_each(|world, credit| {
            vec![close_to(world, credit, "provider", "lender")]
        }).signed_by_instead_of("borrower", "provider");
    }
}

/// The moment at which the unused units of a loan expire.
fn expiring() -> Attempt {
    let mut world = World::new();
    let loan = Loan::new(1).with(|terms| terms.unit_lifetime = 200 * DAY);
    let credit = world.active(&loan);
    world.pass(200 * DAY);
    let expire = world.expire_units(&credit);
    Attempt::new(world, credit, expire, &[])
}

/// Repays a loan in full.
fn repaid(world: &mut World, nonce: u64) -> Pubkey {
    let credit = world.active(&Loan::new(nonce));
    let pay = world.repay("borrower", &credit, u64::MAX);
    world.sent(&[pay], &["borrower"]);
    credit
}

/// A loan that is repaid, and collected by its lender.
fn collected() -> (World, Pubkey) {
    let mut world = World::new();
    let credit = repaid(&mut world, 1);
    let collect = world.collect("lender", &credit, Party::Lender, &world.token_account("lender"));
    world.sent(&[collect], &["lender"]);
    (world, credit)
}

fn closing_the_vault() -> Attempt {
    let (world, credit) = collected();
    let close = world.close_vault(&credit);
    Attempt::new(world, credit, close, &[])
}

/// The borrower gives its units up.
fn closing() -> Attempt {
    let (mut world, credit) = collected();
    let vault = world.close_vault(&credit);
    world.sent(&[vault], &[]);
    let close = world.close_credit("borrower", &credit);
    Attempt::new(world, credit, close, &["borrower"])
}

fn close_vault_to(world: &World, credit: &Pubkey, receiver: &str, treasury: &str) -> Instruction {
    let treasury = world.token_account(treasury);
    instructions::vault_close(&world.keys, credit, &Parties::address(receiver), &treasury)
}

fn close_to(world: &World, credit: &Pubkey, closer: &str, receiver: &str) -> Instruction {
    let (closer, receiver) = (Parties::address(closer), Parties::address(receiver));
    let (market, provider) = (&world.keys.market, &world.provider);
    instructions::credit_close(market, &closer, &receiver, credit, provider, u64::MAX)
}

#[test]
fn a_market_of_its_own_closes_nothing_of_another() {
    let (mut world, credit) = collected();
    let market = foreign_market(&mut world);
    let mut close = world.close_vault(&credit);
    close.accounts[0].pubkey = market;
    world.refused(&[close], &[], blockable_sdk::program::errors::BlockableError::MarketMismatch);
}

#[test]
fn units_that_were_bought_can_be_given_up_by_their_owner_alone() {
    let mut world = World::new();
    let credit = world.seized(&Loan::new(1), UnitBounds::ALL);
    let buy = world.buy(&credit, 1_000_000, u64::MAX);
    world.sent(&[buy], &["buyer"]);
    let bought = world.unrestricted("buyer");
    let close = world.close_credit("stranger", &bought);
    let left = blockable_sdk::program::errors::BlockableError::UnitsLeft;
    world.refused(&[close], &["stranger"], left);
    let (before, units) = (world.provider().outstanding_units, 1_000_000);
    let close = world.close_credit("buyer", &bought);
    world.sent(&[close], &["buyer"]);
    assert_eq!(world.provider().outstanding_units, before - units);
}
