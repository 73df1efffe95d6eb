//! Refusals of notices of default for a breach.

use {
    crate::{
        attempt::{Attempt, full_rider, repay},
        refusals,
    },
    blockable_sdk::{
        Pubkey,
        program::{errors::BlockableError, instructions::UnitBounds, state::Rider, transitions::Status},
    },
    blockable_testkit::{DAY, Loan, World},
};

refusals! {
    credit_give_notice by giving {
        VaultMismatch: give_with_another_vault = |good| good.with_another_vault();
        VaultFrozen: give_while_the_vault_is_frozen = |good| good.with_frozen_vault();
        MarketMismatch: give_in_a_foreign_market = |good| good.in_foreign_market();
        NotLender: give_by_a_stranger = |good| good.signed_by("stranger");
        NotLender: give_by_the_borrower = |good| good.signed_by("borrower");
        NotLender: give_by_the_freeze_authority = |good| good.signed_by("freezer");
        NotLender: give_by_the_admin = |good| good.signed_by("admin");
        MarketPaused: give_while_paused = |good| good.while_paused();
        ArithmeticOverflow: give_at_an_impossible_time = |good| good.at_impossible_time();
        UnknownStatus: give_in_an_unknown_status = |good| good.with_unknown_status();
        WrongStatus: give_before_the_units_are_live = |good| good.with_status(Status::Accepted);
        WrongStatus: give_in_default = |good| good.with_status(Status::Defaulted);
        WrongStatus: give_after_the_first_seizure = |good| good.with_status(Status::Seizing);
        WrongStatus: give_when_nothing_is_owed_any_more = |good| good.after(repay);
        WrongStatus: give_twice = |good| good.after(give);
        NoticeNotAgreed: give_what_was_not_agreed = |good| good.with_credit(|credit| credit.rider = Rider::default());
        NoticeNotAgreed: give_in_a_credit_without_a_rider = |good| good.with_credit(|credit| {
            (credit.version, credit.rider) = (1, Rider::default());
        });
    }
    credit_withdraw_notice by withdrawing {
        MarketMismatch: withdraw_in_a_foreign_market = |good| good.in_foreign_market();
        NotLender: withdraw_by_a_stranger = |good| good.signed_by("stranger");
        NotLender: withdraw_by_the_borrower = |good| good.signed_by("borrower");
        NotLender: withdraw_by_the_freeze_authority = |good| good.signed_by("freezer");
        MarketPaused: withdraw_while_paused = |good| good.while_paused();
        ArithmeticOverflow: withdraw_at_an_impossible_time = |good| good.at_impossible_time();
        UnknownStatus: withdraw_in_an_unknown_status = |good| good.with_unknown_status();
        WrongStatus: withdraw_twice = |good| good.after(|world, credit| {
            let withdraw = world.withdraw_notice("lender", credit);
            world.sent(&[withdraw], &["lender"]);
        });
        WrongStatus: withdraw_after_the_first_seizure = |good| good.after(|world, credit| {
            world.pass(10 * DAY);
            let seize = world.seize(credit, UnitBounds::ALL);
            world.sent(&[seize], &["lender"]);
        });
        WrongStatus: withdraw_when_nothing_is_owed_any_more = |good| good.after(repay);
        NoNotice: withdraw_a_default_for_a_missed_payment = |_| {
            let mut world = World::new();
            let credit = world.defaulted(&Loan::new(1));
            let withdraw = world.withdraw_notice("lender", &credit);
            Attempt::new(world, credit, withdraw, &["lender"])
        };
    }
}

/// An active loan whose terms allow a notice.
fn active() -> (World, Pubkey) {
    let mut world = World::new();
    let credit = world.active_with_reserve(&Loan::new(1).with_rider(full_rider()));
    (world, credit)
}

fn giving() -> Attempt {
    let (world, credit) = active();
    let give = world.give_notice("lender", &credit);
    Attempt::new(world, credit, give, &["lender"])
}

/// A withdrawal of a notice by the lender that has given it.
pub fn withdrawing() -> Attempt {
    let (mut world, credit) = active();
    give(&mut world, &credit);
    let withdraw = world.withdraw_notice("lender", &credit);
    Attempt::new(world, credit, withdraw, &["lender"])
}

fn give(world: &mut World, credit: &Pubkey) {
    let give = world.give_notice("lender", credit);
    world.sent(&[give], &["lender"]);
}

#[test]
fn a_notice_opens_no_seizure_before_the_cure_period() {
    let (mut world, credit) = active();
    give(&mut world, &credit);
    world.pass(10 * DAY - 1);
    let all =
        [world.seize(&credit, UnitBounds::ALL), world.seize_to_lender("lender", &credit, UnitBounds::ALL)];
    for seize in &all {
        let running = BlockableError::CurePeriodRunning;
        world.refused(std::slice::from_ref(seize), &["lender"], running);
    }
    world.pass(1);
    world.sent(&all[..1], &["lender"]);
}

#[test]
fn a_notice_after_another_starts_the_cure_period_anew() {
    let (mut world, credit) = active();
    give(&mut world, &credit);
    world.pass(9 * DAY);
    let withdraw = world.withdraw_notice("lender", &credit);
    world.sent(&[withdraw], &["lender"]);
    give(&mut world, &credit);
    world.pass(DAY);
    let seize = world.seize(&credit, UnitBounds::ALL);
    world.refused(&[seize], &["lender"], BlockableError::CurePeriodRunning);
}
