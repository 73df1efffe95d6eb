//! Refusals at the edge of a rule: the last value that is refused, and the first that is not.

use {
    super::{
        changes::{LOT_TERMS, defaulted},
        life::refused,
        stage::*,
        *,
    },
    crate::{
        actions::{BorrowerLimits, NewLot, Sale, ThawBounds, UnitBounds, VerifiedReports},
        errors::BlockableError::*,
        events::Change,
        report::{MAX_CLOCK_SKEW_SECONDS, SignedReport},
        state::{Credit, Lot, MarketSettings, Rider, TermBounds},
        transitions::Status,
    },
    anchor_lang::Result,
};

/// 200,000 units used and 50,000 in flight, on day 10.
const SIGNATURE: &str = "c21dcd475b686c2cc603de12e705fb9971c5c01710ea9c0cd6b80267d58daa19\
                         09645d875f5f3ae4553438d70ff5bbd22acd541c3324d643b433d833e444e90d";
const READ_AT: i64 = START + 10 * DAY;

fn read() -> SignedReport {
    report(READ_AT, 200_000, 50_000, SIGNATURE)
}

/// Verifies reports at a time.
fn verify(now: i64, reports: &[SignedReport]) -> Result<()> {
    let stage = Stage::new();
    VerifiedReports::verify(&stage.provider, &scope(1), reports, at(now)).map(drop)
}

#[test]
fn reports_are_each_of_another_reporter_that_is_listed_and_in_force() {
    assert_eq!(verify(READ_AT, &[read()]), Ok(()));
    refused(verify(READ_AT, &[]), ReportsMissing);
    refused(verify(READ_AT, &[read(), read()]), ReporterRepeated);
    refused(verify(READ_AT, &[SignedReport { reporter: 1, ..read() }]), ReporterUnknown);
    refused(verify(READ_AT, &[SignedReport { reporter: 255, ..read() }]), ReporterUnknown);
    // The reporter of the stage expires on day 1,000.
    assert_eq!(verify(START + 1_000 * DAY - 1, &[read()]), Ok(()));
    refused(verify(START + 1_000 * DAY, &[read()]), ReporterExpired);
}

#[test]
fn a_report_is_from_a_minute_ahead_at_most_and_has_a_reading_per_bit_of_its_chunk() {
    assert_eq!(verify(READ_AT - MAX_CLOCK_SKEW_SECONDS, &[read()]), Ok(()));
    refused(verify(READ_AT - MAX_CLOCK_SKEW_SECONDS - 1, &[read()]), ReportFromFuture);
    // Eight credits are in a chunk; these are altered after they were signed.
    let altered = |bitmap, count| {
        let readings = vec![read().readings[0]; count];
        verify(READ_AT, &[SignedReport { bitmap, readings, ..read() }])
    };
    refused(altered(1 << 7, 1), ReportSignatureInvalid);
    refused(altered(1 << 8, 1), ReportMalformed);
    refused(altered(0b11, 2), ReportSignatureInvalid);
    refused(altered(0b11, 1), ReportMalformed);
    refused(altered(1, 2), ReportMalformed);
}

#[test]
fn a_chunk_of_the_largest_size_has_a_bit_for_each_credit() {
    let mut stage = Stage::new();
    stage.provider.settings.chunk_size = 32;
    let whole = SignedReport { bitmap: u32::MAX, readings: vec![read().readings[0]; 32], ..read() };
    let result = VerifiedReports::verify(&stage.provider, &scope(1), &[whole], at(READ_AT)).map(drop);
    refused(result, ReportSignatureInvalid);
}

#[test]
fn anyone_freezes_only_in_default_and_where_it_was_agreed() {
    let mut stage = defaulted();
    let clock = stage.clock();
    stage.credit.collateral.limit_frozen(0);
    let mut active = stage.credit;
    active.status = Status::Active.byte();
    refused(active.auto_freeze(CREDIT, &clock), WrongStatus);
    // The terms name the mark of default.
    active.status = Status::Delinquent.byte();
    refused(active.auto_freeze(CREDIT, &clock), AutoFreezeNotAgreed);
    assert!({ stage.credit }.auto_freeze(CREDIT, &clock).is_ok());
    stage.credit.terms.auto_freeze = 0;
    refused(stage.credit.auto_freeze(CREDIT, &clock), AutoFreezeNotAgreed);
}

