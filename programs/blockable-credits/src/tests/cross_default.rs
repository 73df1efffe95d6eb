//! The lender freezes for the default of another credit, and anyone thaws that once it is over.

use {
    super::{life::refused, locks::*, stage::*, *},
    crate::{
        actions::{CrossCredit, FreezeAmount, ThawBounds},
        errors::BlockableError::*,
        events::Change,
        state::{Credit, FreezePolicy, Rider},
        transitions::Status,
    },
    anchor_lang::prelude::Pubkey,
};

const OTHER: Pubkey = key(90);
const RIDER: Rider = Rider { cross_default: 1, ..NO_RIDER };

/// Another credit of the same parties in a status.
fn other(status: Status) -> Credit {
    Credit { status: status.byte(), lender: LENDER, borrower: BORROWER, ..Credit::zeroed() }
}

fn freeze_for(
    credit: &mut Credit,
    key: Pubkey,
    other: &Credit,
    amount: FreezeAmount,
    clock: &MarketClock,
) -> anchor_lang::Result<Change> {
    let cross = Some(CrossCredit { key, credit: other });
    credit.freeze(&LENDER, amount, FreezeReason::CrossDefault, cross, clock)
}

/// A performing loan, 50,000 of whose open units are frozen for the other credit, on day 5.
fn frozen() -> Stage {
    let mut stage = locked(LOCKED, RIDER);
    let clock = stage.on_day(5);
    let broken = other(Status::Defaulted);
    stage.act(|credit| freeze_for(credit, OTHER, &broken, FreezeAmount::Units(50_000), &clock));
    stage
}

#[test]
fn the_lender_freezes_a_performing_loan_for_the_default_of_another() {
    let stage = frozen();
    let units = stage.credit.collateral;
    assert_eq!(
        (units.frozen_for_cross, units.available(), stage.credit.cross_credit),
        (50_000, 40_000, OTHER)
    );
    let Some(Change::Frozen {
        reason: FreezeReason::CrossDefault,
        units: 50_000,
        frozen_for_cross: 50_000,
        ..
    }) = stage.changes.last()
    else {
        panic!("{:?}", stage.changes.last())
    };
    assert_eq!(stage.credit.status(), Ok(Status::Active));
}

#[test]
fn what_a_freeze_for_cross_default_needs() {
    let mut stage = locked(LOCKED, RIDER);
    let clock = stage.on_day(5);
    let all = FreezeAmount::All;
    let freeze = |other: &Credit| freeze_for(&mut { stage.credit }, OTHER, other, all, &clock);
    for status in Status::ALL {
        let broken = matches!(status, Status::Defaulted | Status::Seizing);
        if broken {
            assert!(freeze(&other(status)).is_ok());
        } else {
            refused(freeze(&other(status)), CrossCreditSound);
        }
    }
    refused(freeze(&Credit { lender: BUYER, ..other(Status::Defaulted) }), CrossCreditSound);
    refused(freeze(&Credit { borrower: BUYER, ..other(Status::Defaulted) }), CrossCreditSound);
    let alone = { stage.credit }.freeze(&LENDER, all, FreezeReason::CrossDefault, None, &clock);
    refused(alone, CrossCreditMissing);
    let plain = locked(LOCKED, NO_RIDER);
    refused(
        freeze_for(&mut { plain.credit }, OTHER, &other(Status::Defaulted), all, &clock),
        CrossDefaultNotAgreed,
    );
    let broken = other(Status::Defaulted);
    let cross = Some(CrossCredit { key: OTHER, credit: &broken });
    let stranger = { stage.credit }.freeze(&BUYER, all, FreezeReason::CrossDefault, cross, &clock);
    refused(stranger, NotFreezer);
    // The other credit is no ground for a freeze of another kind.
    let by_policy = { stage.credit }.freeze(&LENDER, all, FreezeReason::Risk, cross, &clock);
    refused(by_policy, FreezePolicyForbids);
}

