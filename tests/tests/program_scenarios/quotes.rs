//! Quotes of payments against the built program: what a quote says is what the payment does, to the unit and the micro-USDC.
//!
//! The loan is that of `lock`, with half of the locked units held back for, at 12 % and 6 % a year, and with a reserve.

use {
    crate::{Steps, lock::ten},
    blockable_sdk::{
        Pubkey,
        amounts::{MicroUsd, Units},
        events::Change,
        payments::{
            PaymentError, PaymentQuote, least_payment_to_cure, least_payment_to_open, next_instalment,
            quote_payment,
        },
        program::{
            instructions::{FreezeAmount, UnitBounds},
            state::{FreezeReason, MarketClock, Terms},
            transitions::Status,
        },
    },
    blockable_testkit::{DAY, Loan, USDC, World},
};

/// A million units.
const M: u64 = 1_000_000;
/// An instalment.
const PART: u64 = 9_000 * USDC;

fn loan() -> Loan {
    let mut loan = ten(1).with(|terms: &mut Terms| {
        terms.holdback = 9 * PART / 2;
        (terms.apr_bps, terms.holdback_apr_bps, terms.late_fee) = (1_200, 600, 50 * USDC);
    });
    loan.args.rider.reserve = PART / 2;
    loan
}

fn clock(world: &World) -> MarketClock {
    world.market().clock_at(world.now()).unwrap()
}

/// A loan whose reserve is full, on a day, with its marks.
fn active(world: &mut World, day: u32, marks: &[Status]) -> Pubkey {
    let loan = loan();
    let credit = world.accepted(&loan);
    world.sent(&[world.fund_reserve("borrower", &credit, loan.args.rider.reserve)], &["borrower"]);
    world.sent(&[world.issue(&credit)], &["provider"]);
    world.day(day);
    for mark in marks {
        match mark {
            Status::Delinquent => world.marks_delinquent(&credit),
            _ => world.marks_defaulted(&credit),
        };
    }
    credit
}

/// Pays, and compares every amount of the quote with what the program has done.
fn pays_as_quoted(world: &mut World, credit: &Pubkey, amount: u64) -> PaymentQuote {
    let before = world.credit(credit);
    let quote = quote_payment(&before, &clock(world), MicroUsd(amount)).unwrap();
    let wallet = world.wallet("borrower");
    let landed = world.pay("borrower", credit, amount);
    let after = world.credit(credit);
    assert_eq!(quote.paid, MicroUsd(wallet - world.wallet("borrower")));
    let [
        Change::Paid {
            reserve,
            late_fees,
            interest,
            principal,
            released,
            earned,
            thawed,
            unlocked,
            debt,
            status,
            ..
        },
    ] = landed.changes()[..]
    else {
        panic!("one payment: {:?}", landed.changes());
    };
    let done = PaymentQuote {
        paid: quote.paid,
        to_reserve: MicroUsd(reserve),
        late_fees: MicroUsd(late_fees),
        interest: MicroUsd(interest),
        principal: MicroUsd(principal),
        released: Units(released),
        unlocked: Units(unlocked),
        thawed: Units(thawed),
        provider_earns: MicroUsd(earned),
        arrears_before: quote.arrears_before,
        arrears_left: MicroUsd(after.arrears()),
        debt_left: MicroUsd(debt),
        status_before: before.status().unwrap(),
        status_after: status,
        available_after: Units(after.collateral.available()),
    };
    assert_eq!(quote, done);
    assert_eq!(quote.opened(), Units(after.collateral.available() - before.collateral.available()));
    assert_eq!(MicroUsd(after.claims.provider - before.claims.provider), quote.provider_earns);
    quote
}

#[test]
fn a_payment_on_the_day_opens_what_was_quoted() {
    let mut world = World::new();
    let credit = active(&mut world, 30, &[]);
    let next = next_instalment(&world.credit(&credit), &clock(&world)).unwrap().unwrap();
    assert!(next.quote.paid > MicroUsd(2 * PART), "two are due by day 60");
    let quote = pays_as_quoted(&mut world, &credit, PART + 1_000 * USDC);
    assert!(quote.interest > MicroUsd::ZERO && quote.unlocked > Units(90 * M) && !quote.cures());
    for amount in [1, 100, 12 * USDC, PART] {
        pays_as_quoted(&mut world, &credit, amount);
    }
    let all = pays_as_quoted(&mut world, &credit, u64::MAX);
    assert!(all.pays_off() && all.available_after == Units(900 * M));
    assert_eq!(
        quote_payment(&world.credit(&credit), &clock(&world), MicroUsd(1)),
        Err(PaymentError::NothingOwed)
    );
}

#[test]
fn payments_on_a_frozen_loan_in_arrears_thaw_and_cure_as_quoted() {
    let mut world = World::new();
    let credit = active(&mut world, 40, &[Status::Delinquent]);
    world.sent(&[world.auto_freeze(&credit)], &[]);
    world.freezes(&credit, FreezeAmount::Bps(3_000), FreezeReason::Risk);
    let part = pays_as_quoted(&mut world, &credit, PART / 9);
    assert!(part.thawed > Units::ZERO && part.late_fees == MicroUsd(50 * USDC) && !part.cures());
    world.day(50);
    world.marks_defaulted(&credit);
    let cure = least_payment_to_cure(&world.credit(&credit), &clock(&world)).unwrap().unwrap();
    let less = cure.paid.get() - 1;
    assert!(!quote_payment(&world.credit(&credit), &clock(&world), MicroUsd(less)).unwrap().cures());
    let cured = pays_as_quoted(&mut world, &credit, cure.paid.get());
    assert!(cured.cures() && cured == cure);
    assert_eq!(world.credit(&credit).collateral.frozen(), 0, "a cure thaws what nobody may freeze now");
}

#[test]
fn the_least_payment_for_some_units_opens_them_on_the_chain() {
    let mut world = World::new();
    let credit = active(&mut world, 40, &[Status::Delinquent]);
    world.sent(&[world.auto_freeze(&credit)], &[]);
    for wanted in [1, 12_345_678, 80 * M] {
        let account = world.credit(&credit);
        let least = least_payment_to_open(&account, &clock(&world), Units(wanted)).unwrap().unwrap();
        let less = quote_payment(&account, &clock(&world), MicroUsd(least.paid.get() - 1));
        assert!(less.is_err() || less.unwrap().opened() < Units(wanted));
        assert!(pays_as_quoted(&mut world, &credit, least.paid.get()).opened() >= Units(wanted));
    }
    let too_many = Units(900 * M);
    assert_eq!(least_payment_to_open(&world.credit(&credit), &clock(&world), too_many), Ok(None));
}

#[test]
fn after_a_cancel_only_the_whole_debt_opens_anything_as_quoted() {
    let mut world = World::new();
    let credit = active(&mut world, 50, &[Status::Delinquent, Status::Defaulted]);
    world.pass(10 * DAY);
    world.sent(&[world.cancel_locked("lender", &credit, UnitBounds::ALL)], &["lender"]);
    let quote = pays_as_quoted(&mut world, &credit, PART);
    assert_eq!((quote.opened(), quote.provider_earns), (Units::ZERO, MicroUsd::ZERO));
    assert_eq!(least_payment_to_cure(&world.credit(&credit), &clock(&world)), Ok(None));
    let account = world.credit(&credit);
    let whole = least_payment_to_open(&account, &clock(&world), Units(1)).unwrap().unwrap();
    assert_eq!(whole.paid, MicroUsd(account.debt.total()));
    assert!(pays_as_quoted(&mut world, &credit, whole.paid.get()).pays_off());
}
