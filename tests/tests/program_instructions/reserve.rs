//! The borrower's cash reserve: funded before issue, drawn for missed instalments, refilled by payments, given back.

use {
    blockable_sdk::{
        Pubkey, addresses,
        events::Change,
        instructions,
        program::{
            errors::BlockableError,
            state::{Party, Rider, VaultClaims},
            transitions::Status,
        },
    },
    blockable_testkit::{DAY, Loan, Money, Parties, USDC, World},
};

/// Interest of 30 days on $100,000 at 12 %, whole micro-USDC; a fraction remains.
const MONTH: u64 = 986_301_369;
/// The first instalment with its interest.
const FIRST: u64 = 20_000 * USDC + MONTH;
/// The rest of a reserve of $25,000 after it has paid the first instalment.
const LEFT: u64 = 25_000 * USDC - FIRST;

fn with_reserve(reserve: u64) -> Loan {
    Loan::new(1).with_rider(Rider { reserve, ..Rider::default() })
}

/// An active loan whose reserve of $25,000 has paid the first instalment on its due date.
fn drawn() -> (World, Pubkey) {
    let mut world = World::new();
    let credit = world.active_with_reserve(&with_reserve(25_000 * USDC));
    world.pass(30 * DAY);
    world.sent(&[world.draw_reserve(&credit)], &[]);
    (world, credit)
}

/// A loan whose reserve of $5,000 does not reach for the first instalment, marked delinquent.
fn delinquent() -> (World, Pubkey) {
    let mut world = World::new();
    let credit = world.active_with_reserve(&with_reserve(5_000 * USDC));
    world.pass(35 * DAY);
    world.sent(&[world.mark_delinquent(&credit)], &[]);
    (world, credit)
}

#[test]
fn anyone_funds_the_reserve_in_parts_up_to_what_was_agreed() {
    let mut world = World::new();
    let credit = world.accepted(&with_reserve(25_000 * USDC));
    let money = world.money(&credit);
    let landed = world.sent(&[world.fund_reserve("borrower", &credit, 10_000 * USDC)], &["borrower"]);
    let (payer, amount) = (Parties::address("borrower"), 10_000 * USDC);
    assert_eq!(landed.changes(), [Change::ReserveFunded { payer, amount, held: amount, thawed: 0 }]);

    let landed = world.sent(&[world.fund_reserve("stranger", &credit, u64::MAX)], &["stranger"]);
    let (payer, amount) = (Parties::address("stranger"), 15_000 * USDC);
    assert_eq!(landed.changes(), [Change::ReserveFunded { payer, amount, held: 25_000 * USDC, thawed: 0 }]);
    let expected = Money {
        borrower: money.borrower - 10_000 * USDC,
        stranger: money.stranger - 15_000 * USDC,
        vault: 125_000 * USDC,
        ..money
    };
    assert_eq!(world.money(&credit), expected);
    let state = world.credit(&credit);
    assert_eq!((state.status(), state.reserve_held), (Ok(Status::Accepted), 25_000 * USDC));
    assert_eq!(state.claims, VaultClaims { escrow: 100_000 * USDC, ..VaultClaims::default() });

    // At issue the principal goes to the provider, and the reserve stays.
    world.sent(&[world.issue(&credit)], &["provider"]);
    assert_eq!((world.wallet("provider"), world.money(&credit).vault), (100_000 * USDC, 25_000 * USDC));
    assert_eq!(world.credit(&credit).claims, VaultClaims::default());
}

