//! The end of a credit: the vault goes when nothing is owed from it, the account when it holds no units.

use {
    blockable_sdk::{
        Pubkey, addresses,
        events::Change,
        program::{
            errors::BlockableError,
            instructions::UnitBounds,
            state::{Credit, Party},
            transitions::Status,
        },
        tokens,
    },
    blockable_testkit::{Loan, Money, Parties, USDC, World},
};

const UNITS: u64 = 1_000_000_000;

/// A loan that was repaid in the second of issue and whose lender has collected.
fn repaid_in(mut world: World, loan: &Loan) -> (World, Pubkey) {
    let credit = world.active(loan);
    world.sent(&[world.repay("borrower", &credit, u64::MAX)], &["borrower"]);
    collect(&mut world, &credit, Party::Lender, "lender");
    (world, credit)
}

fn repaid() -> (World, Pubkey) {
    repaid_in(World::new(), &Loan::new(1))
}

fn collect(world: &mut World, credit: &Pubkey, party: Party, name: &str) {
    let to = world.token_account(name);
    world.sent(&[world.collect("stranger", credit, party, &to)], &["stranger"]);
}

fn donate(world: &mut World, credit: &Pubkey, amount: u64) {
    let (mint, payer, program) = (world.keys.mint, Parties::address("payer"), world.keys.token_program);
    let donate = tokens::mint_to(&mint, &addresses::vault(credit), &payer, amount, &program);
    world.sent(&[donate.expect("a token program")], &[]);
}

#[test]
fn a_vault_that_owes_nothing_is_removed_and_what_was_donated_goes_to_the_treasury() {
    for token_program in [tokens::TOKEN_PROGRAM, tokens::TOKEN_2022_PROGRAM] {
        let (mut world, credit) = repaid_in(World::with_token(token_program), &Loan::new(1));
        donate(&mut world, &credit, 9);
        let (money, lender) = (world.money(&credit), Parties::address("lender"));
        let lamports = world.lamports(&lender);
        let rent = world.lamports(&addresses::vault(&credit));
        let landed = world.sent(&[world.close_vault(&credit)], &[]);

        assert_eq!(landed.changes(), [Change::VaultClosed { swept: 9 }]);
        assert_eq!(world.money(&credit), Money { treasury: money.treasury + 9, vault: 0, ..money });
        assert_eq!(world.lamports(&lender), lamports + rent);
        assert_eq!(world.lamports(&addresses::vault(&credit)), 0);
        let state = world.credit(&credit);
        assert_eq!((state.vault_closed, state.status()), (1, Ok(Status::Repaid)));
    }
}

#[test]
fn the_borrower_uses_its_units_without_a_vault() {
    let (mut world, credit) = repaid();
    world.sent(&[world.close_vault(&credit)], &[]);
    world.pass(60);
    world.sent(&[world.meter(&[credit], &[(0, 1_000, 0)])], &[]);
    assert_eq!(world.credit(&credit).collateral.available(), UNITS - 1_000);
}

#[test]
fn a_credit_that_is_used_up_is_removed_by_anyone_and_frees_what_it_was_granted() {
    let (mut world, credit) = repaid_in(World::new(), &Loan::new(1).with(|terms| terms.units = 1_000));
    world.sent(&[world.close_vault(&credit)], &[]);
    world.pass(60);
    world.sent(&[world.meter(&[credit], &[(0, 1_500, 0)])], &[]);
    let lender = Parties::address("lender");
    let lamports = world.lamports(&lender);
    let rent = world.svm.minimum_balance_for_rent_exemption(Credit::SPACE);
    assert_eq!((world.provider().outstanding_units, world.provider().closed_overrun), (1_000, 0));
    let landed = world.sent(&[world.close_credit("stranger", &credit)], &["stranger"]);

    assert_eq!(landed.changes(), [Change::Closed { given_up: 0 }]);
    assert_eq!((world.lamports(&credit), world.lamports(&lender)), (0, lamports + rent));
    // What was used beyond the units stays known as the provider's loss.
    assert_eq!((world.provider().outstanding_units, world.provider().closed_overrun), (0, 500));
}

#[test]
fn overrun_adds_up_over_closed_credits() {
    let mut world = World::new();
    for (nonce, overrun) in [(1, 500), (2, 7)] {
        let (now, credit) = repaid_in(world, &Loan::new(nonce).with(|terms| terms.units = 1_000));
        world = now;
        world.sent(&[world.close_vault(&credit)], &[]);
        world.pass(60);
        let index = world.credit(&credit).meter.index;
        world.sent(&[world.meter(&[credit], &[(index, 1_000 + overrun, 0)])], &[]);
        world.sent(&[world.close_credit("stranger", &credit)], &["stranger"]);
    }
    assert_eq!((world.provider().outstanding_units, world.provider().closed_overrun), (0, 507));
}

