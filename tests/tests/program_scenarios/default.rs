//! Loans that fail: seizure, sale at a falling price, recovery.

use {
    crate::{Steps, UNITS, who},
    blockable_sdk::{
        events::Change,
        program::{
            errors::BlockableError,
            instructions::{LotTerms, UnitBounds},
            state::{Collateral, Party, VaultClaims},
            transitions::Status,
        },
    },
    blockable_testkit::{DAY, Loan, Money, USDC, World},
};

/// Debt on day 55, when the cure period ends: 55 days of interest rounded up, one late fee.
const DEBT: u64 = 100_000_000_000 + 1_808_219_179 + 500_000_000;

/// Buys from lot 0 and returns what was paid, the fee, what was recovered, and the debt that is left.
#[track_caller]
fn buy(world: &mut World, credit: &blockable_sdk::Pubkey, units: u64) -> (u64, u64, u64, u64) {
    let before = world.money(credit);
    let landed = world.sent(&[world.buy(credit, units, u64::MAX)], &["buyer"]);
    let Change::Sold { cost, fee, recovered, surplus, debt, .. } = landed.changes()[0] else { panic!() };
    assert_eq!((surplus, fee + recovered), (0, cost));
    let after = Money { buyer: before.buyer - cost, vault: before.vault + cost, ..before };
    assert_eq!(world.money(credit), after);
    (cost, fee, recovered, debt)
}

#[test]
fn a_lot_sold_at_falling_prices_recovers_what_its_buyers_paid_less_the_fee() {
    let mut world = World::new();
    let credit = world.seized(&Loan::new(1), UnitBounds::ALL);
    // Day 55, at once, at the start price of $100 per million units.
    let sale = buy(&mut world, &credit, 200_000_000);
    assert_eq!(sale, (20_000 * USDC, 400 * USDC, 19_600 * USDC, DEBT - 19_600 * USDC));
    let state = world.credit(&credit);
    assert_eq!(state.debt.principal, 82_708_219_179);
    assert_eq!((state.debt.late_fees, state.debt.interest_due, state.debt.interest_remainder), (0, 0, 0));

    // Day 60, half the window: $75. Five days on 82,708,219,179 cost 135,958,716.46, rounded up.
    world.day(60);
    let sale = buy(&mut world, &credit, 300_000_000);
    assert_eq!(sale, (22_500 * USDC, 450 * USDC, 22_050 * USDC, 82_844_177_896 - 22_050 * USDC));

    // Day 65, the floor: $50. Five days on 60,794,177,896 cost 99,935,634.90; the second late fee falls due today.
    world.day(65);
    let sale = buy(&mut world, &credit, 500_000_000);
    assert_eq!(sale, (25_000 * USDC, 500 * USDC, 24_500 * USDC, 61_394_113_531 - 24_500 * USDC));

    let state = world.credit(&credit);
    assert_eq!((state.status(), state.recovered), (Ok(Status::Seizing), 66_150 * USDC));
    assert_eq!(
        state.claims,
        VaultClaims { lender: 66_150 * USDC, treasury: 1_350 * USDC, ..Default::default() }
    );
    assert_eq!(world.lot(&credit, 0).proceeds, 67_500 * USDC);
    assert_eq!(world.credit(&world.unrestricted("buyer")).collateral.available(), UNITS);

    world.sent(&[world.close_lot("stranger", &credit, 0)], &["stranger"]);
    let lender = world.wallet("lender");
    world.collects(&credit, Party::Lender);
    world.collects(&credit, Party::Treasury);
    assert_eq!(world.wallet("lender"), lender + 66_150 * USDC);
    assert_eq!((world.wallet("treasury"), world.money(&credit).vault), (1_350 * USDC, 0));
}

