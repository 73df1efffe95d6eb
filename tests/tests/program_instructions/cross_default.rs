//! A loan is frozen for the default of another one, and thawed once that is over.
//!
//! Both are $100,000 for 1,000,000,000 units. The one that performs has its first instalment on day 60, the other one on day
//! 30, so that it is in default on day 45.

use {
    crate::cross_default::Over::*,
    blockable_sdk::{
        Pubkey,
        events::Change,
        program::{
            errors::BlockableError,
            instructions::{FreezeAmount, ThawBounds, UnitBounds},
            state::{Credit, FreezePolicy, FreezeReason, Instalment, Party},
            transitions::Status,
        },
    },
    blockable_testkit::{DAY, Loan, Parties, USDC, World},
};

/// Units ahead of payment in the loan that performs.
const AHEAD: u64 = 100_000_000;

fn performing() -> Loan {
    let instalment = |month: u32| Instalment { due_after: (month + 1) * 30 * DAY, principal: 20_000 * USDC };
    let schedule: Vec<Instalment> = (1..=5).map(instalment).collect();
    let loan = Loan::new(1).with_schedule(&schedule).with_cross_default();
    loan.with(|terms| {
        terms.unlocked_ahead = AHEAD;
        terms.freeze_policy = FreezePolicy::OnDefault as u8;
    })
}

/// The loan that performs, and the other one in default.
fn pair() -> (World, Pubkey, Pubkey) {
    let mut world = World::new();
    let credit = world.active(&performing());
    let other = world.defaulted(&Loan::new(2));
    (world, credit, other)
}

/// The same, frozen in full by the freeze authority.
fn frozen() -> (World, Pubkey, Pubkey) {
    let (mut world, credit, other) = pair();
    world.sent(&[world.freeze_cross("freezer", &credit, &other, FreezeAmount::All)], &["freezer"]);
    (world, credit, other)
}

/// The change of a freeze for cross-default of so many units in all.
fn change(by: &str, units: u64, frozen_for_cross: u64) -> Change {
    Change::Frozen {
        by: Parties::address(by),
        reason: FreezeReason::CrossDefault,
        units,
        frozen_for_payment: 0,
        frozen_for_other: 0,
        frozen_for_cross,
        locked: 900_000_000,
    }
}

/// The change of the thaw of all that rested on another credit.
fn thawed(by: Pubkey) -> Change {
    Change::Thawed {
        by,
        units: AHEAD,
        frozen_for_payment: 0,
        frozen_for_other: 0,
        frozen_for_cross: 0,
        locked: 900_000_000,
    }
}

#[test]
fn lender_and_freeze_authority_freeze_a_loan_that_performs() {
    let (mut world, credit, other) = pair();
    let part = FreezeAmount::Bps(2_500);
    let landed = world.sent(&[world.freeze_cross("lender", &credit, &other, part)], &["lender"]);
    assert_eq!(landed.changes(), [change("lender", AHEAD / 4, AHEAD / 4)]);
    let all = world.freeze_cross("freezer", &credit, &other, FreezeAmount::All);
    world.pass(1);
    let landed = world.sent(&[all], &["freezer"]);
    assert_eq!(landed.changes(), [change("freezer", AHEAD / 4 * 3, AHEAD)]);
    let state = world.credit(&credit);
    assert_eq!((state.status(), state.collateral.available()), (Ok(Status::Active), 0));
    assert_eq!((state.cross_credit, state.freeze_reason), (other, FreezeReason::CrossDefault as u8));
    assert_eq!(world.credit(&other).event_seq, world.log(&other).len() as u64, "the other is only read");
}

#[test]
fn freezing_and_thawing_for_cross_default_go_on_while_paused() {
    let (mut world, credit, other) = pair();
    world.pause(DAY);
    world.sent(&[world.freeze_cross("lender", &credit, &other, FreezeAmount::All)], &["lender"]);
    world.sent(&[world.repay("stranger", &other, u64::MAX)], &["stranger"]);
    let landed = world.sent(&[world.thaw_cross(&credit, &other)], &[]);
    assert_eq!(landed.changes(), [thawed(other)]);
}

