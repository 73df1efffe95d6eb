//! Actions on a loan by agreement or by the passing of time.

use {
    super::{life::refused, stage::*, *},
    crate::{
        actions::{FreezeAmount, LotTerms, NewLot, OfferRead, Quote, ThawBounds, UnitBounds},
        errors::BlockableError::*,
        events::Change,
        state::{Credit, FreezePolicy, FreezeReason, Instalment, Lot, Party, Provider, Rider},
        transitions::Status,
    },
    anchor_lang::prelude::Pubkey,
};

/// A loan whose first instalment was missed and whose units the lender has frozen, on day 31.
pub(super) fn delinquent() -> Stage {
    let mut stage = Stage::issued(Rider::default());
    let clock = stage.on_day(31);
    let mark = stage.credit.mark_delinquent(&clock).unwrap();
    stage.note(mark);
    stage.act(|credit| credit.freeze(&LENDER, FreezeAmount::All, FreezeReason::MissedPayment, None, &clock));
    stage
}

/// The same loan in default with its cure period over, on day 46.
pub(super) fn defaulted() -> Stage {
    let mut stage = delinquent();
    let clock = stage.on_day(35);
    let mark = stage.credit.mark_defaulted(&clock).unwrap();
    stage.note(mark);
    stage.on_day(46);
    stage
}

pub(super) const LOT_TERMS: LotTerms =
    LotTerms { start_price: 100 * USDC, floor_price: 50 * USDC, window: 4 * DAY as u32 };

pub(super) fn seize(stage: &mut Stage, amount: UnitBounds) -> Lot {
    let (clock, bounds, mut lot) = (stage.clock(), stage.market.bounds, Lot::zeroed());
    let new = NewLot { key: LOT, bump: 250, credit: CREDIT, rent_payer: PAYER };
    stage.act(|credit| credit.seize_to_lot(&mut lot, new, amount, LOT_TERMS, &bounds, &clock));
    lot
}

#[test]
fn a_restructuring_restarts_the_debt_and_thaws() {
    let mut stage = delinquent();
    let (clock, bounds) = (stage.clock(), stage.market.bounds);
    let limits = stage.restructure_limits();
    let schedule = |principal| vec![Instalment { due_after: 40 * DAY as u32, principal }];
    let restructure = |credit: &mut Credit, terms: Terms, principal| {
        credit.restructure(terms, schedule(principal), &limits, &bounds, false, &clock)
    };
    let other_grant = Terms { units: 2_000_000, ..TERMS };
    refused(restructure(&mut { stage.credit }, other_grant, 100 * USDC), RestructureTouchesGrant);
    refused(restructure(&mut { stage.credit }, TERMS, 99 * USDC), PrincipalAboveSchedule);
    let mut expiring = stage.credit;
    // Day 31 and 40 to the due date, 5 of default grace, 10 to cure it, as long for promises, and 3 twice for a lot.
    expiring.units_expire_at = START + (31 + 40 + 5 + 2 * 13) * DAY - 1;
    refused(restructure(&mut { expiring }, TERMS, 100 * USDC), UnitLifetimeTooShort);
    expiring.units_expire_at += 1;
    assert!(restructure(&mut expiring, TERMS, 100 * USDC).is_ok());

    stage.act(|credit| restructure(credit, TERMS, 100 * USDC));
    let credit = &stage.credit;
    assert_eq!((credit.status(), credit.collateral.frozen()), (Ok(Status::Active), 0));
    assert_eq!((credit.debt.arrears_since, credit.debt.total()), (0, 101 * USDC));
    assert_eq!(
        (credit.schedule().start, credit.schedule().due_after),
        (clock.market, &[40 * DAY as u32][..])
    );
    let clock = stage.on_day(71);
    refused(stage.credit.mark_delinquent(&clock).map(|_| ()), DelinquencyGraceRunning);
}

