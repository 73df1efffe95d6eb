//! Parties that turn a cancel, a write-off or a waiver against one another.

use {
    super::*,
    crate::{
        actions::FreezeAmount, errors::BlockableError::*, quorum::QuorumReading, state::FreezeReason,
        tests::life::refused,
    },
};

fn write_off(stage: &mut Stage) -> anchor_lang::Result<Change> {
    let (clock, mut credit, mut provider) = (stage.clock(), stage.credit, stage.provider);
    let change = credit.write_off(&LENDER, SLOT, u64::MAX, &mut provider, &clock)?;
    (stage.credit, stage.provider) = (credit, provider);
    stage.note(change.clone());
    Ok(change)
}

fn freeze_all(stage: &mut Stage) {
    let (clock, reason) = (stage.clock(), FreezeReason::Risk);
    stage.act(|credit| credit.freeze(&LENDER, FreezeAmount::All, reason, None, &clock));
}

/// Applies a report of one reporter, with no job in flight. Returns all units consumed and all overrun since issue.
fn report(stage: &mut Stage, cumulative: u64, reported_at: i64) -> (u64, u64) {
    let reading = Reading { cumulative, in_flight: 0, reported_at };
    let (epoch_began_at, clock) = (stage.provider.epoch_began_at, stage.clock());
    let quorum = QuorumReading { reading, latest_at: reported_at };
    let change = stage.credit.apply_reading(&quorum, epoch_began_at, &clock).unwrap();
    stage.note(change);
    (stage.credit.collateral.consumed, stage.credit.meter.overrun)
}

/// A lender with a notice gets the holdback no sooner by a write-off than by a cancel.
#[test]
fn a_write_off_cancels_no_sooner_than_a_cancel() {
    let mut stage = issued_on(SEALED, Rider { breach_notice: 1, ..NO_RIDER });
    let clock = stage.on_day(1);
    pay_arrears(&mut stage);
    stage.act(|credit| credit.give_notice(&LENDER, NOTICE, &clock));
    refused(write_off(&mut stage), CurePeriodRunning);
    stage.now += i64::from(SEALED.cure_period) - 1;
    refused(write_off(&mut stage), CurePeriodRunning);
    stage.now += 1;
    let Ok(Change::WrittenOff { debt, cancelled, paid, .. }) = write_off(&mut stage) else { panic!() };
    assert_eq!((debt, cancelled, paid), (PART, 1_000_000, 10 * PART));
    // Where nothing is covered, the lender gives up its money at any time.
    let mut stage = defaulted_on(Terms { holdback: 0, ..SEALED }, Rider::default());
    stage.now = START + 36 * DAY;
    assert!(write_off(&mut stage).is_ok());
    // So it is after the first seizure.
    let mut stage = defaulted_on(HALF, Rider::default());
    cancel(&mut stage, UnitBounds::exactly(55_000));
    assert!(write_off(&mut stage).is_ok());
}

/// The lender freezes what is open and cancels what is locked, in one transaction. Use that the provider served before still
/// counts as use: the cancelled units were closed to it in any case.
#[test]
fn a_cancel_turns_no_use_from_before_a_freeze_into_overrun() {
    for is_frozen_twice in [false, true] {
        let mut stage = defaulted_on(SEALED, Rider::default());
        if is_frozen_twice {
            let (clock, reason) = (stage.clock(), FreezeReason::Risk);
            let part = FreezeAmount::Units(90_000);
            stage.act(|credit| credit.freeze(&LENDER, part, reason, None, &clock));
            stage.now += 1;
        }
        let served_until = stage.now - i64::from(is_frozen_twice);
        freeze_all(&mut stage);
        cancel(&mut stage, UnitBounds::exactly(400_000));
        cancel(&mut stage, UnitBounds::ALL);
        assert_eq!(stage.credit.collateral.lien(), 100_000);
        stage.now += 5;
        assert_eq!(report(&mut stage, 150_000, served_until), (150_000, 0));
    }
}

/// Units that were closed before the freeze stay closed to late reports.
#[test]
fn a_cancel_opens_nothing_to_late_reports() {
    let mut stage = defaulted_on(HALF, Rider::default());
    freeze_all(&mut stage);
    cancel(&mut stage, UnitBounds::ALL);
    assert_eq!(stage.credit.collateral.locked(), 450_000);
    stage.now += 5;
    let served_until = stage.now - 5;
    assert_eq!(report(&mut stage, 300_000, served_until), (200_000, 100_000));
}

/// Where a unit costs less than a micro-USDC, a lot that leaves the covered units makes the rounded price of those that are left
/// fit the holdback, with the one unit that a job runs on. The job keeps it all the same.
#[test]
fn a_cancel_leaves_the_units_of_running_jobs() {
    let units = 1_000_000_000;
    let terms = Terms { principal: 123_456_789, units, unlocked_ahead: units / 2, ..SEALED };
    let mut stage = issued_on(Terms { holdback: 30_864_197, ..SEALED }, Rider::default());
    stage.credit.terms = terms;
    stage.credit.collateral =
        Collateral { granted: units, locked_at_issue: units / 2, ..Collateral::zeroed() };
    stage.provider.outstanding_units = units;
    stage.credit.debt.principal = terms.principal;
    stage.credit.status = Status::Defaulted.byte();
    stage.credit.meter.in_flight = 1;
    stage.on_day(46);
    assert_eq!(stage.credit.covered(), Ok(249_999_997));
    let lot = seize(&mut stage, UnitBounds::ALL, LOT_TERMS_OF_DUST).unwrap();
    assert_eq!((lot.units, stage.credit.collateral.remaining()), (units - 249_999_998, 249_999_998));
    cancel(&mut stage, UnitBounds::ALL);
    let (left, in_flight) = (stage.credit.collateral.remaining(), stage.credit.meter.in_flight);
    assert_eq!((left, in_flight, stage.credit.holdback_left), (1, 1, 0));
}