#[test]
fn the_borrower_alone_may_give_units_up() {
    let (mut world, credit) = repaid();
    world.sent(&[world.close_vault(&credit)], &[]);
    for who in ["stranger", "lender", "provider"] {
        world.refused(&[world.close_credit(who, &credit)], &[who], BlockableError::UnitsLeft);
    }
    let landed = world.sent(&[world.close_credit("borrower", &credit)], &["borrower"]);
    assert_eq!(landed.changes(), [Change::Closed { given_up: UNITS }]);
    assert_eq!((world.lamports(&credit), world.provider().outstanding_units), (0, 0));
}

#[test]
fn vault_and_credit_go_in_one_transaction_with_the_last_payment() {
    let mut world = World::new();
    let lamports = world.lamports(&Parties::address("lender"));
    let credit = world.active(&Loan::new(1));
    let money = world.money(&credit);
    let to = world.token_account("lender");
    let all = [
        world.repay("borrower", &credit, u64::MAX),
        world.collect("borrower", &credit, Party::Lender, &to),
        world.close_vault(&credit),
        world.close_credit("borrower", &credit),
    ];
    world.sent(&all, &["borrower"]);
    let paid = 100_000 * USDC;
    let after = Money { lender: money.lender + paid, borrower: money.borrower - paid, ..money };
    assert_eq!(world.money(&credit), after);
    assert_eq!(world.lamports(&Parties::address("lender")), lamports);
}

#[test]
fn of_a_credit_that_was_sold_in_part_only_the_rest_is_given_back_and_the_buyer_closes_its_own() {
    let mut world = World::new();
    let credit = world.seized(&Loan::new(1), UnitBounds::exactly(400_000_000));
    world.sent(&[world.buy(&credit, 400_000_000, u64::MAX)], &["buyer"]);
    world.sent(&[world.repay("borrower", &credit, u64::MAX)], &["borrower"]);
    world.sent(&[world.close_lot("stranger", &credit, 0)], &["stranger"]);
    for (party, name) in [(Party::Lender, "lender"), (Party::Treasury, "treasury")] {
        collect(&mut world, &credit, party, name);
    }
    world.sent(&[world.close_vault(&credit)], &[]);
    let landed = world.sent(&[world.close_credit("borrower", &credit)], &["borrower"]);
    assert_eq!(landed.changes(), [Change::Closed { given_up: 600_000_000 }]);
    assert_eq!(world.provider().outstanding_units, 400_000_000);

    let (bought, buyer) = (world.unrestricted("buyer"), Parties::address("buyer"));
    let lamports = world.lamports(&buyer) + world.lamports(&bought);
    world.refused(&[world.close_credit("lender", &bought)], &["lender"], BlockableError::UnitsLeft);
    let landed = world.sent(&[world.close_credit("buyer", &bought)], &["buyer"]);
    assert_eq!(landed.changes(), [Change::Closed { given_up: 400_000_000 }]);
    assert_eq!((world.lamports(&bought), world.lamports(&buyer)), (0, lamports));
    assert_eq!(world.provider().outstanding_units, 0);
}

#[test]
fn an_unrestricted_credit_that_is_used_up_is_removed_by_anyone_for_its_owner() {
    let mut world = World::new();
    let credit = world.seized(&Loan::new(1), UnitBounds::ALL);
    world.sent(&[world.buy(&credit, 1_000, u64::MAX)], &["buyer"]);
    let (bought, buyer) = (world.unrestricted("buyer"), Parties::address("buyer"));
    world.pass(60);
    world.sent(&[world.meter(&[bought], &[(1, 1_000, 0)])], &[]);
    let lamports = world.lamports(&buyer) + world.lamports(&bought);
    world.sent(&[world.close_credit("stranger", &bought)], &["stranger"]);
    assert_eq!((world.lamports(&buyer), world.provider().outstanding_units), (lamports, UNITS - 1_000));

    // What is bought later arrives in a new credit at the same address, with a place of its own in reports.
    world.sent(&[world.buy(&credit, 5, u64::MAX)], &["buyer"]);
    let own = world.credit(&bought);
    assert_eq!((own.collateral.granted, own.meter.index, own.event_seq), (5, 2, 1));
}

#[test]
fn a_closed_credits_number_can_be_used_again_with_a_log_of_its_own() {
    let (mut world, credit) = repaid();
    world.sent(&[world.close_vault(&credit), world.close_credit("borrower", &credit)], &["borrower"]);
    assert_eq!(world.active(&Loan::new(1)), credit);
    let state = world.credit(&credit);
    assert_eq!((state.event_seq, state.meter.index, state.vault_closed), (3, 1, 0));
    assert_eq!(world.provider().outstanding_units, UNITS);
}
