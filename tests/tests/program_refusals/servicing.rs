//! Refusals of payments, and of claims on the vault.

use {
    crate::{attempt::Attempt, fees, refusals},
    blockable_sdk::{Instruction, Pubkey, instructions, program::state::Party},
    blockable_testkit::{DAY, Loan, Parties, USDC, World},
};

refusals! {
    credit_repay by paying {
        AmountZero: pay_nothing = |good| good.with(|world, credit| world.repay("borrower", credit, 0));
        MarketMismatch: pay_in_a_foreign_market = |good| good.in_foreign_market();
        MintMismatch: pay_in_another_mint = |good| good.with_foreign_mint();
        TokenProgramMismatch: pay_with_another_token_program = |good| good.with_foreign_token_program();
        TokenAccountMint: pay_from_an_account_of_another_mint = |good| good.with_account_of_foreign_mint("borrower");
        TokenAccountOwner: pay_from_another_ones_account = |good| good.with_account_of("lender", "borrower");
        ArithmeticOverflow: pay_at_an_impossible_time = |good| good.at_impossible_time();
        UnknownStatus: pay_in_an_unknown_status = |good| good.with_unknown_status();
        NothingOwed: pay_an_offer = |good| good.after(|world, _| {
            world.offered(&Loan::new(2));
        }).with(|world, _| world.repay("borrower", &world.credit_address(2), USDC));
        NothingOwed: pay_what_is_accepted = |good| good.after(|world, _| {
            world.accepted(&Loan::new(2));
        }).with(|world, _| world.repay("borrower", &world.credit_address(2), USDC));
        NothingOwed: pay_what_is_repaid = |good| good.after(|world, credit| {
            let all = world.repay("borrower", credit, u64::MAX);
            world.sent(&[all], &["borrower"]);
        });
        TransferMismatch: pay_in_a_mint_that_takes_fees = |_| {
            let mut world = fees::world();
            let credit = world.active(&Loan::new(1));
            fees::begin(&mut world);
            let pay = world.repay("borrower", &credit, USDC);
            Attempt::new(world, credit, pay, &["borrower"])
        };
    }
    vault_collect by collecting {
        MarketMismatch: collect_in_a_foreign_market = |good| good.in_foreign_market();
        MintMismatch: collect_another_mint = |good| good.with_foreign_mint();
        TokenProgramMismatch: collect_with_another_token_program = |good| good.with_foreign_token_program();
        MarketPaused: collect_while_paused = |good| good.while_paused();
        ArithmeticOverflow: collect_at_an_impossible_time = |good| good.at_impossible_time();
        DestinationNotAllowed: collect_into_another_ones_account = |good| good.with_credit(|credit| {
            (credit.claims.borrower, credit.claims.treasury) = (1, 1);
        }).with_each(|world, credit| {
            let to = |name| world.token_account(name);
            vec![
                world.collect("stranger", credit, Party::Lender, &to("stranger")),
                world.collect("stranger", credit, Party::Borrower, &to("stranger")),
                world.collect("stranger", credit, Party::Treasury, &to("stranger")),
            ]
        });
        DestinationNotAllowed: collect_into_an_account_the_lender_did_not_choose = |good| {
            let mut good = good;
            let account = good.world.second_account("lender");
            good.with(|world, credit| world.collect("stranger", credit, Party::Lender, &account))
        };
        DestinationNotAllowed: collect_into_an_account_that_the_lender_gave_away = |good| {
            good.after(|world, _| world.give_away_account("lender", "stranger"))
        };
        NothingToCollect: collect_what_is_not_there = |good| good.with_each(|world, credit| vec![
            collect_one(world, credit, Party::Borrower, "borrower"),
            collect_one(world, credit, Party::Treasury, "treasury"),
        ]);
        NothingToCollect: collect_twice = |good| good.after(|world, credit| {
            let collect = world.collect("lender", credit, Party::Lender, &world.token_account("lender"));
            world.sent(&[collect], &["lender"]);
        }).with(|world, credit| collect_one(world, credit, Party::Lender, "lender"));
        VaultShort: collect_from_a_vault_that_is_short = |good| good.with_credit(|credit| credit.claims.borrower = 1);
    }
}

/// A collection by a stranger that is to bring at least one micro-USDC.
fn collect_one(world: &World, credit: &Pubkey, party: Party, name: &str) -> Instruction {
    let (caller, to) = (Parties::address("stranger"), world.token_account(name));
    instructions::vault_collect(&world.keys, &caller, credit, &to, party, 1)
}

fn paying() -> Attempt {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    let pay = world.repay("borrower", &credit, 1_000 * USDC);
    Attempt::new(world, credit, pay, &["borrower"])
}

fn collecting() -> Attempt {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    world.pass(DAY);
    let pay = world.repay("borrower", &credit, 1_000 * USDC);
    world.sent(&[pay], &["borrower"]);
    let collect = world.collect("stranger", &credit, Party::Lender, &world.token_account("lender"));
    Attempt::new(world, credit, collect, &["stranger"])
}
