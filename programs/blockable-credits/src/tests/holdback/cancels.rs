//! Cancels: the keys that may send one, its time, its amount, and its effect on the debt.

use {
    super::*,
    crate::{errors::BlockableError::*, state::Provider, tests::life::refused},
};

/// The sum of the instalments that are not paid yet.
fn scheduled(credit: &Credit) -> u64 {
    credit.principal_due.iter().sum::<u64>() - credit.debt.schedule_paid
}

#[test]
fn the_lender_waits_for_the_cure_period() {
    let mut stage = defaulted_on(SEALED, Rider::default());
    stage.now -= 1;
    refused(cancel_by(&mut stage, LENDER, None, UnitBounds::ALL), CurePeriodRunning);
    stage.now += 1;
    let outstanding = stage.provider.outstanding_units;
    let paid = cancel(&mut stage, UnitBounds::exactly(400_000));
    assert_eq!((paid, stage.credit.status()), (4 * PART, Ok(Status::Seizing)));
    let credit = &stage.credit;
    assert_eq!(
        (credit.debt.principal, credit.recovered, credit.claims.lender),
        (7 * PART, paid, PART + paid)
    );
    assert_eq!((credit.holdback_left, credit.claims.provider), (6 * PART, PART));
    assert_eq!((credit.collateral.cancelled, credit.collateral.lien()), (400_000, 700_000));
    assert_eq!(stage.provider.outstanding_units, outstanding - 400_000);
    // It was the first seizure: what is paid from here on is recovery.
    assert_eq!(pay(&mut stage, PART), 0);
    assert_eq!(stage.credit.collateral.released, 100_000);
}

/// Ten percent of what can be cancelled, since it ends the right to cure; later ones may be as small as they like.
#[test]
fn a_first_cancel_takes_its_least_share() {
    let mut stage = defaulted_on(HALF, Rider::default());
    refused(cancel_by(&mut stage, LENDER, None, UnitBounds::exactly(54_999)), FirstSeizureTooSmall);
    refused(cancel_by(&mut stage, LENDER, None, UnitBounds { least: 1, most: 0 }), AmountZero);
    cancel(&mut stage, UnitBounds::exactly(55_000));
    assert_eq!(cancel(&mut stage, UnitBounds::exactly(1)), PRICE);
    // As small where a lot was first.
    let mut stage = defaulted_on(HALF, Rider::default());
    seize(&mut stage, UnitBounds::exactly(55_000), LOT_TERMS).unwrap();
    assert_eq!(cancel(&mut stage, UnitBounds::exactly(1)), PRICE);
}

#[test]
fn anybody_cancels_all_of_it_thirty_days_later() {
    let mut stage = defaulted_on(HALF, Rider::default());
    assert_eq!(stage.credit.cancel_opens_at(), START + 76 * DAY);
    stage.now = START + 76 * DAY - 1;
    refused(cancel_by(&mut stage, BUYER, None, UnitBounds::ALL), CancelNotOpen);
    refused(cancel_by(&mut stage, BORROWER, Some(BORROWER), UnitBounds::ALL), CancelNotOpen);
    stage.now += 1;
    refused(cancel_by(&mut stage, BUYER, None, UnitBounds { least: 1, most: 549_999 }), CancelsAll);
    let lender = stage.credit.claims.lender;
    let change = cancel_by(&mut stage, BUYER, None, UnitBounds::ALL).unwrap();
    let Change::LockedCancelled { by, units, paid, principal, .. } = change else { panic!("{change:?}") };
    assert_eq!((by, units, paid, principal), (BUYER, 550_000, 55 * USDC, 55 * USDC));
    assert_eq!(stage.credit.claims.lender, lender + 55 * USDC, "the money is the lender's, whoever cancels");
}

/// Nobody marked the loan until the end: the last date opens the cancel, but no default is without its cure period.
#[test]
fn after_the_last_date_anybody_cancels_once_the_cure_period_has_passed() {
    let mut stage = issued_on(SEALED, Rider::default());
    let opens_at = START + (331 + 5 + 10) * DAY;
    assert_eq!(stage.credit.cancel_opens_at(), opens_at);
    for (day, mark) in [(340, Credit::mark_delinquent as Mark), (340, Credit::mark_defaulted)] {
        let clock = stage.on_day(day);
        stage.act(|credit| mark(credit, &clock));
    }
    assert_eq!(stage.credit.cancel_opens_at(), opens_at);
    stage.on_day(346);
    refused(cancel_by(&mut stage, BUYER, None, UnitBounds::ALL), CurePeriodRunning);
    stage.on_day(350);
    assert!(cancel_by(&mut stage, BUYER, None, UnitBounds::ALL).is_ok());
}

