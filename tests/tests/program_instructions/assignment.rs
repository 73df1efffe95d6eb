//! A loan passes to another lender: what the new one may do, what the old one may not, and what stays as it was.

use {
    blockable_sdk::{
        Instruction, Pubkey, addresses,
        events::Change,
        instructions,
        program::{
            errors::BlockableError,
            instructions::{FreezeAmount, ThawBounds, UnitBounds},
            state::{FreezeReason, Instalment, Party, VaultClaims},
        },
    },
    blockable_testkit::{DAY, Loan, Money, Parties, USDC, World},
};

/// A loan in some state, sold by the lender to the buyer.
fn sold(begin: fn(&mut World, &Loan) -> Pubkey) -> (World, Pubkey) {
    let mut world = World::new();
    let credit = begin(&mut world, &Loan::new(1));
    world.sent(&[world.offer_lender("lender", &credit, "buyer")], &["lender"]);
    world.sent(&[world.accept_lender("buyer", &credit)], &["buyer"]);
    (world, credit)
}

fn freeze(world: &World, who: &str, credit: &Pubkey) -> Instruction {
    world.freeze_by(who, credit, FreezeAmount::Units(9), FreezeReason::MissedPayment)
}

#[test]
fn a_loan_passes_to_the_lender_it_was_offered_to_and_nothing_else_moves() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    let (before, money) = (world.credit(&credit), world.money(&credit));
    let (lender, buyer) = (Parties::address("lender"), Parties::address("buyer"));

    let landed = world.sent(&[world.offer_lender("lender", &credit, "buyer")], &["lender"]);
    assert_eq!(landed.changes(), [Change::LenderOffered { to: buyer }]);
    let state = world.credit(&credit);
    assert_eq!((state.pending_lender, state.lender), (buyer, lender));
    assert_eq!(state.original_lender, Pubkey::default());

    let landed = world.sent(&[world.accept_lender("buyer", &credit)], &["buyer"]);
    assert_eq!(landed.changes(), [Change::LenderChanged { to: buyer }]);
    let state = world.credit(&credit);
    assert_eq!((state.lender, state.freeze_authority), (buyer, buyer));
    assert_eq!((state.pending_lender, state.original_lender), (Pubkey::default(), lender));
    assert_eq!((state.address_lender(), state.rent_payer), (lender, lender));
    assert_eq!((state.debt, state.collateral, state.terms), (before.debt, before.collateral, before.terms));
    assert_eq!((state.terms_hash, state.status()), (before.terms_hash, before.status()));
    assert_eq!(world.money(&credit), money);
}

#[test]
fn the_new_lender_freezes_and_thaws_and_the_old_one_and_its_freeze_authority_no_longer_do() {
    let (mut world, credit) = sold(World::delinquent);
    for who in ["lender", "freezer"] {
        world.refused(&[freeze(&world, who, &credit)], &[who], BlockableError::NotFreezer);
    }
    let landed = world.sent(&[freeze(&world, "buyer", &credit)], &["buyer"]);
    let (by, reason) = (Parties::address("buyer"), FreezeReason::MissedPayment);
    assert_eq!(
        landed.changes(),
        [Change::Frozen {
            by,
            reason,
            units: 9,
            frozen_for_payment: 9,
            frozen_for_other: 0,
            frozen_for_cross: 0,
            locked: 0
        }]
    );
    for who in ["lender", "freezer"] {
        let thaw = world.thaw(who, &credit, ThawBounds::ALL);
        world.refused(&[thaw], &[who], BlockableError::NotFreezer);
    }
    world.sent(&[world.thaw("buyer", &credit, ThawBounds::ALL)], &["buyer"]);
}

#[test]
fn what_is_paid_after_the_sale_is_the_new_lenders() {
    let (mut world, credit) = sold(World::active);
    world.sent(&[world.repay("borrower", &credit, 500 * USDC)], &["borrower"]);
    let (money, old) = (world.money(&credit), world.token_account("lender"));
    let take = world.collect("lender", &credit, Party::Lender, &old);
    world.refused(&[take], &["lender"], BlockableError::DestinationNotAllowed);

    let to = world.token_account("buyer");
    let landed = world.sent(&[world.collect("stranger", &credit, Party::Lender, &to)], &["stranger"]);
    let collected = Change::Collected { party: Party::Lender, destination: to, amount: 500 * USDC };
    assert_eq!(landed.changes(), [collected]);
    assert_eq!(world.money(&credit), Money { buyer: money.buyer + 500 * USDC, vault: 0, ..money });
}

