//! Whole lives of a loan, by the program's own functions and without an account on a chain.

use {
    super::{stage::*, *},
    crate::{
        actions::{
            FreezeAmount, LotTerms, NewLot, NewUnrestricted, Payout, Quote, Sale, ThawBounds, UnitBounds,
            VerifiedReports,
        },
        errors::BlockableError::{self, *},
        events::Change,
        metering::Skip,
        state::{Credit, FreezeReason, Lot, Party, ProviderSettings, Rider},
        transitions::Status,
    },
};

/// Requires a refusal with this error.
pub(super) fn refused<T: core::fmt::Debug + PartialEq>(
    result: anchor_lang::Result<T>,
    error: BlockableError,
) {
    assert_eq!(result.map(|_| ()), Err(error.into()));
}

/// Signatures of the reporter over its report on day 10 and over that on day 32.
const SIGNATURES: [&str; 2] = [
    "c21dcd475b686c2cc603de12e705fb9971c5c01710ea9c0cd6b80267d58daa19\
     09645d875f5f3ae4553438d70ff5bbd22acd541c3324d643b433d833e444e90d",
    "e8fb3ca4340636607124998cdcae6974d6757b5f128f4e024ea80b6d02da3200\
     7605f0b71a9f0a73776a97fef6eb4147a412449c0a51909762fdc7f489985a07",
];

fn meter(stage: &mut Stage, day: i64, cumulative: u64, in_flight: u64, signature: &str) {
    let clock = stage.on_day(day);
    let scope = scope(1);
    let reports = [report(stage.now, cumulative, in_flight, signature)];
    let mut other = stage.credit;
    let mut verified = VerifiedReports::verify(&stage.provider, &scope, &reports, clock).unwrap();
    let change = verified.meter(&mut stage.credit).unwrap();
    assert_eq!(verified.meter(&mut other), Err(Skip::Duplicate));
    stage.note(change);
    let mut forged = reports.clone();
    forged[0].readings[0].cumulative += 1;
    let result = VerifiedReports::verify(&stage.provider, &scope, &forged, clock).map(|_| ());
    refused(result, ReportSignatureInvalid);
}

/// Buys units of the lot for the buyer's credit.
fn buy(stage: &mut Stage, lot: &mut Lot, owned: &mut Credit, units: u64) -> u64 {
    let clock = stage.clock();
    let amount = UnitBounds::exactly(units);
    let Quote { cost, .. } = lot.quote(&stage.credit, &BUYER, amount, u64::MAX, &clock).unwrap();
    let sale = Sale { lot: LOT, buyer: BUYER, units, cost };
    let fee_bps = stage.market.redistribution_fee_bps;
    stage.act(|credit| credit.sell(lot, sale, fee_bps, &clock));
    if owned.version == 0 {
        let new = NewUnrestricted { owner: BUYER, rent_payer: PAYER, bump: 251 };
        owned.open_unrestricted(&stage.credit, new, &mut stage.provider, &clock).unwrap();
    }
    owned.receive_units(&stage.credit, LOT, units).unwrap();
    cost
}

fn collect(stage: &mut Stage, party: Party) -> u64 {
    let clock = stage.clock();
    let Payout { amount, change } = stage.credit.collect(party, TREASURY, &clock).unwrap();
    stage.note(change);
    amount
}

/// Collects every claim of a loan whose lot was sold for `paid`, and removes the accounts.
fn collect_all_and_close(stage: &mut Stage, paid: u64) {
    let clock = stage.clock();
    let collected = [Party::Lender, Party::Treasury].map(|party| collect(stage, party));
    assert_eq!((collected, collected.iter().sum::<u64>()), ([47_530_000, 970_000], paid));
    refused({ stage.credit }.collect(Party::Borrower, BORROWER, &clock).map(|_| ()), NothingToCollect);
    let payout = stage.credit.close_vault(5, &clock).unwrap();
    assert_eq!(payout.amount, 5);
    stage.note(payout.change);
    let change = stage.credit.close(&BUYER, 0, &mut stage.provider, &clock).unwrap();
    assert_eq!(change, Change::Closed { given_up: 0 });
    stage.note(change);
    assert_eq!(stage.credit.status(), Ok(Status::Closed));
}

