//! The known plots against a holdback, each in a few steps.

use {
    super::*,
    crate::{
        errors::BlockableError::*,
        state::{Party, Provider},
        tests::life::refused,
    },
};

/// Money that the provider has been paid or may collect, in micro-USDC.
fn earned(stage: &Stage) -> u64 {
    stage.credit.terms.principal - stage.credit.terms.holdback + stage.credit.claims.provider
}

#[test]
fn the_provider_is_paid_as_units_are_unlocked_and_not_before() {
    let mut stage = issued_on(SEALED, Rider::default());
    let issued = Change::Issued { index: 0, issued_at: START, held_back: 11 * PART };
    assert_eq!(stage.changes.last(), Some(&issued));
    assert_eq!((stage.credit.holdback_left, stage.credit.owed_from_vault()), (11 * PART, Ok(11 * PART)));
    for part in 1..=12 {
        stage.on_day(1 + 30 * (part - 1));
        pay_arrears(&mut stage);
        let units = &stage.credit.collateral;
        assert_eq!(
            (units.released, units.locked()),
            (part as u64 * 100_000, (11 - part as u64).min(11) * 100_000)
        );
        assert_eq!(earned(&stage), (part as u64 + 1).min(12) * PART);
        if part == 11 {
            break;
        }
    }
    stage.on_day(331);
    assert_eq!(pay_arrears(&mut stage), 0);
    assert_eq!((stage.credit.status(), stage.credit.holdback_left), (Ok(Status::Repaid), 0));
}

/// Half of what is locked is held back: it stands for the last units, so that the first ones earn nothing.
#[test]
fn a_partial_holdback_stands_for_the_last_units() {
    let mut stage = issued_on(HALF, Rider::default());
    for part in 0..12 {
        stage.on_day(1 + 30 * part);
        let locked_before = stage.credit.collateral.left_to_unlock();
        let earned = pay_arrears(&mut stage);
        let locked = stage.credit.collateral.left_to_unlock();
        let kept = (locked * PRICE).min(11 * PART / 2);
        assert_eq!(earned, (locked_before * PRICE).min(11 * PART / 2) - kept, "part {part}");
    }
    assert_eq!((stage.credit.claims.provider, stage.credit.holdback_left), (11 * PART / 2, 0));
}

#[test]
fn a_micro_usdc_after_a_cancel_frees_nothing() {
    let mut stage = issued_on(SEALED, Rider::default());
    stage.on_day(1);
    pay_arrears(&mut stage);
    suspend(&mut stage);
    let available = stage.credit.collateral.available();
    cancel_by(&mut stage, LENDER, Some(BORROWER), UnitBounds::exactly(500_000)).unwrap();
    assert_eq!(stage.credit.collateral.available(), available, "a cancel opens nothing");
    assert_eq!((pay(&mut stage, 1), stage.credit.collateral.available()), (0, available));
    // The next ten USDC open what they pay for.
    assert_eq!(pay(&mut stage, PART), PART);
    assert_eq!(stage.credit.collateral.available(), available + 100_000);
}

/// The whole debt is paid but for a micro-USDC, after everything that can be cancelled is.
#[test]
fn the_last_micro_usdc_keeps_what_it_paid_for() {
    let mut stage = issued_on(SEALED, Rider::default());
    suspend(&mut stage);
    cancel_by(&mut stage, LENDER, Some(BORROWER), UnitBounds::ALL).unwrap();
    assert_eq!((stage.credit.holdback_left, stage.credit.debt.principal), (0, PART));
    pay(&mut stage, PART - 1);
    assert_eq!((stage.credit.collateral.released, stage.credit.collateral.lien()), (99_999, 1));
    pay(&mut stage, 1);
    assert_eq!((stage.credit.status(), stage.credit.collateral.remaining()), (Ok(Status::Repaid), 100_000));
}