#[test]
fn what_was_paid_before_the_sale_is_collected_by_the_old_lender_first() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    let money = world.money(&credit);
    world.sent(&[world.repay("borrower", &credit, 500 * USDC)], &["borrower"]);
    world.sent(&[world.offer_lender("lender", &credit, "buyer")], &["lender"]);
    world.refused(&[world.accept_lender("buyer", &credit)], &["buyer"], BlockableError::ClaimUncollected);
    let to = world.token_account("lender");
    let collect = world.collect("stranger", &credit, Party::Lender, &to);
    world.sent(&[collect, world.accept_lender("buyer", &credit)], &["stranger", "buyer"]);
    assert_eq!(world.wallet("lender"), money.lender + 500 * USDC);
    assert_eq!(world.credit(&credit).claims, VaultClaims::default());
}

#[test]
fn the_new_lender_seizes_sells_and_gets_the_rent_of_its_lot() {
    let (mut world, credit) = sold(World::defaulted);
    world.pass(10 * DAY);
    world.refused(&[world.seize(&credit, UnitBounds::ALL)], &["lender"], BlockableError::NotLender);
    let (market, buyer) = (world.keys.market, Parties::address("buyer"));
    let terms = world.lot_terms();
    let seize = instructions::credit_seize_to_pool(
        &market,
        &buyer,
        &buyer,
        &credit,
        0,
        UnitBounds::exactly(100_000_000),
        terms,
    );
    let lamports = world.lamports(&buyer);
    world.sent(&[seize], &["buyer"]);
    assert_eq!(world.lot(&credit, 0).lender, buyer);

    let to = world.token_account("buyer");
    let before = world.wallet("buyer");
    world.sent(&[world.buy_from("stranger", &credit, 0, 100_000_000, u64::MAX)], &["stranger"]);
    world.sent(&[world.collect("stranger", &credit, Party::Lender, &to)], &["stranger"]);
    // A hundred million units at 100 micro-USDC each, less a fee of 2 %.
    assert_eq!(world.wallet("buyer"), before + 9_800_000_000);
    let close = instructions::lot_close(&market, &Parties::address("stranger"), &buyer, &credit, 0);
    world.sent(&[close], &["stranger"]);
    assert_eq!(world.lamports(&buyer), lamports);
}

#[test]
fn at_the_end_the_rent_goes_back_to_who_paid_it_at_the_old_address() {
    let (mut world, credit) = sold(World::active);
    let (lender, buyer) = (Parties::address("lender"), Parties::address("buyer"));
    assert_eq!(credit, world.credit_address(1));
    let vault = addresses::vault(&credit);
    let rents = world.lamports(&credit) + world.lamports(&vault);
    let lamports = (world.lamports(&lender), world.lamports(&buyer));

    world.sent(&[world.repay("borrower", &credit, u64::MAX)], &["borrower"]);
    let to = world.token_account("buyer");
    world.sent(&[world.collect("stranger", &credit, Party::Lender, &to)], &["stranger"]);
    world.sent(&[world.close_vault(&credit)], &[]);
    world.sent(&[world.close_credit("borrower", &credit)], &["borrower"]);
    assert_eq!((world.lamports(&lender), world.lamports(&buyer)), (lamports.0 + rents, lamports.1));
    assert_eq!((world.lamports(&credit), world.lamports(&vault)), (0, 0));
}

#[test]
fn a_loan_that_is_sold_on_and_bought_back_keeps_its_address() {
    let (mut world, credit) = sold(World::active);
    for (from, to) in [("buyer", "stranger"), ("stranger", "lender"), ("lender", "buyer")] {
        world.sent(&[world.offer_lender(from, &credit, to)], &[from]);
        world.sent(&[world.accept_lender(to, &credit)], &[to]);
        world.sent(&[world.repay("borrower", &credit, USDC)], &["borrower"]);
        let account = world.token_account(to);
        let before = world.balance(&account);
        world.sent(&[world.collect("payer", &credit, Party::Lender, &account)], &["payer"]);
        assert_eq!(world.balance(&account), before + USDC);
        assert_eq!(world.credit(&credit).address_lender(), Parties::address("lender"));
    }
}

