//! The holdback together with restructurings, assignments, covenants, takeovers, sales, reserves and closing.

use {
    super::*,
    crate::{
        errors::BlockableError::{self, *},
        state::{Party, TermBounds, TermsRefused},
        tests::life::refused,
    },
};

/// Restructures to one instalment of all that is owed, so many days from now.
fn restructure(stage: &Stage, terms: Terms, days: i64, provider_signed: bool) -> anchor_lang::Result<Change> {
    let schedule = vec![Instalment { due_after: (days * DAY) as u32, principal: 12 * PART }];
    let (limits, bounds, clock) = (stage.restructure_limits(), stage.market.bounds, stage.clock());
    { stage.credit }.restructure(terms, schedule, &limits, &bounds, provider_signed, &clock)
}

/// The provider's money must not wait for longer than it agreed to, which is until the last date, its grace and a cure period.
#[test]
fn a_restructuring_that_makes_the_holdback_wait_needs_the_provider() {
    let mut stage = issued_on(HALF, Rider::default());
    stage.on_day(31);
    assert!(restructure(&stage, HALF, 300, false).is_ok());
    refused(restructure(&stage, HALF, 301, false), HoldbackOutlasts);
    refused(
        restructure(&stage, Terms { cure_period: HALF.cure_period + 1, ..HALF }, 300, false),
        HoldbackOutlasts,
    );
    assert!(restructure(&stage, HALF, 301, true).is_ok());
    // With nothing held back there is nothing to wait for.
    let none = Terms { holdback: 0, holdback_apr_bps: 0, ..HALF };
    let mut free = issued_on(none, Rider::default());
    free.on_day(31);
    assert!(restructure(&free, none, 900, false).is_ok());
}

#[test]
fn a_restructuring_after_anybody_may_cancel_needs_the_provider() {
    let mut stage = defaulted_on(HALF, Rider::default());
    stage.now = START + 76 * DAY - 1;
    assert!(restructure(&stage, HALF, 100, false).is_ok());
    stage.now += 1;
    refused(restructure(&stage, HALF, 100, false), HoldbackOutlasts);
    assert!(restructure(&stage, HALF, 100, true).is_ok());
}

#[test]
fn a_restructuring_keeps_the_lock_and_the_holdback() {
    let stage = issued_on(HALF, Rider::default());
    for terms in [Terms { unlocked_ahead: 200_000, ..HALF }, Terms { holdback: PART, ..HALF }] {
        refused(restructure(&stage, terms, 100, true), RestructureTouchesGrant);
    }
    // The rate on what is held back is the lender's and the borrower's to agree on, and ends up at most the loan's.
    assert!(restructure(&stage, Terms { holdback_apr_bps: 100, ..HALF }, 100, false).is_ok());
    refused(restructure(&stage, Terms { holdback_apr_bps: 1_201, ..HALF }, 100, false), HoldbackAprTooHigh);
}

/// Payments after a cancel release what they pay for under the new schedule too.
#[test]
fn a_restructuring_after_a_cancel_goes_on_at_the_price_paid() {
    let mut stage = issued_on(SEALED, Rider::default());
    stage.on_day(1);
    pay_arrears(&mut stage);
    suspend(&mut stage);
    cancel_by(&mut stage, LENDER, Some(BORROWER), UnitBounds::exactly(600_000)).unwrap();
    let schedule = vec![Instalment { due_after: (100 * DAY) as u32, principal: 5 * PART }];
    let (limits, bounds, clock) = (stage.restructure_limits(), stage.market.bounds, stage.clock());
    stage.act(|credit| credit.restructure(SEALED, schedule, &limits, &bounds, false, &clock));
    assert_eq!(pay(&mut stage, 2 * PART), 2 * PART);
    assert_eq!((stage.credit.collateral.released, stage.credit.holdback_left), (300_000, 2 * PART));
}

#[test]
fn the_buyer_of_a_loan_states_the_least_that_is_held_back() {
    let mut stage = issued_on(SEALED, Rider::default());
    let clock = stage.clock();
    stage.act(|credit| credit.offer_lender(&LENDER, SLOT, BUYER, &clock));
    let limits = stage.purchase_limits();
    assert_eq!(limits.least_holdback, 11 * PART);
    let mut earned = stage.credit;
    (earned.holdback_left, earned.claims.provider) = (11 * PART - 1, 1);
    refused(earned.accept_lender(&BUYER, &limits, &clock), HoldbackBelowLimit);
    assert!({ stage.credit }.accept_lender(&BUYER, &limits, &clock).is_ok());
}

