//! Halts: new business stops until the admin has lifted the halt and the market's delay has passed.

use {
    super::{life::refused, stage::*, *},
    crate::{
        actions::{FreezeAmount, LotTerms, NewLot, OfferArgs, Quote, Sale, UnitBounds},
        errors::BlockableError::*,
        events::MarketChange,
        state::{Credit, FreezeReason, Lot, Rider, ScheduleRuns},
    },
    anchor_lang::prelude::Pubkey,
};

/// Halts the market by its guardian.
fn halt(stage: &mut Stage) {
    let clock = stage.clock();
    let change = stage.market.halt(&GUARDIAN, &clock);
    assert_eq!(change, Ok(MarketChange::Halted { by: GUARDIAN, halted_at: clock.market }));
}

#[test]
fn a_halt_has_no_end_until_the_admin_lifts_it_and_the_delay_has_passed() {
    let mut stage = Stage::new();
    let clock = stage.clock();
    refused({ stage.market }.lift_halt(&ADMIN, stage.market.halted_at, &clock), NotHalted);
    for stranger in [LENDER, OPERATOR, Pubkey::default()] {
        refused({ stage.market }.halt(&stranger, &clock), NotGuardian);
    }
    assert_eq!(
        { stage.market }.halt(&ADMIN, &clock),
        Ok(MarketChange::Halted { by: ADMIN, halted_at: START })
    );
    halt(&mut stage);
    refused({ stage.market }.halt(&GUARDIAN, &stage.clock()), AlreadyHalted);
    let clock = stage.on_day(400);
    refused(clock.require_new_business(), MarketHalted);
    assert_eq!(clock.require_open(), Ok(()));
    refused({ stage.market }.lift_halt(&GUARDIAN, stage.market.halted_at, &clock), NotAdmin);
    let lifted = stage.market.lift_halt(&ADMIN, stage.market.halted_at, &clock);
    assert_eq!(lifted, Ok(MarketChange::HaltLifted { ends_at: START + 402 * DAY }));
    refused({ stage.market }.lift_halt(&ADMIN, stage.market.halted_at, &clock), HaltEnds);
    stage.now = START + 402 * DAY - 1;
    refused(stage.clock().require_new_business(), MarketHalted);
    let clock = stage.on_day(402);
    assert_eq!(clock.require_new_business(), Ok(()));
    refused({ stage.market }.lift_halt(&ADMIN, stage.market.halted_at, &clock), NotHalted);
    // Another halt has no end again.
    halt(&mut stage);
    refused(stage.clock().require_new_business(), MarketHalted);
    assert_eq!(stage.market.halt_lifts_at, 0);
}

/// The guardian can halt again within the delay of a lift, and the admin has to begin anew.
#[test]
fn a_guardian_takes_the_end_of_a_halt_back() {
    let mut stage = Stage::new();
    halt(&mut stage);
    let clock = stage.on_day(1);
    stage.market.lift_halt(&ADMIN, stage.market.halted_at, &clock).unwrap();
    stage.on_day(2);
    halt(&mut stage);
    refused(stage.on_day(30).require_new_business(), MarketHalted);
    // A longer delay is in force at once and holds for every lift from then on.
    stage.market.change_delay = 60 * DAY as u32;
    let clock = stage.clock();
    let lifted = stage.market.lift_halt(&ADMIN, stage.market.halted_at, &clock);
    assert_eq!(lifted, Ok(MarketChange::HaltLifted { ends_at: START + 90 * DAY }));
}

/// A lift that lands late ends no other halt than the one that the admin has read.
#[test]
fn a_lift_names_its_halt() {
    let mut stage = Stage::new();
    halt(&mut stage);
    let clock = stage.on_day(1);
    stage.market.lift_halt(&ADMIN, START, &clock).unwrap();
    stage.on_day(2);
    halt(&mut stage);
    let clock = stage.on_day(3);
    refused({ stage.market }.lift_halt(&ADMIN, START, &clock), HaltReplaced);
    assert!(stage.market.lift_halt(&ADMIN, START + 2 * DAY, &clock).is_ok());
}

