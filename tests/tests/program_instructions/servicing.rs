use {
    blockable_sdk::{
        addresses,
        events::Change,
        program::{
            state::{Collateral, Debt, Party, VaultClaims},
            transitions::Status,
        },
    },
    blockable_testkit::{DAY, Loan, Money, Parties, START, USDC, World},
};

/// Interest of 30 days on $100,000 at 12 %: `10^11 x 0.12 x 30 / 365`, whole micro-USDC; a fraction remains.
const MONTH: u64 = 986_301_369;

#[test]
fn a_payment_pays_billed_interest_then_principal_and_releases_the_lien_in_proportion() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    world.pass(30 * DAY);
    let money = world.money(&credit);
    let paid = MONTH + 12_345_678_901;
    let landed = world.sent(&[world.repay("borrower", &credit, paid)], &["borrower"]);

    assert_eq!(world.money(&credit), Money { borrower: money.borrower - paid, vault: paid, ..money });
    let state = world.credit(&credit);
    assert_eq!(state.claims, VaultClaims { lender: paid, ..VaultClaims::default() });
    assert_eq!(state.principal_repaid, 12_345_678_901);
    // 1,000,000,000 units x 12,345.678901 / 100,000, rounded down.
    let released = 123_456_789;
    let units = Collateral { granted: 1_000_000_000, released, ..Collateral::default() };
    assert_eq!(state.collateral, units);
    assert_eq!(state.collateral.lien(), 876_543_211);
    let owed = Debt {
        principal: 100_000 * USDC - 12_345_678_901,
        schedule_paid: 12_345_678_901,
        // 0.863... of a micro-USDC in units of 1 / (10,000 x seconds per year).
        interest_remainder: 272_160_000_000,
        accrued_at: START + i64::from(30 * DAY),
        arrears_since: START + i64::from(30 * DAY),
        instalments_billed: 1,
        ..Debt::default()
    };
    assert_eq!(state.debt, owed);
    let change = Change::Paid {
        payer: Parties::address("borrower"),
        reserve: 0,
        late_fees: 0,
        interest: MONTH,
        principal: 12_345_678_901,
        released,
        earned: 0,
        thawed: 0,
        unlocked: 0,
        frozen_for_payment: 0,
        frozen_for_other: 0,
        frozen_for_cross: 0,
        locked: 0,
        debt: 100_000 * USDC - 12_345_678_901 + 1,
        status: Status::Active,
    };
    assert_eq!(landed.changes(), [change]);
}

#[test]
fn a_payment_beyond_the_debt_takes_only_the_debt_and_ends_the_loan() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    world.pass(10 * DAY);
    let money = world.money(&credit);
    let landed = world.sent(&[world.repay("borrower", &credit, u64::MAX)], &["borrower"]);

    // 10 days of interest: 328,767,123.28..., the fraction counted as one.
    let paid = 100_000 * USDC + 328_767_124;
    assert_eq!(world.money(&credit), Money { borrower: money.borrower - paid, vault: paid, ..money });
    let state = world.credit(&credit);
    assert_eq!((state.status(), state.blockable), (Ok(Status::Repaid), 0));
    assert_eq!(state.debt.total(), 0);
    let granted = 1_000_000_000;
    assert_eq!(state.collateral, Collateral { granted, released: granted, ..Collateral::default() });
    assert_eq!((state.collateral.lien(), state.collateral.available()), (0, granted));
    let change = Change::Paid {
        payer: Parties::address("borrower"),
        reserve: 0,
        late_fees: 0,
        interest: 328_767_124,
        principal: 100_000 * USDC,
        released: granted,
        earned: 0,
        thawed: 0,
        unlocked: 0,
        frozen_for_payment: 0,
        frozen_for_other: 0,
        frozen_for_cross: 0,
        locked: 0,
        debt: 0,
        status: Status::Repaid,
    };
    assert_eq!(landed.changes(), [change]);
}

#[test]
fn a_payment_in_the_second_of_issue_is_all_principal() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    world.sent(&[world.repay("borrower", &credit, 1)], &["borrower"]);
    let state = world.credit(&credit);
    assert_eq!((state.debt.principal, state.principal_repaid), (100_000 * USDC - 1, 1));
    // A hundredth of a micro-USDC per unit: one micro-USDC releases 0.01 units, rounded down to none.
    assert_eq!(state.collateral.released, 0);
}

#[test]
fn anyone_collects_for_the_lender_into_its_associated_account() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    world.sent(&[world.repay("borrower", &credit, 500 * USDC)], &["borrower"]);
    let (money, to) = (world.money(&credit), world.token_account("lender"));
    let landed = world.sent(&[world.collect("stranger", &credit, Party::Lender, &to)], &["stranger"]);

    let collected = 500 * USDC;
    assert_eq!(world.money(&credit), Money { lender: money.lender + collected, vault: 0, ..money });
    assert_eq!(world.credit(&credit).claims, VaultClaims::default());
    let change = Change::Collected { party: Party::Lender, destination: to, amount: collected };
    assert_eq!(landed.changes(), [change]);
}

#[test]
fn the_lender_itself_collects_into_any_account_it_owns() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    let account = world.second_account("lender");
    world.sent(&[world.repay("borrower", &credit, 500 * USDC)], &["borrower"]);
    world.sent(&[world.collect("lender", &credit, Party::Lender, &account)], &["lender"]);
    assert_eq!(world.balance(&account), 500 * USDC);
    assert_eq!(world.balance(&addresses::vault(&credit)), 0);
}

#[test]
fn a_payment_and_its_collection_fit_in_one_transaction() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    let (lender, to) = (world.wallet("lender"), world.token_account("lender"));
    let pay = world.repay("borrower", &credit, 500 * USDC);
    let collect = world.collect("borrower", &credit, Party::Lender, &to);
    let landed = world.sent(&[pay, collect], &["borrower"]);
    assert_eq!(world.wallet("lender"), lender + 500 * USDC);
    assert_eq!(landed.records().len(), 2);
}

#[test]
fn what_is_donated_to_a_vault_is_nobodys_claim() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    let (vault, payer) = (addresses::vault(&credit), Parties::address("payer"));
    let keys = world.keys;
    let donate = blockable_sdk::tokens::mint_to(&keys.mint, &vault, &payer, 9, &keys.token_program);
    world.sent(&[donate.expect("SPL Token")], &[]);
    world.sent(&[world.repay("borrower", &credit, 100)], &["borrower"]);
    let to = world.token_account("lender");
    world.sent(&[world.collect("lender", &credit, Party::Lender, &to)], &["lender"]);
    assert_eq!(world.balance(&vault), 9);
    assert_eq!(world.credit(&credit).debt.principal, 100_000 * USDC - 100);
}