/// A covenant moves the rate of the loan and leaves that of the holdback.
#[test]
fn a_covenant_moves_the_rate_of_the_loan_alone() {
    let rider = Rider {
        planned_units: 90_000,
        covenant_window: 30 * DAY as u32,
        high_bps: 8_000,
        apr_step_bps: 600,
        apr_floor_bps: 600,
        apr_ceiling_bps: 1_200,
        ..NO_RIDER
    };
    let check = |terms: Terms| rider.validate(&terms, &twelve_parts(), &TermBounds::PRODUCTION);
    assert_eq!(check(HALF), Ok(()));
    assert_eq!(check(Terms { holdback_apr_bps: 601, ..HALF }), Err(TermsRefused::HoldbackAprTooHigh));
    let mut stage = issued_on(HALF, rider);
    stage.credit.covenant.apr_bps = 600;
    let mut credit = stage.credit;
    credit.accrue(START + DAY - 1).unwrap();
    // Both parts bear 6 % now.
    let exact = u128::from(12 * PART) * 600 * (DAY as u128 - 1) / FRACTION;
    assert_eq!(u128::from(credit.debt.interest_accrued), exact);
}

#[test]
fn a_takeover_takes_uncovered_units_first_and_pays_the_provider_for_the_others() {
    let mut stage = defaulted_on(HALF, Rider::default());
    let clock = stage.clock();
    let take = |stage: &mut Stage, units| {
        let (_, change) = stage.credit.take_over(key(9), UnitBounds::exactly(units), &clock).unwrap();
        let Change::TakenOver { value, earned, .. } = change else { panic!("{change:?}") };
        (value, earned)
    };
    assert_eq!(take(&mut stage, 550_000), (55 * USDC, 0));
    assert_eq!((stage.credit.covered(), stage.credit.collateral.lien()), (Ok(550_000), 550_000));
    assert_eq!(take(&mut stage, 50_000), (5 * USDC, 5 * USDC));
    assert_eq!((stage.credit.covered(), stage.credit.holdback_left), (Ok(500_000), 50 * USDC));
    assert_eq!(cancel(&mut stage, UnitBounds::ALL), 50 * USDC);
    // The units taken over stay the provider's to serve: they count against its capacity.
    assert_eq!(stage.provider.outstanding_units, 1_200_000 - 500_000);
}

#[test]
fn a_takeover_that_ends_the_debt_leaves_the_provider_the_rest() {
    let mut stage = defaulted_on(SEALED, Rider::default());
    let (clock, debt) = (stage.clock(), stage.accrued().debt.total());
    let (units, change) = stage.credit.take_over(key(9), UnitBounds::ALL, &clock).unwrap();
    assert_eq!((units, debt), (1_100_000, 11 * PART));
    let Change::TakenOver { earned, debt, .. } = change else { panic!("{change:?}") };
    assert_eq!((earned, debt, stage.credit.status()), (10 * PART, 0, Ok(Status::Repaid)));
}

/// A sale that pays the whole debt leaves the covered units to the borrower, and what was held back for them to the provider.
#[test]
fn a_sale_that_ends_the_debt_leaves_the_provider_what_it_must_serve() {
    let mut stage = defaulted_on(HALF, Rider::default());
    let terms = LotTerms { start_price: 250 * USDC, floor_price: 50 * USDC, ..LOT_TERMS };
    let mut lot = seize(&mut stage, UnitBounds::ALL, terms).unwrap();
    assert_eq!(sell(&mut stage, &mut lot), 550_000 * 250);
    let Some(Change::Sold { earned, debt, surplus, .. }) = stage.changes.last() else { panic!("no sale") };
    assert_eq!((*earned, *debt, *surplus > 0), (55 * USDC, 0, true));
    assert_eq!((stage.credit.collateral.remaining(), stage.credit.claims.provider), (650_000, 55 * USDC));
}

/// Units that come back from a lot are locked again; what is held back covers no more of them.
#[test]
fn unsold_units_come_back_locked_and_uncovered() {
    let mut stage = defaulted_on(HALF, Rider::default());
    let lot = seize(&mut stage, UnitBounds::ALL, LOT_TERMS).unwrap();
    stage.now += i64::from(lot.window);
    let clock = stage.clock();
    stage.act(|credit| credit.close_lot(&lot, LOT, &LENDER, &clock));
    let credit = &stage.credit;
    assert_eq!((credit.covered(), credit.collateral.locked()), (Ok(550_000), 1_000_000));
    assert_eq!(credit.collateral.available(), 100_000);
}

