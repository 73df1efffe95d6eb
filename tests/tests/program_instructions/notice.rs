//! Notice of default for a breach of the agreement, and writing a debt off.

use {
    blockable_sdk::{
        Pubkey,
        events::Change,
        program::{
            errors::BlockableError,
            instructions::UnitBounds,
            state::{Collateral, Debt, Rider, VaultClaims},
            transitions::Status,
        },
    },
    blockable_testkit::{DAY, Loan, Money, Parties, START, USDC, World},
};

const UNITS: u64 = 1_000_000_000;
/// The first instalment with its interest, whole micro-USDC.
const FIRST: u64 = 20_000 * USDC + 986_301_369;

fn loan() -> Loan {
    Loan::new(1).with_rider(Rider { breach_notice: 1, ..Rider::default() })
}

/// An active loan that was given notice on its tenth day.
fn noticed() -> (World, Pubkey) {
    let mut world = World::new();
    let credit = world.active(&loan());
    world.pass(10 * DAY);
    world.sent(&[world.give_notice("lender", &credit)], &["lender"]);
    (world, credit)
}

#[test]
fn an_active_loan_is_in_default_from_the_notice_on() {
    let mut world = World::new();
    let credit = world.active(&loan());
    world.pass(10 * DAY);
    let money = world.money(&credit);
    let landed = world.sent(&[world.give_notice("lender", &credit)], &["lender"]);

    // Ten days of interest: 328,767,123.29, rounded up.
    let debt = 100_000 * USDC + 328_767_124;
    assert_eq!(landed.changes(), [Change::NoticeGiven { document: [7; 32], debt }]);
    let state = world.credit(&credit);
    assert_eq!((state.status(), state.blockable), (Ok(Status::Defaulted), 1));
    assert_eq!((state.notice_given, state.defaulted_at), (1, START + i64::from(10 * DAY)));
    assert_eq!((state.debt.arrears_since, state.arrears()), (0, 0));
    assert_eq!(world.money(&credit), money);
}

#[test]
fn a_delinquent_loan_can_be_given_notice_and_paying_the_arrears_does_not_cure_it() {
    let mut world = World::new();
    let credit = world.delinquent(&loan());
    world.sent(&[world.give_notice("lender", &credit)], &["lender"]);
    let arrears = FIRST + 500 * USDC;
    let landed = world.sent(&[world.repay("borrower", &credit, arrears)], &["borrower"]);

    let [Change::Paid { principal, released, status, .. }] = landed.changes()[..] else {
        panic!("{landed:?}")
    };
    assert_eq!((principal, released, status), (20_000 * USDC, 200_000_000, Status::Defaulted));
    let state = world.credit(&credit);
    assert_eq!((state.arrears(), state.debt.arrears_since), (0, 0));
    assert_eq!((state.notice_given, state.defaulted_at), (1, START + i64::from(35 * DAY)));
}

#[test]
fn a_notice_that_is_withdrawn_leaves_the_loan_as_it_would_be() {
    let (mut world, credit) = noticed();
    world.pass(DAY);
    let landed = world.sent(&[world.withdraw_notice("lender", &credit)], &["lender"]);
    assert_eq!(landed.changes(), [Change::NoticeWithdrawn]);
    let state = world.credit(&credit);
    assert_eq!((state.status(), state.notice_given, state.defaulted_at), (Ok(Status::Active), 0, 0));

    // Another notice begins another cure period.
    world.pass(DAY);
    world.sent(&[world.give_notice("lender", &credit)], &["lender"]);
    assert_eq!(world.credit(&credit).defaulted_at, START + i64::from(12 * DAY));
}

#[test]
fn instalments_that_were_missed_meanwhile_are_marked_at_once_after_a_withdrawal() {
    let (mut world, credit) = noticed();
    world.pass(35 * DAY);
    world.sent(&[world.withdraw_notice("lender", &credit)], &["lender"]);
    world.sent(&[world.mark_delinquent(&credit)], &[]);
    world.sent(&[world.mark_defaulted(&credit)], &[]);
    let state = world.credit(&credit);
    assert_eq!((state.status(), state.defaulted_at), (Ok(Status::Defaulted), START + i64::from(45 * DAY)));
}

#[test]
fn paying_the_whole_debt_ends_the_notice_with_the_loan() {
    let (mut world, credit) = noticed();
    let money = world.money(&credit);
    world.sent(&[world.repay("borrower", &credit, u64::MAX)], &["borrower"]);
    let debt = 100_000 * USDC + 328_767_124;
    assert_eq!(world.money(&credit), Money { borrower: money.borrower - debt, vault: debt, ..money });
    let state = world.credit(&credit);
    assert_eq!((state.status(), state.notice_given, state.defaulted_at), (Ok(Status::Repaid), 0, 0));
    assert_eq!((state.collateral.lien(), state.collateral.available()), (0, UNITS));
}

