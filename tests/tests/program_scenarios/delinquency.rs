//! Loans that fall behind and recover.

use {
    crate::{Steps, UNITS, who},
    blockable_sdk::{
        Pubkey,
        events::Change,
        program::{
            errors::BlockableError,
            instructions::{FreezeAmount, ThawBounds, UnitBounds},
            state::{Collateral, FreezePolicy, FreezeReason},
            transitions::Status,
        },
    },
    blockable_testkit::{DAY, Loan, START, USDC, World},
};

/// A late fee of $500, 30 days of interest, the first instalment.
const ARREARS: u64 = 500_000_000 + 986_301_369 + 20_000_000_000;

/// A credit marked delinquent on day 35 and frozen in proportion to the shortfall.
fn frozen_by_shortfall(policy: FreezePolicy, reason: FreezeReason) -> (World, Pubkey) {
    let mut world = World::new();
    let credit = world.delinquent(&Loan::new(1).with(|terms| terms.freeze_policy = policy as u8));
    world.freezes(&credit, FreezeAmount::Shortfall, reason);
    // 10^9 x 21,486,301,369 / 101,650,684,932, rounded up.
    assert_eq!(world.credit(&credit).collateral.frozen(), 211_373_897);
    (world, credit)
}

#[test]
fn half_the_arrears_thaw_half_and_the_rest_cures() {
    let (mut world, credit) = frozen_by_shortfall(FreezePolicy::OnDelinquency, FreezeReason::MissedPayment);
    let half = ARREARS / 2;
    let landed = world.pay("borrower", &credit, half);
    // Late fee and interest first; what is left of the half is principal and releases its share of the units.
    let change = Change::Paid {
        payer: who("borrower"),
        reserve: 0,
        late_fees: 500_000_000,
        interest: 986_301_369,
        principal: 9_256_849_315,
        released: 92_568_493,
        earned: 0,
        thawed: 105_686_948,
        unlocked: 0,
        frozen_for_payment: 105_686_949,
        frozen_for_other: 0,
        frozen_for_cross: 0,
        locked: 0,
        debt: 101_650_684_932 - half,
        status: Status::Delinquent,
    };
    assert_eq!(landed.changes(), [change]);
    let state = world.credit(&credit);
    let units = Collateral {
        granted: UNITS,
        released: 92_568_493,
        frozen_for_payment: 105_686_949,
        ..Collateral::default()
    };
    assert_eq!(state.collateral, units);
    assert_eq!(state.debt.arrears_since, START + i64::from(30 * DAY));

    let landed = world.pay("borrower", &credit, ARREARS - half);
    let [Change::Paid { principal, released, thawed, status, .. }] = landed.changes()[..] else { panic!() };
    assert_eq!((principal, released, thawed), (10_743_150_685, 107_431_507, 105_686_949));
    assert_eq!(status, Status::Active);
    let state = world.credit(&credit);
    let units = Collateral { granted: UNITS, released: UNITS / 5, ..Collateral::default() };
    assert_eq!((state.collateral, state.blockable), (units, 1));
    assert_eq!((state.debt.arrears_since, state.arrears()), (0, 0));
}

#[test]
fn one_micro_usdc_short_of_the_arrears_does_not_cure() {
    let (mut world, credit) = frozen_by_shortfall(FreezePolicy::OnDelinquency, FreezeReason::MissedPayment);
    world.pay("borrower", &credit, ARREARS - 1);
    let state = world.credit(&credit);
    assert_eq!((state.status(), state.arrears()), (Ok(Status::Delinquent), 1));
    assert_eq!(state.collateral.frozen(), 1);
    world.pay("borrower", &credit, 1);
    assert_eq!(world.credit(&credit).status(), Ok(Status::Active));
    assert_eq!(world.credit(&credit).collateral.frozen(), 0);
}

#[test]
fn a_cure_thaws_what_was_frozen_for_another_reason_unless_it_may_be_frozen_at_will() {
    for reason in [FreezeReason::Breach, FreezeReason::Risk] {
        let (mut world, credit) = frozen_by_shortfall(FreezePolicy::OnDelinquency, reason);
        let landed = world.pay("borrower", &credit, ARREARS);
        let [Change::Paid { thawed, status, .. }] = landed.changes()[..] else { panic!() };
        assert_eq!((thawed, status), (211_373_897, Status::Active));

        let (mut world, credit) = frozen_by_shortfall(FreezePolicy::AtWill, reason);
        let landed = world.pay("borrower", &credit, ARREARS);
        let [Change::Paid { thawed, status, .. }] = landed.changes()[..] else { panic!() };
        assert_eq!((thawed, status), (0, Status::Active));
        assert_eq!(world.credit(&credit).collateral.frozen(), 211_373_897);
        world.sent(&[world.thaw("freezer", &credit, ThawBounds::ALL)], &["freezer"]);
        assert_eq!(world.credit(&credit).collateral.frozen(), 0);
    }
}

