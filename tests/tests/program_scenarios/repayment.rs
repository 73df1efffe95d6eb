//! Loans that are repaid.

use {
    crate::{Steps, UNITS, who},
    blockable_sdk::{
        events::Change,
        program::{
            errors::BlockableError,
            instructions::{FreezeAmount, UnitBounds},
            state::{Collateral, FreezeReason, Party},
            transitions::Status,
        },
    },
    blockable_testkit::{Loan, Money, USDC, World},
};

/// The amount due at each date when every instalment is paid on its day: $20,000 and 30 days of interest on what is
/// left. The fraction of a micro-USDC is carried from month to month; the last payment rounds it up.
const ON_SCHEDULE: [u64; 5] =
    [20_986_301_369, 20_789_041_096, 20_591_780_822, 20_394_520_548, 20_197_260_275];

#[test]
fn a_loan_repaid_on_schedule_shrinks_the_lien_step_by_step_and_frees_the_rest() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    let start = world.money(&credit);
    let mut paid = 0;
    for (month, due) in (1u32..).zip(ON_SCHEDULE) {
        world.day(30 * month - 1);
        world.meters(&credit, u64::from(month) * 60_000_000);
        world.day(30 * month);
        assert_eq!(world.pay("borrower", &credit, due).records().len(), 1);
        paid += due;
        let state = world.credit(&credit);
        let released = u64::from(month) * UNITS / 5;
        let consumed = u64::from(month) * 60_000_000;
        let units = Collateral { granted: UNITS, consumed, released, ..Collateral::default() };
        assert_eq!(state.collateral, units);
        assert_eq!(state.collateral.lien(), UNITS - released);
        assert_eq!(state.arrears(), 0);
        assert_eq!(state.debt.principal, 100_000 * USDC - u64::from(month) * 20_000 * USDC);
        let status = if month < 5 { Status::Active } else { Status::Repaid };
        assert_eq!(state.status(), Ok(status));
    }
    assert_eq!(paid, 102_958_904_110);
    let state = world.credit(&credit);
    assert_eq!((state.blockable, state.debt.total()), (0, 0));
    assert_eq!((state.collateral.available(), state.collateral.lien()), (700_000_000, 0));

    world.collects(&credit, Party::Lender);
    let end = Money { borrower: start.borrower - paid, lender: start.lender + paid, ..start };
    assert_eq!(world.money(&credit), end);
}

#[test]
fn what_is_repaid_can_neither_be_frozen_nor_marked_nor_seized() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    world.pay("borrower", &credit, u64::MAX);
    world.day(399);
    let (freeze, seize) =
        (world.freeze(&credit, FreezeAmount::All, FreezeReason::Risk), world.seize(&credit, UnitBounds::ALL));
    for instruction in
        [world.mark_delinquent(&credit), world.mark_defaulted(&credit), world.auto_freeze(&credit)]
    {
        world.refused(&[instruction], &[], BlockableError::WrongStatus);
    }
    for instruction in [freeze, seize] {
        world.refused(&[instruction], &["lender"], BlockableError::WrongStatus);
    }
    world.meters(&credit, UNITS);
}

#[test]
fn prepaid_principal_covers_the_next_instalments_in_order() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    world.day(10);
    // Ten days of interest, 328,767,123.29 rounded up, then half of the principal.
    let landed = world.pay("borrower", &credit, 328_767_124 + 50_000 * USDC);
    let [Change::Paid { interest, principal, released, .. }] = landed.changes()[..] else { panic!() };
    assert_eq!((interest, principal, released), (328_767_124, 50_000 * USDC, UNITS / 2));

    // Two instalments and half of the third are covered: at the first two dates interest alone is due,
    // 20 days on $50,000, then 30, the fraction carried.
    for (day, due) in [(30, 328_767_123), (60, 493_150_685)] {
        world.day(day);
        world.pay("borrower", &credit, due);
        assert_eq!(world.credit(&credit).arrears(), 0, "day {day}");
        assert_eq!(world.credit(&credit).debt.principal, 50_000 * USDC);
    }
    world.day(90);
    world.pay("borrower", &credit, 1);
    assert_eq!(world.credit(&credit).arrears(), 493_150_685 - 1 + 10_000 * USDC);
}

#[test]
fn prepaid_interest_is_not_due_again() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    world.day(15);
    // 15 days of interest are 493,150,684.93; paying less than them pays interest alone.
    world.pay("borrower", &credit, 400_000_000);
    let state = world.credit(&credit);
    assert_eq!((state.debt.interest_accrued, state.debt.principal), (93_150_684, 100_000 * USDC));
    assert_eq!(state.collateral.released, 0);
    world.day(30);
    // 986,301,369 less the 400,000,000 paid.
    world.pay("borrower", &credit, 586_301_369 + 20_000 * USDC);
    assert_eq!(world.credit(&credit).arrears(), 0);
    assert_eq!(world.credit(&credit).debt.principal, 80_000 * USDC);
}

#[test]
fn anyone_may_repay_and_only_the_payer_pays() {
    for payer in ["stranger", "lender", "buyer"] {
        let mut world = World::new();
        let credit = world.active(&Loan::new(1));
        let (before, own) = (world.money(&credit), world.wallet(payer));
        let landed = world.pay(payer, &credit, 1_000 * USDC);
        assert_eq!(world.wallet(payer), own - 1_000 * USDC);
        assert_eq!(world.money(&credit).vault, before.vault + 1_000 * USDC);
        assert_eq!(world.wallet("borrower"), before.borrower);
        let [Change::Paid { payer: named, principal, .. }] = landed.changes()[..] else { panic!() };
        assert_eq!((named, principal), (who(payer), 1_000 * USDC));
    }
}

#[test]
fn releases_of_small_payments_add_up_to_those_of_a_large_one() {
    let mut world = World::new();
    let (parts, whole) = (world.active(&Loan::new(1)), world.active(&Loan::new(2)));
    for payment in [1, 333, 7_777_777, 99_999_999_000 / 7] {
        world.pay("borrower", &parts, payment);
    }
    let paid = world.credit(&parts).principal_repaid;
    world.pay("borrower", &whole, paid);
    assert_eq!(world.credit(&whole).principal_repaid, paid);
    assert_eq!(world.credit(&parts).collateral, world.credit(&whole).collateral);
}