#[test]
fn a_notice_is_given_where_agreed_and_withdrawn_while_in_force() {
    let mut stage = Stage::issued(Rider::default());
    let clock = stage.clock();
    refused({ stage.credit }.give_notice(&LENDER, NOTICE, &clock), NoticeNotAgreed);
    stage.credit.status = Status::Defaulted.byte();
    refused(stage.credit.withdraw_notice(&LENDER, 0, &clock), NoNotice);
}

#[test]
fn a_default_is_marked_after_its_grace_to_the_second() {
    let mut stage = Stage::issued(Rider::default());
    let clock = stage.on_day(31);
    let mark = stage.credit.mark_delinquent(&clock).unwrap();
    stage.note(mark);
    stage.now = START + 35 * DAY - 1;
    let early = { stage.credit }.mark_defaulted(&stage.clock());
    refused(early.map(drop), DefaultGraceRunning);
    let clock = stage.on_day(35);
    stage.credit.mark_defaulted(&clock).unwrap();
    assert_eq!(stage.credit.defaulted_at, clock.market);
}

#[test]
fn a_covenant_is_applied_where_agreed() {
    let mut stage = Stage::issued(Rider::default());
    let clock = stage.on_day(20);
    refused(stage.credit.apply_covenant(&clock), CovenantNotAgreed);
}

#[test]
fn a_reserve_is_filled_to_what_was_agreed_and_drawn_while_it_holds_something() {
    let mut stage = Stage::issued(Rider { reserve: 30 * USDC, ..Rider::default() });
    let clock = stage.on_day(31);
    refused({ stage.credit }.begin_funding(0, &clock), AmountZero);
    refused({ stage.credit }.begin_funding(1, &clock), ReserveFull);
    let mut drawn = stage.credit;
    drawn.reserve_held -= 7;
    assert_eq!(drawn.begin_funding(6, &clock), Ok(6));
    assert_eq!(drawn.begin_funding(8, &clock), Ok(7));
    drawn.reserve_held = 0;
    refused(drawn.draw_reserve(CREDIT, &clock), ReserveEmpty);
}

#[test]
fn only_a_pause_that_runs_or_has_expired_can_be_ended() {
    let stage = Stage::new();
    refused({ stage.market }.unpause(&ADMIN, 0, &stage.clock()), NotPaused);
}

/// Too few units to take are refused for the reason that leaves too few: the lien, running jobs, or the debt.
#[test]
fn a_seizure_that_finds_too_few_units_says_why() {
    let mut stage = defaulted();
    let (clock, bounds) = (stage.clock(), stage.market.bounds);
    let seize = |credit: &Credit, amount| {
        let new = NewLot { key: LOT, bump: 250, credit: CREDIT, rent_payer: PAYER };
        { *credit }.seize_to_lot(&mut Lot::zeroed(), new, amount, LOT_TERMS, &bounds, &clock).map(drop)
    };
    stage.credit.collateral.limit_frozen(0);
    stage.credit.meter.in_flight = 400_000;
    let credit = &stage.credit;
    refused(seize(credit, UnitBounds::exactly(1_000_001)), BeyondLien);
    refused(seize(credit, UnitBounds::exactly(1_000_000)), HeldByRunningJobs);
    refused(seize(credit, UnitBounds::exactly(600_001)), HeldByRunningJobs);
    assert_eq!(seize(credit, UnitBounds::exactly(600_000)), Ok(()));
    // The first seizure takes a tenth of what can be taken, rounded up.
    refused(seize(credit, UnitBounds::exactly(59_999)), FirstSeizureTooSmall);
    assert_eq!(seize(credit, UnitBounds::exactly(60_000)), Ok(()));
    stage.credit.debt.principal = 10 * USDC;
    let worth = { stage.credit }.take_over(key(9), UnitBounds::ALL, &clock);
    assert!(matches!(worth, Ok((110_000, Change::TakenOver { debt: 0, .. }))), "{worth:?}");
    let take_over = |units| { stage.credit }.take_over(key(9), UnitBounds::exactly(units), &clock).map(drop);
    refused(take_over(110_001), BeyondDebt);
    refused(take_over(600_000), BeyondDebt);
    refused(take_over(600_001), HeldByRunningJobs);
    assert_eq!(take_over(110_000), Ok(()));
}

