//! The lender takes collateral over: at 100 micro-USDC per unit, which is what the loan paid for them.

use {
    blockable_sdk::{
        Pubkey,
        events::Change,
        program::{
            errors::BlockableError,
            instructions::{FreezeAmount, UnitBounds},
            state::{Collateral, Credit, FreezeReason, Meter},
            transitions::Status,
        },
    },
    blockable_testkit::{DAY, Loan, Parties, USDC, World},
};

const UNITS: u64 = 1_000_000_000;
const INTEREST: u64 = 1_808_219_179;
/// The debt on day 55: the principal, 55 days of interest rounded up, a late fee.
const DEBT: u64 = 100_000 * USDC + INTEREST + 500 * USDC;

/// A defaulted credit whose cure period has just passed.
fn past_cure() -> (World, Pubkey) {
    let mut world = World::new();
    let credit = world.defaulted(&Loan::new(1));
    world.pass(10 * DAY);
    (world, credit)
}

fn take(world: &mut World, credit: &Pubkey, amount: UnitBounds) -> Vec<Change> {
    world.sent(&[world.seize_to_lender("lender", credit, amount)], &["lender"]).changes()
}

/// The changes of a takeover, which are the credit's and that of the lender's own one.
fn taken(world: &World, credit: &Pubkey, units: u64, value: u64, debt: u64) -> [Change; 2] {
    let to = world.unrestricted("lender");
    [Change::TakenOver { to, units, value, earned: 0, debt }, Change::Granted { from: *credit, units }]
}

#[test]
fn the_lender_takes_all_of_the_lien_for_what_the_loan_paid_for_it() {
    let (mut world, credit) = past_cure();
    let (money, lamports) = (world.money(&credit), world.lamports(&Parties::address("lender")));
    let early = world.provider();
    let changes = take(&mut world, &credit, UnitBounds::ALL);

    let value = 100_000 * USDC;
    assert_eq!(changes, taken(&world, &credit, UNITS, value, DEBT - value));
    assert_eq!(world.money(&credit), money);
    let state = world.credit(&credit);
    assert_eq!((state.status(), state.recovered), (Ok(Status::Seizing), value));
    assert_eq!(state.collateral, Collateral { granted: UNITS, seized: UNITS, ..Collateral::default() });
    // The late fee and all interest are recovered first.
    assert_eq!((state.debt.late_fees, state.debt.interest_due, state.debt.interest_not_due()), (0, 0, 0));
    assert_eq!((state.debt.principal, state.debt.total()), (DEBT - value, DEBT - value));
    assert_eq!((state.lots_opened, state.principal_repaid, state.collateral.released), (0, 0, 0));

    let own = world.credit(&world.unrestricted("lender"));
    assert!(own.is_unrestricted());
    assert_eq!((own.status(), own.borrower), (Ok(Status::Repaid), Parties::address("lender")));
    assert_eq!((own.lender, own.provider, own.market), (world.provider, world.provider, world.keys.market));
    let units = Collateral { granted: UNITS, released: UNITS, ..Collateral::default() };
    assert_eq!((own.collateral, own.debt.total()), (units, 0));
    assert_eq!(own.meter, Meter { index: 1, reported_at: world.now(), ..Meter::default() });
    let rent = world.svm.minimum_balance_for_rent_exemption(Credit::SPACE);
    assert_eq!(world.lamports(&Parties::address("lender")), lamports - rent);
    let provider = world.provider();
    assert_eq!((provider.outstanding_units, provider.next_index), (early.outstanding_units, 2));
}

#[test]
fn parts_are_taken_one_after_the_other_into_the_same_credit() {
    let (mut world, credit) = past_cure();
    let changes = take(&mut world, &credit, UnitBounds::exactly(400_000_000));
    assert_eq!(changes, taken(&world, &credit, 400_000_000, 40_000 * USDC, DEBT - 40_000 * USDC));
    let state = world.credit(&credit);
    let principal = 40_000 * USDC - INTEREST - 500 * USDC;
    assert_eq!(state.debt.principal, 100_000 * USDC - principal);

    let lamports = world.lamports(&Parties::address("lender"));
    let changes = take(&mut world, &credit, UnitBounds::exactly(1));
    assert_eq!(changes, taken(&world, &credit, 1, 100, DEBT - 40_000 * USDC - 100));
    let own = world.credit(&world.unrestricted("lender"));
    let units = Collateral { granted: 400_000_001, released: 400_000_001, ..Collateral::default() };
    assert_eq!((own.collateral, own.event_seq), (units, 2));
    assert_eq!(world.lamports(&Parties::address("lender")), lamports);
    assert_eq!(world.credit(&credit).collateral.lien(), 599_999_999);
    assert_eq!((world.provider().outstanding_units, world.provider().next_index), (UNITS, 2));
}

/// A credit of which 400,000,000 units were taken and all but `debt` of the rest was paid, in the same second.
fn nearly_recovered(debt: u64) -> (World, Pubkey) {
    let (mut world, credit) = past_cure();
    take(&mut world, &credit, UnitBounds::exactly(400_000_000));
    let paid = DEBT - 40_000 * USDC - debt;
    world.sent(&[world.repay("borrower", &credit, paid)], &["borrower"]);
    assert_eq!(world.credit(&credit).debt.total(), debt);
    (world, credit)
}