#[test]
fn a_loan_is_missed_frozen_seized_sold_and_written_off() {
    let mut stage = Stage::issued(Rider::default());
    assert_eq!(stage.credit.status(), Ok(Status::Active));
    meter(&mut stage, 10, 200_000, 50_000, SIGNATURES[0]);
    assert_eq!(stage.credit.collateral.consumed, 200_000);

    // The first instalment is missed. The lender cannot freeze before the mark that the policy names.
    let clock = stage.on_day(30);
    refused(stage.credit.mark_delinquent(&clock).map(|_| ()), DelinquencyGraceRunning);
    let freeze = |credit: &mut Credit, clock| {
        credit.freeze(&LENDER, FreezeAmount::All, FreezeReason::MissedPayment, None, clock)
    };
    refused(freeze(&mut { stage.credit }, &clock), FreezePolicyForbids);
    let clock = stage.on_day(31);
    let mark = stage.credit.mark_delinquent(&clock).unwrap();
    assert_eq!(mark, Change::MarkedDelinquent { arrears: 51 * USDC });
    stage.note(mark);
    refused(
        { stage.credit }.freeze(&BORROWER, FreezeAmount::All, FreezeReason::Risk, None, &clock),
        NotFreezer,
    );
    stage.act(|credit| freeze(credit, &clock));
    assert_eq!((stage.credit.collateral.frozen(), stage.credit.meter.promised), (800_000, 50_000));
    // The jobs that ran at the freeze end with 30,000 units.
    meter(&mut stage, 32, 230_000, 0, SIGNATURES[1]);
    assert_eq!((stage.credit.collateral.frozen(), stage.credit.meter.promised), (770_000, 0));

    let clock = stage.on_day(35);
    let mark = stage.credit.mark_defaulted(&clock).unwrap();
    assert_eq!(mark, Change::MarkedDefaulted { arrears: 51 * USDC, debt: 101 * USDC });
    stage.note(mark);
    refused({ stage.credit }.auto_freeze(CREDIT, &clock), AlreadyFrozen);

    // All that is left goes into a lot once the cure period has passed.
    let (new, bounds) =
        (NewLot { key: LOT, bump: 250, credit: CREDIT, rent_payer: PAYER }, stage.market.bounds);
    let terms = LotTerms { start_price: 100 * USDC, floor_price: 50 * USDC, window: 4 * DAY as u32 };
    let mut lot = Lot::zeroed();
    let early = { stage.credit }.seize_to_lot(&mut lot, new, UnitBounds::ALL, terms, &bounds, &clock);
    refused(early, CurePeriodRunning);
    let clock = stage.on_day(45);
    stage.act(|credit| credit.seize_to_lot(&mut lot, new, UnitBounds::ALL, terms, &bounds, &clock));
    assert_eq!((lot.units, stage.credit.collateral.remaining()), (770_000, 0));

    // Sold by halves, at the middle of the fall and at the floor, less the market's 2 %.
    let (mut owned, mut paid) = (Credit::zeroed(), 0);
    stage.on_day(47);
    paid += buy(&mut stage, &mut lot, &mut owned, 400_000);
    stage.on_day(49);
    paid += buy(&mut stage, &mut lot, &mut owned, 370_000);
    assert_eq!((paid, lot.units_left, owned.collateral.available()), (48_500_000, 0, 770_000));
    assert_eq!(stage.credit.debt.total(), 101_000_000 - 47_530_000);
    let clock = stage.clock();
    stage.act(|credit| credit.close_lot(&lot, LOT, &BUYER, &clock));
    refused({ stage.credit }.write_off(&BUYER, SLOT, u64::MAX, &mut stage.provider, &clock), NotLender);
    let change = stage.credit.write_off(&LENDER, SLOT, u64::MAX, &mut stage.provider, &clock).unwrap();
    stage.note(change);
    assert_eq!(stage.credit.status(), Ok(Status::Repaid));
    collect_all_and_close(&mut stage, paid);
    assert_eq!(stage.provider.outstanding_units, 770_000);
    assert_eq!(stage.credit.event_seq, stage.changes.len() as u64);
}