#[test]
fn interest_on_the_holdback_ends_when_anybody_may_cancel() {
    let stage = defaulted_on(HALF, Rider::default());
    let debt_on = |day: i64| {
        let mut credit = stage.credit;
        credit.accrue(START + day * DAY).unwrap();
        credit.debt.total()
    };
    let (held, rest) = (u128::from(11 * PART / 2), u128::from(11 * PART / 2));
    let of_days = |bps: u128, amount: u128, days: u128| amount * bps * days * DAY as u128;
    let (at_default, opens, later) = (debt_on(36), debt_on(76), debt_on(176));
    let before = of_days(1_200, rest, 40) + of_days(600, held, 40);
    assert!(u128::from(opens - at_default).abs_diff(before / FRACTION) <= 1);
    assert!(u128::from(later - opens).abs_diff(of_days(1_200, rest, 100) / FRACTION) <= 1);
}

#[test]
fn while_a_loan_is_paid_it_takes_lender_borrower_and_a_long_suspension_by_the_admin() {
    let mut stage = issued_on(SEALED, Rider::default());
    let (market, both) = (stage.market, Some(BORROWER));
    refused(cancel_by(&mut stage, LENDER, both, UnitBounds::ALL), ProviderNotSuspended);
    let clock = stage.clock();
    stage.provider.suspend(&OPERATOR, &market, &clock).unwrap();
    stage.now += 100 * DAY;
    stage.provider.admin_suspended_at = 0;
    refused(cancel_by(&mut stage, LENDER, both, UnitBounds::ALL), ProviderNotSuspended);
    let clock = stage.clock();
    stage.provider.suspend(&ADMIN, &market, &clock).unwrap();
    // A second suspension does not begin the time anew, one after a resumption does.
    stage.now += DAY;
    let clock = stage.clock();
    stage.provider.suspend(&ADMIN, &market, &clock).unwrap();
    stage.now += i64::from(market.min_suspension) - DAY - 1;
    refused(cancel_by(&mut stage, LENDER, both, UnitBounds::ALL), ProviderNotSuspended);
    let mut resumed = stage.provider;
    resumed.resume(&ADMIN, &market, &clock).unwrap();
    assert_eq!((resumed.admin_suspended_at, resumed.suspended), (0, Provider::SUSPENDED_BY_ITSELF));
    stage.now += 1;
    refused(cancel_by(&mut stage, LENDER, None, UnitBounds::ALL), NotBorrower);
    refused(cancel_by(&mut stage, LENDER, Some(BUYER), UnitBounds::ALL), NotBorrower);
    refused(cancel_by(&mut stage, BUYER, both, UnitBounds::ALL), NotLender);
    assert!(cancel_by(&mut stage, LENDER, both, UnitBounds::exactly(1)).is_ok());
    assert_eq!(stage.credit.status(), Ok(Status::Active));
}

#[test]
fn the_principal_of_a_loan_that_goes_on_falls_from_the_last_instalments() {
    let mut stage = issued_on(HALF, Rider::default());
    stage.on_day(1);
    pay_arrears(&mut stage);
    suspend(&mut stage);
    let (before, interest) = (stage.credit, stage.accrued().debt.interest_not_due());
    cancel_by(&mut stage, LENDER, Some(BORROWER), UnitBounds::exactly(250_000)).unwrap();
    let credit = &stage.credit;
    assert_eq!(
        credit.principal_due[..12],
        [PART, PART, PART, PART, PART, PART, PART, PART, PART, PART / 2, 0, 0]
    );
    assert_eq!((scheduled(credit), credit.debt.principal), (85 * USDC, 85 * USDC));
    assert_eq!(credit.debt.interest_not_due(), interest, "interest is not paid by it");
    assert_eq!((credit.arrears(), credit.debt.arrears_since), (0, 0));
    assert_eq!(credit.collateral.frozen(), before.collateral.frozen());
    assert_eq!(credit.recovered, 0);
}

#[test]
fn a_cancel_on_a_delinquent_loan_lowers_its_arrears_last() {
    let mut stage = issued_on(SEALED, Rider::default());
    let clock = stage.on_day(32);
    stage.act(|credit| credit.mark_delinquent(&clock));
    suspend(&mut stage);
    let arrears = stage.credit.arrears();
    cancel_by(&mut stage, LENDER, Some(BORROWER), UnitBounds::exactly(900_000)).unwrap();
    assert_eq!((stage.credit.arrears(), stage.credit.status()), (arrears, Ok(Status::Delinquent)));
    assert_eq!(stage.credit.debt.arrears_since, START + DAY);
    // The rest is due now: nothing falls due later.
    cancel_by(&mut stage, LENDER, Some(BORROWER), UnitBounds::ALL).unwrap();
    assert_eq!((stage.credit.arrears(), stage.credit.debt.total()), (PART, PART));
    pay(&mut stage, PART);
    assert_eq!(stage.credit.status(), Ok(Status::Repaid));
}

/// Half a unit is owed. The unit is cancelled, half of its price is the borrower's; the rest of the holdback is the
/// provider's, which must serve the other units.
#[test]
fn the_last_unit_may_be_worth_more_than_the_debt() {
    let mut stage = defaulted_on(SEALED, Rider::default());
    seize(&mut stage, UnitBounds::ALL, LOT_TERMS).unwrap();
    let debt = stage.accrued().debt.total();
    pay(&mut stage, debt - PRICE / 2);
    let held = stage.credit.holdback_left;
    refused(cancel_by(&mut stage, LENDER, None, UnitBounds::exactly(2)), BeyondCovered);
    let change = cancel_by(&mut stage, LENDER, None, UnitBounds::ALL).unwrap();
    let Change::LockedCancelled { units, paid, surplus, earned, debt, status, .. } = change else {
        panic!("{change:?}")
    };
    assert_eq!((units, paid, surplus), (1, PRICE, PRICE / 2));
    assert_eq!((earned, debt, status), (held - PRICE, 0, Status::Repaid));
    assert_eq!(stage.credit.claims.borrower, PRICE / 2);
}

