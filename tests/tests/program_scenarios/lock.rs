//! The known plots against the lock, each as it would be tried: freezes of a part, payments of a part, seizures.
//!
//! The loan is $90,000 without interest over ten instalments of $9,000, 30 days apart, for 900,000,000 units at $100 per
//! million. One instalment's units are unlocked ahead.

use {
    crate::{Steps, who},
    blockable_sdk::{
        Pubkey,
        events::Change,
        program::{
            errors::BlockableError,
            instructions::{FreezeAmount, UnitBounds},
            metering::Metered,
            state::{AutoFreeze, FreezePolicy, FreezeReason, Instalment, Terms},
            transitions::Status,
        },
    },
    blockable_testkit::{DAY, Loan, USDC, World},
};

/// A million units.
const M: u64 = 1_000_000;
/// An instalment.
const PART: u64 = 9_000 * USDC;

/// The loan of this file and of those on the holdback.
pub(super) fn ten(nonce: u64) -> Loan {
    let instalment = |month: u32| Instalment { due_after: month * 30 * DAY, principal: PART };
    let terms = |terms: &mut Terms| {
        (terms.principal, terms.units, terms.unlocked_ahead) = (10 * PART, 900 * M, 90 * M);
        (terms.apr_bps, terms.late_fee) = (0, 0);
        terms.auto_freeze = AutoFreeze::FromDelinquency as u8;
    };
    Loan::new(nonce).with(terms).with_schedule(&(1..=10).map(instalment).collect::<Vec<_>>())
}

/// Locked, frozen and open units.
fn units(world: &World, credit: &Pubkey) -> [u64; 3] {
    let units = world.credit(credit).collateral;
    [units.locked(), units.frozen(), units.available()]
}

/// Two reporters agree on a use and units in flight. Returns the effect.
fn meter(world: &mut World, credit: &Pubkey, cumulative: u64, in_flight: u64) -> Metered {
    let index = world.credit(credit).meter.index;
    let landed = world.sent(&[world.meter(&[*credit], &[(index, cumulative, in_flight)])], &[]);
    match landed.changes()[..] {
        [Change::Metered { metered, .. }] => metered,
        ref other => panic!("{other:?}"),
    }
}

/// With the larger of frozen and locked units held, 40 % of the lien would lie within the lock and close nothing.
#[test]
fn a_freeze_of_a_part_closes_that_part_of_what_is_open() {
    let mut world = World::new();
    let credit = world.active(&ten(1).with(|terms| terms.freeze_policy = FreezePolicy::AtWill as u8));
    assert_eq!(units(&world, &credit), [810 * M, 0, 90 * M]);
    world.pay("borrower", &credit, PART);
    assert_eq!(units(&world, &credit), [720 * M, 0, 180 * M]);

    world.day(1);
    let landed = world.freezes(&credit, FreezeAmount::Bps(4_000), FreezeReason::Risk);
    let frozen = Change::Frozen {
        by: who("lender"),
        reason: FreezeReason::Risk,
        units: 36 * M,
        frozen_for_payment: 0,
        frozen_for_other: 36 * M,
        frozen_for_cross: 0,
        locked: 720 * M,
    };
    assert_eq!(landed.changes(), [frozen]);
    assert_eq!(units(&world, &credit), [720 * M, 36 * M, 144 * M]);

    world.day(2);
    let metered = meter(&mut world, &credit, 150 * M, 0);
    assert_eq!(metered, Metered { consumed: 144 * M, overrun: 6 * M, deferred: 0 });
    assert_eq!(units(&world, &credit), [720 * M, 36 * M, 0]);
    // All beyond the lock is frozen or used.
    let all = world.freeze(&credit, FreezeAmount::All, FreezeReason::Risk);
    world.refused(&[all], &["lender"], BlockableError::AlreadyFrozen);
}

/// $1,000 of $9,000 opens the 10,000,000 units that it pays for and a ninth of the frozen ones, used units or not.
#[test]
fn a_ninth_of_the_arrears_opens_what_it_pays_for_and_a_ninth_of_the_frozen_units() {
    for (used, frozen, thawed) in [(0, 90 * M, 10 * M), (50 * M, 40 * M, 4_444_444)] {
        let mut world = World::new();
        let credit = world.active(&ten(1));
        world.day(20);
        meter(&mut world, &credit, used, 0);
        world.day(35);
        world.marks_delinquent(&credit);
        let landed = world.sent(&[world.auto_freeze(&credit)], &[]);
        let change = Change::Frozen {
            by: credit,
            reason: FreezeReason::MissedPayment,
            units: frozen,
            frozen_for_payment: frozen,
            frozen_for_other: 0,
            frozen_for_cross: 0,
            locked: 810 * M,
        };
        assert_eq!(landed.changes(), [change]);
        assert_eq!(units(&world, &credit), [810 * M, frozen, 0]);

        world.day(36);
        let landed = world.pay("borrower", &credit, PART / 9);
        let paid = Change::Paid {
            payer: who("borrower"),
            reserve: 0,
            late_fees: 0,
            interest: 0,
            principal: PART / 9,
            released: 10 * M,
            earned: 0,
            thawed,
            unlocked: 10 * M,
            frozen_for_payment: frozen - thawed,
            frozen_for_other: 0,
            frozen_for_cross: 0,
            locked: 800 * M,
            debt: 10 * PART - PART / 9,
            status: Status::Delinquent,
        };
        assert_eq!(landed.changes(), [paid]);
        let open = 10 * M + thawed;
        assert_eq!(units(&world, &credit), [800 * M, frozen - thawed, open]);

        // The rest of the lien stays closed to the meter as well.
        world.day(37);
        let metered = meter(&mut world, &credit, used + open + 1, 0);
        assert_eq!(metered, Metered { consumed: open, overrun: 1, deferred: 0 });
        world.pay("borrower", &credit, 8 * PART / 9);
        assert_eq!(world.credit(&credit).status(), Ok(Status::Active));
        assert_eq!(units(&world, &credit), [720 * M, 0, 180 * M - used - open]);
    }
}