#[test]
fn no_more_is_taken_than_the_debt_is_worth_and_that_ends_the_loan() {
    let (mut world, credit) = nearly_recovered(12_308_219_100);
    let beyond = world.seize_to_lender("lender", &credit, UnitBounds::exactly(123_082_192));
    world.refused(&[beyond], &["lender"], BlockableError::BeyondDebt);
    let changes = take(&mut world, &credit, UnitBounds::ALL);

    assert_eq!(changes, taken(&world, &credit, 123_082_191, 12_308_219_100, 0));
    let state = world.credit(&credit);
    assert_eq!((state.status(), state.blockable, state.debt.total()), (Ok(Status::Repaid), 0, 0));
    assert_eq!(state.recovered, DEBT);
    // What was not taken is the borrower's.
    let rest = UNITS - 400_000_000 - 123_082_191;
    assert_eq!((state.collateral.remaining(), state.collateral.available()), (rest, rest));
    assert_eq!(world.provider().outstanding_units, UNITS);
}

#[test]
fn a_debt_that_is_no_whole_number_of_units_ends_with_the_takeover_as_well() {
    let (mut world, credit) = nearly_recovered(12_308_219_179);
    take(&mut world, &credit, UnitBounds::ALL);
    assert_eq!(world.credit(&credit).status(), Ok(Status::Repaid));
}

#[test]
fn a_takeover_leaves_running_jobs_what_they_hold() {
    let mut world = World::new();
    let credit = world.defaulted(&Loan::new(1));
    world.sent(&[world.meter(&[credit], &[(0, 1_000, 300)])], &[]);
    world.pass(10 * DAY);
    world.sent(&[world.freeze(&credit, FreezeAmount::All, FreezeReason::Default)], &["lender"]);
    take(&mut world, &credit, UnitBounds::ALL);
    let state = world.credit(&credit);
    assert_eq!((state.collateral.seized, state.collateral.frozen()), (UNITS - 1_300, 300));
    assert_eq!(state.debt.total(), DEBT - (UNITS - 1_300) * 100);

    world.pass(30);
    world.sent(&[world.meter(&[credit], &[(0, 1_300, 0)])], &[]);
    let state = world.credit(&credit);
    assert_eq!((state.collateral.consumed, state.collateral.remaining(), state.meter.overrun), (1_300, 0, 0));
}

#[test]
fn released_units_are_not_taken() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    world.sent(&[world.repay("borrower", &credit, 10_000 * USDC)], &["borrower"]);
    world.pass(45 * DAY);
    world.sent(&[world.mark_delinquent(&credit)], &[]);
    world.sent(&[world.mark_defaulted(&credit)], &[]);
    world.pass(10 * DAY);
    take(&mut world, &credit, UnitBounds::ALL);
    let units = world.credit(&credit).collateral;
    assert_eq!((units.seized, units.lien(), units.available()), (900_000_000, 0, 100_000_000));
}

#[test]
fn the_lender_uses_what_it_has_taken() {
    let (mut world, credit) = past_cure();
    take(&mut world, &credit, UnitBounds::exactly(UNITS / 10));
    let own = world.unrestricted("lender");
    world.pass(60);
    world.sent(&[world.meter(&[own, credit], &[(0, 0, 0), (1, 700, 0)])], &[]);
    let units = world.credit(&own).collateral;
    assert_eq!((units.consumed, units.available()), (700, UNITS / 10 - 700));
}

#[test]
fn a_takeover_and_a_lot_stand_side_by_side() {
    let (mut world, credit) = past_cure();
    world.sent(&[world.seize(&credit, UnitBounds::exactly(300_000_000))], &["lender"]);
    take(&mut world, &credit, UnitBounds::exactly(700_000_000));
    let state = world.credit(&credit);
    assert_eq!((state.collateral.seized, state.lots_open), (UNITS, 1));
    assert_eq!(state.debt.total(), DEBT - 70_000 * USDC);
    // $30,000 of units are on sale for $32,308.22 of debt: at 100 the sale recovers all but the fee of it.
    world.sent(&[world.buy(&credit, 300_000_000, u64::MAX)], &["buyer"]);
    assert_eq!(world.credit(&credit).debt.total(), DEBT - 70_000 * USDC - 29_400 * USDC);
    assert_eq!(world.provider().outstanding_units, UNITS);
}

/// On the standard preset: 575,000,000 of 1,200,000,000 units are covered by $57,500. On day 18 $120,000, 18 days' interest at
/// $35 and a late fee of $200 are owed.
#[test]
fn covered_units_are_taken_over_last_and_the_provider_is_paid_for_them() {
    let mut world = World::new();
    let credit = world.defaulted(&Loan::standard(1, 120_000 * USDC, 1_200_000_000));
    world.pass(10 * DAY);
    let (debt, to) = (120_830 * USDC, world.unrestricted("lender"));
    let taken = |units: u64, earned: u64, debt: u64| {
        [
            Change::TakenOver { to, units, value: units * 100, earned, debt },
            Change::Granted { from: credit, units },
        ]
    };
    let money = world.money(&credit);
    let changes = take(&mut world, &credit, UnitBounds::exactly(625_000_000));
    assert_eq!(changes, taken(625_000_000, 0, debt - 62_500 * USDC));
    assert_eq!(world.credit(&credit).covered(), Ok(575_000_000));
    let changes = take(&mut world, &credit, UnitBounds::exactly(75_000_000));
    assert_eq!(changes, taken(75_000_000, 7_500 * USDC, debt - 70_000 * USDC));
    let changes = take(&mut world, &credit, UnitBounds::ALL);
    assert_eq!(changes, taken(500_000_000, 50_000 * USDC, debt - 120_000 * USDC));
    let state = world.credit(&credit);
    assert_eq!((state.claims.provider, state.holdback_left), (57_500 * USDC, 0));
    assert_eq!((world.money(&credit), state.collateral.remaining()), (money, 0));
}
