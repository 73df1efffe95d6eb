//! Credits that a transaction of usage reports leaves out, and its other effects on those that it counts.

use {
    super::{stage::*, *},
    crate::{
        actions::VerifiedReports,
        metering::{Reading, Skip},
        quorum::QuorumReading,
        state::{Credit, Rider},
    },
};

const READ_AT: i64 = START + 10 * DAY;
/// 200,000 units used and 50,000 in flight, on day 10.
const SIGNATURE: &str = "c21dcd475b686c2cc603de12e705fb9971c5c01710ea9c0cd6b80267d58daa19\
                         09645d875f5f3ae4553438d70ff5bbd22acd541c3324d643b433d833e444e90d";

/// Meters a credit by a report on the first bit of the first chunk of eight.
fn meter(stage: &Stage, change: impl FnOnce(&mut Credit)) -> Result<u64, Skip> {
    let (mut credit, scope) = (stage.credit, scope(1));
    change(&mut credit);
    let reports = [report(READ_AT, 200_000, 50_000, SIGNATURE)];
    let clock = stage.market.clock_at(READ_AT).unwrap();
    let mut verified = VerifiedReports::verify(&stage.provider, &scope, &reports, clock).unwrap();
    verified.meter(&mut credit).map(|_| credit.collateral.consumed)
}

#[test]
fn a_report_counts_for_the_credit_of_its_market_provider_and_index() {
    let stage = Stage::issued(Rider::default());
    assert_eq!(meter(&stage, |_| {}), Ok(200_000));
    let not_in_chunk = Err(Skip::NotInChunk);
    assert_eq!(meter(&stage, |credit| credit.market = key(9)), not_in_chunk);
    assert_eq!(meter(&stage, |credit| credit.provider = key(9)), not_in_chunk);
    assert_eq!(meter(&stage, |credit| credit.has_index = 0), not_in_chunk);
    // The eighth index is the first of the next chunk; of those before, the report has a reading for the first alone.
    assert_eq!(meter(&stage, |credit| credit.meter.index = 8), not_in_chunk);
    for index in 1..8 {
        assert_eq!(meter(&stage, |credit| credit.meter.index = index), Err(Skip::NoQuorum));
    }
}

/// Applies a reading of a unit on day 40, when the first coupon has fallen due.
fn apply_on_day_40(credit: &mut Credit, clock: &MarketClock) -> Result<(), Skip> {
    let reading = Reading { cumulative: 1, in_flight: 0, reported_at: clock.chain };
    credit.apply_reading(&QuorumReading { reading, latest_at: clock.chain }, START, clock).map(drop)
}

/// The coupon of day 30 is a share of the units that were unused then.
#[test]
fn coupons_in_kind_are_added_before_more_use_counts_and_other_debts_left_alone() {
    let mut stage = Stage::issued(Rider { pay_in_kind_bps: 10_000, ..NO_RIDER });
    stage.credit.terms.apr_bps = 1_000;
    let clock = stage.on_day(40);
    let mut in_kind = stage.credit;
    assert_eq!(apply_on_day_40(&mut in_kind, &clock), Ok(()));
    assert_eq!(in_kind.debt.accrued_at, clock.market);
    assert!(in_kind.capitalised > 0);

    let mut plain = stage.credit;
    plain.rider.pay_in_kind_bps = 0;
    let debt = plain.debt;
    assert_eq!(apply_on_day_40(&mut plain, &clock), Ok(()));
    assert_eq!(plain.debt, debt);
}

#[test]
fn a_debt_that_does_not_fit_stops_the_metering_of_coupons_in_kind_alone() {
    let mut stage = Stage::issued(Rider { pay_in_kind_bps: 1, ..NO_RIDER });
    stage.credit.debt.accrued_at = i64::MIN;
    let clock = stage.on_day(40);
    let mut credit = stage.credit;
    assert_eq!(apply_on_day_40(&mut credit, &clock), Err(Skip::DebtOutOfRange));
    assert_eq!(credit.collateral, stage.credit.collateral);
    credit.rider.pay_in_kind_bps = 0;
    assert_eq!(apply_on_day_40(&mut credit, &clock), Ok(()));
    assert_eq!(credit.collateral.consumed, 1);
}
