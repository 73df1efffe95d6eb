//! Units under the holdback are cancelled, by each who may.
//!
//! The loan is the standard preset: $120,000 for 1,200,000,000 units, 100 micro-USDC each; 50,000,000 are unlocked ahead, and
//! $57,500 are held back, for 575,000,000. A day's interest is $35: 14 % a year on $62,500 and 7 % on $57,500. The first
//! instalment of $10,000 is due on day 1; without a payment the loan is in default on day 8, and its cure period ends on day 18.

use {
    blockable_sdk::{
        Pubkey,
        events::Change,
        program::{
            errors::BlockableError,
            instructions::UnitBounds,
            state::{Collateral, Party, VaultClaims},
            transitions::Status,
        },
    },
    blockable_testkit::{DAY, Loan, Money, Parties, START, USDC, World},
};

/// A million units.
const M: u64 = 1_000_000;
/// Held back at issue.
const HELD: u64 = 57_500 * USDC;
/// A late fee.
const FEE: u64 = 200 * USDC;

fn standard() -> Loan {
    Loan::standard(1, 120_000 * USDC, 1_200 * M)
}

fn day(world: &mut World, day: u32) {
    world.set_time(START + i64::from(day * DAY));
}

/// A loan of which nothing was paid, marked as early as the clock allows, on the day on which the cure period ends.
fn past_cure(loan: &Loan) -> (World, Pubkey) {
    let mut world = World::new();
    let credit = world.defaulted(loan);
    world.pass(10 * DAY);
    (world, credit)
}

/// The change of a cancel that pays principal alone.
fn cancelled(by: &str, units: u64, debt: u64, status: Status) -> Change {
    Change::LockedCancelled {
        by: Parties::address(by),
        units,
        paid: units * 100,
        principal: units * 100,
        interest: 0,
        late_fees: 0,
        surplus: 0,
        earned: 0,
        debt,
        status,
    }
}

#[test]
fn the_lender_cancels_after_the_cure_period_and_is_paid_what_the_loan_paid() {
    let (mut world, credit) = past_cure(&standard());
    let (money, outstanding) = (world.money(&credit), world.provider().outstanding_units);
    let cancel = world.cancel_locked("lender", &credit, UnitBounds::exactly(100 * M));
    let landed = world.sent(&[cancel], &["lender"]);

    // 18 days of interest, and a late fee.
    let debt = 110_000 * USDC + 18 * 35 * USDC + FEE;
    assert_eq!(landed.changes(), [cancelled("lender", 100 * M, debt, Status::Seizing)]);
    assert_eq!(world.money(&credit), money, "the money waits in the vault");
    let state = world.credit(&credit);
    assert_eq!((state.debt.principal, state.debt.total()), (110_000 * USDC, debt));
    assert_eq!(state.claims, VaultClaims { lender: 10_000 * USDC, ..VaultClaims::default() });
    assert_eq!((state.holdback_left, state.recovered), (HELD - 10_000 * USDC, 10_000 * USDC));
    let units = Collateral {
        granted: 1_200 * M,
        cancelled: 100 * M,
        locked_at_issue: 1_150 * M,
        ..Collateral::default()
    };
    assert_eq!(state.collateral, units);
    assert_eq!((units.locked(), units.available(), state.covered()), (1_050 * M, 50 * M, Ok(475 * M)));
    // Principal falls off the last instalment.
    assert_eq!((state.principal_due[10], state.principal_due[11]), (10_000 * USDC, 0));
    assert_eq!(world.provider().outstanding_units, outstanding - 100 * M);

    let rest = world.sent(&[world.cancel_locked("lender", &credit, UnitBounds::ALL)], &["lender"]);
    let debt = debt - 47_500 * USDC;
    assert_eq!(rest.changes(), [cancelled("lender", 475 * M, debt, Status::Seizing)]);
    let collect = world.collect("lender", &credit, Party::Lender, &world.token_account("lender"));
    world.sent(&[collect], &["lender"]);
    assert_eq!(world.money(&credit), Money { lender: money.lender + HELD, vault: 0, ..money });
}