#[test]
fn the_reserve_recovers_after_the_cancel() {
    let mut stage = defaulted_on(SEALED, Rider { reserve: PART / 2, ..NO_RIDER });
    seize(&mut stage, UnitBounds::ALL, LOT_TERMS).unwrap();
    let clock = stage.clock();
    refused({ stage.credit }.draw_reserve(CREDIT, &clock), CancelFirst);
    cancel(&mut stage, UnitBounds::ALL);
    stage.act(|credit| credit.draw_reserve(CREDIT, &clock));
    assert_eq!((stage.credit.reserve_held, stage.credit.debt.total()), (0, PART / 2));
}

#[test]
fn a_vault_is_closed_after_the_provider_has_collected_and_the_capacity_is_given_back_once() {
    let mut stage = issued_on(SEALED, Rider::default());
    suspend(&mut stage);
    cancel_by(&mut stage, LENDER, Some(BORROWER), UnitBounds::exactly(400_000)).unwrap();
    assert_eq!(stage.provider.outstanding_units, 800_000);
    assert_eq!(pay(&mut stage, u64::MAX), 7 * PART);
    let clock = stage.clock();
    let collect = |stage: &mut Stage, party| {
        let payout = stage.credit.collect(party, TREASURY, &clock).unwrap();
        stage.note(payout.change);
        payout.amount
    };
    assert_eq!(collect(&mut stage, Party::Lender), 12 * PART);
    refused({ stage.credit }.close_vault(0, &clock).map(|payout| payout.amount), ClaimsLeft);
    assert_eq!(collect(&mut stage, Party::Provider), 7 * PART);
    let payout = stage.credit.close_vault(0, &clock).unwrap();
    stage.note(payout.change);
    stage.credit.close(&BORROWER, 800_000, &mut stage.provider, &clock).unwrap();
    assert_eq!(stage.provider.outstanding_units, 0);
}

/// Jobs that run on open units of the lien keep them: neither they nor covered units go into a lot.
#[test]
fn a_lot_leaves_running_jobs_and_covered_units() {
    let mut stage = defaulted_on(HALF, Rider::default());
    stage.credit.meter.in_flight = 150_000;
    let lot = seize(&mut stage, UnitBounds::ALL, LOT_TERMS).unwrap();
    assert_eq!(lot.units, 550_000 - 50_000);
    assert_eq!((stage.credit.covered(), stage.credit.collateral.lien()), (Ok(550_000), 600_000));
    refused(seize(&mut stage, UnitBounds::ALL, LOT_TERMS).map(|lot| lot.units), CoveredByHoldback);
}

#[test]
fn the_borrowers_place_goes_on_with_its_holdback() {
    let mut stage = issued_on(SEALED, Rider::default());
    let clock = stage.clock();
    stage.act(|credit| credit.offer_borrower(SLOT, BUYER, 0, &clock));
    let limits = crate::actions::BorrowerLimits::from_credit(&stage.accrued()).unwrap();
    stage.act(|credit| credit.accept_borrower(&BUYER, &limits, &clock));
    suspend(&mut stage);
    refused(cancel_by(&mut stage, LENDER, Some(BORROWER), UnitBounds::ALL), NotBorrower);
    assert!(cancel_by(&mut stage, LENDER, Some(BUYER), UnitBounds::ALL).is_ok());
}

#[test]
fn terms_hold_back_no_more_than_the_locked_units_cost() {
    let check = |terms: Terms| {
        let schedule = twelve_parts();
        terms.validate(&schedule, terms.principal, &TermBounds::PRODUCTION).map_err(BlockableError::from)
    };
    assert_eq!(check(SEALED), Ok(()));
    assert_eq!(check(Terms { holdback: SEALED.holdback + 1, ..SEALED }), Err(HoldbackTooLarge));
    assert_eq!(check(Terms { unlocked_ahead: 100_001, ..SEALED }), Err(HoldbackTooLarge));
    assert_eq!(check(Terms { unlocked_ahead: 1_200_000, holdback: 1, ..SEALED }), Err(HoldbackTooLarge));
    assert_eq!(check(HALF), Ok(()));
    assert_eq!(check(Terms { holdback_apr_bps: 1_201, ..HALF }), Err(HoldbackAprTooHigh));
    assert_eq!(check(Terms { holdback: 0, holdback_apr_bps: 1, ..HALF }), Err(HoldbackAprTooHigh));
}