#[test]
fn settings_of_a_market_are_sound_and_within_those_for_real_money() {
    let current = Stage::new().market.settings();
    let check = |settings: MarketSettings, is_test| settings.validate(is_test);
    let delay = |provider_delay, is_test| check(MarketSettings { provider_delay, ..current }, is_test);
    let six_hours = DAY as u32 / 4;
    refused(delay(six_hours - 1, false), ProviderDelayOutOfRange);
    assert_eq!([six_hours, 14 * DAY as u32].map(|seconds| delay(seconds, false)), [Ok(()), Ok(())]);
    refused(delay(14 * DAY as u32 + 1, false), ProviderDelayOutOfRange);
    refused(delay(0, true), ProviderDelayOutOfRange);
    assert_eq!(delay(1, true), Ok(()));
    let bounds = TermBounds { min_principal: 0, ..TermBounds::PRODUCTION };
    refused(check(MarketSettings { bounds, ..current }, true), BoundsInconsistent);
    let bounds = TermBounds { min_cure_period: DAY as u32 - 1, ..TermBounds::PRODUCTION };
    refused(check(MarketSettings { bounds, ..current }, false), BoundsTooLoose);
    assert_eq!(check(MarketSettings { bounds, ..current }, true), Ok(()));
}

/// A test market can be proposed bounds that no market for real money may have.
#[test]
fn a_change_is_held_against_the_limits_of_its_kind_of_market() {
    let mut stage = Stage::new();
    let clock = stage.clock();
    let bounds = TermBounds { min_cure_period: DAY as u32 - 1, ..TermBounds::PRODUCTION };
    let settings = MarketSettings { bounds, ..stage.market.settings() };
    refused({ stage.market }.propose_change(&ADMIN, settings, &clock), BoundsTooLoose);
    stage.market.is_test = 1;
    assert!(stage.market.propose_change(&ADMIN, settings, &clock).is_ok());
}

#[test]
fn a_payment_is_of_something() {
    let stage = Stage::issued(Rider::default());
    refused({ stage.credit }.begin_payment(0, &stage.clock()), AmountZero);
    assert_eq!({ stage.credit }.begin_payment(1, &stage.clock()), Ok(1));
}

/// Frozen units of a loan that is not running, which no sequence of actions leads to.
#[test]
fn nothing_is_thawed_without_a_debt() {
    let mut stage = Stage::issued(Rider::default());
    stage.credit.collateral.frozen_for_other = 10;
    for status in [Status::Accepted, Status::Repaid, Status::Closed] {
        let mut credit = Credit { status: status.byte(), ..stage.credit };
        refused(credit.thaw(&LENDER, ThawBounds::ALL), WrongStatus);
    }
}

#[test]
fn a_credit_is_not_closed_before_its_lots() {
    let mut stage = Stage::issued(Rider::default());
    let clock = stage.clock();
    (stage.credit.status, stage.credit.vault_closed, stage.credit.lots_open) = (Status::Repaid.byte(), 1, 1);
    let close = |credit: &Credit| { *credit }.close(&BORROWER, u64::MAX, &mut { stage.provider }, &clock);
    refused(close(&stage.credit), LotsOpen);
    assert!(close(&Credit { lots_open: 0, ..stage.credit }).is_ok());
}

/// A lender that the borrower's place is still offered to, which no sequence of actions leads to.
#[test]
fn a_lender_takes_no_borrowers_place() {
    let mut stage = Stage::issued(Rider::default());
    let clock = stage.clock();
    stage.act(|credit| credit.offer_borrower(SLOT, BUYER, 0, &clock));
    let limits = BorrowerLimits::from_credit(&stage.credit).unwrap();
    stage.credit.lender = BUYER;
    refused(stage.credit.accept_borrower(&BUYER, &limits, &clock), SelfLoan);
}

#[test]
fn units_are_sold_while_the_lender_recovers_its_debt_and_not_before_or_after() {
    let mut stage = defaulted();
    let (clock, sale) = (stage.clock(), Sale { lot: LOT, buyer: BUYER, units: 1, cost: 100 });
    let mut sell = |status: Status| {
        stage.credit.status = status.byte();
        let mut lot = Lot { units_left: 1, ..Lot::zeroed() };
        { stage.credit }.sell(&mut lot, sale, 0, &clock).map(drop)
    };
    for status in [Status::Active, Status::Defaulted, Status::Repaid] {
        refused(sell(status), WrongStatus);
    }
    assert_eq!(sell(Status::Seizing), Ok(()));
}