#[test]
fn anyone_draws_the_reserve_from_the_due_date_on_and_it_pays_like_the_borrower() {
    let mut world = World::new();
    let credit = world.active_with_reserve(&with_reserve(25_000 * USDC));
    world.pass(30 * DAY - 1);
    world.refused(&[world.draw_reserve(&credit)], &[], BlockableError::NotInArrears);
    world.pass(1);
    let money = world.money(&credit);
    let landed = world.sent(&[world.draw_reserve(&credit)], &[]);

    assert_eq!(world.money(&credit), money);
    let state = world.credit(&credit);
    assert_eq!((state.status(), state.reserve_held), (Ok(Status::Active), LEFT));
    assert_eq!(state.claims, VaultClaims { lender: FIRST, ..VaultClaims::default() });
    assert_eq!((state.debt.arrears_since, state.principal_repaid), (0, 20_000 * USDC));
    assert_eq!((state.collateral.released, state.collateral.lien()), (200_000_000, 800_000_000));
    let paid = Change::Paid {
        payer: credit,
        reserve: 0,
        late_fees: 0,
        interest: MONTH,
        principal: 20_000 * USDC,
        released: 200_000_000,
        earned: 0,
        thawed: 0,
        unlocked: 0,
        frozen_for_payment: 0,
        frozen_for_other: 0,
        frozen_for_cross: 0,
        locked: 0,
        debt: 80_000 * USDC + 1,
        status: Status::Active,
    };
    assert_eq!(landed.changes(), [paid]);
}

#[test]
fn a_reserve_that_is_too_small_pays_nothing_and_holds_no_mark_up() {
    let mut world = World::new();
    let credit = world.active_with_reserve(&with_reserve(5_000 * USDC));
    world.pass(35 * DAY);
    world.refused(&[world.draw_reserve(&credit)], &[], BlockableError::ReserveTooSmall);
    let landed = world.sent(&[world.mark_delinquent(&credit)], &[]);
    assert_eq!(landed.changes(), [Change::MarkedDelinquent { arrears: 20_500 * USDC + MONTH }]);
    let state = world.credit(&credit);
    assert_eq!((state.reserve_held, state.status()), (5_000 * USDC, Ok(Status::Delinquent)));
    assert_eq!(state.arrears(), 20_500 * USDC + MONTH);
    world.refused(&[world.draw_reserve(&credit)], &[], BlockableError::ReserveTooSmall);
}

#[test]
fn a_draw_that_clears_the_arrears_cures() {
    let (mut world, credit) = delinquent();
    let owed = world.credit(&credit).arrears();
    world.sent(&[world.repay("borrower", &credit, owed - 2_000 * USDC)], &["borrower"]);
    assert_eq!(world.credit(&credit).status(), Ok(Status::Delinquent));
    let landed = world.sent(&[world.draw_reserve(&credit)], &[]);

    let state = world.credit(&credit);
    assert_eq!((state.status(), state.debt.arrears_since), (Ok(Status::Active), 0));
    assert_eq!((state.reserve_held, state.principal_repaid), (3_000 * USDC, 20_000 * USDC));
    let [Change::Paid { payer, principal, status, .. }] = landed.changes()[..] else { panic!("{landed:?}") };
    assert_eq!((payer, principal, status), (credit, 2_000 * USDC, Status::Active));
}