#[test]
fn units_that_expire_pay_the_provider_nothing() {
    for terms in [SEALED, HALF] {
        let mut stage = issued_on(Terms { unit_lifetime: 362 * DAY as u32, ..terms }, Rider::default());
        stage.on_day(1);
        pay_arrears(&mut stage);
        let (held, claims) = (stage.credit.holdback_left, stage.credit.claims);
        let clock = stage.on_day(362);
        let debt = stage.accrued().debt;
        stage.act(|credit| credit.expire_units(&clock));
        let left = debt.total() - held;
        let expired = Change::Expired { units: 1_200_000, paid: held, debt: left };
        assert_eq!(stage.changes.last(), Some(&expired));
        let credit = &stage.credit;
        assert_eq!((credit.holdback_left, credit.claims.provider), (0, claims.provider));
        assert_eq!(
            (credit.claims.lender, credit.debt.principal),
            (claims.lender + held, debt.principal - held)
        );
        // What is paid later earns nothing either.
        assert_eq!(pay(&mut stage, PART), 0);
    }
}

/// In a recovery the borrower's payments earn nothing; what is held back is its own once it has paid the debt.
#[test]
fn what_expiry_gives_back_beyond_the_debt_is_the_borrowers() {
    let mut stage = defaulted_on(Terms { unit_lifetime: 362 * DAY as u32, ..HALF }, Rider::default());
    seize(&mut stage, UnitBounds::exactly(200_000), LOT_TERMS).unwrap();
    let clock = stage.on_day(362);
    let debt = stage.accrued().debt.total();
    assert_eq!(pay(&mut stage, debt - USDC), 0);
    stage.act(|credit| credit.expire_units(&clock));
    let credit = &stage.credit;
    assert_eq!((credit.status(), credit.claims.provider, credit.holdback_left), (Ok(Status::Repaid), 0, 0));
    assert_eq!(credit.claims.borrower, 11 * PART / 2 - USDC);
}

#[test]
fn a_write_off_pays_the_provider_nothing() {
    let mut stage = defaulted_on(HALF, Rider::default());
    let (clock, lender) = (stage.clock(), stage.credit.claims.lender);
    let owed = stage.accrued().debt.total();
    let outstanding = stage.provider.outstanding_units;
    let change = stage.credit.write_off(&LENDER, SLOT, owed, &mut stage.provider, &clock).unwrap();
    let paid = 11 * PART / 2;
    assert_eq!(change, Change::WrittenOff { debt: owed - paid, cancelled: 550_000, paid, earned: 0 });
    assert_eq!((stage.credit.claims.lender, stage.credit.claims.provider), (lender + paid, 0));
    assert_eq!(stage.provider.outstanding_units, outstanding - 550_000);
    // The borrower keeps what it has paid for, what was ahead and what nobody was paid back for.
    assert_eq!(stage.credit.collateral.available(), 1_200_000 - 550_000);
}

/// A debt below what is held back is paid by the cancel; the provider is paid for the units that it must still serve.
#[test]
fn a_write_off_of_a_small_debt_leaves_the_provider_what_it_must_serve() {
    let mut stage = defaulted_on(SEALED, Rider::default());
    seize(&mut stage, UnitBounds::exactly(50_000), LOT_TERMS).unwrap();
    pay(&mut stage, 10 * PART);
    let mut lot = stage.credit;
    lot.lots_open = 0;
    stage.credit = lot;
    let clock = stage.clock();
    let change = stage.credit.write_off(&LENDER, SLOT, PART, &mut stage.provider, &clock).unwrap();
    let earned = 9 * PART;
    assert_eq!(change, Change::WrittenOff { debt: 0, cancelled: 100_000, paid: PART, earned });
    assert_eq!(stage.credit.collateral.remaining() + 50_000, 1_100_000);
}

/// At 30 % of the price paid, a second wallet of the borrower's buys the lot: no unit that is held back for is in it, no sale
/// earns anything, and the lender still gets the whole price for the covered ones.
#[test]
fn a_second_wallet_that_buys_the_lot_gets_no_covered_unit() {
    let mut stage = defaulted_on(HALF, Rider::default());
    let terms = LotTerms { floor_price: 30 * USDC, ..LOT_TERMS };
    refused(seize(&mut stage, UnitBounds::exactly(550_001), terms).map(|lot| lot.units), CoveredByHoldback);
    let mut lot = seize(&mut stage, UnitBounds::ALL, terms).unwrap();
    assert_eq!(
        (lot.units, stage.credit.collateral.lien(), stage.credit.covered()),
        (550_000, 550_000, Ok(550_000))
    );
    refused(seize(&mut stage, UnitBounds::ALL, terms).map(|lot| lot.units), CoveredByHoldback);
    stage.now += i64::from(lot.window);
    assert_eq!(sell(&mut stage, &mut lot), 550_000 * 30);
    assert_eq!((stage.credit.claims.provider, stage.credit.collateral.available()), (0, 100_000));
    assert_eq!(cancel(&mut stage, UnitBounds::ALL), 550_000 * PRICE);
    assert_eq!((stage.credit.claims.provider, stage.credit.collateral.lien()), (0, 0));
}

