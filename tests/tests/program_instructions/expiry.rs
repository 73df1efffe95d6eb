//! Units with a lifetime: what expires, what running jobs keep, and where units of seized collateral go.

use {
    blockable_sdk::{
        Pubkey,
        events::Change,
        program::{
            errors::BlockableError,
            instructions::{FreezeAmount, UnitBounds},
            metering::finishing,
            state::{Collateral, FreezeReason, Party},
            transitions::Status,
        },
    },
    blockable_testkit::{DAY, Landed, Loan, Parties, START, USDC, World},
};

const UNITS: u64 = 1_000_000_000;

/// A loan whose units live as short as may be: 15 of default grace, 26 for recovery, day 191.
fn loan(nonce: u64) -> Loan {
    Loan::new(nonce).with(|terms| {
        terms.unit_lifetime = 191 * DAY;
        terms.offer_expires_at = 0;
    })
}

fn day(day: u32) -> i64 {
    START + i64::from(day * DAY)
}

fn expire(world: &mut World, credit: &Pubkey) -> Landed {
    world.sent(&[world.expire_units(credit)], &[])
}

fn meter(world: &mut World, credit: &Pubkey, cumulative: u64, in_flight: u64) {
    world.sent(&[world.meter(&[*credit], &[(0, cumulative, in_flight)])], &[]);
}

/// The units of an expiry by which nothing was given back, since nothing was held back.
fn units_expired(landed: &Landed) -> u64 {
    let [Change::Expired { units, paid: 0, .. }] = landed.changes()[..] else {
        panic!("{:?}", landed.changes())
    };
    units
}

#[test]
fn unused_units_expire_the_second_their_lifetime_has_passed_but_for_what_jobs_hold() {
    let mut world = World::new();
    let credit = world.active(&loan(1));
    assert_eq!(world.credit(&credit).units_expire_at, day(191));
    world.sent(&[world.repay("borrower", &credit, u64::MAX)], &["borrower"]);
    world.set_time(day(190));
    meter(&mut world, &credit, 1_000, 300);
    world.set_time(day(191) - 1);
    world.refused(&[world.expire_units(&credit)], &[], BlockableError::NothingToExpire);
    world.set_time(day(191));
    let money = world.money(&credit);
    let landed = expire(&mut world, &credit);

    assert_eq!(units_expired(&landed), UNITS - 1_300);
    assert_eq!(world.money(&credit), money);
    let state = world.credit(&credit);
    let expired = UNITS - 1_300;
    let left =
        Collateral { granted: UNITS, consumed: 1_000, expired, released: UNITS, ..Collateral::default() };
    assert_eq!((state.collateral, state.collateral.available()), (left, 300));
    assert_eq!(state.status(), Ok(Status::Repaid));
    world.refused(&[world.expire_units(&credit)], &[], BlockableError::NothingToExpire);

    // The jobs settle for less than they held; the rest of it expires later.
    world.pass(60);
    meter(&mut world, &credit, 1_100, 0);
    assert_eq!(units_expired(&expire(&mut world, &credit)), 200);
    let state = world.credit(&credit);
    assert_eq!((state.collateral.consumed, state.collateral.remaining(), state.meter.overrun), (1_100, 0, 0));
    assert_eq!(world.provider().outstanding_units, UNITS);
}

#[test]
fn frozen_units_expire_as_well_but_for_what_was_promised_to_jobs() {
    let mut world = World::new();
    let credit = world.delinquent(&loan(1));
    meter(&mut world, &credit, 1_000, 300);
    world.sent(&[world.freeze(&credit, FreezeAmount::All, FreezeReason::MissedPayment)], &["lender"]);
    world.set_time(day(191));
    assert_eq!(units_expired(&expire(&mut world, &credit)), UNITS - 1_300);
    let state = world.credit(&credit);
    assert_eq!((state.status(), finishing(&state.collateral, &state.meter)), (Ok(Status::Delinquent), 300));
    let units = state.collateral;
    assert_eq!((units.frozen(), units.lien(), units.available()), (300, 300, 0));

    world.pass(60);
    meter(&mut world, &credit, 1_300, 0);
    let state = world.credit(&credit);
    assert_eq!((state.collateral.consumed, state.collateral.remaining(), state.meter.overrun), (1_300, 0, 0));
}

#[test]
fn a_pause_puts_the_expiry_off() {
    let mut world = World::new();
    let credit = world.active(&loan(1));
    world.set_time(day(190));
    world.sent(&[world.pause_by("guardian", 21_600)], &["guardian"]);
    world.set_time(day(191) + 21_599);
    world.refused(&[world.expire_units(&credit)], &[], BlockableError::NothingToExpire);
    world.pass(1);
    assert_eq!(units_expired(&expire(&mut world, &credit)), UNITS);
}

