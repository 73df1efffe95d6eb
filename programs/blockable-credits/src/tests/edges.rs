//! Edges of actions that the tests of their purpose do not reach.

use {
    super::{
        changes::{LOT_TERMS, defaulted, delinquent},
        life::refused,
        stage::*,
        *,
    },
    crate::{
        actions::{FreezeAmount, MarketArgs, NewLot, NewMarket, OfferArgs, UnitBounds},
        errors::BlockableError::*,
        events::Change,
        metering::Reading,
        quorum::QuorumReading,
        state::{
            Credit, FreezePolicy, Instalment, Lot, Market, MarketSettings, Rider, ScheduleRuns, terms_hash,
        },
        transitions::Status,
    },
    anchor_lang::{Result, prelude::Pubkey},
};

#[test]
fn a_mark_is_of_a_loan_that_runs_and_is_unpaid() {
    let mut stage = Stage::issued(Rider::default());
    let clock = stage.on_day(5);
    refused({ stage.credit }.mark_delinquent(&clock).map(drop), NotInArrears);
    stage.credit.status = Status::Accepted.byte();
    refused({ stage.credit }.mark_delinquent(&clock).map(drop), WrongStatus);
    refused({ stage.credit }.mark_defaulted(&clock).map(drop), WrongStatus);
}

/// Creates a market with changed arguments.
fn market(change: impl FnOnce(&mut MarketArgs)) -> Result<Market> {
    let mut args = MARKET_ARGS;
    change(&mut args);
    let new = NewMarket {
        bump: 1,
        admin: ADMIN,
        payment_mint: key(106),
        token_program: key(107),
        decimals: 6,
        treasury: TREASURY,
    };
    let mut market = Market::zeroed();
    market.create(new, &args).map(|()| market)
}

#[test]
fn a_market_is_created_within_the_limits_of_its_kind() {
    assert_eq!(market(|_| {}).map(|market| market.is_test), Ok(0));
    refused(market(|args| args.redistribution_fee_bps = 1_001).map(drop), FeeTooHigh);
    refused(market(|args| args.change_delay = 1).map(drop), ChangeDelayOutOfRange);
    for seconds in [0, 2 * DAY as u32 - 1, 60 * DAY as u32 + 1] {
        refused(market(|args| args.min_suspension = seconds).map(drop), SuspensionOutOfRange);
    }
    assert!(market(|args| args.min_suspension = 60 * DAY as u32).is_ok());
    assert!(market(|args| (args.is_test, args.min_suspension) = (true, 1)).is_ok());
    refused(market(|args| (args.is_test, args.min_suspension) = (true, 0)).map(drop), SuspensionOutOfRange);
    let for_tests = market(|args| (args.is_test, args.change_delay) = (true, 1));
    assert_eq!(for_tests.map(|market| market.is_test), Ok(1));
}

#[test]
fn a_change_of_a_market_is_applied_once() {
    let mut stage = Stage::new();
    let clock = stage.clock();
    let settings = MarketSettings { redistribution_fee_bps: 300, ..stage.market.settings() };
    stage.market.propose_change(&ADMIN, settings, &clock).unwrap();
    let clock = stage.on_day(2);
    stage.market.apply_change(&ADMIN, clock.market, &clock).unwrap();
    refused(stage.market.apply_change(&ADMIN, clock.market, &clock), NoChangeProposed);
}

#[test]
fn an_offer_of_a_providers_role_is_withdrawn() {
    let Stage { market, mut provider, .. } = Stage::new();
    let offered_at = market.clock_at(START).unwrap();
    provider.offer_authority(&OPERATOR, BUYER, &market, &offered_at).unwrap();
    provider.offer_authority(&OPERATOR, Pubkey::default(), &market, &offered_at).unwrap();
    assert_eq!((provider.pending_authority, provider.pending_authority_ready_at), (Pubkey::default(), 0));
    let later = market.clock_at(START + DAY).unwrap();
    refused(provider.accept_authority(&BUYER, u64::MAX, &later), NotOffered);
}