#[test]
fn a_missed_instalment_is_drawn_from_the_reserve_and_the_rest_repaid() {
    let mut stage = Stage::issued(Rider { reserve: 30 * USDC, ..Rider::default() });
    // The reserve does not reach for all of the arrears: it stays where it is, and the mark is made.
    let clock = stage.on_day(31);
    refused({ stage.credit }.draw_reserve(CREDIT, &clock), ReserveTooSmall);
    let mark = stage.credit.mark_delinquent(&clock).unwrap();
    assert_eq!(mark, Change::MarkedDelinquent { arrears: 51 * USDC });
    assert_eq!(stage.credit.reserve_held, 30 * USDC);
    stage.note(mark);

    // Once it reaches for the rest, it pays and cures.
    let amount = stage.credit.begin_payment(21 * USDC, &clock).unwrap();
    stage.act(|credit| credit.receive_payment(BORROWER, amount));
    stage.act(|credit| credit.draw_reserve(CREDIT, &clock));
    let Some(Change::Paid { payer, late_fees, principal, .. }) = stage.changes.last() else {
        panic!("no draw")
    };
    assert_eq!((*payer, *late_fees, *principal), (CREDIT, 0, 30 * USDC));
    assert_eq!((stage.credit.status(), stage.credit.reserve_held), (Ok(Status::Active), 0));

    // What the arrears leave of a payment refills the reserve.
    let amount = stage.credit.begin_payment(10 * USDC, &clock).unwrap();
    stage.act(|credit| credit.receive_payment(BORROWER, amount));
    assert_eq!((stage.credit.status(), stage.credit.reserve_held), (Ok(Status::Active), 10 * USDC));
    let amount = stage.credit.begin_payment(u64::MAX, &clock).unwrap();
    assert_eq!(amount, 50 * USDC);
    stage.act(|credit| credit.receive_payment(BORROWER, amount));
    assert_eq!(stage.credit.status(), Ok(Status::Repaid));
    assert_eq!((stage.credit.collateral.lien(), stage.credit.collateral.available()), (0, 1_000_000));
    assert_eq!((stage.credit.claims.lender, stage.credit.claims.borrower), (101 * USDC, 10 * USDC));
    refused(stage.credit.begin_payment(1, &clock), NothingOwed);
}

#[test]
fn a_reserve_that_pays_the_arrears_leaves_nothing_to_mark() {
    let mut stage = Stage::issued(Rider { reserve: 60 * USDC, ..Rider::default() });
    let clock = stage.on_day(31);
    refused({ stage.credit }.mark_delinquent(&clock).map(|_| ()), ReserveCovers);
    stage.act(|credit| credit.draw_reserve(CREDIT, &clock));
    assert_eq!(stage.credit.reserve_held, 9 * USDC);
    refused({ stage.credit }.draw_reserve(CREDIT, &clock), NotInArrears);
}

#[test]
fn the_lender_takes_units_over_for_what_the_loan_paid() {
    let mut stage = Stage::issued(Rider { breach_notice: 1, ..Rider::default() });
    let clock = stage.on_day(5);
    refused({ stage.credit }.give_notice(&BORROWER, NOTICE, &clock), NotLender);
    stage.act(|credit| credit.give_notice(&LENDER, NOTICE, &clock));
    refused({ stage.credit }.take_over(CREDIT, UnitBounds::ALL, &clock), CurePeriodRunning);
    let clock = stage.on_day(15);
    refused({ stage.credit }.take_over(CREDIT, UnitBounds::exactly(1_000_001), &clock), BeyondLien);
    let (units, change) = stage.credit.take_over(key(9), UnitBounds::exactly(600_000), &clock).unwrap();
    let (value, debt) = (60 * USDC, 40 * USDC);
    assert_eq!((units, &change), (600_000, &Change::TakenOver { to: key(9), units, value, earned: 0, debt }));
    let (units, _) = stage.credit.take_over(key(9), UnitBounds::ALL, &clock).unwrap();
    assert_eq!((units, stage.credit.status()), (400_000, Ok(Status::Repaid)));
}

#[test]
fn a_notice_that_is_withdrawn_thaws_what_the_policy_protects() {
    let mut stage = Stage::issued(Rider { breach_notice: 1, ..Rider::default() });
    let clock = stage.on_day(5);
    refused({ stage.credit }.withdraw_notice(&LENDER, START + 5 * DAY, &clock), WrongStatus);
    stage.act(|credit| credit.give_notice(&LENDER, NOTICE, &clock));
    stage.act(|credit| credit.auto_freeze(CREDIT, &clock));
    assert_eq!(stage.credit.freeze_reason, FreezeReason::Breach as u8);
    stage.act(|credit| credit.withdraw_notice(&LENDER, START + 5 * DAY, &clock));
    assert_eq!((stage.credit.status(), stage.credit.collateral.frozen()), (Ok(Status::Active), 0));
}

