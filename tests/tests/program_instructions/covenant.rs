//! The covenant on utilisation: what a window's use does to the APR and to the schedule.
//!
//! The borrower plans to use 1,000,000 units every five days. From 90 % of that on the APR falls by 1 %, to 10.5 % at
//! least; below 50 % it rises by 1 %, to 13.5 % at most, and 30 % of the principal fall due with the next instalment.

use {
    blockable_sdk::{
        Pubkey,
        events::Change,
        program::{
            errors::BlockableError,
            instructions::{FreezeAmount, ThawBounds},
            state::{FreezePolicy, FreezeReason, Rider},
        },
    },
    blockable_testkit::{DAY, Landed, Loan, START, USDC, World, covenant},
};

const WINDOW: u32 = 5 * DAY;
const PLANNED: u64 = 1_000_000;

fn loan() -> Loan {
    let rider = Rider { top_up_bps: 3_000, ..covenant(PLANNED, WINDOW) };
    Loan::new(1).with_rider(rider).with(|terms| terms.freeze_policy = FreezePolicy::AtWill as u8)
}

fn active() -> (World, Pubkey) {
    let mut world = World::new();
    let credit = world.active(&loan());
    (world, credit)
}

fn report(world: &mut World, credit: &Pubkey, cumulative: u64) {
    world.sent(&[world.meter(&[*credit], &[(0, cumulative, 0)])], &[]);
}

fn apply(world: &mut World, credit: &Pubkey) -> Landed {
    world.sent(&[world.apply_covenant(credit)], &[])
}

/// Lets a window pass, reports units used since issue at its end, and applies the covenant at once.
fn window(world: &mut World, credit: &Pubkey, cumulative: u64) -> Landed {
    world.pass(WINDOW);
    report(world, credit, cumulative);
    apply(world, credit)
}

/// The change of a covenant whose top-up, where there is one, falls due with the first instalment.
fn applied(utilisation_bps: u64, apr_bps: u16, top_up: u64) -> [Change; 1] {
    let due_at = if top_up > 0 { START + i64::from(30 * DAY) } else { 0 };
    [Change::CovenantApplied { utilisation_bps, apr_bps, top_up, due_at }]
}

/// Principal due with each instalment, in USDC.
fn principal_due(world: &World, credit: &Pubkey) -> Vec<u64> {
    world.credit(credit).principal_due[..5].iter().map(|due| due / USDC).collect()
}

#[test]
fn from_the_high_mark_on_the_apr_falls_by_a_step_down_to_its_floor() {
    let (mut world, credit) = active();
    let money = world.money(&credit);
    assert_eq!(window(&mut world, &credit, 900_000).changes(), applied(9_000, 1_100, 0));
    assert_eq!(window(&mut world, &credit, 2_400_000).changes(), applied(15_000, 1_050, 0));
    assert_eq!(window(&mut world, &credit, 3_300_000).changes(), applied(9_000, 1_050, 0));

    let state = world.credit(&credit);
    assert_eq!((state.apr_bps(), state.terms.apr_bps), (1_050, 1_200));
    assert_eq!(state.covenant.measured_at, START + i64::from(3 * WINDOW));
    assert_eq!(state.covenant.consumed, 3_300_000);
    assert_eq!(world.money(&credit), money);
    assert_eq!(principal_due(&world, &credit), [20_000; 5]);
}

#[test]
fn below_the_low_mark_the_apr_rises_by_a_step_up_to_its_ceiling() {
    let (mut world, credit) = active();
    // Of the last instalments each window calls in what 30 % of the principal are, as far as there is any.
    assert_eq!(window(&mut world, &credit, 499_999).changes(), applied(4_999, 1_300, 30_000 * USDC));
    assert_eq!(window(&mut world, &credit, 499_999).changes(), applied(0, 1_350, 30_000 * USDC));
    assert_eq!(window(&mut world, &credit, 499_999).changes(), applied(0, 1_350, 20_000 * USDC));
    assert_eq!(window(&mut world, &credit, 499_999).changes(), applied(0, 1_350, 0));
    assert_eq!(principal_due(&world, &credit), [100_000, 0, 0, 0, 0]);
}

#[test]
fn a_top_up_moves_principal_from_the_last_instalments_to_the_next() {
    let (mut world, credit) = active();
    window(&mut world, &credit, 0);
    assert_eq!(principal_due(&world, &credit), [50_000, 20_000, 20_000, 10_000, 0]);

    world.set_time(START + i64::from(30 * DAY));
    // Five days at 12 % and 25 at 13 %.
    let due = 50_000 * USDC + 164_383_561 + 890_410_959;
    world.sent(&[world.repay("borrower", &credit, due)], &["borrower"]);
    let state = world.credit(&credit);
    assert_eq!((state.debt.arrears_since, state.debt.principal), (0, 50_000 * USDC));
    assert_eq!(state.collateral.released, 500_000_000);

    report(&mut world, &credit, 0);
    apply(&mut world, &credit);
    // 30 % of what is left: $15,000 of the last two instalments that carry any, to the second.
    assert_eq!(principal_due(&world, &credit), [50_000, 35_000, 15_000, 0, 0]);
}

#[test]
fn between_the_marks_nothing_changes() {
    for used in [500_000, 899_999] {
        let (mut world, credit) = active();
        let utilisation = used * 10_000 / PLANNED;
        assert_eq!(window(&mut world, &credit, used).changes(), applied(utilisation, 1_200, 0));
        assert_eq!(principal_due(&world, &credit), [20_000; 5]);
    }
}