/// A unit costs 97.2 micro-USDC and a fraction: no part of a cancel pays more than the whole, nor less.
#[test]
fn cancels_in_parts_pay_what_one_cancel_pays() {
    let loan = Loan::standard(1, 120_000 * USDC + 7, 1_234_567_891);
    let holdback = loan.args.terms.holdback;
    let paid = |parts: &[UnitBounds]| {
        let (mut world, credit) = past_cure(&loan);
        let mut paid = 0;
        let mut units = 0;
        for part in parts {
            let landed = world.sent(&[world.cancel_locked("lender", &credit, *part)], &["lender"]);
            let Change::LockedCancelled { paid: money, units: cancelled, .. } = landed.changes()[0] else {
                panic!("{:?}", landed.changes())
            };
            (paid, units) = (paid + money, units + cancelled);
        }
        let state = world.credit(&credit);
        assert_eq!((state.holdback_left, state.claims.lender), (0, paid));
        (paid, units)
    };
    let parts = [60_000_001, 1, 200_000_017, 3].map(UnitBounds::exactly);
    let whole = paid(&[UnitBounds::ALL]);
    assert_eq!(whole.0, holdback);
    assert_eq!(paid(&[parts.as_slice(), &[UnitBounds::ALL]].concat()), whole);
}

#[test]
fn anyone_cancels_all_thirty_days_after_the_cure_period() {
    let (mut world, credit) = past_cure(&standard());
    day(&mut world, 48);
    world.set_time(world.now() - 1);
    let all = world.cancel_locked("stranger", &credit, UnitBounds::ALL);
    world.refused(std::slice::from_ref(&all), &["stranger"], BlockableError::CancelNotOpen);
    world.pass(1);
    let part = world.cancel_locked("stranger", &credit, UnitBounds { least: 1, most: 575 * M - 1 });
    world.refused(&[part], &["stranger"], BlockableError::CancelsAll);
    let money = world.money(&credit);
    let landed = world.sent(&[all], &["stranger"]);
    // 48 days of interest; two instalments are unpaid past their grace.
    let debt = 120_000 * USDC + 48 * 35 * USDC + 2 * FEE - HELD;
    assert_eq!(landed.changes(), [cancelled("stranger", 575 * M, debt, Status::Seizing)]);
    assert_eq!(world.money(&credit), money);
    assert_eq!(world.credit(&credit).claims, VaultClaims { lender: HELD, ..VaultClaims::default() });
}

#[test]
fn interest_on_the_holdback_ends_when_anyone_may_cancel() {
    let (mut world, credit) = past_cure(&standard());
    day(&mut world, 60);
    let landed = world.sent(&[world.cancel_locked("lender", &credit, UnitBounds::ALL)], &["lender"]);
    // 48 days of both rates, and 12 days of 14 % on $62,500: $8,750 a year.
    let interest = 48 * 35 * USDC + (12 * 8_750 * USDC).div_ceil(365);
    let debt = 120_000 * USDC + interest + 2 * FEE - HELD;
    assert_eq!(landed.changes(), [cancelled("lender", 575 * M, debt, Status::Seizing)]);
}

/// The last instalment is due on day 331, its default grace and a cure period end on day 348: before that of a default that
/// was marked on day 345.
#[test]
fn after_the_last_date_anyone_cancels_once_the_cure_period_has_passed() {
    let mut world = World::new();
    let credit = world.active(&standard());
    day(&mut world, 345);
    let (delinquent, defaulted) = (world.mark_delinquent(&credit), world.mark_defaulted(&credit));
    world.sent(&[delinquent, defaulted], &[]);
    day(&mut world, 355);
    world.set_time(world.now() - 1);
    let all = world.cancel_locked("stranger", &credit, UnitBounds::ALL);
    world.refused(std::slice::from_ref(&all), &["stranger"], BlockableError::CurePeriodRunning);
    world.pass(1);
    let landed = world.sent(&[all], &["stranger"]);
    // 348 days of both rates, seven days of one, twelve late fees.
    let interest = 348 * 35 * USDC + (7 * 8_750 * USDC).div_ceil(365);
    let debt = 120_000 * USDC + interest + 12 * FEE - HELD;
    assert_eq!(landed.changes(), [cancelled("stranger", 575 * M, debt, Status::Seizing)]);
}

