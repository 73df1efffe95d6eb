//! While a market is paused no clock of a loan runs; payments and freezes go on.

use {
    crate::{Steps, UNITS},
    anchor_spl::token_2022::spl_token_2022,
    blockable_sdk::{
        Pubkey,
        program::{
            errors::BlockableError,
            instructions::{FreezeAmount, ThawBounds, UnitBounds},
            state::{FreezeReason, Market, Party},
            transitions::Status,
        },
        tokens,
    },
    blockable_testkit::{DAY, Loan, USDC, World},
};

/// A loan that was issued 29 days ago in a market that has been paused for the ten days since.
fn paused_over_the_due_date() -> (World, Pubkey) {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    world.day(29);
    world.pause(10 * DAY);
    world.day(39);
    (world, credit)
}

#[test]
fn a_due_date_passed_while_paused_makes_nobody_late() {
    let (mut world, credit) = paused_over_the_due_date();
    // The pause has just ended by itself: market time is day 29.
    world.refused(&[world.mark_delinquent(&credit)], &[], BlockableError::NotInArrears);
    world.day(44);
    world.refused(&[world.mark_delinquent(&credit)], &[], BlockableError::DelinquencyGraceRunning);
    world.day(45);
    world.marks_delinquent(&credit);
    assert_eq!(world.credit(&credit).debt.late_fees, 500 * USDC);
}

#[test]
fn no_interest_accrues_while_paused() {
    let (mut world, credit) = paused_over_the_due_date();
    let borrower = world.wallet("borrower");
    world.pay("borrower", &credit, u64::MAX);
    // 29 days, 953,424,657.53 rounded up, although 39 have passed.
    assert_eq!(borrower - world.wallet("borrower"), 100_000 * USDC + 953_424_658);
}

#[test]
fn in_the_middle_of_a_pause_payments_count_as_of_its_beginning() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    world.day(30);
    world.pause(10 * DAY);
    world.day(39);
    world.pay("borrower", &credit, 986_301_369 + 20_000 * USDC);
    let state = world.credit(&credit);
    assert_eq!((state.arrears(), state.debt.late_fees), (0, 0));
    assert_eq!(state.collateral.released, UNITS / 5);
    world.refused(&[world.mark_delinquent(&credit)], &[], BlockableError::MarketPaused);
}

#[test]
fn pauses_that_have_ended_still_count() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    let market = world.keys.market;
    world.write::<Market>(&market, |market| market.paused_seconds = u64::from(3 * DAY));
    world.day(37);
    world.refused(&[world.mark_delinquent(&credit)], &[], BlockableError::DelinquencyGraceRunning);
    world.day(38);
    world.marks_delinquent(&credit);
}

#[test]
fn freezing_and_thawing_go_on_while_paused() {
    let mut world = World::new();
    let credit = world.delinquent(&Loan::new(1));
    world.pause(DAY);
    world.pass(3_600);
    world.freezes(&credit, FreezeAmount::Shortfall, FreezeReason::MissedPayment);
    // As of the beginning of the pause, day 35.
    assert_eq!(world.credit(&credit).collateral.frozen(), 211_373_897);
    world.freezes(&credit, FreezeAmount::All, FreezeReason::Risk);
    assert_eq!(world.credit(&credit).collateral.frozen(), UNITS);
    world.sent(&[world.thaw("freezer", &credit, ThawBounds::ALL)], &["freezer"]);
    assert_eq!(world.credit(&credit).collateral.frozen(), 0);
}

#[test]
fn an_automatic_freeze_goes_on_while_paused() {
    let mut world = World::new();
    let credit = world.defaulted(&Loan::new(1));
    world.pause(DAY);
    world.sent(&[world.auto_freeze(&credit)], &[]);
    assert_eq!(world.credit(&credit).collateral.frozen(), UNITS);
}

#[test]
fn the_default_grace_and_the_cure_period_stand_still_while_paused() {
    let mut world = World::new();
    let credit = world.delinquent(&Loan::new(1));
    world.pause(2 * DAY);
    world.day(46);
    world.refused(&[world.mark_defaulted(&credit)], &[], BlockableError::DefaultGraceRunning);
    world.day(47);
    world.marks_defaulted(&credit);

    // A pause that ended unnoticed is booked here as the instruction that ends pauses will do.
    let market = world.keys.market;
    world.write::<Market>(&market, |market| {
        (market.paused_seconds, market.paused_at, market.pause_expires_at) = (u64::from(2 * DAY), 0, 0);
    });
    world.pause(5 * DAY);
    world.day(61);
    world.refused(&[world.seize(&credit, UnitBounds::ALL)], &["lender"], BlockableError::CurePeriodRunning);
    world.day(62);
    world.seizes(&credit);
}

#[test]
fn a_price_does_not_fall_while_paused() {
    let mut world = World::new();
    let credit = world.seized(&Loan::new(1), UnitBounds::ALL);
    world.pass(DAY);
    world.pause(3 * DAY);
    world.pass(3 * DAY);
    world.refused(
        &[world.buy(&credit, 1_000_000, 94_999_999)],
        &["buyer"],
        BlockableError::PriceAboveMaximum,
    );
    let buyer = world.wallet("buyer");
    world.sent(&[world.buy(&credit, 1_000_000, 95_000_000)], &["buyer"]);
    assert_eq!(buyer - world.wallet("buyer"), 95 * USDC);
}

#[test]
fn a_pause_that_nobody_ends_expires_by_itself() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    world.pause(60);
    world.pass(59);
    world.refused(&[world.meter(&[credit], &[(0, 1, 0)])], &[], BlockableError::MarketPaused);
    world.pass(1);
    world.meters(&credit, 1);
}

#[test]
fn a_lender_that_closes_its_token_account_cannot_keep_anyone_from_repaying() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    let (lender, own, other) =
        (crate::who("lender"), world.token_account("lender"), world.token_account("stranger"));
    let (mint, amount, program) = (world.keys.mint, world.wallet("lender"), tokens::TOKEN_PROGRAM);
    let empty =
        spl_token_2022::instruction::transfer_checked(&program, &own, &mint, &other, &lender, &[], amount, 6);
    let close = spl_token_2022::instruction::close_account(&program, &own, &lender, &lender, &[]);
    world.sent(&[empty.expect("SPL Token"), close.expect("SPL Token")], &["lender"]);

    world.pause(DAY);
    world.pay("borrower", &credit, u64::MAX);
    let state = world.credit(&credit);
    assert_eq!((state.status(), state.claims.lender), (Ok(Status::Repaid), 100_000 * USDC));
    assert_eq!(state.collateral.available(), UNITS);

    // The money waits in the vault until there is an account to take it.
    world.pass(DAY);
    let create = tokens::create_associated(&crate::who("payer"), &lender, &mint, &program);
    world.sent(&[create], &[]);
    world.collects(&credit, Party::Lender);
    assert_eq!(world.wallet("lender"), 100_000 * USDC);
}
