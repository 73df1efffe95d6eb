//! Loans on the standard preset from beginning to end: one that is paid, and one whose borrower stops paying and races.
//!
//! $120,000 for 1,200,000,000 units at $100 per million, in twelve instalments of $10,000 on days 1, 31, ..., 331. Half an
//! instalment, 50,000,000 units, is unlocked ahead. Half of the price of the locked ones, $57,500, is held back. The loan
//! bears 14 % a year, and 7 % on what is held back.

use {
    crate::{Steps, who},
    blockable_sdk::{
        Pubkey,
        events::Change,
        program::{errors::BlockableError, instructions::UnitBounds, state::Party, transitions::Status},
    },
    blockable_testkit::{DAY, Loan, START, USDC, World},
};

/// A million units.
const M: u64 = 1_000_000;
/// Held back at issue.
const HELD: u64 = 57_500 * USDC;
/// Interest of a year, in USDC, while so many instalments have been paid: 14 % of the principal less 7 % of what is held back.
const YEAR: [u64; 12] =
    [12_775, 11_375, 9_975, 8_575, 7_175, 5_775, 4_550, 3_850, 3_150, 2_450, 1_750, 1_050];
/// Held back once so many instalments have been paid, in USDC: the price of the units that are left to unlock, at most half of
/// all.
const KEPT: [u64; 13] =
    [57_500, 57_500, 57_500, 57_500, 57_500, 57_500, 55_000, 45_000, 35_000, 25_000, 15_000, 5_000, 0];

fn issued(world: &mut World) -> Pubkey {
    let credit = world.accepted(&Loan::standard(1, 120_000 * USDC, 1_200 * M));
    let landed = world.sent(&[world.issue(&credit)], &["provider"]);
    let issued = Change::Issued { index: 0, issued_at: START, held_back: HELD };
    assert_eq!(landed.changes(), [issued]);
    assert_eq!((world.wallet("provider"), world.money(&credit).vault), (62_500 * USDC, HELD));
    credit
}

/// Interest from the issue to the due date of an instalment: whole micro-USDC, and true where there is a fraction beyond them.
fn interest_until(paid: usize) -> (u64, bool) {
    let dollar_days: u64 = YEAR[0] + YEAR[1..=paid].iter().map(|year| 30 * year).sum::<u64>();
    (dollar_days * USDC / 365, !(dollar_days * USDC).is_multiple_of(365))
}

/// Pays the instalment that falls due after `paid` ones, on the day, and checks the change. Returns the interest.
fn pays_on_the_day(world: &mut World, credit: &Pubkey, paid: usize) -> u64 {
    world.day(1 + 30 * paid as u32);
    let (until, has_fraction) = interest_until(paid);
    let before = if paid == 0 { 0 } else { interest_until(paid - 1).0 };
    let is_last = paid == 11;
    // The last payment pays the fraction as well.
    let interest = until - before + u64::from(is_last && has_fraction);
    assert_eq!(world.arrears(credit), 10_000 * USDC + interest);
    let landed = world.pay("borrower", credit, 10_000 * USDC + interest);
    let locked = |paid: usize| (1_150 * M).saturating_sub(100 * M * paid as u64);
    let left = 10_000 * USDC * (11 - paid as u64);
    let change = Change::Paid {
        payer: who("borrower"),
        reserve: 0,
        late_fees: 0,
        interest,
        principal: 10_000 * USDC,
        released: 100 * M,
        earned: (KEPT[paid] - KEPT[paid + 1]) * USDC,
        thawed: 0,
        unlocked: locked(paid) - locked(paid + 1),
        frozen_for_payment: 0,
        frozen_for_other: 0,
        frozen_for_cross: 0,
        locked: locked(paid + 1),
        debt: left + u64::from(has_fraction && !is_last),
        status: if is_last { Status::Repaid } else { Status::Active },
    };
    assert_eq!(landed.changes(), [change]);
    assert_eq!(world.credit(credit).holdback_left, KEPT[paid + 1] * USDC);
    interest
}

#[test]
fn a_borrower_that_pays_on_the_day_never_waits_and_the_provider_is_paid_as_it_serves() {
    let mut world = World::new();
    let start = (world.wallet("lender"), world.wallet("borrower"));
    let credit = issued(&mut world);
    let mut interest = 0;
    for paid in 0..12 {
        interest += pays_on_the_day(&mut world, &credit, paid);
        // 95,000,000 units a month, in each month before the next due date.
        world.day(30 + 30 * paid as u32);
        world.meters(&credit, 95 * M * (paid as u64 + 1));
        assert_eq!(world.credit(&credit).meter.overrun, 0);
    }
    // Day 1 at $12,775 a year is $35; month by month the rest.
    assert_eq!(interest, 4_939_794_521);
    assert_eq!(world.credit(&credit).claims.provider, HELD);

    world.collects(&credit, Party::Provider);
    world.collects(&credit, Party::Lender);
    assert_eq!(world.wallet("provider"), 120_000 * USDC);
    assert_eq!(world.wallet("lender"), start.0 + interest);
    assert_eq!(world.wallet("borrower"), start.1 - 120_000 * USDC - interest);
    world.sent(&[world.close_vault(&credit)], &[]);
    world.sent(&[world.close_credit("borrower", &credit)], &["borrower"]);
    let last = world.log(&credit).pop().expect("a log");
    assert_eq!(last.change, Change::Closed { given_up: 60 * M });
    assert_eq!(world.provider().outstanding_units, 0);
}