#[test]
fn no_payment_thaws_it_and_no_cure() {
    let mut stage = frozen();
    stage.pay(1);
    assert_eq!(stage.credit.collateral.frozen(), 50_000);
    mark_delinquent(&mut stage, 31);
    freeze(&mut stage, FreezeAmount::All, FreezeReason::MissedPayment);
    assert_eq!(stage.credit.collateral.frozen(), 90_000);
    stage.pay(9 * USDC);
    assert_eq!((stage.credit.status(), stage.credit.collateral.frozen()), (Ok(Status::Active), 50_000));
    let (clock, bounds, limits) = (stage.clock(), stage.market.bounds, stage.restructure_limits());
    let (terms, schedule) = (LOCKED, ten()[..9].to_vec());
    stage.act(|credit| credit.restructure(terms, schedule, &limits, &bounds, false, &clock));
    assert_eq!(stage.credit.collateral.frozen(), 50_000);
    // The lender may thaw it, and the end of the debt does.
    let mut thawed = stage.credit;
    thawed.thaw(&LENDER, ThawBounds { most: 20_000, keep: 0 }).unwrap();
    assert_eq!(thawed.collateral.frozen_for_cross, 30_000);
    stage.pay(u64::MAX);
    assert_eq!((stage.credit.status(), stage.credit.collateral.frozen()), (Ok(Status::Repaid), 0));
}

#[test]
fn anyone_thaws_it_once_the_other_default_is_over() {
    let mut stage = frozen();
    for status in [Status::Defaulted, Status::Seizing] {
        refused({ stage.credit }.thaw_cross(Some(&other(status))), CrossDefaultStands);
    }
    let over = [
        Some(other(Status::Active)),
        Some(other(Status::Repaid)),
        // Sold, or handed over: it could not be frozen for any more.
        Some(Credit { lender: BUYER, ..other(Status::Defaulted) }),
        None,
    ];
    for over in over {
        let change = { stage.credit }.thaw_cross(over.as_ref()).unwrap();
        let thawed = Change::Thawed {
            by: OTHER,
            units: 50_000,
            frozen_for_payment: 0,
            frozen_for_other: 0,
            frozen_for_cross: 0,
            locked: 810_000,
        };
        assert_eq!(change, thawed);
    }
    let clock = stage.clock();
    stage.act(|credit| credit.offer_lender(&LENDER, SLOT, BUYER, &clock));
    stage.act(|credit| credit.thaw_cross(None));
    assert_eq!((stage.credit.pending_lender, stage.credit.cross_credit), (BUYER, Pubkey::default()));
    refused({ stage.credit }.thaw_cross(None), NoCrossFreeze);
}

#[test]
fn it_leaves_what_is_frozen_for_other_reasons() {
    let mut stage = locked(Terms { freeze_policy: FreezePolicy::AtWill as u8, ..LOCKED }, RIDER);
    let clock = stage.on_day(5);
    let broken = other(Status::Seizing);
    stage.act(|credit| freeze_for(credit, OTHER, &broken, FreezeAmount::All, &clock));
    freeze(&mut stage, FreezeAmount::Units(30_000), FreezeReason::Risk);
    assert_eq!(stage.credit.collateral.frozen(), 90_000);
    stage.act(|credit| credit.thaw_cross(None));
    assert_eq!(stage.credit.collateral.frozen(), 30_000);
}

#[test]
fn a_freeze_can_come_to_rest_on_another_credit() {
    let mut stage = frozen();
    let clock = stage.clock();
    let (broken, half) = (other(Status::Defaulted), FreezeAmount::Units(50_000));
    refused(freeze_for(&mut { stage.credit }, OTHER, &broken, half, &clock), AlreadyFrozen);
    stage.act(|credit| freeze_for(credit, key(91), &broken, half, &clock));
    assert_eq!((stage.credit.cross_credit, stage.credit.collateral.frozen_for_cross), (key(91), 50_000));
    let Some(Change::Frozen { units: 0, .. }) = stage.changes.last() else { panic!("no record") };
}

/// Units frozen for another reason stay frozen, and the change tells the difference.
#[test]
fn a_thaw_of_a_cross_default_leaves_what_is_frozen_for_risk() {
    let mut stage = locked(Terms { freeze_policy: FreezePolicy::AtWill as u8, ..LOCKED }, RIDER);
    let clock = stage.on_day(5);
    let broken = other(Status::Defaulted);
    stage.act(|credit| freeze_for(credit, OTHER, &broken, FreezeAmount::Units(50_000), &clock));
    freeze(&mut stage, FreezeAmount::Units(20_000), FreezeReason::Risk);
    let mut repaid = Credit { status: Status::Repaid.byte(), ..stage.credit };
    refused(repaid.thaw_cross(None), WrongStatus);
    stage.act(|credit| credit.thaw_cross(None));
    assert_eq!(stage.credit.collateral.frozen(), 20_000);
    let Some(Change::Thawed { units: 30_000, .. }) = stage.changes.last() else {
        panic!("{:?}", stage.changes.last())
    };
}