#[test]
fn a_loan_goes_to_the_key_that_it_was_offered_to() {
    let mut stage = delinquent();
    let clock = stage.clock();
    let limits = stage.purchase_limits();
    refused({ stage.credit }.offer_lender(&BORROWER, SLOT, BUYER, &clock), NotLender);
    refused({ stage.credit }.offer_lender(&LENDER, SLOT, BORROWER, &clock), SelfLoan);
    stage.act(|credit| credit.offer_lender(&LENDER, SLOT, BUYER, &clock));
    refused({ stage.credit }.accept_lender(&LENDER, &limits, &clock), NotOffered);
    let mut withdrawn = stage.credit;
    withdrawn.waive_fee(&LENDER, 1, &clock).unwrap();
    refused(withdrawn.accept_lender(&BUYER, &limits, &clock), NotOffered);
    let mut uncollected = stage.credit;
    uncollected.claims.lender = 1;
    refused(uncollected.accept_lender(&BUYER, &limits, &clock), ClaimUncollected);
    stage.act(|credit| credit.accept_lender(&BUYER, &limits, &clock));
    let credit = &stage.credit;
    assert_eq!((credit.lender, credit.freeze_authority, credit.address_lender()), (BUYER, BUYER, LENDER));
    refused({ stage.credit }.set_freeze_authority(&LENDER, SLOT, LENDER, &clock), NotLender);
    stage.act(|credit| credit.set_freeze_authority(&BUYER, SLOT, OPERATOR, &clock));
    stage.act(|credit| credit.thaw(&OPERATOR, ThawBounds { most: 1, keep: 0 }));
    refused({ stage.credit }.thaw(&LENDER, ThawBounds::ALL), NotFreezer);
}

/// Nobody has brought the debt up to the due date before.
#[test]
fn a_freeze_of_the_shortfall_counts_what_has_fallen_due_by_now() {
    let mut stage = Stage::issued(Rider::default());
    stage.credit.terms.freeze_policy = FreezePolicy::AtWill as u8;
    let freeze = |credit: &mut Credit, clock| {
        credit.freeze(&LENDER, FreezeAmount::Shortfall, FreezeReason::MissedPayment, None, clock)
    };
    let early = stage.on_day(29);
    refused(freeze(&mut { stage.credit }, &early), NotInArrears);
    let clock = stage.on_day(30);
    stage.act(|credit| freeze(credit, &clock));
    assert_eq!(stage.credit.collateral.frozen(), 500_000, "half of the debt is due");
}

/// A debt that was given up counts as accrued up to that day.
#[test]
fn a_debt_that_is_written_off_is_none_from_that_day_on() {
    let mut stage = defaulted();
    let clock = stage.clock();
    let mut provider = stage.provider;
    stage.act(|credit| credit.write_off(&LENDER, SLOT, 101 * USDC, &mut provider, &clock));
    assert_eq!(
        stage.changes.last(),
        Some(&Change::WrittenOff { debt: 101 * USDC, cancelled: 0, paid: 0, earned: 0 })
    );
    assert_eq!(stage.credit.debt, Debt { accrued_at: clock.market, ..Debt::zeroed() });
}

#[test]
fn fees_are_waived_up_to_what_is_owed() {
    let mut stage = delinquent();
    let clock = stage.clock();
    refused({ stage.credit }.waive_fee(&LENDER, 0, &clock), AmountZero);
    stage.act(|credit| credit.waive_fee(&LENDER, USDC + 1, &clock));
    assert_eq!(stage.changes.last(), Some(&Change::FeeWaived { amount: USDC, earned: 0, debt: 100 * USDC }));
    refused({ stage.credit }.waive_fee(&LENDER, 1, &clock), NoLateFees);
    assert_eq!(stage.credit.debt.total(), 100 * USDC);
}