#[test]
fn after_notice_the_lien_is_frozen_and_seized_once_the_cure_period_has_passed() {
    let (mut world, credit) = noticed();
    world.sent(&[world.auto_freeze(&credit)], &[]);
    world.pass(10 * DAY - 1);
    world.refused(&[world.seize(&credit, UnitBounds::ALL)], &["lender"], BlockableError::CurePeriodRunning);
    world.pass(1);
    world.sent(&[world.seize(&credit, UnitBounds::ALL)], &["lender"]);
    let state = world.credit(&credit);
    assert_eq!((state.status(), state.lots_open), (Ok(Status::Seizing), 1));
    assert_eq!(state.collateral, Collateral { granted: UNITS, seized: UNITS, ..Collateral::default() });
}

#[test]
fn a_debt_in_default_is_written_off_and_the_units_are_the_borrowers() {
    let reserve = 1_000 * USDC;
    let mut world = World::new();
    let credit = world.active_with_reserve(&Loan::new(1).with_rider(Rider {
        breach_notice: 1,
        reserve,
        ..Rider::default()
    }));
    world.pass(10 * DAY);
    world.sent(&[world.give_notice("lender", &credit)], &["lender"]);
    world.sent(&[world.auto_freeze(&credit)], &[]);
    world.pass(5 * DAY);
    let money = world.money(&credit);
    let landed = world.sent(&[world.write_off("lender", &credit)], &["lender"]);

    // 15 days of interest: 493,150,684.93, rounded up.
    assert_eq!(
        landed.changes(),
        [Change::WrittenOff { debt: 100_000 * USDC + 493_150_685, cancelled: 0, paid: 0, earned: 0 }]
    );
    assert_eq!(world.money(&credit), money);
    let state = world.credit(&credit);
    assert_eq!((state.status(), state.blockable, state.notice_given), (Ok(Status::Repaid), 0, 0));
    assert_eq!(state.debt, Debt { accrued_at: world.now(), ..Debt::default() });
    assert_eq!(state.collateral, Collateral { granted: UNITS, released: UNITS, ..Collateral::default() });
    assert_eq!((state.reserve_held, state.principal_repaid), (0, 0));
    assert_eq!(state.claims, VaultClaims { borrower: reserve, ..VaultClaims::default() });
}

#[test]
fn what_sales_have_not_recovered_is_written_off_once_the_lots_are_closed() {
    let mut world = World::new();
    let credit = world.seized(&Loan::new(1), UnitBounds::exactly(400_000_000));
    world.sent(&[world.buy(&credit, 400_000_000, u64::MAX)], &["buyer"]);
    world.refused(&[world.write_off("lender", &credit)], &["lender"], BlockableError::LotsOpen);
    world.sent(&[world.close_lot("lender", &credit, 0)], &["lender"]);
    let landed = world.sent(&[world.write_off("lender", &credit)], &["lender"]);

    // $40,000 less a fee of 2 % were recovered of the debt of day 55.
    let recovered = 39_200 * USDC;
    let debt = 100_000 * USDC + 500 * USDC + 1_808_219_179 - recovered;
    assert_eq!(landed.changes(), [Change::WrittenOff { debt, cancelled: 0, paid: 0, earned: 0 }]);
    let state = world.credit(&credit);
    assert_eq!((state.status(), state.recovered), (Ok(Status::Repaid), recovered));
    let claims = VaultClaims { lender: recovered, treasury: 800 * USDC, ..VaultClaims::default() };
    assert_eq!(state.claims, claims);
    assert_eq!((state.collateral.remaining(), state.collateral.available()), (600_000_000, 600_000_000));
    assert_eq!(state.lender, Parties::address("lender"));
}

#[test]
fn the_smallest_payment_goes_through_after_a_seizure_before_the_first_due_date() {
    let (mut world, credit) = noticed();
    world.pass(10 * DAY);
    world.sent(&[world.seize(&credit, UnitBounds::ALL)], &["lender"]);
    world.sent(&[world.repay("borrower", &credit, 1)], &["borrower"]);
    assert_eq!(world.credit(&credit).recovered, 1);
}

#[test]
fn a_recovery_costs_no_late_fee_for_an_instalment_that_was_paid_in_time() {
    let mut world = World::new();
    let credit = world.active(&loan());
    world.pass(21 * DAY);
    world.sent(&[world.give_notice("lender", &credit)], &["lender"]);
    world.pass(9 * DAY);
    world.sent(&[world.repay("borrower", &credit, FIRST)], &["borrower"]);
    world.pass(DAY);
    world.sent(&[world.seize(&credit, UnitBounds::ALL)], &["lender"]);
    // A micro-USDC of the interest of the day since.
    world.sent(&[world.repay("lender", &credit, 1)], &["lender"]);
    world.pass(5 * DAY);
    world.sent(&[world.repay("lender", &credit, 1)], &["lender"]);
    assert_eq!((world.credit(&credit).debt.late_fees, world.credit(&credit).debt.arrears_since), (0, 0));
}

#[test]
fn paying_the_arrears_thaws_nothing_while_a_notice_stands() {
    let (mut world, credit) = noticed();
    world.sent(&[world.auto_freeze(&credit)], &[]);
    world.pass(20 * DAY);
    world.sent(&[world.repay("borrower", &credit, FIRST)], &["borrower"]);
    let state = world.credit(&credit);
    // The lien is smaller by what the instalment has released; all of it stays frozen.
    assert_eq!((state.status(), state.collateral.frozen()), (Ok(Status::Defaulted), 800_000_000));
}
