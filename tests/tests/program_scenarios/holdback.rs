//! The known plots against the holdback, each as it would be tried.
//!
//! The loan is that of `lock`: $90,000 without interest, 900,000,000 units at $100 per million, ten instalments of $9,000 for
//! 90,000,000 units each, one of them ahead. Either all of the locked units are held back for, or half of them.

use {
    crate::{Steps, lock::ten},
    blockable_sdk::{
        Pubkey,
        events::Change,
        program::{
            errors::BlockableError,
            instructions::{LotTerms, UnitBounds},
            state::{Debt, Party, Terms},
            transitions::Status,
        },
    },
    blockable_testkit::{DAY, Loan, USDC, World},
};

/// A million units.
const M: u64 = 1_000_000;
/// An instalment.
const PART: u64 = 9_000 * USDC;
/// The price of all locked units.
const SEALED: u64 = 9 * PART;
/// The price of half of them.
const HALF: u64 = SEALED / 2;

fn held(holdback: u64) -> Loan {
    ten(1).with(|terms| terms.holdback = holdback)
}

/// A loan with so much held back that has paid its first instalment, and whose second one is in default, on the day on which
/// the cure period ends.
fn defaulted(world: &mut World, loan: &Loan) -> Pubkey {
    let credit = world.active(loan);
    world.day(30);
    world.pay("borrower", &credit, PART);
    world.day(65);
    world.marks_delinquent(&credit);
    world.day(75);
    world.marks_defaulted(&credit);
    world.day(85);
    credit
}

/// The lender cancels. Returns the change.
fn cancel(world: &mut World, credit: &Pubkey, amount: UnitBounds) -> Change {
    let landed = world.sent(&[world.cancel_locked("lender", credit, amount)], &["lender"]);
    landed.changes().remove(0)
}

/// A stranger has the provider's claim paid; returns what the provider got.
fn collect(world: &mut World, credit: &Pubkey) -> u64 {
    let before = world.wallet("provider");
    world.sent(&[world.collect_earned("stranger", credit, 0)], &["stranger"]);
    world.wallet("provider") - before
}

#[test]
fn the_provider_is_paid_as_payments_unlock_units_and_not_before() {
    let mut world = World::new();
    let credit = world.active(&held(SEALED));
    assert_eq!((world.wallet("provider"), world.money(&credit).vault), (PART, SEALED));
    for month in 1..=10 {
        world.day(30 * month);
        world.pay("borrower", &credit, PART);
        // The last instalment's units are those that were open from the beginning: they are paid for.
        let earned = if month < 10 { PART } else { 0 };
        assert_eq!(collect(&mut world, &credit), earned, "month {month}");
    }
    assert_eq!(world.credit(&credit).status(), Ok(Status::Repaid));
    world.collects(&credit, Party::Lender);
    assert_eq!((world.wallet("provider"), world.money(&credit).vault), (10 * PART, 0));
}

#[test]
fn one_micro_usdc_after_a_cancel_frees_nothing() {
    let mut world = World::new();
    let credit = world.active(&held(SEALED));
    world.day(28);
    world.pay("borrower", &credit, PART);
    world.sent(&[world.suspend_by_admin()], &["admin"]);
    world.day(30);
    let open = world.credit(&credit).collateral.available();
    assert_eq!(open, 180 * M);
    let cancel = world.cancel_together(&credit, UnitBounds::exactly(400 * M));
    world.sent(&[cancel], &["lender", "borrower"]);
    let state = world.credit(&credit);
    assert_eq!((state.collateral.available(), state.debt.principal), (open, SEALED - 40_000 * USDC));

    world.pay("borrower", &credit, 1);
    assert_eq!(world.credit(&credit).collateral.available(), open, "a cancelled unit was no repayment");
    world.pay("borrower", &credit, 1_000 * USDC);
    assert_eq!(world.credit(&credit).collateral.available(), open + 10 * M, "what it pays for");
}

