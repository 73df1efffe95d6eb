//! The prices of lots, the lender as the buyer of its own, and units that expire.

use {
    super::{life::refused, stage::*, *},
    crate::{
        actions::{FreezeAmount, LotTerms, NewLot, Quote, Sale, UnitBounds},
        auction::{units_worth, value_paid},
        errors::BlockableError::*,
        events::Change,
        state::{Credit, FreezeReason, Lot, Rider},
        transitions::Status,
    },
    anchor_lang::prelude::Pubkey,
};

/// Half of what the loan paid, from the first second on.
const AT_HALF: LotTerms = LotTerms { start_price: 50 * USDC, floor_price: 50 * USDC, window: 3 * DAY as u32 };

/// A loan that is in default on day 35, its cure period over on day 45.
fn defaulted() -> Stage {
    let mut stage = Stage::issued(Rider::default());
    let clock = stage.on_day(35);
    for mark in [Credit::mark_delinquent, Credit::mark_defaulted] {
        let mark = mark(&mut stage.credit, &clock).unwrap();
        stage.note(mark);
    }
    stage.on_day(45);
    stage
}

fn try_seize(stage: &Stage, terms: LotTerms) -> anchor_lang::Result<(Credit, Lot)> {
    let (mut credit, mut lot) = (stage.credit, Lot::zeroed());
    let (clock, bounds) = (stage.clock(), stage.market.bounds);
    let new = NewLot { key: LOT, bump: 250, rent_payer: PAYER, credit: CREDIT };
    credit.seize_to_lot(&mut lot, new, UnitBounds::ALL, terms, &bounds, &clock)?;
    Ok((credit, lot))
}

fn quote(stage: &Stage, lot: &Lot, buyer: Pubkey, units: u64, max_price: u64) -> anchor_lang::Result<Quote> {
    lot.quote(&stage.credit, &buyer, UnitBounds::exactly(units), max_price, &stage.clock())
}

/// Fault 2: the price fell below what the loan had paid in the last instant only, and the lender took all at the floor.
#[test]
fn no_lot_keeps_everybody_away_until_its_floor() {
    let stage = defaulted();
    let seize = |start_price, window: i64| {
        let terms = LotTerms { start_price, floor_price: 10 * USDC, window: window as u32 };
        try_seize(&stage, terms).map(|_| ())
    };
    refused(seize(u64::MAX, 3 * DAY), LotPriceTooHigh);
    refused(seize(300 * USDC + 1, 3 * DAY), LotPriceTooHigh);
    refused(seize(300 * USDC, 3 * DAY - 1), LotWindowOutOfBounds);
    assert_eq!(seize(300 * USDC, 3 * DAY), Ok(()));
    // From the highest start to the lowest floor, the price is what the loan paid or less for 22 hours.
    let terms = LotTerms { start_price: 300 * USDC, floor_price: 10 * USDC, window: 3 * DAY as u32 };
    let (_, lot) = try_seize(&stage, terms).unwrap();
    assert!(lot.price_at(stage.now + 50 * 3_600).unwrap() < 100 * USDC);
}

/// 45 days from 100 to 70 % of today's price, whether compute is dearer or cheaper than what the loan paid.
#[test]
fn the_standard_lot_is_allowed_at_any_likely_price() {
    let stage = defaulted();
    for price in [50, 80, 100, 167, 300].map(|price| price * USDC) {
        let terms = LotTerms { start_price: price, floor_price: price / 10 * 7, window: 45 * DAY as u32 };
        assert!(try_seize(&stage, terms).is_ok(), "{price}");
    }
}

#[test]
fn the_lender_buys_from_its_own_lots_at_what_the_loan_paid_or_more() {
    let mut stage = defaulted();
    let (credit, mut lot) = try_seize(&stage, AT_HALF).unwrap();
    stage.credit = credit;
    let (at_half, at_par) =
        (Quote { units: 400_000, cost: 20 * USDC }, Quote { units: 400_000, cost: 40 * USDC });
    assert_eq!(quote(&stage, &lot, BUYER, 400_000, 50 * USDC), Ok(at_half));
    assert_eq!(quote(&stage, &lot, LENDER, 400_000, 100 * USDC), Ok(at_par));
    refused(quote(&stage, &lot, LENDER, 400_000, 100 * USDC - 1), PriceAboveMaximum);

    // The debt takes it, less the market's 2 %.
    let (debt, clock) = (stage.credit.debt.total(), stage.clock());
    let sale = Sale { lot: LOT, buyer: LENDER, units: 400_000, cost: at_par.cost };
    stage.act(|credit| credit.sell(&mut lot, sale, 200, &clock));
    assert_eq!(stage.credit.debt.total(), debt - 39_200_000);

    // Neither the seller of the loan nor its buyer pays less.
    stage.credit.lender = OPERATOR;
    let par = Quote { units: 1, cost: 100 };
    assert_eq!([LENDER, OPERATOR].map(|buyer| quote(&stage, &lot, buyer, 1, u64::MAX)), [Ok(par), Ok(par)]);
    // Where the lot's price is above what the loan paid, the lender pays the lot's price.
    lot.start_price = 200 * USDC;
    (lot.floor_price, lot.opened_at) = (200 * USDC, stage.now);
    assert_eq!(quote(&stage, &lot, OPERATOR, 1, u64::MAX), Ok(Quote { units: 1, cost: 200 }));
}