#[test]
fn the_debt_stands_when_the_units_have_expired_and_nothing_is_left_to_seize() {
    let mut world = World::new();
    let credit = world.defaulted(&loan(1));
    world.set_time(day(191));
    expire(&mut world, &credit);
    world.refused(&[world.seize(&credit, UnitBounds::ALL)], &["lender"], BlockableError::UnitsExpired);
    world.sent(&[world.repay("borrower", &credit, u64::MAX)], &["borrower"]);
    let state = world.credit(&credit);
    assert_eq!((state.status(), state.collateral.remaining()), (Ok(Status::Repaid), 0));
}

#[test]
fn units_from_a_lot_keep_their_expiry_in_a_credit_of_their_own() {
    let mut world = World::new();
    let expiring = world.seized(&loan(1), UnitBounds::ALL);
    let lasting = world.seized(&loan(2).with(|terms| terms.unit_lifetime = 0), UnitBounds::ALL);
    for (credit, units) in [(expiring, 1_000), (lasting, 70), (expiring, 500)] {
        world.sent(&[world.buy(&credit, units, u64::MAX)], &["buyer"]);
    }
    let (until, forever) = (world.unrestricted_until("buyer", day(191)), world.unrestricted("buyer"));
    for (credit, nonce, units, expiry) in [(until, day(191) as u64, 1_500, day(191)), (forever, 0, 70, 0)] {
        let own = world.credit(&credit);
        assert!(own.is_unrestricted());
        assert_eq!((own.nonce, own.units_expire_at), (nonce, expiry));
        assert_eq!(own.collateral, Collateral { granted: units, released: units, ..Collateral::default() });
    }
    assert_eq!(world.provider().outstanding_units, 2 * UNITS);

    world.set_time(day(191));
    assert_eq!(units_expired(&expire(&mut world, &until)), 1_500);
    world.refused(&[world.expire_units(&forever)], &[], BlockableError::NothingToExpire);
    assert_eq!(world.credit(&forever).collateral.available(), 70);
}

#[test]
fn units_left_in_a_lot_are_sold_no_more_and_expire_when_they_come_back() {
    let mut world = World::new();
    let credit = world.seized(&loan(1), UnitBounds::ALL);
    world.set_time(day(191) - 1);
    world.sent(&[world.buy(&credit, 1_000, u64::MAX)], &["buyer"]);
    world.pass(1);
    world.refused(&[world.buy(&credit, 1, u64::MAX)], &["buyer"], BlockableError::UnitsExpired);
    world.sent(&[world.close_lot("lender", &credit, 0)], &["lender"]);
    assert_eq!(units_expired(&expire(&mut world, &credit)), UNITS - 1_000);
    let state = world.credit(&credit);
    let spent = Collateral { granted: UNITS, seized: 1_000, expired: UNITS - 1_000, ..Collateral::default() };
    assert_eq!((state.status(), state.collateral), (Ok(Status::Seizing), spent));
}

#[test]
fn units_that_a_lender_takes_over_keep_their_expiry() {
    let mut world = World::new();
    let credit = world.defaulted(&loan(1));
    world.pass(10 * DAY);
    world.sent(&[world.seize_to_lender("lender", &credit, UnitBounds::exactly(UNITS / 10))], &["lender"]);
    let own = world.credit(&world.unrestricted_until("lender", day(191)));
    assert_eq!((own.collateral.granted, own.units_expire_at), (UNITS / 10, day(191)));
    assert_eq!(world.lamports(&world.unrestricted("lender")), 0);
}

#[test]
fn a_credit_whose_units_have_expired_can_be_removed_by_anyone() {
    let mut world = World::new();
    let credit = world.active(&loan(1));
    world.sent(&[world.repay("borrower", &credit, 100_000 * USDC)], &["borrower"]);
    let to = world.token_account("lender");
    let collect = world.collect("stranger", &credit, Party::Lender, &to);
    world.sent(&[collect, world.close_vault(&credit)], &["stranger"]);
    world.set_time(day(191));
    let lamports = world.lamports(&Parties::address("lender")) + world.lamports(&credit);
    world.sent(&[world.expire_units(&credit), world.close_credit("stranger", &credit)], &["stranger"]);
    assert_eq!((world.lamports(&credit), world.provider().outstanding_units), (0, 0));
    assert_eq!(world.lamports(&Parties::address("lender")), lamports);
}