#[test]
fn an_offer_is_cancelled_with_the_reserve_left_to_the_borrower() {
    let mut stage = Stage::new();
    stage.offer(TERMS, Rider { reserve: 10 * USDC, ..Rider::default() });
    let (read, clock) = (stage.offer_read(), stage.clock());
    refused({ stage.credit }.cancel(&BORROWER, SLOT, 100 * USDC, &clock).map(|_| ()), NotParty);
    refused({ stage.credit }.accept(&LENDER, read, &clock), NotBorrower);
    stage.accept();
    refused({ stage.credit }.issue(&mut stage.provider, read, &clock).map(|_| ()), ReserveNotFunded);
    let amount = stage.credit.begin_funding(4 * USDC, &clock).unwrap();
    stage.act(|credit| credit.receive_funding(BORROWER, amount));
    let payout = stage.credit.cancel(&BORROWER, SLOT, 104 * USDC, &clock).unwrap();
    assert_eq!((payout.amount, stage.credit.status()), (100 * USDC, Ok(Status::Repaid)));
    assert_eq!(collect(&mut stage, Party::Borrower), 4 * USDC);
}

/// The covenant raises the rate of a borrower that used too little, and never one whose units were frozen.
#[test]
fn a_covenant_is_applied_to_the_window_that_a_report_ends() {
    let rider = Rider {
        planned_units: 400_000,
        covenant_window: 10 * DAY as u32,
        high_bps: 9_000,
        low_bps: 6_000,
        apr_step_bps: 50,
        apr_ceiling_bps: 100,
        top_up_bps: 1_000,
        ..Rider::default()
    };
    let mut stage = Stage::issued(rider);
    let clock = stage.on_day(9);
    refused({ stage.credit }.apply_covenant(&clock), CovenantWindowRunning);
    meter(&mut stage, 10, 200_000, 50_000, SIGNATURES[0]);
    let clock = stage.clock();
    let mut frozen = stage.credit;
    frozen.collateral.frozen_for_other = 1;
    let applied = Change::CovenantApplied { utilisation_bps: 5_000, apr_bps: 0, top_up: 0, due_at: 0 };
    assert_eq!(frozen.apply_covenant(&clock), Ok(applied));
    stage.act(|credit| credit.apply_covenant(&clock));
    let applied = Change::CovenantApplied {
        utilisation_bps: 5_000,
        apr_bps: 50,
        top_up: 10 * USDC,
        due_at: START + 30 * DAY,
    };
    assert_eq!(stage.changes.last(), Some(&applied));
    assert_eq!(stage.credit.principal_due[..2], [60 * USDC, 40 * USDC]);
}

#[test]
fn a_pause_stops_what_is_not_a_payment_or_a_freeze() {
    let mut stage = Stage::issued(Rider::default());
    let clock = stage.on_day(31);
    stage.market.pause(&ADMIN, 3_600, &clock).unwrap();
    let clock = stage.clock();
    refused({ stage.credit }.mark_delinquent(&clock).map(|_| ()), MarketPaused);
    refused({ stage.credit }.waive_fee(&LENDER, 1, &clock), MarketPaused);
    refused({ stage.credit }.collect(Party::Lender, LENDER, &clock).map(|_| ()), MarketPaused);
    refused(stage.provider.set_capacity(&OPERATOR, u64::MAX, &clock), MarketPaused);
    let settings = ProviderSettings { price_list_hash: [1; 32], ..settings() };
    refused({ stage.provider }.propose_change(&OPERATOR, &settings, &stage.market, &clock), MarketPaused);
    refused(stage.market.offer_admin(&ADMIN, key(9), &clock), MarketPaused);
    assert_eq!({ stage.credit }.begin_payment(USDC, &clock), Ok(USDC));
    refused({ stage.credit }.thaw(&LENDER, ThawBounds::ALL), BeyondFrozen);
    refused({ stage.market }.unpause(&BUYER, stage.market.paused_at, &clock), PauseRunning);
    let began_at = stage.market.paused_at;
    refused(stage.market.unpause(&ADMIN, began_at + 1, &clock), PauseReplaced);
    stage.market.unpause(&ADMIN, began_at, &clock).unwrap();
    assert_eq!(stage.clock().require_open(), Ok(()));
}
