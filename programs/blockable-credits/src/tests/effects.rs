//! Effects of actions besides their purpose: they bring the debt up to now, withdraw offers of the loan, end promises.

use {
    super::{
        changes::{LOT_TERMS, seize},
        stage::*,
        *,
    },
    crate::{
        actions::{
            BorrowerLimits, FreezeAmount, NewLot, PurchaseLimits, RestructureLimits, Sale, ThawBounds,
            UnitBounds,
        },
        events::Change,
        state::{Credit, FreezePolicy, Instalment, Lot, Rider},
        transitions::Status,
    },
    anchor_lang::{Result, prelude::Pubkey},
};

/// A loan at 10 % whose lender may give notice of a breach, with a covenant at that rate.
fn issued() -> Stage {
    let mut stage = Stage::new();
    let terms = Terms { apr_bps: 1_000, freeze_policy: FreezePolicy::AtWill as u8, ..TERMS };
    let rider = Rider {
        planned_units: 400_000,
        covenant_window: 10 * DAY as u32,
        high_bps: 9_000,
        low_bps: 6_000,
        apr_floor_bps: 1_000,
        apr_ceiling_bps: 1_000,
        breach_notice: 1,
        ..NO_RIDER
    };
    stage.offer(terms, rider);
    stage.accept();
    stage.issue();
    stage
}

/// The loan on day 12, offered to the buyer.
fn active() -> Stage {
    let mut stage = issued();
    let clock = stage.on_day(12);
    stage.credit.pending_lender = BUYER;
    stage.credit.meter.reported_at = clock.chain;
    stage
}

/// The same with its cure period over: notice was given on the first day.
fn in_default() -> Stage {
    let mut stage = issued();
    let clock = stage.clock();
    stage.act(|credit| credit.give_notice(&LENDER, NOTICE, &clock));
    stage.on_day(12);
    stage.credit.pending_lender = BUYER;
    stage
}

/// The same after a first lot.
fn seizing() -> Stage {
    let mut stage = in_default();
    seize(&mut stage, UnitBounds::exactly(400_000));
    stage.on_day(13);
    stage
}