#[test]
fn lender_and_borrower_cancel_together_once_the_suspension_has_lasted() {
    let mut world = World::new();
    let credit = world.active(&standard());
    day(&mut world, 1);
    world.sent(&[world.repay("borrower", &credit, 10_035 * USDC)], &["borrower"]);
    world.sent(&[world.suspend_by_admin()], &["admin"]);
    world.pass(2 * DAY - 1);
    let cancel = world.cancel_together(&credit, UnitBounds::exactly(200 * M));
    world.refused(
        std::slice::from_ref(&cancel),
        &["lender", "borrower"],
        BlockableError::ProviderNotSuspended,
    );
    world.pass(1);
    let landed = world.sent(&[cancel], &["lender", "borrower"]);
    // Two days at $11,375 a year.
    let debt = 90_000 * USDC + (2 * 11_375 * USDC).div_ceil(365);
    assert_eq!(landed.changes(), [cancelled("lender", 200 * M, debt, Status::Active)]);
    let state = world.credit(&credit);
    assert_eq!((state.collateral.available(), state.recovered), (150 * M, 0), "nothing is opened");
    assert_eq!(state.principal_due[9..12], [10_000 * USDC, 0, 0]);

    // What is held back is the provider's once the rest is paid: it must serve the units that are left.
    let landed = world.sent(&[world.repay("borrower", &credit, u64::MAX)], &["borrower"]);
    let [Change::Paid { earned, unlocked, status: Status::Repaid, .. }] = landed.changes()[..] else {
        panic!("{:?}", landed.changes())
    };
    assert_eq!((earned, unlocked), (HELD - 20_000 * USDC, 850 * M));
    assert_eq!(world.credit(&credit).collateral.available(), 1_000 * M);
}

/// All that is locked is held back for. Recovery has left a debt below what is held back: the cancel pays it, what exceeds it
/// is the borrower's, and the rest of the holdback the provider's.
#[test]
fn a_cancel_that_pays_the_debt_ends_the_loan() {
    let full = 115_000 * USDC;
    let (mut world, credit) = past_cure(&standard().with(|terms| terms.holdback = full));
    world.sent(&[world.seize(&credit, UnitBounds::ALL)], &["lender"]);
    assert_eq!(world.lot(&credit, 0).units_left, 50 * M);
    world.sent(&[world.repay("borrower", &credit, 100_000 * USDC)], &["borrower"]);
    // 18 days of 14 % on $5,000 and 7 % on $115,000: $8,750 a year.
    let owed = 20_000 * USDC + (18 * 8_750 * USDC).div_ceil(365) + FEE;
    let (units, surplus) = (owed.div_ceil(100), owed.next_multiple_of(100) - owed);
    assert_eq!((units, surplus), (206_315_069, 50));
    let landed = world.sent(&[world.cancel_locked("lender", &credit, UnitBounds::ALL)], &["lender"]);
    let earned = full - units * 100;
    let change = Change::LockedCancelled {
        by: Parties::address("lender"),
        units,
        paid: units * 100,
        principal: owed,
        interest: 0,
        late_fees: 0,
        surplus,
        earned,
        debt: 0,
        status: Status::Repaid,
    };
    assert_eq!(landed.changes(), [change]);
    let claims = VaultClaims {
        lender: 100_000 * USDC + owed,
        borrower: surplus,
        provider: earned,
        ..VaultClaims::default()
    };
    assert_eq!((world.credit(&credit).claims, world.credit(&credit).holdback_left), (claims, 0));
}