#[test]
fn an_offer_is_withdrawn_by_offering_to_nobody_and_replaced_by_another() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    world.sent(&[world.offer_lender("lender", &credit, "buyer")], &["lender"]);
    let landed = world.sent(&[world.offer_lender_to("lender", &credit, Pubkey::default())], &["lender"]);
    assert_eq!(landed.changes(), [Change::LenderOffered { to: Pubkey::default() }]);
    world.refused(&[world.accept_lender("buyer", &credit)], &["buyer"], BlockableError::NotOffered);

    world.sent(&[world.offer_lender("lender", &credit, "buyer")], &["lender"]);
    world.sent(&[world.offer_lender("lender", &credit, "stranger")], &["lender"]);
    world.refused(&[world.accept_lender("buyer", &credit)], &["buyer"], BlockableError::NotOffered);
    world.sent(&[world.accept_lender("stranger", &credit)], &["stranger"]);
}

#[test]
fn an_offer_ends_with_the_debt() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    world.sent(&[world.offer_lender("lender", &credit, "buyer")], &["lender"]);
    world.sent(&[world.repay("borrower", &credit, u64::MAX)], &["borrower"]);
    assert_eq!(world.credit(&credit).pending_lender, Pubkey::default());
}

#[test]
fn the_lender_names_another_freeze_authority() {
    let mut world = World::new();
    let credit = world.delinquent(&Loan::new(1));
    let to = Parties::address("stranger");
    let landed = world.sent(&[world.set_freeze_authority("lender", &credit, to)], &["lender"]);
    assert_eq!(landed.changes(), [Change::FreezeAuthoritySet { to }]);
    assert_eq!(world.credit(&credit).freeze_authority, to);
    world.refused(&[freeze(&world, "freezer", &credit)], &["freezer"], BlockableError::NotFreezer);
    world.sent(&[freeze(&world, "stranger", &credit)], &["stranger"]);
}

/// An offered loan reaches the buyer unchanged, or not at all.
#[test]
fn what_the_lender_does_with_the_loan_withdraws_its_offer() {
    type Act = fn(&World, &Pubkey) -> (Instruction, &'static [&'static str]);
    let acts: [Act; 6] = [
        |world, credit| (world.waive_fee("lender", credit, 1), &["lender"]),
        |world, credit| (world.thaw("freezer", credit, ThawBounds { most: 1, keep: 0 }), &["freezer"]),
        |world, credit| (world.write_off("lender", credit), &["lender"]),
        |world, credit| (world.seize(credit, UnitBounds::exactly(100_000_000)), &["lender"]),
        |world, credit| {
            (world.seize_to_lender("lender", credit, UnitBounds::exactly(100_000_000)), &["lender"])
        },
        |world, credit| {
            let state = world.credit(credit);
            let schedule = vec![Instalment { due_after: 30 * DAY, principal: state.debt.principal }];
            (world.restructure(credit, state.terms, schedule), &["lender", "borrower"])
        },
    ];
    for act in acts {
        let mut world = World::new();
        let credit = world.defaulted(&Loan::new(1));
        world.pass(10 * DAY);
        world.sent(&[world.freeze(&credit, FreezeAmount::Units(9), FreezeReason::Default)], &["lender"]);
        world.sent(&[world.offer_lender("lender", &credit, "buyer")], &["lender"]);
        let (act, signers) = act(&world, &credit);
        world.sent(&[act], signers);
        assert_eq!(world.credit(&credit).pending_lender, Pubkey::default());
        let refused = world.fails(&[world.accept_lender("buyer", &credit)], &["buyer"]).program_error();
        assert!(
            matches!(refused, Some(BlockableError::NotOffered | BlockableError::WrongStatus)),
            "{refused:?}"
        );
    }
}