#[test]
fn units_expire_but_for_those_that_jobs_hold() {
    let mut stage = Stage::new();
    stage.offer(Terms { unit_lifetime: 91 * DAY as u32, ..TERMS }, Rider::default());
    stage.accept();
    stage.issue();
    stage.credit.meter.in_flight = 300;
    let clock = stage.on_day(90);
    refused({ stage.credit }.expire_units(&clock), NothingToExpire);
    let clock = stage.on_day(91);
    stage.act(|credit| credit.expire_units(&clock));
    assert_eq!(stage.changes.last(), Some(&Change::Expired { units: 999_700, paid: 0, debt: 102 * USDC }));
    refused({ stage.credit }.expire_units(&clock), NothingToExpire);
}

#[test]
fn units_go_live_within_the_offer_and_the_capacity() {
    let mut stage = Stage::new();
    stage.offer(Terms { offer_expires_at: START + DAY, ..TERMS }, Rider::default());
    let (read, clock) = (stage.offer_read(), stage.clock());
    refused(
        { stage.credit }.accept(&BORROWER, OfferRead { terms_hash: [0; 32], ..read }, &clock),
        TermsHashMismatch,
    );
    stage.accept();
    let mut small = stage.provider;
    small.capacity_units = 999_999;
    refused({ stage.credit }.issue(&mut small, read, &clock).map(|_| ()), CapacityExceeded);
    stage.provider.suspend(&ADMIN, &stage.market, &clock).unwrap();
    refused({ stage.credit }.issue(&mut { stage.provider }, read, &clock).map(|_| ()), ProviderSuspended);
    stage.provider.resume(&ADMIN, &stage.market, &clock).unwrap();
    let late = stage.on_day(2);
    refused({ stage.credit }.issue(&mut { stage.provider }, read, &late).map(|_| ()), OfferExpired);
    let payout = stage.credit.issue(&mut stage.provider, read, &clock).unwrap();
    assert_eq!(
        (payout.amount, payout.change),
        (100 * USDC, Change::Issued { index: 0, issued_at: START, held_back: 0 })
    );
    assert_eq!((stage.provider.next_index, stage.provider.outstanding_units), (1, 1_000_000));
}

#[test]
fn a_lot_is_quoted_at_its_price_and_not_beyond_its_units() {
    let mut stage = defaulted();
    let lot = seize(&mut stage, UnitBounds::exactly(400_000));
    let clock = stage.on_day(48);
    let quote =
        |units, max_price| lot.quote(&stage.credit, &BUYER, UnitBounds::exactly(units), max_price, &clock);
    refused(quote(0, u64::MAX), AmountZero);
    refused(quote(400_001, u64::MAX), LotUnitsExceeded);
    refused(quote(1, 75 * USDC - 1), PriceAboveMaximum);
    assert_eq!(quote(400_000, 75 * USDC), Ok(Quote { units: 400_000, cost: 30 * USDC }));
    let mut expired = stage.credit;
    expired.units_expire_at = clock.market;
    refused(lot.quote(&expired, &BUYER, UnitBounds::exactly(1), u64::MAX, &clock), UnitsExpired);
}

#[test]
fn a_lot_is_priced_within_the_markets_bounds() {
    let (bounds, paid) = (Stage::new().market.bounds, 100 * USDC);
    let check = |terms: LotTerms| terms.validate(paid, &bounds);
    // Half, three times and a tenth of the price paid, in production.
    assert_eq!(check(LotTerms { start_price: 50 * USDC, floor_price: 10 * USDC, ..LOT_TERMS }), Ok(()));
    refused(check(LotTerms { start_price: 50 * USDC - 1, ..LOT_TERMS }), LotPriceTooLow);
    assert_eq!(check(LotTerms { start_price: 300 * USDC, window: 3 * DAY as u32, ..LOT_TERMS }), Ok(()));
    refused(check(LotTerms { start_price: 300 * USDC + 1, ..LOT_TERMS }), LotPriceTooHigh);
    refused(check(LotTerms { start_price: u64::MAX, ..LOT_TERMS }), LotPriceTooHigh);
    refused(check(LotTerms { floor_price: 10 * USDC - 1, ..LOT_TERMS }), LotPriceTooLow);
    refused(check(LotTerms { floor_price: 100 * USDC + 1, ..LOT_TERMS }), LotPriceTooLow);
    refused(check(LotTerms { window: 3 * DAY as u32 - 1, ..LOT_TERMS }), LotWindowOutOfBounds);
    refused(check(LotTerms { window: 90 * DAY as u32 + 1, ..LOT_TERMS }), LotWindowOutOfBounds);
}