/// The delay is market time, so that a pause puts the end of a halt off.
#[test]
fn a_market_is_halted_while_paused_and_lifted_while_open() {
    let mut stage = Stage::new();
    let clock = stage.clock();
    stage.market.pause(&GUARDIAN, 3_600, &clock).unwrap();
    halt(&mut stage);
    refused({ stage.market }.lift_halt(&ADMIN, stage.market.halted_at, &stage.clock()), MarketPaused);
    stage.now = START + 3_600;
    let clock = stage.clock();
    stage.market.lift_halt(&ADMIN, stage.market.halted_at, &clock).unwrap();
    stage.now = START + 3_600 + 2 * DAY - 1;
    refused(stage.clock().require_new_business(), MarketHalted);
    stage.now += 1;
    assert_eq!(stage.clock().require_new_business(), Ok(()));
    stage.market.pause(&GUARDIAN, 60, &stage.market.clock_at(stage.now).unwrap()).unwrap();
    refused(stage.clock().require_new_business(), MarketPaused);
}

#[test]
fn a_halted_market_takes_no_offer_acceptance_or_issue() {
    let mut stage = Stage::new();
    let args = OfferArgs {
        nonce: 7,
        freeze_authority: LENDER,
        terms: TERMS,
        rider: Rider::default(),
        schedule: ScheduleRuns::from_schedule(&schedule()),
    };
    stage.offer(TERMS, Rider::default());
    let (mut offered, read) = (stage.credit, stage.offer_read());
    stage.accept();
    halt(&mut stage);
    let clock = stage.clock();
    refused(args.validate(&stage.market, &stage.provider, &clock), MarketHalted);
    refused(offered.accept(&BORROWER, read, &clock), MarketHalted);
    refused({ stage.credit }.issue(&mut stage.provider, read, &clock).map(|_| ()), MarketHalted);
    // An offer that waits can still be withdrawn.
    assert!(stage.credit.cancel(&BORROWER, SLOT, 100 * USDC, &clock).is_ok());
}

#[test]
fn a_loan_changes_hands_in_no_halted_market() {
    let mut stage = Stage::issued(Rider::default());
    let clock = stage.clock();
    stage.act(|credit| credit.offer_lender(&LENDER, SLOT, BUYER, &clock));
    halt(&mut stage);
    let (clock, limits) = (stage.clock(), stage.purchase_limits());
    refused({ stage.credit }.accept_lender(&BUYER, &limits, &clock), MarketHalted);
    refused({ stage.credit }.offer_lender(&LENDER, SLOT, OPERATOR, &clock), MarketHalted);
    stage.act(|credit| credit.offer_lender(&LENDER, SLOT, Pubkey::default(), &clock));
    assert_eq!(stage.credit.pending_lender, Pubkey::default());
}

/// Loans go on: they are paid, frozen, marked and recovered, but no lender buys from its own lot.
#[test]
fn a_halted_market_serves_the_loans_that_it_has() {
    let mut stage = Stage::issued(Rider::default());
    halt(&mut stage);
    let clock = stage.on_day(35);
    for mark in [Credit::mark_delinquent, Credit::mark_defaulted] {
        let mark = mark(&mut stage.credit, &clock).unwrap();
        stage.note(mark);
    }
    stage.act(|credit| credit.freeze(&LENDER, FreezeAmount::All, FreezeReason::Default, None, &clock));
    assert_eq!({ stage.credit }.begin_payment(USDC, &clock), Ok(USDC));
    let (clock, bounds, mut lot) = (stage.on_day(46), stage.market.bounds, Lot::zeroed());
    let new = NewLot { key: LOT, bump: 250, rent_payer: PAYER, credit: CREDIT };
    let terms = LotTerms { start_price: 100 * USDC, floor_price: 50 * USDC, window: 4 * DAY as u32 };
    stage.act(|credit| credit.seize_to_lot(&mut lot, new, UnitBounds::ALL, terms, &bounds, &clock));
    let sell = |lender: Pubkey, buyer: Pubkey| {
        let (mut credit, mut lot) = (stage.credit, lot);
        credit.lender = lender;
        let amount = UnitBounds::exactly(1_000);
        let Quote { units, cost } = lot.quote(&credit, &buyer, amount, u64::MAX, &clock).unwrap();
        let sale = Sale { lot: LOT, buyer, units, cost };
        credit.sell(&mut lot, sale, 200, &clock).map(|_| ())
    };
    assert_eq!(sell(LENDER, BUYER), Ok(()));
    refused(sell(LENDER, LENDER), MarketHalted);
    // Neither the lender that opened it nor the one that has bought the loan since.
    refused(sell(OPERATOR, OPERATOR), MarketHalted);
    refused(sell(OPERATOR, LENDER), MarketHalted);
}