#[test]
fn a_full_freeze_leaves_open_what_was_repaid_and_not_used() {
    for (payments, used) in [(0, 0), (0, 80 * M), (1, 30 * M), (1, 100 * M), (2, 250 * M)] {
        let mut world = World::new();
        let credit = world.active(&ten(1));
        world.day(20);
        if payments > 0 {
            world.pay("borrower", &credit, payments * PART);
        }
        meter(&mut world, &credit, used, 0);
        world.day(30 * (payments as u32 + 1) + 5);
        world.marks_delinquent(&credit);
        world.sent(&[world.auto_freeze(&credit)], &[]);
        let open = world.credit(&credit).collateral.available();
        assert_eq!(open, (payments * 90 * M).saturating_sub(used), "{payments} {used}");
    }
}

/// Neither a seizure, nor what it recovers, nor units that come back unsold open anything.
#[test]
fn a_seizure_unlocks_nothing() {
    let mut world = World::new();
    let credit = world.active(&ten(1));
    world.pay("borrower", &credit, PART);
    world.day(65);
    world.marks_delinquent(&credit);
    world.day(75);
    world.marks_defaulted(&credit);
    world.day(85);
    assert_eq!(units(&world, &credit), [720 * M, 0, 180 * M]);
    // The open units of the lien leave it first, then locked ones.
    world.sent(&[world.seize(&credit, UnitBounds::exactly(90 * M))], &["lender"]);
    assert_eq!(units(&world, &credit), [720 * M, 0, 90 * M]);
    world.sent(&[world.seize(&credit, UnitBounds::exactly(500 * M))], &["lender"]);
    assert_eq!(units(&world, &credit), [220 * M, 0, 90 * M]);

    world.sent(&[world.buy(&credit, 90 * M, u64::MAX)], &["buyer"]);
    assert_eq!(units(&world, &credit), [220 * M, 0, 90 * M], "a sale opens nothing");
    world.pay("borrower", &credit, 4 * PART);
    assert_eq!(units(&world, &credit), [220 * M, 0, 90 * M], "a payment of the recovery opens nothing");
    world.day(96);
    world.sent(&[world.close_lot("lender", &credit, 1)], &["lender"]);
    assert_eq!(units(&world, &credit), [720 * M, 0, 90 * M], "what comes back is locked again");
    let metered = meter(&mut world, &credit, 100 * M, 0);
    assert_eq!(metered, Metered { consumed: 90 * M, overrun: 10 * M, deferred: 0 });

    world.pay("borrower", &credit, u64::MAX);
    assert_eq!(world.credit(&credit).status(), Ok(Status::Repaid));
    assert_eq!(units(&world, &credit), [0, 0, 720 * M], "all that is left is the borrower's");
}

/// A loan that performs is frozen for one that does not. Payments open what they pay for, and nothing of that freeze.
#[test]
fn a_default_elsewhere_closes_the_open_units_until_it_is_cured() {
    let mut world = World::new();
    let broken = world.active(&ten(1));
    let credit = world.active(&ten(2).with_cross_default());
    world.day(30);
    world.pay("borrower", &credit, PART);
    world.day(35);
    world.marks_delinquent(&broken);
    let early = world.freeze_cross("freezer", &credit, &broken, FreezeAmount::All);
    world.refused(&[early], &["freezer"], BlockableError::CrossCreditSound);
    world.day(45);
    world.marks_defaulted(&broken);
    world.sent(&[world.freeze_cross("freezer", &credit, &broken, FreezeAmount::All)], &["freezer"]);
    assert_eq!(units(&world, &credit), [720 * M, 90 * M, 90 * M]);

    // The next instalment, on the day: 90,000,000 units more are open, and the frozen ones stay.
    world.day(60);
    world.pay("borrower", &credit, PART);
    assert_eq!(units(&world, &credit), [630 * M, 90 * M, 180 * M]);
    let thaw = world.thaw_cross(&credit, &broken);
    world.refused(std::slice::from_ref(&thaw), &[], BlockableError::CrossDefaultStands);
    world.pay("stranger", &broken, 2 * PART);
    let landed = world.sent(&[thaw], &[]);
    let thawed = Change::Thawed {
        by: broken,
        units: 90 * M,
        frozen_for_payment: 0,
        frozen_for_other: 0,
        frozen_for_cross: 0,
        locked: 630 * M,
    };
    assert_eq!(landed.changes(), [thawed]);
    assert_eq!(units(&world, &credit), [630 * M, 0, 270 * M]);
}