#[test]
fn a_freeze_shrinks_with_the_lien_it_is_on() {
    let mut world = World::new();
    let at_will = FreezePolicy::AtWill as u8;
    let credit = world.delinquent(&Loan::new(1).with(|terms| terms.freeze_policy = at_will));
    world.freezes(&credit, FreezeAmount::All, FreezeReason::Risk);
    world.pay("borrower", &credit, ARREARS);
    let units = Collateral {
        granted: UNITS,
        released: UNITS / 5,
        frozen_for_other: 4 * UNITS / 5,
        ..Collateral::default()
    };
    assert_eq!(world.credit(&credit).collateral, units);
    world.pay("borrower", &credit, u64::MAX);
    let units = Collateral { granted: UNITS, released: UNITS, ..Collateral::default() };
    assert_eq!(world.credit(&credit).collateral, units);
}

#[test]
fn paying_within_the_grace_costs_no_late_fee_and_makes_nobody_delinquent() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    world.set_time(START + i64::from(35 * DAY) - 1);
    world.pay("borrower", &credit, ARREARS - 500_000_000);
    let state = world.credit(&credit);
    assert_eq!((state.debt.late_fees, state.debt.arrears_since), (0, 0));
    world.day(59);
    world.refused(&[world.mark_delinquent(&credit)], &[], BlockableError::NotInArrears);
}

#[test]
fn an_older_arrear_that_is_paid_moves_the_clock_to_the_next() {
    let mut world = World::new();
    let credit = world.delinquent(&Loan::new(1));
    world.day(62);
    // Days 31 to 60 bill as much interest as the first month; the fractions make one micro-USDC more.
    let interest = 986_301_369 + 986_301_370;
    world.pay("borrower", &credit, 500_000_000 + interest + 20_000_000_000);
    let state = world.credit(&credit);
    assert_eq!(state.status(), Ok(Status::Delinquent));
    assert_eq!(state.debt.arrears_since, START + i64::from(60 * DAY));
    // The default grace counts from the second instalment now.
    world.day(74);
    world.refused(&[world.mark_defaulted(&credit)], &[], BlockableError::DefaultGraceRunning);
    world.day(75);
    world.marks_defaulted(&credit);
}

#[test]
fn paying_the_arrears_in_the_cure_period_cures_the_default_and_thaws() {
    let mut world = World::new();
    let credit = world.defaulted(&Loan::new(1));
    world.sent(&[world.auto_freeze(&credit)], &[]);
    world.day(50);
    let landed = world.pay("borrower", &credit, ARREARS);
    let [Change::Paid { thawed, status, .. }] = landed.changes()[..] else { panic!() };
    assert_eq!((thawed, status), (UNITS, Status::Active));
    let state = world.credit(&credit);
    assert_eq!((state.defaulted_at, state.collateral.frozen()), (0, 0));
    world.day(56);
    world.refused(&[world.seize(&credit, UnitBounds::ALL)], &["lender"], BlockableError::WrongStatus);
}

#[test]
fn a_default_can_be_cured_until_the_lender_seizes() {
    let mut world = World::new();
    let credit = world.defaulted(&Loan::new(1));
    world.day(59);
    world.pay("borrower", &credit, ARREARS);
    assert_eq!(world.credit(&credit).status(), Ok(Status::Active));
}

#[test]
fn a_second_default_has_a_cure_period_of_its_own() {
    let mut world = World::new();
    let credit = world.defaulted(&Loan::new(1));
    world.pay("borrower", &credit, ARREARS);
    world.day(75);
    world.marks_delinquent(&credit);
    world.marks_defaulted(&credit);
    world.day(84);
    world.refused(&[world.seize(&credit, UnitBounds::ALL)], &["lender"], BlockableError::CurePeriodRunning);
    world.day(85);
    world.seizes(&credit);
}

#[test]
fn each_missed_instalment_costs_one_late_fee_once_its_grace_has_passed() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    // Day, late fees, whole debt: interest of all days, rounded up, on the full principal.
    let expected = [
        (35, 1, 101_650_684_932),
        (64, 1, 102_604_109_590),
        (65, 2, 103_136_986_302),
        (95, 3, 104_623_287_672),
        (155, 5, 107_595_890_411),
    ];
    let fee = 500 * USDC;
    world.day(35);
    world.marks_delinquent(&credit);
    for (day, fees, debt) in expected {
        world.day(day);
        // A freeze by shortfall brings the books up to the day; each one is larger than the one before.
        world.freezes(&credit, FreezeAmount::Shortfall, FreezeReason::MissedPayment);
        let state = world.credit(&credit);
        assert_eq!((state.debt.late_fees, state.debt.total()), (fees * fee, debt), "day {day}");
    }
}

#[test]
fn after_the_last_due_date_the_whole_debt_is_in_arrears() {
    let mut world = World::new();
    let credit = world.delinquent(&Loan::new(1));
    world.day(200);
    world.marks_defaulted(&credit);
    let state = world.credit(&credit);
    assert_eq!((state.arrears(), state.debt.total()), (109_075_342_466, 109_075_342_466));
    world.pay("borrower", &credit, 109_075_342_465);
    assert_eq!(world.credit(&credit).status(), Ok(Status::Defaulted));
    world.pay("borrower", &credit, 1);
    assert_eq!(world.credit(&credit).status(), Ok(Status::Repaid));
}