#[test]
fn an_offer_is_within_the_bounds_and_not_expired() {
    let stage = Stage::new();
    let schedule = ScheduleRuns::from_schedule(&schedule());
    let check = |terms| {
        let args = OfferArgs {
            nonce: 7,
            freeze_authority: LENDER,
            terms,
            rider: NO_RIDER,
            schedule: schedule.clone(),
        };
        args.validate(&stage.market, &stage.provider, &stage.clock()).map(drop)
    };
    assert_eq!(check(TERMS), Ok(()));
    refused(check(Terms { apr_bps: 10_001, ..TERMS }), AprTooHigh);
    assert_eq!(check(Terms { offer_expires_at: START, ..TERMS }), Ok(()));
    refused(check(Terms { offer_expires_at: START - 1, ..TERMS }), OfferExpired);
    let mut late = Stage::new();
    late.offer(Terms { offer_expires_at: START, ..TERMS }, Rider::default());
    late.now += 1;
    let (read, clock) = (late.offer_read(), late.clock());
    refused(late.credit.accept(&BORROWER, read, &clock), OfferExpired);
}

/// In arrears, and with a policy that would not have let the lender freeze yet.
#[test]
fn a_notice_that_is_withdrawn_leaves_no_trace() {
    let mut stage = Stage::issued(Rider { breach_notice: 1, ..Rider::default() });
    let clock = stage.on_day(30);
    stage.act(|credit| credit.give_notice(&LENDER, NOTICE, &clock));
    stage.act(|credit| credit.auto_freeze(CREDIT, &clock));
    assert_eq!((stage.credit.collateral.frozen(), stage.credit.defaulted_at), (1_000_000, clock.market));
    stage.act(|credit| credit.withdraw_notice(&LENDER, clock.market, &clock));
    assert!(stage.credit.arrears() > 0);
    let credit = &stage.credit;
    assert_eq!((credit.notice_given, credit.defaulted_at, credit.collateral.frozen()), (0, 0, 0));
}

/// Half of the principal is repaid in two parts, of which each releases and thaws its own.
#[test]
fn a_payment_says_what_it_alone_has_released_and_thawed() {
    let mut stage = delinquent();
    let clock = stage.clock();
    for (amount, released, thawed) in [(26 * USDC, 250_000, 509_803), (25 * USDC, 250_000, 490_197)] {
        let paid = stage.credit.begin_payment(amount, &clock).unwrap();
        stage.act(|credit| credit.receive_payment(BORROWER, paid));
        let Some(Change::Paid { released: r, thawed: t, .. }) = stage.changes.last() else { panic!() };
        assert_eq!((*r, *t), (released, thawed));
    }
}

/// A third of the arrears thaws a third of ten units, rounded down.
#[test]
fn a_payment_thaws_in_proportion_rounded_down() {
    let mut stage = delinquent();
    let clock = stage.clock();
    stage.credit.collateral.frozen_for_payment = 10;
    let paid = stage.credit.begin_payment(17 * USDC, &clock).unwrap();
    stage.act(|credit| credit.receive_payment(BORROWER, paid));
    assert_eq!(stage.credit.collateral.frozen_for_payment, 7);
}

#[test]
fn a_restructuring_is_on_its_terms_and_keeps_the_rider_sound() {
    let mut stage = Stage::issued(Rider::default());
    stage.credit.rider = Rider {
        planned_units: 400_000,
        covenant_window: 10 * DAY as u32,
        high_bps: 9_000,
        low_bps: 6_000,
        apr_ceiling_bps: 1_000,
        ..NO_RIDER
    };
    let (clock, bounds, limits) = (stage.clock(), stage.market.bounds, stage.restructure_limits());
    let schedule = vec![Instalment { due_after: 40 * DAY as u32, principal: 100 * USDC }];
    let with = |credit: &mut Credit, apr_bps| {
        credit.restructure(Terms { apr_bps, ..TERMS }, schedule.clone(), &limits, &bounds, false, &clock)
    };
    refused(with(&mut { stage.credit }, 1_001), CovenantUnsound);
    stage.act(|credit| with(credit, 800));
    let (credit, terms) = (&stage.credit, Terms { apr_bps: 800, ..TERMS });
    assert_eq!((credit.terms, credit.apr_bps()), (terms, 800));
    assert_eq!(credit.terms_hash, terms_hash(&credit.parties(), &terms, &credit.rider, &schedule).unwrap());
}

#[test]
fn expired_units_are_not_seized_and_a_first_seizure_is_a_tenth_rounded_up() {
    let mut stage = defaulted();
    let (clock, bounds) = (stage.clock(), stage.market.bounds);
    stage.credit.collateral.limit_frozen(0);
    stage.credit.meter.in_flight = 399_999;
    let seize = |credit: &Credit, units| {
        let new = NewLot { key: LOT, bump: 250, credit: CREDIT, rent_payer: PAYER };
        let (mut credit, mut lot, amount) = (*credit, Lot::zeroed(), UnitBounds::exactly(units));
        credit.seize_to_lot(&mut lot, new, amount, LOT_TERMS, &bounds, &clock).map(drop)
    };
    refused(seize(&stage.credit, 60_000), FirstSeizureTooSmall);
    assert_eq!(seize(&stage.credit, 60_001), Ok(()));
    stage.credit.units_expire_at = clock.market;
    refused(seize(&stage.credit, 60_001), UnitsExpired);
}

