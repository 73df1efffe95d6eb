//! The reserve is drawn for the whole debt: after the first seizure, and in default where nothing is left to seize.

use {
    blockable_sdk::{
        Pubkey,
        events::Change,
        program::{errors::BlockableError, instructions::UnitBounds, state::Rider, transitions::Status},
    },
    blockable_testkit::{DAY, Loan, USDC, World},
};

/// Interest of 30 days on $100,000 at 12 %, whole micro-USDC.
const MONTH: u64 = 986_301_369;
/// Interest of 55 days, rounded up.
const INTEREST: u64 = 1_808_219_179;

/// The change of a draw of $5,000 that opens nothing.
fn drawn(credit: Pubkey, interest: u64, released: u64, status: Status) -> Change {
    let (late_fees, drawn) = (500 * USDC, 5_000 * USDC);
    Change::Paid {
        payer: credit,
        reserve: 0,
        late_fees,
        interest,
        principal: drawn - late_fees - interest,
        released,
        earned: 0,
        thawed: 0,
        unlocked: 0,
        frozen_for_payment: 0,
        frozen_for_other: 0,
        frozen_for_cross: 0,
        locked: 0,
        debt: 100_000 * USDC + late_fees + INTEREST - drawn,
        status,
    }
}

/// A loan with a reserve of $5,000, so many of whose units are used before the first due date, in default.
fn defaulted(used: u64) -> (World, Pubkey) {
    let mut world = World::new();
    let rider = Rider { reserve: 5_000 * USDC, ..Rider::default() };
    let credit = world.active_with_reserve(&Loan::new(1).with_rider(rider));
    world.pass(20 * DAY);
    world.sent(&[world.meter(&[credit], &[(0, used, 0)])], &[]);
    world.pass(15 * DAY);
    world.sent(&[world.mark_delinquent(&credit)], &[]);
    world.pass(10 * DAY);
    world.sent(&[world.mark_defaulted(&credit)], &[]);
    (world, credit)
}

#[test]
fn after_the_first_seizure_a_draw_is_recovery_and_releases_nothing() {
    let (mut world, credit) = defaulted(1);
    world.refused(&[world.draw_reserve(&credit)], &[], BlockableError::SeizeFirst);
    world.pass(10 * DAY);
    world.refused(&[world.draw_reserve(&credit)], &[], BlockableError::SeizeFirst);
    world.sent(&[world.seize(&credit, UnitBounds::ALL)], &["lender"]);
    let before = world.credit(&credit);
    let landed = world.sent(&[world.draw_reserve(&credit)], &[]);
    // All interest is paid before any principal.
    assert_eq!(landed.changes(), [drawn(credit, INTEREST, 0, Status::Seizing)]);
    let state = world.credit(&credit);
    assert_eq!((state.recovered, state.principal_repaid), (5_000 * USDC, 0));
    assert_eq!((state.collateral, state.reserve_held), (before.collateral, 0));
}

/// All units were used. Nobody ends the right to cure by the draw, which pays like the borrower: the arrears that it leaves cure,
/// and fill the reserve again.
#[test]
fn a_reserve_is_drawn_in_default_where_nothing_is_left_to_seize() {
    let (mut world, credit) = defaulted(1_000_000_000);
    world.pass(10 * DAY - 1);
    world.refused(&[world.draw_reserve(&credit)], &[], BlockableError::CurePeriodRunning);
    world.pass(1);
    let money = world.money(&credit);
    let landed = world.sent(&[world.draw_reserve(&credit)], &[]);
    // $3,513.698631 of principal.
    assert_eq!(landed.changes(), [drawn(credit, MONTH, 35_136_986, Status::Defaulted)]);
    assert_eq!(world.money(&credit), money);
    let state = world.credit(&credit);
    assert_eq!((state.claims.lender, state.reserve_held, state.recovered), (5_000 * USDC, 0, 0));
    world.refused(&[world.draw_reserve(&credit)], &[], BlockableError::ReserveEmpty);

    let arrears = 20_000 * USDC + MONTH + 500 * USDC - 5_000 * USDC;
    let landed = world.sent(&[world.repay("borrower", &credit, arrears + 1_000 * USDC)], &["borrower"]);
    let [Change::Paid { reserve, status: Status::Active, .. }] = landed.changes()[..] else {
        panic!("{:?}", landed.changes())
    };
    assert_eq!((reserve, world.credit(&credit).reserve_held), (1_000 * USDC, 1_000 * USDC));
}

/// Units that have expired are no collateral either.
#[test]
fn a_reserve_is_drawn_in_default_once_the_units_have_expired() {
    let mut world = World::new();
    let rider = Rider { reserve: 5_000 * USDC, ..Rider::default() };
    let loan = Loan::new(1).with(|terms| terms.unit_lifetime = 191 * DAY).with_rider(rider);
    let credit = world.active_with_reserve(&loan);
    world.pass(170 * DAY);
    world.sent(&[world.mark_delinquent(&credit), world.mark_defaulted(&credit)], &[]);
    world.pass(21 * DAY - 1);
    world.refused(&[world.draw_reserve(&credit)], &[], BlockableError::SeizeFirst);
    world.pass(1);
    let landed = world.sent(&[world.draw_reserve(&credit)], &[]);
    let [Change::Paid { late_fees, status: Status::Defaulted, .. }] = landed.changes()[..] else {
        panic!("{:?}", landed.changes())
    };
    assert_eq!((late_fees, world.credit(&credit).reserve_held), (2_500 * USDC, 0));
}