#[test]
fn unsold_units_come_back_frozen_to_the_lender_alone() {
    let mut stage = defaulted();
    let lot = seize(&mut stage, UnitBounds::exactly(400_000));
    let close = |credit: &mut Credit, signer: &Pubkey, clock| credit.close_lot(&lot, LOT, signer, clock);
    let clock = stage.on_day(49);
    refused(close(&mut { stage.credit }, &LENDER, &clock), LotStillOpen);
    let clock = stage.on_day(50);
    refused(close(&mut { stage.credit }, &BUYER, &clock), LotNotYours);
    let write_off = { stage.credit }.write_off(&LENDER, SLOT, u64::MAX, &mut stage.provider, &clock);
    refused(write_off, LotsOpen);
    stage.act(|credit| close(credit, &LENDER, &clock));
    assert_eq!((stage.credit.collateral.frozen(), stage.credit.collateral.seized), (1_000_000, 0));
    // They count as frozen for another reason than payment. A lot that is sold out changes nothing.
    assert_eq!(stage.credit.collateral.frozen_for_other, 1_000_000);
    let mut sold = Collateral { granted: 10, seized: 5, frozen_for_payment: 5, ..Collateral::zeroed() };
    let before = sold;
    assert_eq!((sold.unseize_frozen(0), sold), (Ok(()), before));
    refused(close(&mut { stage.credit }, &LENDER, &clock), ArithmeticOverflow);
}

#[test]
fn accounts_stay_while_they_hold_something() {
    let mut stage = defaulted();
    let clock = stage.clock();
    refused({ stage.credit }.close_vault(0, &clock).map(|_| ()), WrongStatus);
    let amount = stage.credit.begin_payment(u64::MAX, &clock).unwrap();
    stage.act(|credit| credit.receive_payment(BUYER, amount));
    assert_eq!(stage.credit.status(), Ok(Status::Repaid));
    refused({ stage.credit }.close_vault(0, &clock).map(|_| ()), ClaimsLeft);
    let payout = stage.credit.collect(Party::Lender, LENDER, &clock).unwrap();
    assert_eq!(payout.amount, 101 * USDC);
    refused({ stage.credit }.close(&BORROWER, u64::MAX, &mut { stage.provider }, &clock), VaultOpen);
    let _ = stage.credit.close_vault(0, &clock).unwrap();
    refused({ stage.credit }.close(&LENDER, 0, &mut { stage.provider }, &clock), UnitsLeft);
    let given_up = Change::Closed { given_up: 1_000_000 };
    assert_eq!(stage.credit.close(&BORROWER, u64::MAX, &mut stage.provider, &clock), Ok(given_up));
    assert_eq!(stage.provider.outstanding_units, 0);
}

#[test]
fn an_index_is_given_once_with_the_time_that_use_counts_from() {
    let mut provider = Provider { next_index: u32::MAX - 1, ..Provider::zeroed() };
    let mut credit = Credit::zeroed();
    credit.set_index(provider.take_index().unwrap(), 500);
    assert_eq!((credit.has_index, credit.meter.index, credit.meter.reported_at), (1, u32::MAX - 1, 500));
    assert_eq!(provider.take_index(), Err(crate::units::Overflow.into()));
    assert_eq!(provider.next_index, u32::MAX);
}