#[test]
fn a_payment_refills_the_reserve_after_the_arrears_and_before_it_pays_ahead() {
    let (mut world, credit) = drawn();
    let money = world.money(&credit);
    let landed = world.sent(&[world.repay("borrower", &credit, 10_000 * USDC)], &["borrower"]);
    let paid = Change::Paid {
        payer: Parties::address("borrower"),
        reserve: 10_000 * USDC,
        late_fees: 0,
        interest: 0,
        principal: 0,
        released: 0,
        earned: 0,
        thawed: 0,
        unlocked: 0,
        frozen_for_payment: 0,
        frozen_for_other: 0,
        frozen_for_cross: 0,
        locked: 0,
        debt: 80_000 * USDC + 1,
        status: Status::Active,
    };
    assert_eq!(landed.changes(), [paid]);
    let expected =
        Money { borrower: money.borrower - 10_000 * USDC, vault: money.vault + 10_000 * USDC, ..money };
    assert_eq!(world.money(&credit), expected);
    let state = world.credit(&credit);
    assert_eq!((state.reserve_held, state.claims.lender), (LEFT + 10_000 * USDC, FIRST));

    // What is missing in the reserve, a fraction of interest rounded up, and the rest ahead of the schedule.
    let landed = world.sent(&[world.repay("borrower", &credit, 15_000 * USDC)], &["borrower"]);
    let refill = FIRST - 10_000 * USDC;
    let principal = 15_000 * USDC - refill - 1;
    let paid = Change::Paid {
        payer: Parties::address("borrower"),
        reserve: refill,
        late_fees: 0,
        interest: 1,
        principal,
        released: 40_136_986,
        earned: 0,
        thawed: 0,
        unlocked: 0,
        frozen_for_payment: 0,
        frozen_for_other: 0,
        frozen_for_cross: 0,
        locked: 0,
        debt: 80_000 * USDC - principal,
        status: Status::Active,
    };
    assert_eq!(landed.changes(), [paid]);
    let state = world.credit(&credit);
    assert_eq!((state.reserve_held, state.claims.lender), (25_000 * USDC, FIRST + 1 + principal));
}

#[test]
fn what_a_payment_leaves_beyond_the_arrears_goes_to_the_reserve() {
    let (mut world, credit) = drawn();
    world.pass(30 * DAY);
    // 30 days on $80,000 are 789,041,095.89 with the fraction of the first month 789,041,096.75.
    let arrears = 20_000 * USDC + 789_041_096;
    let landed = world.sent(&[world.repay("borrower", &credit, arrears + 7)], &["borrower"]);
    let [Change::Paid { reserve, interest, principal, .. }] = landed.changes()[..] else {
        panic!("{landed:?}")
    };
    assert_eq!((reserve, interest, principal), (7, 789_041_096, 20_000 * USDC));
    let state = world.credit(&credit);
    assert_eq!((state.reserve_held, state.debt.arrears_since), (LEFT + 7, 0));
}

#[test]
fn paying_everything_refills_nothing_and_gives_the_reserve_back() {
    let (mut world, credit) = drawn();
    let money = world.money(&credit);
    world.sent(&[world.repay("borrower", &credit, u64::MAX)], &["borrower"]);
    let debt = 80_000 * USDC + 1;
    assert_eq!(world.money(&credit).borrower, money.borrower - debt);
    let state = world.credit(&credit);
    assert_eq!((state.status(), state.reserve_held), (Ok(Status::Repaid), 0));
    let claims = VaultClaims { lender: FIRST + debt, borrower: LEFT, ..VaultClaims::default() };
    assert_eq!(state.claims, claims);

    let to = world.token_account("borrower");
    let landed = world.sent(&[world.collect("stranger", &credit, Party::Borrower, &to)], &["stranger"]);
    let collected = Change::Collected { party: Party::Borrower, destination: to, amount: LEFT };
    assert_eq!(landed.changes(), [collected]);
    assert_eq!(world.money(&credit).borrower, money.borrower - debt + LEFT);
}