/// The borrower pays three instalments, uses 95,000,000 units a month, and on missing the fourth all that is open.
fn raced(world: &mut World) -> Pubkey {
    let credit = issued(world);
    for paid in 0..3 {
        pays_on_the_day(world, &credit, paid);
        world.day(30 + 30 * paid as u32);
        world.meters(&credit, 95 * M * (paid as u64 + 1));
    }
    world.day(92);
    world.sent(&[world.meter(&[credit], &[(0, 400 * M, 0)])], &[]);
    let state = world.credit(&credit);
    assert_eq!((state.collateral.consumed, state.meter.overrun), (350 * M, 50 * M));
    assert_eq!((state.collateral.available(), state.collateral.locked()), (0, 850 * M));
    credit
}

#[test]
fn a_borrower_that_races_costs_the_lender_what_was_ahead_and_the_price_of_the_lot() {
    let mut world = World::new();
    let start = (world.wallet("lender"), world.wallet("buyer"));
    let credit = raced(&mut world);
    world.day(93);
    world.marks_delinquent(&credit);
    // Nothing is open that could be frozen.
    let freeze = world.auto_freeze(&credit);
    world.refused(&[freeze], &[], BlockableError::AlreadyFrozen);
    world.day(98);
    let landed = world.marks_defaulted(&credit);
    // 37 days at $8,575 a year, of which 30 are billed; a late fee.
    let (month, days) = (8_575 * 30 * USDC / 365, (8_575 * 37 * USDC).div_ceil(365));
    let arrears = 10_200 * USDC + month;
    let Change::MarkedDefaulted { arrears: due, debt } = landed.changes()[0] else { panic!() };
    assert_eq!((due.abs_diff(arrears) <= 1, debt.abs_diff(90_200 * USDC + days) <= 1), (true, true));

    world.day(108);
    cancels_what_is_covered(&mut world, &credit);
    let lot = Loan::standard(1, 120_000 * USDC, 1_200 * M).standard_lot();
    world.sent(&[world.seize_at(&credit, UnitBounds::ALL, lot)], &["lender"]);
    assert_eq!(world.lot(&credit, 0).units_left, 275 * M);
    // Half of the window: $85.
    world.pass(45 * DAY / 2);
    let landed = world.sent(&[world.buy(&credit, 275 * M, 85 * USDC)], &["buyer"]);
    let (cost, fee) = (23_375 * USDC, 467_500_000);
    let Change::Sold { cost: paid, fee: taken, recovered, surplus: 0, earned: 0, debt, .. } =
        landed.changes()[0]
    else {
        panic!("{:?}", landed.changes())
    };
    assert_eq!((paid, taken, recovered), (cost, fee, cost - fee));
    // $90,000, two late fees, 47 days at $8,575 and 22.5 days at 14 % of $32,500, less what was recovered.
    let half_dollar_days = 2 * 8_575 * 47 + 4_550 * 45;
    let interest = (half_dollar_days * USDC).div_ceil(730);
    let rest = 90_400 * USDC + interest - HELD - (cost - fee);
    assert!(debt.abs_diff(rest) <= 1, "{debt} {rest}");

    world.sent(&[world.close_lot("stranger", &credit, 0)], &["stranger"]);
    let landed = world.sent(&[world.write_off("lender", &credit)], &["lender"]);
    assert_eq!(landed.changes(), [Change::WrittenOff { debt, cancelled: 0, paid: 0, earned: 0 }]);
    for party in [Party::Lender, Party::Provider, Party::Treasury] {
        world.collects(&credit, party);
    }
    // The lender has lost $90,000 of principal less what was held back and what the lot brought.
    let paid_by_borrower = 30_000 * USDC + interest_until(2).0;
    assert_eq!(world.wallet("lender"), start.0 - 120_000 * USDC + paid_by_borrower + HELD + cost - fee);
    // The provider was paid for exactly what it has served and must serve.
    assert_eq!((world.wallet("provider"), (350 + 275) * 100), (62_500 * USDC, 62_500));
    assert_eq!((world.wallet("buyer"), world.money(&credit).vault), (start.1 - cost, 0));
    assert_eq!(world.credit(&credit).collateral.remaining(), 0);
}

/// The lender cancels all 575,000,000 covered units, and is paid their whole price.
fn cancels_what_is_covered(world: &mut World, credit: &Pubkey) {
    let (outstanding, before) = (world.provider().outstanding_units, world.credit(credit).claims);
    let landed = world.sent(&[world.cancel_locked("lender", credit, UnitBounds::ALL)], &["lender"]);
    let Change::LockedCancelled {
        by,
        units,
        paid,
        principal,
        interest,
        late_fees,
        surplus,
        earned,
        debt,
        status,
    } = landed.changes()[0]
    else {
        panic!("{:?}", landed.changes())
    };
    assert_eq!((by, units, paid, principal), (who("lender"), 575 * M, HELD, HELD));
    assert_eq!((interest, late_fees, surplus, earned, status), (0, 0, 0, 0, Status::Seizing));
    assert_eq!(debt, world.credit(credit).debt.total());
    let after = world.credit(credit).claims;
    assert_eq!((after.lender - before.lender, after.provider - before.provider), (HELD, 0));
    assert_eq!(outstanding - world.provider().outstanding_units, 575 * M);
}