type Act = fn(&mut Stage) -> Result<Change>;
/// A name, the stage that an action begins on, and the action.
type Case = (&'static str, fn() -> Stage, Act);

/// Actions that depend on the debt.
const ACCRUING: &[Case] = &[
    ("take the loan", active, |s| {
        let (limits, clock) = (PurchaseLimits::from_credit(&s.credit)?, s.clock());
        s.credit.accept_lender(&BUYER, &limits, &clock)
    }),
    ("take the borrower's place", active, |s| {
        let clock = s.clock();
        let limits = BorrowerLimits { most_debt: u64::MAX, ..BorrowerLimits::from_credit(&s.credit)? };
        s.credit.offer_borrower(SLOT, OPERATOR, 0, &clock)?;
        s.credit.accept_borrower(&OPERATOR, &limits, &clock)
    }),
    ("give notice", active, |s| s.credit.give_notice(&LENDER, NOTICE, &s.market.clock_at(s.now)?)),
    ("withdraw notice", in_default, |s| s.credit.withdraw_notice(&LENDER, START, &s.market.clock_at(s.now)?)),
    ("apply the covenant", active, |s| s.credit.apply_covenant(&s.market.clock_at(s.now)?)),
    ("restructure", active, restructure),
    ("expire units", active, |s| {
        s.credit.units_expire_at = s.now;
        s.credit.expire_units(&s.market.clock_at(s.now)?)
    }),
    ("seize", in_default, seize_rest),
    ("take over", in_default, |s| {
        s.credit.take_over(key(9), UnitBounds::ALL, &s.market.clock_at(s.now)?).map(|(_, change)| change)
    }),
    ("sell", seizing, |s| {
        let sale = Sale { lot: LOT, buyer: BUYER, units: 1, cost: 100 };
        s.credit.sell(&mut Lot { units_left: 1, ..Lot::zeroed() }, sale, 0, &s.market.clock_at(s.now)?)
    }),
];

/// Actions after which the loan is no longer the one that the buyer has read.
const WITHDRAWING: &[Case] = &[
    ("thaw", active, |s| {
        s.credit.collateral.frozen_for_other = 10;
        s.credit.thaw(&LENDER, ThawBounds::ALL)
    }),
    ("give notice", active, |s| s.credit.give_notice(&LENDER, NOTICE, &s.market.clock_at(s.now)?)),
    ("name a freezer", active, |s| {
        s.credit.set_freeze_authority(&LENDER, SLOT, BUYER, &s.market.clock_at(s.now)?)
    }),
    ("offer the borrower's place", active, |s| {
        s.credit.offer_borrower(SLOT, OPERATOR, 0, &s.market.clock_at(s.now)?)
    }),
    ("restructure", active, restructure),
    ("seize", in_default, seize_rest),
    ("take over", in_default, |s| {
        s.credit.take_over(key(9), UnitBounds::ALL, &s.market.clock_at(s.now)?).map(|(_, change)| change)
    }),
    ("pay off", active, |s| {
        let amount = s.credit.begin_payment(u64::MAX, &s.market.clock_at(s.now)?)?;
        s.credit.receive_payment(BORROWER, amount)
    }),
];

fn restructure(stage: &mut Stage) -> Result<Change> {
    let clock = stage.clock();
    let limits = RestructureLimits { most_debt: u64::MAX, ..RestructureLimits::from_credit(&stage.credit)? };
    let schedule = vec![Instalment { due_after: 40 * DAY as u32, principal: 100 * USDC }];
    stage.credit.restructure(stage.credit.terms, schedule, &limits, &stage.market.bounds, false, &clock)
}

fn seize_rest(stage: &mut Stage) -> Result<Change> {
    let (clock, bounds, mut lot) = (stage.clock(), stage.market.bounds, Lot::zeroed());
    let new = NewLot { key: LOT, bump: 250, credit: CREDIT, rent_payer: PAYER };
    stage.credit.seize_to_lot(&mut lot, new, UnitBounds::ALL, LOT_TERMS, &bounds, &clock)
}

#[test]
fn what_depends_on_the_debt_brings_it_up_to_now() {
    for (name, begin, act) in ACCRUING {
        let mut stage = begin();
        assert!(stage.credit.debt.accrued_at < stage.now, "{name}");
        let result = act(&mut stage);
        assert!(result.is_ok(), "{name}: {result:?}");
        assert_eq!(stage.credit.debt.accrued_at, stage.now, "{name}");
    }
}

#[test]
fn what_changes_a_loan_withdraws_its_offer() {
    for (name, begin, act) in WITHDRAWING {
        let mut stage = begin();
        assert_eq!(stage.credit.pending_lender, BUYER);
        let result = act(&mut stage);
        assert!(result.is_ok(), "{name}: {result:?}");
        assert_eq!(stage.credit.pending_lender, Pubkey::default(), "{name}");
    }
}

/// Interest and fees of today count, although nobody has written them down.
#[test]
fn fees_and_losses_are_those_of_now() {
    let mut stage = issued();
    let clock = stage.on_day(31);
    stage.act(|credit| credit.waive_fee(&LENDER, u64::MAX, &clock));
    let waived = Change::FeeWaived { amount: USDC, earned: 0, debt: stage.credit.debt.total() };
    assert_eq!(stage.changes.last(), Some(&waived));
    let mut stage = in_default();
    let (clock, owed, mut provider) = (stage.clock(), stage.accrued().debt.total(), stage.provider);
    assert!(owed > 100 * USDC);
    stage.act(|credit| credit.write_off(&LENDER, SLOT, owed, &mut provider, &clock));
    assert_eq!(
        stage.changes.last(),
        Some(&Change::WrittenOff { debt: owed, cancelled: 0, paid: 0, earned: 0 })
    );
}

/// A default with promises to jobs, and a reserve.
fn with_traces() -> Stage {
    let mut stage = in_default();
    let clock = stage.clock();
    (stage.credit.reserve_held, stage.credit.rider.reserve) = (5 * USDC, 5 * USDC);
    stage.credit.meter.in_flight = 300_000;
    stage.act(|credit| credit.auto_freeze(CREDIT, &clock));
    assert_eq!(stage.credit.meter.promised, 300_000);
    stage
}

/// Requires a loan of which nothing is left but the claims.
fn ended(credit: &Credit) {
    assert_eq!((credit.status(), credit.blockable), (Ok(Status::Repaid), 0));
    assert_eq!((credit.collateral.lien(), credit.collateral.frozen()), (0, 0));
    assert_eq!((credit.meter.promised, credit.meter.lapsed, credit.meter.promised_at), (0, 0, 0));
    assert_eq!((credit.defaulted_at, credit.notice_given), (0, 0));
    assert_eq!((credit.reserve_held, credit.claims.borrower), (0, 5 * USDC));
}

#[test]
fn the_end_of_a_debt_ends_notice_default_promises_and_reserve() {
    let mut paid = with_traces();
    let clock = paid.clock();
    let amount = paid.credit.begin_payment(u64::MAX, &clock).unwrap();
    paid.act(|credit| credit.receive_payment(BORROWER, amount));
    ended(&paid.credit);

    let mut written_off = with_traces();
    let mut provider = written_off.provider;
    written_off.act(|credit| credit.write_off(&LENDER, SLOT, u64::MAX, &mut provider, &clock));
    ended(&written_off.credit);

    let mut sold = with_traces();
    let mut lot = seize(&mut sold, UnitBounds::ALL);
    let sale = Sale { lot: LOT, buyer: BUYER, units: 1, cost: sold.credit.debt.total() };
    sold.act(|credit| credit.sell(&mut lot, sale, 0, &clock));
    ended(&sold.credit);
    assert_eq!((lot.units_left, lot.proceeds), (lot.units - 1, sale.cost));
}

#[test]
fn an_offer_of_a_loan_is_taken_once() {
    let mut stage = active();
    let (limits, clock) = (PurchaseLimits::from_credit(&stage.credit).unwrap(), stage.clock());
    stage.act(|credit| credit.accept_lender(&BUYER, &limits, &clock));
    assert_eq!(stage.credit.pending_lender, Pubkey::default());
}

#[test]
fn a_cancelled_offer_owes_nothing_from_its_vault() {
    let mut stage = Stage::new();
    stage.offer(TERMS, Rider::default());
    assert_eq!(stage.credit.owed_from_vault(), Ok(100 * USDC));
    let payout = stage.credit.cancel(&LENDER, SLOT, 100 * USDC, &stage.clock()).unwrap();
    assert_eq!(payout.amount, 100 * USDC);
    assert_eq!((stage.credit.claims.escrow, stage.credit.owed_from_vault()), (0, Ok(0)));
}

/// Payments after a seizure lower the debt: they refill no reserve.
#[test]
fn a_recovery_refills_no_reserve() {
    let mut stage = seizing();
    stage.credit.rider.reserve = 10 * USDC;
    let (clock, debt) = (stage.clock(), stage.accrued().debt.total());
    let amount = stage.credit.begin_payment(60 * USDC, &clock).unwrap();
    stage.act(|credit| credit.receive_payment(BORROWER, amount));
    assert_eq!((stage.credit.reserve_held, stage.credit.recovered), (0, 60 * USDC));
    assert_eq!(stage.credit.debt.total(), debt - 60 * USDC);
}

/// A price above the debt is the borrower's, on top of what it can claim already.
#[test]
fn the_surplus_of_a_sale_is_the_borrowers() {
    let mut stage = seizing();
    let (clock, debt) = (stage.clock(), stage.accrued().debt.total());
    (stage.credit.claims.borrower, stage.credit.claims.treasury) = (5, 7);
    let lender = stage.credit.claims.lender;
    let sale = Sale { lot: LOT, buyer: BUYER, units: 1, cost: 2 * debt };
    stage.act(|credit| credit.sell(&mut Lot { units_left: 1, ..Lot::zeroed() }, sale, 200, &clock));
    let (fee, claims) = (debt / 25, stage.credit.claims);
    assert_eq!((claims.borrower, claims.treasury), (5 + debt - fee, 7 + fee));
    assert_eq!((claims.lender, stage.credit.status()), (lender + debt, Ok(Status::Repaid)));
}

/// A cure ends the default, so that the next one has a cure period of its own.
#[test]
fn a_cure_takes_the_time_of_default_away() {
    let mut stage = Stage::issued(Rider::default());
    let clock = stage.on_day(36);
    for mark in [Credit::mark_delinquent, Credit::mark_defaulted] {
        stage.act(|credit| mark(credit, &clock));
    }
    let amount = stage.credit.begin_payment(51 * USDC, &clock).unwrap();
    stage.act(|credit| credit.receive_payment(BORROWER, amount));
    assert_eq!((stage.credit.status(), stage.credit.defaulted_at), (Ok(Status::Active), 0));
}

/// The second instalment is due, the first is paid; then both begin anew as one.
#[test]
fn a_restructuring_leaves_nothing_of_the_old_schedule() {
    let mut stage = issued();
    let clock = stage.on_day(30);
    let amount = stage.credit.begin_payment(stage.accrued().arrears(), &clock).unwrap();
    stage.act(|credit| credit.receive_payment(BORROWER, amount));
    let clock = stage.on_day(62);
    stage.act(|credit| credit.give_notice(&LENDER, NOTICE, &clock));
    (stage.credit.capitalised, stage.credit.covenant.apr_bps) = (9, 1_000);
    let before = stage.accrued();
    assert!(before.debt.arrears_since > 0 && before.debt.interest_due > 0 && before.debt.late_fees > 0);
    let limits = stage.restructure_limits();
    let (terms, bounds) = (Terms { apr_bps: 1_000, ..stage.credit.terms }, stage.market.bounds);
    let schedule = vec![Instalment { due_after: 40 * DAY as u32, principal: 50 * USDC }];
    stage.act(|credit| credit.restructure(terms, schedule, &limits, &bounds, false, &clock));
    let credit = &stage.credit;
    let expected = Debt {
        principal: 50 * USDC,
        interest_accrued: before.debt.interest_accrued + before.debt.interest_due,
        interest_remainder: before.debt.interest_remainder,
        late_fees: before.debt.late_fees,
        accrued_at: clock.market,
        ..Debt::zeroed()
    };
    assert_eq!(credit.debt, expected);
    assert_eq!((credit.defaulted_at, credit.notice_given, credit.capitalised), (0, 0, 0));
    assert_eq!((credit.due_after[1], credit.principal_due[1], credit.instalment_count), (0, 0, 1));
    assert_eq!((credit.restructured_at, credit.restructurings), (clock.market, 1));
    assert_eq!(credit.status(), Ok(Status::Active));
}

/// Only a freeze of the shortfall accrues: accruing would cost the other freezes compute units for nothing.
#[test]
fn a_freeze_of_units_leaves_the_debt_as_it_was_written() {
    let mut stage = active();
    let (clock, debt) = (stage.clock(), stage.credit.debt);
    let reason = FreezeReason::Risk;
    stage.act(|credit| credit.freeze(&LENDER, FreezeAmount::All, reason, None, &clock));
    assert_eq!(stage.credit.debt, debt);
}