#[test]
fn all_of_a_half_covered_lien_cannot_be_cancelled_for_half_its_price() {
    let mut stage = defaulted_on(HALF, Rider::default());
    assert_eq!((stage.credit.collateral.lien(), stage.credit.collateral.locked()), (1_100_000, 1_000_000));
    for units in [1_100_000, 1_000_000, 550_001] {
        refused(cancel_by(&mut stage, LENDER, None, UnitBounds::exactly(units)), BeyondCovered);
    }
    assert_eq!(cancel(&mut stage, UnitBounds::ALL), 550_000 * PRICE);
    refused(cancel_by(&mut stage, LENDER, None, UnitBounds::ALL), BeyondCovered);
}

#[test]
fn a_provider_that_does_not_collect_changes_nobodys_interest() {
    let debts = [false, true].map(|collects| {
        let mut stage = issued_on(HALF, Rider::default());
        let mut debts = Vec::new();
        for part in 0..9 {
            let clock = stage.on_day(1 + 30 * part);
            let earned = pay_arrears(&mut stage);
            if collects && earned > 0 {
                let payout = stage.credit.collect(Party::Provider, TREASURY, &clock).unwrap();
                assert_eq!(payout.amount, earned);
                stage.note(payout.change);
            }
            stage.now += 10 * DAY;
            debts.push(stage.accrued().debt);
        }
        (debts, stage.credit.claims.provider > 0)
    });
    assert_eq!((debts[0].1, debts[1].1), (true, false));
    assert_eq!(debts[0].0, debts[1].0);
}

/// With all that is locked held back, the lender lends no more than what is ahead, whatever the borrower pays and when.
#[test]
fn a_full_holdback_leaves_no_more_owed_than_what_is_ahead() {
    let mut stage = issued_on(SEALED, Rider::default());
    for amount in [1, 99, 100, 101, PART - 1, PART, 3 * PART + 55, 7, 4 * PART] {
        pay(&mut stage, amount);
        let Credit { debt, holdback_left, .. } = stage.credit;
        assert!(debt.principal <= holdback_left + 100_000 * PRICE + PRICE, "{amount}");
    }
}

#[test]
fn a_seizure_unlocks_nothing_and_earns_nothing() {
    let mut stage = defaulted_on(SEALED, Rider::default());
    let available = stage.credit.collateral.available();
    seize(&mut stage, UnitBounds::ALL, LOT_TERMS).unwrap();
    // The open units ahead are gone; those released stay.
    assert_eq!((available, stage.credit.collateral.available()), (200_000, 100_000));
    assert_eq!((stage.credit.claims.provider, stage.credit.holdback_left), (PART, 10 * PART));
    assert_eq!(pay(&mut stage, 5 * PART), 0, "a recovery earns nothing");
    assert_eq!(stage.credit.collateral.available(), 100_000);
}

#[test]
fn a_suspended_provider_collects_once_it_is_not_suspended() {
    let mut stage = issued_on(SEALED, Rider::default());
    pay(&mut stage, PART);
    let payout = |provider: &Provider| provider.open_payout();
    assert_eq!(payout(&stage.provider), Ok(stage.provider.settings.payout));
    let (market, clock) = (stage.market, stage.clock());
    stage.provider.suspend(&OPERATOR, &market, &clock).unwrap();
    assert!(payout(&stage.provider).is_ok(), "its own suspension keeps nothing from it");
    stage.provider.suspend(&ADMIN, &market, &clock).unwrap();
    refused(payout(&stage.provider), ClaimSuspended);
    stage.provider.resume(&ADMIN, &market, &clock).unwrap();
    assert!(payout(&stage.provider).is_ok());
}