/// Money held back beyond the principal pays interest and then fees.
#[test]
fn what_exceeds_the_principal_pays_interest_and_fees() {
    let terms = Terms { late_fee: USDC / 100, ..HALF };
    let mut stage = defaulted_on(terms, Rider::default());
    seize(&mut stage, UnitBounds::exactly(300_000), LOT_TERMS).unwrap();
    let owed = stage.accrued().debt;
    pay(&mut stage, owed.total() - 20 * USDC);
    let mut credit = stage.credit;
    (credit.debt.interest_due, credit.debt.late_fees, credit.debt.principal) =
        (3 * USDC, 2 * USDC, 15 * USDC);
    stage.credit = credit;
    let change = cancel_by(&mut stage, LENDER, None, UnitBounds::exactly(190_000)).unwrap();
    let Change::LockedCancelled { principal, interest, late_fees, surplus, debt, .. } = change else {
        panic!("{change:?}")
    };
    assert_eq!((principal, interest, late_fees, surplus, debt), (15 * USDC, 3 * USDC, USDC, 0, USDC));
}

#[test]
fn a_cancel_is_of_the_loan_that_was_read() {
    let stage = defaulted_on(SEALED, Rider::default());
    let try_read = |read: LoanRead, paused: bool| {
        let (mut credit, mut provider) = (stage.credit, stage.provider);
        let clock = MarketClock { is_paused: paused, ..stage.clock() };
        let signers = CancelSigners { signer: LENDER, borrower: None };
        credit.cancel_locked(signers, UnitBounds::ALL, read, &mut provider, &stage.market, &clock)
    };
    let read = LoanRead { offer_slot: SLOT, worst_status: Status::Defaulted };
    refused(try_read(LoanRead { offer_slot: SLOT + 1, ..read }, false), OfferReplaced);
    refused(try_read(LoanRead { worst_status: Status::Delinquent, ..read }, false), StatusWorse);
    refused(try_read(read, true), MarketPaused);
    assert!(try_read(read, false).is_ok());
}

#[test]
fn nothing_is_cancelled_before_issue_after_the_end_or_without_a_holdback() {
    let mut stage = Stage::new();
    stage.offer_on(SEALED, Rider::default(), &twelve_parts());
    refused(cancel_by(&mut stage, LENDER, Some(BORROWER), UnitBounds::ALL), WrongStatus);
    let mut stage = issued_on(SEALED, Rider::default());
    pay(&mut stage, u64::MAX);
    refused(cancel_by(&mut stage, LENDER, Some(BORROWER), UnitBounds::ALL), WrongStatus);
    let mut stage = defaulted_on(Terms { holdback: 0, ..SEALED }, Rider::default());
    refused(cancel_by(&mut stage, LENDER, None, UnitBounds::ALL), BeyondCovered);
}

/// A unit costs 1,000.5 micro-USDC. After a payment that ends just below a unit's price the holdback pays the whole principal:
/// interest is all that is owed. It keeps the lien that is left, and falls into arrears at the next date.
#[test]
fn interest_without_principal_keeps_its_lien_and_its_dates() {
    let terms = Terms { principal: 1_000_500, units: 1_000, unlocked_ahead: 1, holdback: 999_499, ..HALF };
    let parts = [(30, 301_150), (60, 699_350)];
    let schedule = parts.map(|(days, principal)| Instalment { due_after: days * DAY as u32, principal });
    let mut stage = Stage::new();
    stage.offer_on(terms, Rider::default(), &schedule);
    stage.accept();
    stage.issue();
    stage.on_day(30);
    assert_eq!(
        (pay_arrears(&mut stage), stage.credit.holdback_left),
        (300_149, 699_350),
        "kept are 699,349.5"
    );
    suspend(&mut stage);
    cancel_by(&mut stage, LENDER, Some(BORROWER), UnitBounds::ALL).unwrap();
    let (debt, units) = (stage.credit.debt, stage.credit.collateral);
    assert_eq!((debt.principal, debt.total() > 1, units.released, units.lien()), (0, true, 300, 1));
    pay(&mut stage, 1);
    assert_eq!((stage.credit.collateral.released, stage.credit.status()), (300, Ok(Status::Active)));
    let clock = stage.on_day(61);
    stage.act(|credit| credit.mark_delinquent(&clock));
    assert_eq!(stage.credit.debt.arrears_since, START + 60 * DAY);
    pay(&mut stage, u64::MAX);
    assert_eq!((stage.credit.status(), stage.credit.collateral.remaining()), (Ok(Status::Repaid), 301));
}