#[test]
fn anyone_thaws_once_the_other_credit_is_cured_and_nothing_else_thaws() {
    let (mut world, credit, other) = frozen();
    // A payment counts as a cure, and opens what it pays for alone.
    world.sent(&[world.repay("borrower", &credit, 10_000 * USDC)], &["borrower"]);
    let state = world.credit(&credit);
    assert_eq!((state.collateral.frozen(), state.status()), (AHEAD, Ok(Status::Active)));
    let thaw = world.thaw_cross(&credit, &other);
    world.refused(std::slice::from_ref(&thaw), &[], BlockableError::CrossDefaultStands);
    world.sent(&[world.repay("stranger", &other, 30_000 * USDC)], &["stranger"]);
    assert_eq!(world.credit(&other).status(), Ok(Status::Active));
    world.sent(&[thaw], &[]);
    let state = world.credit(&credit);
    assert_eq!((state.collateral.frozen(), state.cross_credit), (0, Pubkey::default()));
}

/// A way in which the other credit's default is over.
#[derive(Clone, Copy, Debug)]
enum Over {
    Paid,
    WrittenOff,
    Closed,
    Sold,
}

#[test]
fn a_default_that_is_paid_given_up_closed_or_sold_is_over() {
    for over in [Paid, WrittenOff, Closed, Sold] {
        let (mut world, credit, other) = frozen();
        match over {
            Paid => drop(world.sent(&[world.repay("stranger", &other, u64::MAX)], &["stranger"])),
            WrittenOff => drop(world.sent(&[world.write_off("lender", &other)], &["lender"])),
            Closed => close(&mut world, &other),
            Sold => {
                world.sent(&[world.offer_lender("lender", &other, "buyer")], &["lender"]);
                world.sent(&[world.accept_lender("buyer", &other)], &["buyer"]);
                assert_eq!(world.credit(&other).status(), Ok(Status::Defaulted));
            }
        }
        let landed = world.sent(&[world.thaw_cross(&credit, &other)], &[]);
        assert_eq!(landed.changes(), [thawed(other)], "{over:?}");
    }
}

/// Pays the debt, and removes the vault and the account.
fn close(world: &mut World, credit: &Pubkey) {
    world.sent(&[world.repay("borrower", credit, u64::MAX)], &["borrower"]);
    let collect = world.collect("stranger", credit, Party::Lender, &world.token_account("lender"));
    world.sent(&[collect, world.close_vault(credit)], &["stranger"]);
    world.sent(&[world.close_credit("borrower", credit)], &["borrower"]);
    assert_eq!(world.lamports(credit), 0);
}

/// After the first seizure the other loan is still in default; the freeze rests on it until then and after it.
#[test]
fn a_seizure_of_the_other_credit_ends_nothing() {
    let (mut world, credit, other) = frozen();
    world.pass(10 * DAY);
    world.sent(&[world.seize(&other, UnitBounds::ALL)], &["lender"]);
    let thaw = world.thaw_cross(&credit, &other);
    world.refused(&[thaw], &[], BlockableError::CrossDefaultStands);
}

#[test]
fn a_freeze_comes_to_rest_on_another_credit_and_ends_with_that_one() {
    let (mut world, credit, other) = frozen();
    let expiry = world.now() + i64::from(DAY);
    let third = world.active(&Loan::new(3).with(|terms| terms.offer_expires_at = expiry));
    world.write(&third, |third: &mut Credit| third.status = Status::Seizing.byte());
    let landed = world.sent(&[world.freeze_cross("lender", &credit, &third, FreezeAmount::All)], &["lender"]);
    assert_eq!(landed.changes(), [change("lender", 0, AHEAD)]);
    assert_eq!(world.credit(&credit).cross_credit, third);

    world.sent(&[world.repay("stranger", &other, u64::MAX)], &["stranger"]);
    let thaw = world.thaw_cross(&credit, &other);
    world.refused(&[thaw], &[], BlockableError::CrossCreditMismatch);
    let thaw = world.thaw_cross(&credit, &third);
    world.refused(std::slice::from_ref(&thaw), &[], BlockableError::CrossDefaultStands);
    world.write(&third, |third: &mut Credit| third.status = Status::Active.byte());
    assert_eq!(world.sent(&[thaw], &[]).changes(), [thawed(third)]);
}

/// The freeze authority thaws as it freezes; after that there is nothing for anyone else to thaw.
#[test]
fn the_freeze_authority_thaws_what_is_frozen_for_cross_default() {
    let (mut world, credit, other) = frozen();
    let landed = world.sent(&[world.thaw("freezer", &credit, ThawBounds::ALL)], &["freezer"]);
    assert_eq!(landed.changes(), [thawed(Parties::address("freezer"))]);
    world.sent(&[world.repay("stranger", &other, u64::MAX)], &["stranger"]);
    let thaw = world.thaw_cross(&credit, &other);
    world.refused(&[thaw], &[], BlockableError::NoCrossFreeze);
}