#[test]
fn units_that_expire_pay_the_provider_nothing() {
    // Each half of the holdback as it is on day 30: (held back at issue, earned then).
    for (holdback, earned) in [(SEALED, PART), (HALF, 0)] {
        let mut world = World::new();
        let credit = world.active(&held(holdback).with(|terms| terms.unit_lifetime = 341 * DAY));
        world.day(30);
        world.pay("borrower", &credit, PART);
        world.day(341);
        let landed = world.sent(&[world.expire_units(&credit)], &[]);
        let (paid, debt) = (holdback - earned, SEALED - (holdback - earned));
        assert_eq!(landed.changes(), [Change::Expired { units: 900 * M, paid, debt }]);
        let state = world.credit(&credit);
        assert_eq!(
            (state.holdback_left, state.claims.lender, state.claims.provider),
            (0, PART + paid, earned)
        );

        // What the borrower pays later earns nothing either.
        world.pay("borrower", &credit, u64::MAX);
        assert_eq!(world.credit(&credit).status(), Ok(Status::Repaid));
        assert_eq!(collect(&mut world, &credit), earned);
        world.collects(&credit, Party::Lender);
        assert_eq!(world.money(&credit).vault, 0);
    }
}

#[test]
fn a_write_off_pays_the_provider_nothing() {
    let mut world = World::new();
    let credit = defaulted(&mut world, &held(HALF));
    let outstanding = world.provider().outstanding_units;
    let landed = world.sent(&[world.write_off("lender", &credit)], &["lender"]);
    let written = Change::WrittenOff { debt: SEALED - HALF, cancelled: 405 * M, paid: HALF, earned: 0 };
    assert_eq!(landed.changes(), [written]);
    assert_eq!(outstanding - world.provider().outstanding_units, 405 * M);
    // The borrower keeps what it has paid for, what was ahead and what nobody was paid back for.
    assert_eq!(world.credit(&credit).collateral.available(), 495 * M);
    let lender = world.wallet("lender");
    world.collects(&credit, Party::Lender);
    assert_eq!((collect(&mut world, &credit), world.wallet("lender") - lender), (0, PART + HALF));
    assert_eq!(world.money(&credit).vault, 0);
}

/// At 30 % of the price paid, a second wallet of the borrower's buys the lot: no covered unit is in it, and the provider earns
/// nothing by the sale.
#[test]
fn a_second_wallet_that_buys_the_lot_gets_no_covered_unit() {
    let mut world = World::new();
    let credit = defaulted(&mut world, &held(HALF));
    let terms = LotTerms { floor_price: 30 * USDC, ..world.lot_terms() };
    let more = world.seize_at(&credit, UnitBounds::exactly(405 * M + 1), terms);
    world.refused(&[more], &["lender"], BlockableError::CoveredByHoldback);
    world.sent(&[world.seize_at(&credit, UnitBounds::ALL, terms)], &["lender"]);
    assert_eq!(world.lot(&credit, 0).units_left, 405 * M);
    let again = world.seize_at(&credit, UnitBounds::ALL, terms);
    world.refused(&[again], &["lender"], BlockableError::CoveredByHoldback);

    world.day(95);
    let landed = world.sent(&[world.buy_from("stranger", &credit, 0, 405 * M, 30 * USDC)], &["stranger"]);
    let (cost, fee, recovered) = (12_150 * USDC, 243 * USDC, 11_907 * USDC);
    let Change::Sold { cost: paid, fee: taken, recovered: got, surplus: 0, earned: 0, debt, .. } =
        landed.changes()[0]
    else {
        panic!("{:?}", landed.changes())
    };
    assert_eq!((paid, taken, got, debt), (cost, fee, recovered, SEALED - recovered));
    assert_eq!(world.credit(&world.unrestricted("stranger")).collateral.available(), 405 * M);
    let state = world.credit(&credit);
    assert_eq!((state.collateral.lien(), state.collateral.locked()), (405 * M, 405 * M));
    assert_eq!((state.covered(), state.claims.provider), (Ok(405 * M), 0));
    assert_eq!(state.collateral.available(), 90 * M, "what was repaid");

    // The covered units still pay their whole price.
    let Change::LockedCancelled { units, paid, principal, debt, .. } =
        cancel(&mut world, &credit, UnitBounds::ALL)
    else {
        panic!()
    };
    assert_eq!((units, paid, principal, debt), (405 * M, HALF, HALF, SEALED - recovered - HALF));
    world.collects(&credit, Party::Lender);
    assert_eq!((collect(&mut world, &credit), world.money(&credit).vault), (0, fee));
}