/// Fault 8: units were valued by the price per million, rounded up, so that half of ten billion units for 100 USDC cleared
/// 50.005 USDC of the debt.
#[test]
fn units_are_taken_over_at_exactly_what_the_loan_paid() {
    let mut stage = defaulted();
    let granted = 9_999_999_998;
    (stage.credit.terms.units, stage.credit.collateral.granted) = (granted, granted);
    assert_eq!(stage.credit.price_paid(), Ok(10_001));
    let clock = stage.clock();
    let (units, change) = stage.credit.take_over(key(9), UnitBounds::exactly(granted / 2), &clock).unwrap();
    let Change::TakenOver { value, debt, .. } = change else { panic!("{change:?}") };
    assert_eq!((units, value, debt), (granted / 2, 50 * USDC, 51 * USDC));
    // The rest of the units is worth a little less than the rest of the debt.
    let (units, _) = stage.credit.take_over(key(9), UnitBounds::ALL, &clock).unwrap();
    assert_eq!((units, stage.credit.debt.total()), (granted / 2, USDC));
}

/// Fault 7: the last instalment's collateral expired as its cure period ended.
#[test]
fn the_last_instalments_units_outlast_a_late_freeze_and_the_shortest_lot() {
    let mut stage = Stage::new();
    let shortest = Terms { unit_lifetime: 91 * DAY as u32, ..TERMS };
    let args = |unit_lifetime| Terms { unit_lifetime, ..TERMS };
    let bounds = stage.market.bounds;
    let verdict = |terms: Terms| terms.validate(&schedule(), terms.principal, &bounds);
    assert!(verdict(args(91 * DAY as u32 - 1)).is_err() && verdict(shortest).is_ok());
    stage.offer(shortest, Rider::default());
    stage.accept();
    stage.issue();
    let clock = stage.on_day(30);
    let amount = stage.credit.begin_payment(50 * USDC, &clock).unwrap();
    stage.act(|credit| credit.receive_payment(BORROWER, amount));
    let clock = stage.on_day(65);
    for mark in [Credit::mark_delinquent, Credit::mark_defaulted] {
        let mark = mark(&mut stage.credit, &clock).unwrap();
        stage.note(mark);
    }
    // Frozen in the last second of the cure period, with all under lien held by jobs.
    stage.credit.meter.in_flight = 1_000_000;
    stage.on_day(75);
    stage.now -= 1;
    let clock = stage.clock();
    stage.act(|credit| credit.freeze(&LENDER, FreezeAmount::All, FreezeReason::Default, None, &clock));
    let clock = stage.on_day(75);
    assert_eq!(stage.credit.seizable(&clock), Ok(0));
    let clock = stage.on_day(85);
    assert_eq!(stage.credit.seizable(&clock), Ok(500_000));
    let (credit, lot) = try_seize(&stage, AT_HALF).unwrap();
    stage.credit = credit;
    // The buyer at the floor has three days left to use what it buys.
    let clock = stage.on_day(88);
    assert_eq!(lot.window_has_passed(clock.market), Ok(true));
    assert!(quote(&stage, &lot, BUYER, 500_000, u64::MAX).is_ok());
    stage.on_day(91);
    refused(quote(&stage, &lot, BUYER, 500_000, u64::MAX), UnitsExpired);
    assert_eq!(stage.credit.status(), Ok(Status::Seizing));
}

#[test]
fn a_lot_ends_before_its_units_expire_or_takes_the_shortest_window() {
    let mut stage = defaulted();
    let seize =
        |stage: &Stage, window| try_seize(stage, LotTerms { window: window as u32, ..AT_HALF }).map(|_| ());
    stage.credit.units_expire_at = stage.now + 10 * DAY;
    assert_eq!(seize(&stage, 10 * DAY), Ok(()));
    refused(seize(&stage, 10 * DAY + 1), LotOutlivesUnits);
    stage.credit.units_expire_at = stage.now + 2 * DAY;
    assert_eq!(seize(&stage, 3 * DAY), Ok(()));
    refused(seize(&stage, 3 * DAY + 1), LotOutlivesUnits);
    stage.credit.units_expire_at = 0;
    assert_eq!(seize(&stage, 90 * DAY), Ok(()));
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn what_a_debt_pays_for_is_worth_it_and_one_unit_less_is_not(
        debt in 1u64..1 << 60, principal in 1u64..1 << 60, granted in 1u64..,
    ) {
        let units = units_worth(debt, principal, granted);
        let exact = (u128::from(debt) * u128::from(granted)).div_ceil(u128::from(principal));
        prop_assert_eq!(u128::from(units), exact.min(u128::from(u64::MAX)));
        if exact <= u128::from(u64::MAX) && let Ok(value) = value_paid(units, principal, granted) {
            prop_assert!(value >= debt);
            prop_assert!(u128::from(units - 1) * u128::from(principal) < u128::from(debt) * u128::from(granted));
        }
    }

    /// Taking units over in parts never clears less of the debt, nor more than a micro-USDC a part beyond the price.
    #[test]
    fn parts_are_worth_the_whole_rounded_up(parts: [u32; 4], principal in 1u64..1 << 50, granted in 1u64..1 << 50) {
        let worth = |units: u64| u128::from(value_paid(units, principal, granted).unwrap());
        prop_assume!(u128::from(principal) << 34 < u128::from(granted) << 63);
        let whole = worth(parts.map(u64::from).iter().sum());
        let sum: u128 = parts.map(|units| worth(u64::from(units))).iter().sum();
        prop_assert!((whole..=whole + 3).contains(&sum));
    }
}