/// They are the borrower's, and nothing is given back for them.
#[test]
fn units_of_a_paid_loan_expire_as_well() {
    let mut stage = Stage::new();
    stage.offer(Terms { unit_lifetime: 100 * DAY as u32, ..TERMS }, Rider::default());
    stage.accept();
    stage.issue();
    stage.pay(u64::MAX);
    let clock = stage.on_day(100);
    stage.act(|credit| credit.expire_units(&clock));
    assert_eq!(stage.changes.last(), Some(&Change::Expired { units: 1_000_000, paid: 0, debt: 0 }));
    assert_eq!((stage.credit.status(), stage.credit.collateral.remaining()), (Ok(Status::Repaid), 0));
}

/// A job that began before a freeze and ran on after a thaw has ended after the longest time that a job may take.
#[test]
fn a_reading_later_than_the_longest_job_ends_promises_on_open_units() {
    let mut stage = Stage::issued(Rider::default());
    stage.credit.terms.freeze_policy = FreezePolicy::AtWill as u8;
    stage.credit.meter.in_flight = 300_000;
    let clock = stage.clock();
    let (amount, reason) = (FreezeAmount::All, FreezeReason::Risk);
    stage.act(|credit| credit.freeze(&LENDER, amount, reason, None, &clock));
    assert_eq!(stage.credit.meter.promised, 300_000);
    crate::metering::thaw(&mut stage.credit.collateral, 1_000_000).unwrap();
    for (seconds, promised) in [(DAY, 300_000), (DAY + 1, 0)] {
        let mut credit = stage.credit;
        let clock = stage.market.clock_at(START + seconds).unwrap();
        let reading = Reading { cumulative: 0, in_flight: 300_000, reported_at: clock.chain };
        credit.apply_reading(&QuorumReading { reading, latest_at: clock.chain }, START, &clock).unwrap();
        assert_eq!((credit.meter.in_flight, credit.meter.promised), (300_000, promised));
    }
}

/// At the whole rate for a year the principal doubles, and a micro-USDC makes up for rounding.
#[test]
fn the_growth_of_a_principal_is_bounded_to_the_micro_usdc() {
    const YEAR: u32 = 31_536_000;
    let terms = Terms { apr_bps: 10_000, ..TERMS };
    let rider = Rider { pay_in_kind_bps: 10_000, ..NO_RIDER };
    let schedule =
        [(YEAR, 0), (2 * YEAR, 1 << 32)].map(|(due_after, principal)| Instalment { due_after, principal });
    assert_eq!(rider.most_principal(&terms, &schedule), Some((1 << 33) + 1));
}

#[test]
fn runs_longer_than_a_byte_are_several() {
    let schedule: Vec<_> = (1..=300).map(|date| Instalment { due_after: date * 10, principal: 7 }).collect();
    let runs = ScheduleRuns::from_schedule(&schedule);
    let counts = |counts: Vec<u8>| counts.into_iter().map(u32::from).collect::<Vec<_>>();
    assert_eq!(counts(runs.due.iter().map(|run| run.count).collect()), [255, 45]);
    assert_eq!(counts(runs.principal.iter().map(|run| run.count).collect()), [255, 45]);
}

/// Interest on what is held back ended at 250, and no other accrues: the last micro-USDC is of the coupon that fell due next.
#[test]
fn a_micro_usdc_of_interest_is_of_the_time_before_it_ended() {
    let dates = [(100, 0), (200, 0), (300, 0), (400, 0), (500, USDC)];
    let mut loan = Loan::new(START, 10, 1_000, 0, &dates);
    loan.terms.holdback_apr_bps = 500;
    loan.held_back = HeldBack { amount: USDC, until: START + 250 };
    let billed =
        Debt { principal: USDC, instalments_billed: 4, arrears_since: START + 100, ..Debt::zeroed() };
    for (unpaid, since) in [(1, START + 300), (USDC, START + 100)] {
        let mut debt = Debt { interest_due: unpaid, ..billed };
        loan.schedule().update_arrears_since(&mut debt, &loan.terms).unwrap();
        assert_eq!(debt.arrears_since, since, "{unpaid}");
    }
}