#[test]
fn all_of_a_half_covered_lien_cannot_be_cancelled_for_half_its_price() {
    let mut world = World::new();
    let credit = defaulted(&mut world, &held(HALF));
    let units = world.credit(&credit).collateral;
    assert_eq!((units.lien(), units.locked()), (810 * M, 720 * M));
    for units in [810 * M, 720 * M, 405 * M + 1] {
        let more = world.cancel_locked("lender", &credit, UnitBounds::exactly(units));
        world.refused(&[more], &["lender"], BlockableError::BeyondCovered);
    }
    let Change::LockedCancelled { units: 405_000_000, paid: HALF, .. } =
        cancel(&mut world, &credit, UnitBounds::ALL)
    else {
        panic!()
    };
    let again = world.cancel_locked("lender", &credit, UnitBounds::ALL);
    world.refused(&[again], &["lender"], BlockableError::BeyondCovered);
    let state = world.credit(&credit);
    assert_eq!((state.holdback_left, state.debt.total()), (0, SEALED - HALF));
    assert_eq!(state.collateral.lien(), 405 * M);
}

/// A seizure takes the open units and leaves the covered ones; neither it nor its recovery earns anything.
#[test]
fn a_seizure_unlocks_nothing_and_earns_nothing() {
    let mut world = World::new();
    let credit = defaulted(&mut world, &held(SEALED));
    let earned = world.credit(&credit).claims.provider;
    assert_eq!((earned, world.credit(&credit).collateral.available()), (PART, 180 * M));
    world.seizes(&credit);
    let state = world.credit(&credit);
    assert_eq!((world.lot(&credit, 0).units_left, state.collateral.available()), (90 * M, 90 * M));
    world.sent(&[world.buy(&credit, 90 * M, u64::MAX)], &["buyer"]);
    world.pay("borrower", &credit, 4 * PART);
    let state = world.credit(&credit);
    assert_eq!((state.claims.provider, state.holdback_left), (earned, 8 * PART));
    assert_eq!((state.collateral.available(), state.collateral.locked()), (90 * M, 720 * M));
}

/// In two worlds that differ in nothing else, debts are the same to the fraction of a micro-USDC.
#[test]
fn a_provider_that_does_not_collect_changes_nobodys_interest() {
    let life = |collects: bool| {
        let mut world = World::new();
        let rates = |terms: &mut Terms| {
            (terms.holdback, terms.apr_bps, terms.holdback_apr_bps) = (HALF, 1_200, 600);
        };
        let credit = world.active(&ten(1).with(rates));
        let mut debts: Vec<Debt> = Vec::new();
        let mut got = 0;
        for month in 1..=10 {
            world.day(30 * month);
            let most = if month == 10 { u64::MAX } else { world.arrears(&credit) };
            world.pay("borrower", &credit, most);
            debts.push(world.credit(&credit).debt);
            if collects {
                got += collect(&mut world, &credit);
            }
        }
        (debts, got + collect(&mut world, &credit), world.wallet("borrower"))
    };
    let (left, collected) = (life(false), life(true));
    assert_eq!(left, collected);
    assert_eq!(left.1, HALF);
}
