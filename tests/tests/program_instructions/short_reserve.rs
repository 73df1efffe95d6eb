//! A drawn reserve that stays short lets the lender freeze, whatever the policy, until it is full again.
//!
//! The loan is the standard preset with a reserve of $12,000: $120,000 for 1,200,000,000 units, 50,000,000 of them ahead. On
//! day 1 the reserve pays the first instalment with a day's interest, $10,035, and $1,965 are left. Nothing is in arrears, and
//! the delinquency grace ends on day 3.

use {
    blockable_sdk::{
        Pubkey,
        events::Change,
        program::{
            errors::BlockableError,
            instructions::FreezeAmount,
            state::{FreezeReason, Rider},
            transitions::Status,
        },
    },
    blockable_testkit::{DAY, Loan, Parties, START, USDC, World},
};

/// Units ahead of payment, the most that can be frozen.
const AHEAD: u64 = 50_000_000;

/// The loan on day 3, a second early.
fn drawn() -> (World, Pubkey) {
    let mut world = World::new();
    let rider = Rider { reserve: 12_000 * USDC, ..Rider::default() };
    let loan = Loan::standard(1, 120_000 * USDC, 1_200_000_000).with_rider(rider);
    let credit = world.active_with_reserve(&loan);
    world.pass(DAY);
    world.sent(&[world.draw_reserve(&credit)], &[]);
    let state = world.credit(&credit);
    assert_eq!((state.reserve_held, state.reserve_drawn_at), (1_965 * USDC, START + i64::from(DAY)));
    assert_eq!((state.status(), state.arrears()), (Ok(Status::Active), 0));
    world.pass(2 * DAY - 1);
    (world, credit)
}

/// The same a second later, frozen in full for a risk.
fn frozen() -> (World, Pubkey) {
    let (mut world, credit) = drawn();
    world.pass(1);
    world.sent(&[world.freeze(&credit, FreezeAmount::All, FreezeReason::Risk)], &["lender"]);
    assert_eq!(world.credit(&credit).collateral.frozen_for_other, AHEAD);
    (world, credit)
}

#[test]
fn the_lender_freezes_a_loan_that_performs_once_the_grace_has_passed() {
    let (mut world, credit) = drawn();
    let freeze = world.freeze_by("freezer", &credit, FreezeAmount::All, FreezeReason::Breach);
    world.refused(std::slice::from_ref(&freeze), &["freezer"], BlockableError::FreezePolicyForbids);
    world.pass(1);
    // About a payment there is nothing to freeze for: none is in arrears.
    let about_payment = world.freeze(&credit, FreezeAmount::All, FreezeReason::MissedPayment);
    world.refused(&[about_payment], &["lender"], BlockableError::FreezePolicyForbids);
    let landed = world.sent(&[freeze], &["freezer"]);
    let frozen = Change::Frozen {
        by: Parties::address("freezer"),
        reason: FreezeReason::Breach,
        units: AHEAD,
        frozen_for_payment: 0,
        frozen_for_other: AHEAD,
        frozen_for_cross: 0,
        locked: 1_050_000_000,
    };
    assert_eq!(landed.changes(), [frozen]);
}

#[test]
fn a_payment_that_leaves_the_reserve_short_thaws_nothing() {
    let (mut world, credit) = frozen();
    let landed = world.sent(&[world.repay("borrower", &credit, 10_035 * USDC - 1)], &["borrower"]);
    let [Change::Paid { reserve, principal: 0, interest: 0, thawed: 0, frozen_for_other: AHEAD, .. }] =
        landed.changes()[..]
    else {
        panic!("{:?}", landed.changes())
    };
    assert_eq!(reserve, 10_035 * USDC - 1);
    let landed = world.sent(&[world.repay("borrower", &credit, 1)], &["borrower"]);
    let [Change::Paid { reserve: 1, thawed: AHEAD, frozen_for_other: 0, .. }] = landed.changes()[..] else {
        panic!("{:?}", landed.changes())
    };
    assert_eq!(world.credit(&credit).reserve_drawn_at, 0);
}

#[test]
fn anyone_who_fills_the_reserve_thaws_what_its_shortage_froze() {
    let (mut world, credit) = frozen();
    let landed = world.sent(&[world.fund_reserve("stranger", &credit, u64::MAX)], &["stranger"]);
    let funded = Change::ReserveFunded {
        payer: Parties::address("stranger"),
        amount: 10_035 * USDC,
        held: 12_000 * USDC,
        thawed: AHEAD,
    };
    assert_eq!(landed.changes(), [funded]);
    assert_eq!(world.credit(&credit).collateral.available(), 150_000_000);
}