/// Half of what the loan paid and a tenth of that.
const LOT_TERMS_OF_DUST: LotTerms = LotTerms { start_price: 100_000, floor_price: 50_000, ..LOT_TERMS };

/// A cancel pays fees last, so that they can be all that is owed. Waived, they leave no debt, and the units are the borrower's.
#[test]
fn a_waiver_of_all_that_is_owed_ends_the_loan() {
    let mut stage = defaulted_on(Terms { late_fee: USDC / 10, ..SEALED }, Rider::default());
    cancel(&mut stage, UnitBounds::exactly(100_000));
    // What is owed beyond the price of the covered units is paid, and a month later the next fee is charged.
    pay(&mut stage, PART + USDC / 10);
    stage.on_day(63);
    cancel(&mut stage, UnitBounds::ALL);
    assert_eq!((stage.credit.debt.principal, stage.credit.debt.total()), (0, USDC / 10));
    let clock = stage.clock();
    stage.act(|credit| credit.waive_fee(&LENDER, u64::MAX, &clock));
    let units = &stage.credit.collateral;
    assert_eq!((stage.credit.status(), stage.credit.debt.total()), (Ok(Status::Repaid), 0));
    assert_eq!((units.lien(), units.available()), (0, 200_000));
}

/// A waiver of a part leaves the debt as it is.
#[test]
fn a_waiver_of_a_part_ends_nothing() {
    let mut stage = defaulted_on(Terms { late_fee: USDC / 10, ..SEALED }, Rider::default());
    let clock = stage.clock();
    stage.act(|credit| credit.waive_fee(&LENDER, u64::MAX, &clock));
    assert_eq!((stage.credit.status(), stage.credit.debt.total()), (Ok(Status::Defaulted), 11 * PART));
    // The provider's earnings so far are none of the waiver's.
    assert_eq!(stage.credit.claims.provider, PART);
    let waived = Change::FeeWaived { amount: USDC / 10, earned: 0, debt: 11 * PART };
    assert_eq!(stage.changes.last(), Some(&waived));
}

/// The buyer of the loan has read it with the units that a cancel takes.
#[test]
fn a_cancel_withdraws_the_offer_of_the_loan() {
    let mut stage = defaulted_on(SEALED, Rider::default());
    let clock = stage.clock();
    stage.act(|credit| credit.offer_lender(&LENDER, SLOT, BUYER, &clock));
    cancel(&mut stage, UnitBounds::exactly(100_000));
    assert_eq!(stage.credit.pending_lender, Pubkey::default());
}

#[test]
fn a_first_cancel_is_a_tenth_rounded_up() {
    let mut stage = defaulted_on(Terms { holdback: 550_005 * PRICE, ..SEALED }, Rider::default());
    assert_eq!(stage.credit.covered(), Ok(550_005));
    refused(cancel_by(&mut stage, LENDER, None, UnitBounds::exactly(55_000)), FirstSeizureTooSmall);
    assert_eq!(cancel(&mut stage, UnitBounds::exactly(55_001)), 55_001 * PRICE);
}

#[test]
fn the_end_of_the_debt_releases_no_cancelled_units() {
    let mut stage = issued_on(SEALED, Rider::default());
    suspend(&mut stage);
    cancel_by(&mut stage, LENDER, Some(BORROWER), UnitBounds::exactly(400_000)).unwrap();
    pay(&mut stage, u64::MAX);
    let Some(Change::Paid { released: 800_000, .. }) = stage.changes.last() else { panic!("no payment") };
    assert_eq!((stage.credit.status(), stage.credit.collateral.released), (Ok(Status::Repaid), 800_000));
}

/// A lot that takes locked units leaves to jobs what they used before a freeze: a report from before it finds as many units open
/// as a later one.
#[test]
fn a_seizure_of_locked_units_turns_no_use_from_before_a_freeze_into_overrun() {
    for is_frozen_before in [false, true] {
        let mut stage = defaulted_on(HALF, Rider::default());
        if is_frozen_before {
            let (clock, part) = (stage.clock(), FreezeAmount::Units(40_000));
            stage.act(|credit| credit.freeze(&LENDER, part, FreezeReason::Risk, None, &clock));
            stage.now += 100;
        }
        stage.credit.meter.in_flight = 150_000;
        let served_until = stage.now;
        freeze_all(&mut stage);
        // All of the lien that neither jobs hold nor a payment has to unlock, and 20,000 locked units.
        seize(&mut stage, UnitBounds::exactly(70_000), LOT_TERMS).unwrap();
        stage.now += 5;
        assert_eq!(report(&mut stage, 160_000, served_until), (150_000, 10_000), "{is_frozen_before}");
    }
}