#[test]
fn interest_accrues_at_the_old_apr_up_to_the_change_and_at_the_new_one_from_then_on() {
    let (mut world, credit) = active();
    world.pass(WINDOW);
    report(&mut world, &credit, PLANNED);
    world.pass(2 * DAY);
    apply(&mut world, &credit);
    // Seven days at 12 %: 230,136,986.30.
    assert_eq!(world.credit(&credit).debt.interest_accrued, 230_136_986);

    world.pass(23 * DAY);
    // 23 days at 11 % on top: 923,287,671.23 in all.
    let due = 20_000 * USDC + 923_287_671;
    let landed = world.sent(&[world.repay("borrower", &credit, due)], &["borrower"]);
    let [Change::Paid { interest, principal, .. }] = landed.changes()[..] else { panic!("{landed:?}") };
    assert_eq!((interest, principal), (923_287_671, 20_000 * USDC));
    assert_eq!(world.credit(&credit).debt.arrears_since, 0);
}

#[test]
fn the_window_ends_with_the_reports_not_with_the_clock() {
    let (mut world, credit) = active();
    world.pass(WINDOW - 1);
    report(&mut world, &credit, PLANNED);
    world.pass(WINDOW);
    world.refused(&[world.apply_covenant(&credit)], &[], BlockableError::CovenantWindowRunning);
    report(&mut world, &credit, PLANNED);
    // A million units in a second less than two windows: 50.0005 % of the plan.
    assert_eq!(apply(&mut world, &credit).changes(), applied(5_000, 1_200, 0));
}

#[test]
fn a_window_gives_one_step_however_often_it_is_applied_and_however_long_it_is() {
    let (mut world, credit) = active();
    world.pass(4 * WINDOW);
    report(&mut world, &credit, 4 * PLANNED);
    assert_eq!(apply(&mut world, &credit).changes(), applied(10_000, 1_100, 0));
    world.refused(&[world.apply_covenant(&credit)], &[], BlockableError::CovenantWindowRunning);
}

#[test]
fn units_that_are_frozen_at_the_end_of_a_window_are_not_held_against_the_borrower() {
    let (mut world, credit) = active();
    world.sent(&[world.freeze(&credit, FreezeAmount::Units(1), FreezeReason::Risk)], &["lender"]);
    assert_eq!(window(&mut world, &credit, 0).changes(), applied(0, 1_200, 0));
    assert_eq!(window(&mut world, &credit, 0).changes(), applied(0, 1_200, 0));
    assert_eq!(principal_due(&world, &credit), [20_000; 5]);
}

#[test]
fn a_freeze_that_began_and_ended_in_a_window_is_not_held_against_the_borrower() {
    let (mut world, credit) = active();
    world.pass(DAY);
    world.sent(&[world.freeze(&credit, FreezeAmount::All, FreezeReason::Risk)], &["lender"]);
    world.pass(DAY);
    world.sent(&[world.thaw("lender", &credit, ThawBounds::ALL)], &["lender"]);
    world.pass(3 * DAY);
    report(&mut world, &credit, 0);
    assert_eq!(apply(&mut world, &credit).changes(), applied(0, 1_200, 0));
    assert_eq!(window(&mut world, &credit, 0).changes(), applied(0, 1_300, 30_000 * USDC));
}

#[test]
fn a_freeze_that_ended_in_a_window_is_not_held_against_the_borrower() {
    let (mut world, credit) = active();
    world.pass(DAY);
    world.sent(&[world.freeze(&credit, FreezeAmount::All, FreezeReason::Risk)], &["lender"]);
    world.pass(4 * DAY);
    report(&mut world, &credit, 0);
    apply(&mut world, &credit);
    // Nothing could be used for all of the second window but its last second.
    world.pass(WINDOW - 1);
    world.sent(&[world.thaw("lender", &credit, ThawBounds::ALL)], &["lender"]);
    world.pass(1);
    report(&mut world, &credit, 0);
    assert_eq!(apply(&mut world, &credit).changes(), applied(0, 1_200, 0));
}

#[test]
fn a_freeze_does_not_cost_the_borrower_what_its_use_has_earned() {
    let (mut world, credit) = active();
    world.pass(WINDOW);
    report(&mut world, &credit, PLANNED);
    world.sent(&[world.freeze(&credit, FreezeAmount::All, FreezeReason::Risk)], &["lender"]);
    assert_eq!(apply(&mut world, &credit).changes(), applied(10_000, 1_100, 0));
}

#[test]
fn units_that_are_used_up_are_not_held_against_the_borrower() {
    let mut world = World::new();
    let credit = world.active(&loan().with(|terms| terms.units = 1_000));
    assert_eq!(window(&mut world, &credit, 1_000).changes(), applied(10, 1_200, 0));
    assert_eq!(window(&mut world, &credit, 1_000).changes(), applied(0, 1_200, 0));
}

#[test]
fn the_covenant_rests_while_something_is_in_arrears() {
    let (mut world, credit) = active();
    world.pass(30 * DAY);
    report(&mut world, &credit, 6 * PLANNED);
    world.refused(&[world.apply_covenant(&credit)], &[], BlockableError::InArrears);
    let due = 20_000 * USDC + 986_301_369;
    world.sent(&[world.repay("borrower", &credit, due)], &["borrower"]);
    assert_eq!(apply(&mut world, &credit).changes(), applied(10_000, 1_100, 0));
}