#[test]
fn what_the_sale_leaves_open_the_borrower_still_owes() {
    let mut world = World::new();
    let credit = world.seized(&Loan::new(1), UnitBounds::ALL);
    buy(&mut world, &credit, UNITS);
    // All of it at $100 per million: $98,000 after the fee.
    let rest = DEBT - 98_000 * USDC;
    assert_eq!(world.credit(&credit).debt.total(), rest);
    let before = world.wallet("borrower");
    let landed = world.pay("borrower", &credit, u64::MAX);
    assert_eq!(world.wallet("borrower"), before - rest);
    let change = Change::Paid {
        payer: who("borrower"),
        reserve: 0,
        late_fees: 0,
        interest: 0,
        principal: rest,
        released: UNITS,
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
    assert_eq!(world.credit(&credit).recovered, 98_000 * USDC + rest);
}

#[test]
fn a_payment_after_the_seizure_lowers_the_debt_and_releases_nothing_until_it_is_paid() {
    let mut world = World::new();
    let credit = world.seized(&Loan::new(1), UnitBounds::exactly(400_000_000));
    assert_eq!(world.credit(&credit).collateral.frozen(), 600_000_000);
    let landed = world.pay("borrower", &credit, 50_000 * USDC);
    let [Change::Paid { late_fees, interest, principal, released, thawed, status, .. }] =
        landed.changes()[..]
    else {
        panic!()
    };
    assert_eq!((late_fees, interest), (500 * USDC, 1_808_219_179));
    assert_eq!((principal, released, thawed), (50_000 * USDC - 500 * USDC - 1_808_219_179, 0, 0));
    assert_eq!(status, Status::Seizing);
    let state = world.credit(&credit);
    assert_eq!((state.principal_repaid, state.recovered), (0, 50_000 * USDC));
    assert_eq!((state.collateral.frozen(), state.collateral.lien()), (600_000_000, 600_000_000));

    world.pay("borrower", &credit, u64::MAX);
    assert_eq!(world.credit(&credit).collateral.available(), 600_000_000);
    world.sent(&[world.close_lot("stranger", &credit, 0)], &["stranger"]);
    assert_eq!(world.credit(&credit).collateral.available(), UNITS);
}

#[test]
fn what_a_sale_brings_beyond_the_debt_is_the_borrowers_and_so_are_the_units_left() {
    let mut world = World::new();
    let credit = world.defaulted(&Loan::new(1));
    world.day(55);
    let start = world.money(&credit);
    let terms = LotTerms { start_price: 200_000_000, ..world.lot_terms() };
    world.sent(&[world.seize_at(&credit, UnitBounds::ALL, terms)], &["lender"]);
    let landed = world.sent(&[world.buy(&credit, 600_000_000, 200_000_000)], &["buyer"]);

    // $120,000 less 2 % is $117,600.
    let (cost, fee, surplus) = (120_000 * USDC, 2_400 * USDC, 117_600 * USDC - DEBT);
    assert_eq!(surplus, 15_291_780_821);
    let Change::Sold { cost: paid, fee: taken, recovered, surplus: over, debt, .. } = landed.changes()[0]
    else {
        panic!()
    };
    assert_eq!((paid, taken, recovered, over, debt), (cost, fee, DEBT, surplus, 0));
    let state = world.credit(&credit);
    assert_eq!((state.status(), state.blockable), (Ok(Status::Repaid), 0));
    let claims = VaultClaims { lender: DEBT, borrower: surplus, treasury: fee, escrow: 0, provider: 0 };
    assert_eq!(state.claims, claims);

    world.refused(&[world.buy(&credit, 1, u64::MAX)], &["buyer"], BlockableError::WrongStatus);
    world.sent(&[world.close_lot("stranger", &credit, 0)], &["stranger"]);
    let units = Collateral { granted: UNITS, released: UNITS, seized: 600_000_000, ..Collateral::default() };
    assert_eq!((world.credit(&credit).collateral, units.available()), (units, 400_000_000));

    for party in [Party::Lender, Party::Borrower, Party::Treasury] {
        world.collects(&credit, party);
    }
    let end = Money {
        lender: start.lender + DEBT,
        borrower: start.borrower + surplus,
        treasury: start.treasury + fee,
        buyer: start.buyer - cost,
        ..start
    };
    assert_eq!(world.money(&credit), end);
}

#[test]
fn unsold_units_come_back_frozen_and_are_offered_again_without_another_cure_period() {
    let mut world = World::new();
    let credit = world.seized(&Loan::new(1), UnitBounds::ALL);
    world.pass(10 * DAY);
    world.sent(&[world.close_lot("lender", &credit, 0)], &["lender"]);
    let units = Collateral { granted: UNITS, frozen_for_other: UNITS, ..Collateral::default() };
    assert_eq!((world.credit(&credit).collateral, units.available()), (units, 0));

    let terms = LotTerms { start_price: 50_000_000, floor_price: 10_000_000, window: 4 * DAY };
    world.sent(&[world.seize_at(&credit, UnitBounds::ALL, terms)], &["lender"]);
    world.pass(DAY);
    // A quarter of the way from $50 to $10.
    let price = 40_000_000;
    world.refused(
        &[world.buy_from("buyer", &credit, 1, UNITS, price - 1)],
        &["buyer"],
        BlockableError::PriceAboveMaximum,
    );
    let buyer = world.wallet("buyer");
    world.sent(&[world.buy_from("buyer", &credit, 1, UNITS, price)], &["buyer"]);
    assert_eq!(world.wallet("buyer"), buyer - 40_000 * USDC);
    assert_eq!(world.credit(&credit).recovered, 39_200 * USDC);
    assert_eq!(world.credit(&credit).lots_opened, 2);
}

#[test]
fn several_buyers_share_a_lot_and_each_has_its_own_credit() {
    let mut world = World::new();
    let credit = world.seized(&Loan::new(1), UnitBounds::ALL);
    for (buyer, units) in [("buyer", 10_000_000), ("stranger", 20_000_000), ("borrower", 30_000_000)] {
        world.sent(&[world.buy_from(buyer, &credit, 0, units, u64::MAX)], &[buyer]);
        let own = world.credit(&world.unrestricted(buyer));
        assert_eq!((own.borrower, own.collateral.available()), (who(buyer), units));
    }
    assert_eq!(world.lot(&credit, 0).units_left, 940_000_000);
    assert_eq!((world.provider().next_index, world.provider().outstanding_units), (4, UNITS));
}