#[test]
fn either_party_withdraws_a_funded_offer_and_each_gets_its_own_money_and_the_lender_the_rent() {
    for party in ["lender", "borrower"] {
        let mut world = World::new();
        let lamports = world.lamports(&Parties::address("lender"));
        let credit = world.accepted(&with_reserve(25_000 * USDC));
        let money = world.money(&credit);
        world.sent(&[world.fund_reserve("borrower", &credit, 10_000 * USDC)], &["borrower"]);
        let landed = world.sent(&[world.cancel(party, &credit)], &[party]);

        assert_eq!(landed.changes(), [Change::Cancelled { refunded: 100_000 * USDC }]);
        let state = world.credit(&credit);
        assert_eq!((state.status(), state.reserve_held), (Ok(Status::Repaid), 0));
        assert_eq!(state.claims, VaultClaims { borrower: 10_000 * USDC, ..VaultClaims::default() });
        assert_eq!(world.wallet("lender"), money.lender + 100_000 * USDC);

        let to = world.token_account("borrower");
        world.sent(&[world.collect("stranger", &credit, Party::Borrower, &to)], &["stranger"]);
        let landed = world.sent(&[world.close_vault(&credit)], &[]);
        assert_eq!(landed.changes(), [Change::VaultClosed { swept: 0 }]);
        let landed = world.sent(&[world.close_credit("stranger", &credit)], &["stranger"]);
        assert_eq!(landed.changes(), [Change::Closed { given_up: 0 }]);
        let back = Money { lender: money.lender + 100_000 * USDC, vault: 0, ..money };
        assert_eq!(world.money(&credit), back);
        assert_eq!(world.lamports(&Parties::address("lender")), lamports);
        assert_eq!((world.lamports(&credit), world.lamports(&addresses::vault(&credit))), (0, 0));
        assert_eq!(world.provider().outstanding_units, 0);
    }
}

/// The lender gives its associated account away, so that nobody can pay it there: the borrower withdraws all the same, and gets
/// its reserve back.
#[test]
fn no_account_of_the_lenders_holds_a_borrower_to_its_acceptance() {
    let mut world = World::new();
    let credit = world.accepted(&with_reserve(25_000 * USDC));
    world.sent(&[world.fund_reserve("borrower", &credit, 10_000 * USDC)], &["borrower"]);
    world.give_away_account("lender", "stranger");
    let (slot, vault) = (world.credit(&credit).offer_slot, addresses::vault(&credit));
    let keys = world.keys;
    let cancel = |refund| {
        let (lender, borrower) = (Parties::address("lender"), Parties::address("borrower"));
        instructions::credit_cancel_offer(&keys, &borrower, &lender, &credit, &refund, slot)
    };
    let (to_account, to_vault) = (cancel(world.token_account("lender")), cancel(vault));
    world.refused(&[to_account], &["borrower"], BlockableError::DestinationNotAllowed);
    let landed = world.sent(&[to_vault], &["borrower"]);
    assert_eq!(landed.changes(), [Change::Cancelled { refunded: 0 }]);
    let claims = VaultClaims { lender: 100_000 * USDC, borrower: 10_000 * USDC, ..VaultClaims::default() };
    let state = world.credit(&credit);
    assert_eq!((state.status(), state.claims), (Ok(Status::Repaid), claims));

    let (theirs, ours) = (world.second_account("lender"), world.token_account("borrower"));
    world.sent(&[world.collect("stranger", &credit, Party::Borrower, &ours)], &["stranger"]);
    world.sent(&[world.collect("lender", &credit, Party::Lender, &theirs)], &["lender"]);
    assert_eq!(world.balance(&theirs), 100_000 * USDC);
    world.sent(&[world.close_vault(&credit)], &[]);
    world.sent(&[world.close_credit("stranger", &credit)], &["stranger"]);
    assert_eq!((world.lamports(&credit), world.lamports(&vault)), (0, 0));
}

#[test]
fn a_default_is_marked_only_where_the_reserve_does_not_pay_all_arrears() {
    let (mut world, credit) = delinquent();
    world.pass(10 * DAY);
    let landed = world.sent(&[world.mark_defaulted(&credit)], &[]);
    assert!(matches!(landed.changes()[..], [Change::MarkedDefaulted { .. }]));
    assert_eq!(world.credit(&credit).reserve_held, 5_000 * USDC);

    // What clears the arrears is no default.
    let (mut world, credit) = delinquent();
    world.sent(&[world.repay("borrower", &credit, world.credit(&credit).arrears() - 1)], &["borrower"]);
    world.pass(10 * DAY);
    world.refused(&[world.mark_defaulted(&credit)], &[], BlockableError::ReserveCovers);
}
