//! Pauses: the keys that may pause, the longest time, and the clocks, all of which stop.

use {
    crate::market_changes::change,
    blockable_sdk::{
        Pubkey,
        events::MarketChange,
        program::{
            errors::BlockableError,
            instructions::{FreezeAmount, ThawBounds, UnitBounds},
            metering::Metered,
            state::FreezeReason,
            transitions::Status,
        },
    },
    blockable_testkit::{DAY, Loan, START, USDC, World},
    solana_sdk::instruction::Instruction,
};

const UNITS: u64 = 1_000_000_000;
/// The longest pause: six hours.
const PAUSE: u32 = 21_600;

/// The guardian pauses for as long as a day allows, and the pause passes.
fn paused(world: &mut World) {
    world.sent(&[world.pause_by("guardian", PAUSE)], &["guardian"]);
    world.pass(PAUSE);
}

/// Requires that an instruction is refused with `error` a second before a Unix time and succeeds at it.
#[track_caller]
fn opens_at(world: &mut World, at: i64, instruction: Instruction, signers: &[&str], error: BlockableError) {
    world.set_time(at - 1);
    world.refused(std::slice::from_ref(&instruction), signers, error);
    world.set_time(at);
    world.sent(&[instruction], signers);
}

#[test]
fn the_guardian_and_the_admin_pause() {
    for who in ["guardian", "admin"] {
        let mut world = World::new();
        let landed = world.sent(&[world.pause_by(who, 100)], &[who]);
        assert_eq!(change(&world, &landed), MarketChange::Paused { until: START + 100 });
        let market = world.market();
        assert_eq!((market.paused_at, market.pause_expires_at), (START, START + 100));
        assert_eq!((market.paused_seconds, world.paused_today()), (0, 100));
        world.refused(&[world.offer(&Loan::new(1))], &["lender"], BlockableError::MarketPaused);
    }
}

#[test]
fn a_pause_expires_by_itself() {
    let mut world = World::new();
    world.sent(&[world.pause_by("guardian", 100)], &["guardian"]);
    world.pass(99);
    world.refused(&[world.offer(&Loan::new(1))], &["lender"], BlockableError::MarketPaused);
    world.pass(1);
    world.offered(&Loan::new(1));
    assert_eq!(world.credit(&world.credit_address(1)).paused_at_offer, 100);
}

#[test]
fn the_admin_ends_a_pause_early_and_the_rest_goes_back_to_the_budget() {
    let mut world = World::new();
    world.sent(&[world.pause_by("guardian", PAUSE)], &["guardian"]);
    world.pass(600);
    let landed = world.sent(&[world.unpause_by("admin")], &["admin"]);
    assert_eq!(change(&world, &landed), MarketChange::Unpaused { paused_seconds: 600 });
    let market = world.market();
    assert_eq!((market.paused_at, market.pause_expires_at), (0, 0));
    assert_eq!((market.paused_seconds, world.paused_today()), (600, 600));

    let (too_long, longest) = (PAUSE - 599, PAUSE - 600);
    world.refused(
        &[world.pause_by("guardian", too_long)],
        &["guardian"],
        BlockableError::PauseBudgetExceeded,
    );
    world.sent(&[world.pause_by("guardian", longest)], &["guardian"]);
    assert_eq!(world.paused_today(), PAUSE);
}

#[test]
fn anyone_ends_a_pause_that_has_expired() {
    let mut world = World::new();
    world.sent(&[world.pause_by("guardian", 100)], &["guardian"]);
    world.pass(99);
    world.refused(&[world.unpause_by("stranger")], &["stranger"], BlockableError::PauseRunning);
    world.pass(1_000);
    let landed = world.sent(&[world.unpause_by("stranger")], &["stranger"]);
    assert_eq!(change(&world, &landed), MarketChange::Unpaused { paused_seconds: 100 });
    assert_eq!(world.paused_today(), 100);
    world.refused(&[world.unpause_by("admin")], &["admin"], BlockableError::NotPaused);
}

#[test]
fn a_pause_after_one_that_expired_unnoticed_counts_both() {
    let mut world = World::new();
    world.sent(&[world.pause_by("guardian", 100)], &["guardian"]);
    world.pass(5_000);
    world.sent(&[world.pause_by("admin", 200)], &["admin"]);
    let market = world.market();
    assert_eq!((market.paused_seconds, world.paused_today()), (100, 300));
    world.pass(200);
    let landed = world.sent(&[world.unpause_by("admin")], &["admin"]);
    assert_eq!(change(&world, &landed), MarketChange::Unpaused { paused_seconds: 300 });
}

#[test]
fn a_new_day_has_a_budget_of_its_own() {
    let mut world = World::new();
    // START is 08:00 UTC.
    assert_eq!(START % i64::from(DAY), 8 * 3_600);
    paused(&mut world);
    world.refused(&[world.pause_by("guardian", 1)], &["guardian"], BlockableError::PauseBudgetExceeded);
    world.set_time(START + 16 * 3_600 - 1);
    world.refused(&[world.pause_by("guardian", 1)], &["guardian"], BlockableError::PauseBudgetExceeded);
    world.set_time(START + 16 * 3_600);
    world.sent(&[world.pause_by("guardian", PAUSE)], &["guardian"]);
    assert_eq!(world.paused_today(), PAUSE);
}

#[test]
fn an_offer_stays_open_for_as_long_as_the_market_was_paused() {
    let mut world = World::new();
    let loan = Loan::new(1).with(|terms| terms.offer_expires_at = START + 100);
    let credit = world.offered(&loan);
    paused(&mut world);
    world.set_time(START + 100 + i64::from(PAUSE) + 1);
    world.refused(&[world.accept(&credit)], &["borrower"], BlockableError::OfferExpired);
    world.set_time(START + 100 + i64::from(PAUSE));
    world.sent(&[world.accept(&credit), world.issue(&credit)], &["borrower", "provider"]);
}

#[test]
fn pauses_before_an_offer_do_not_lengthen_it() {
    let mut world = World::new();
    paused(&mut world);
    let expires_at = START + i64::from(PAUSE) + 100;
    let credit = world.offered(&Loan::new(1).with(|terms| terms.offer_expires_at = expires_at));
    world.set_time(expires_at + 1);
    world.refused(&[world.accept(&credit)], &["borrower"], BlockableError::OfferExpired);
    world.set_time(expires_at);
    world.sent(&[world.accept(&credit)], &["borrower"]);
}

#[test]
fn no_interest_accrues_and_no_instalment_falls_due_while_paused() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    world.pass(30 * DAY - 1);
    world.sent(&[world.pause_by("guardian", PAUSE)], &["guardian"]);
    world.pass(PAUSE);
    let borrower = world.wallet("borrower");
    world.sent(&[world.repay("borrower", &credit, 1)], &["borrower"]);
    let state = world.credit(&credit);
    assert_eq!((state.debt.instalments_billed, state.arrears()), (0, 0));
    // 30 days less a second of 12 % on $100,000: 986,300,989.34, of which one micro-USDC is paid.
    assert_eq!((state.debt.interest_not_due(), borrower - world.wallet("borrower")), (986_300_989, 1));
    world.pass(1);
    world.sent(&[world.repay("borrower", &credit, 1)], &["borrower"]);
    assert_eq!(world.credit(&credit).debt.instalments_billed, 1);
}

/// One pause in each of the three periods moves the whole way to seizure by eighteen hours.
#[test]
fn graces_and_the_cure_period_stand_still_while_paused() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    let day = |days: u32, pauses: u32| START + i64::from(days * DAY + pauses * PAUSE);
    world.set_time(day(31, 0));
    paused(&mut world);
    let mark = world.mark_delinquent(&credit);
    opens_at(&mut world, day(35, 1), mark, &[], BlockableError::DelinquencyGraceRunning);
    assert_eq!(world.credit(&credit).debt.late_fees, 500 * USDC);

    world.set_time(day(40, 1));
    paused(&mut world);
    let mark = world.mark_defaulted(&credit);
    opens_at(&mut world, day(45, 2), mark, &[], BlockableError::DefaultGraceRunning);
    assert_eq!(world.credit(&credit).defaulted_at, day(45, 0));

    world.set_time(day(50, 2));
    paused(&mut world);
    let seize = world.seize(&credit, UnitBounds::ALL);
    opens_at(&mut world, day(55, 3), seize, &["lender"], BlockableError::CurePeriodRunning);
    assert_eq!(world.lot(&credit, 0).opened_at, day(55, 0));
}

#[test]
fn a_lots_price_stands_still_while_paused() {
    let mut world = World::new();
    let credit = world.seized(&Loan::new(1), UnitBounds::ALL);
    world.pass(DAY);
    paused(&mut world);
    // Of ten days from $100 down to $50 a million, one has passed.
    let (dear, fair) = (95_000_000, 94_999_999);
    world.refused(&[world.buy(&credit, 1_000_000, fair)], &["buyer"], BlockableError::PriceAboveMaximum);
    let buyer = world.wallet("buyer");
    world.sent(&[world.buy(&credit, 1_000_000, dear)], &["buyer"]);
    assert_eq!(buyer - world.wallet("buyer"), 95 * USDC);

    // Nor does the window end: the lender cannot take the rest back before its ten days are over.
    let close = world.close_lot("lender", &credit, 0);
    let opened = START + i64::from(55 * DAY);
    let end = opened + i64::from(10 * DAY + PAUSE);
    opens_at(&mut world, end, close, &["lender"], BlockableError::LotStillOpen);
}

#[test]
fn units_live_longer_by_as_much_as_the_market_was_paused() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1).with(|terms| terms.unit_lifetime = 191 * DAY));
    assert_eq!(world.credit(&credit).units_expire_at, START + i64::from(191 * DAY));
    world.pass(100 * DAY);
    paused(&mut world);
    let expire = world.expire_units(&credit);
    let at = START + i64::from(191 * DAY + PAUSE);
    opens_at(&mut world, at, expire, &[], BlockableError::NothingToExpire);
    assert_eq!(world.credit(&credit).collateral.expired, UNITS);
}

#[test]
fn jobs_keep_the_promise_of_a_freeze_for_a_cure_period_that_stands_still() {
    let mut world = World::new();
    let credit = world.defaulted(&Loan::new(1));
    world.sent(&[world.meter(&[credit], &[(0, 0, 1_000)])], &[]);
    world.pass(DAY);
    world.sent(&[world.freeze(&credit, FreezeAmount::All, FreezeReason::Default)], &["lender"]);
    paused(&mut world);
    // The cure period of ten days has passed since the default, not since the freeze.
    world.set_time(START + i64::from(55 * DAY + PAUSE));
    let all = world.seize(&credit, UnitBounds::exactly(UNITS));
    world.refused(std::slice::from_ref(&all), &["lender"], BlockableError::HeldByRunningJobs);
    let at = START + i64::from(56 * DAY + PAUSE);
    opens_at(&mut world, at, all, &["lender"], BlockableError::HeldByRunningJobs);
}

/// A freeze in the middle of a pause leaves providers a minute after the pause to report what ran before it.
#[test]
fn late_reports_count_for_a_minute_of_market_time() {
    let at = |late: i64| {
        let mut world = World::new();
        let credit = world.delinquent(&Loan::new(1));
        let begun = world.now();
        world.sent(&[world.pause_by("guardian", 3_600)], &["guardian"]);
        world.pass(100);
        world.sent(&[world.freeze(&credit, FreezeAmount::All, FreezeReason::MissedPayment)], &["lender"]);
        world.set_time(begun + 3_600 + late);
        let reports = (0..2).map(|reporter| world.report_at(reporter, begun + 100, &[(0, 5_000, 0)]));
        let reports = reports.collect();
        world.sent(&[world.meter_with(&[credit], reports)], &[]);
        let state = world.credit(&credit);
        Metered { consumed: state.collateral.consumed, overrun: state.meter.overrun, deferred: 0 }
    };
    assert_eq!(at(60), Metered { consumed: 5_000, overrun: 0, deferred: 0 });
    assert_eq!(at(61), Metered { consumed: 0, overrun: 5_000, deferred: 0 });
}

fn delinquent_in_a_pause() -> (World, Pubkey) {
    let mut world = World::new();
    let credit = world.delinquent(&Loan::new(1));
    world.sent(&[world.pause_by("guardian", PAUSE)], &["guardian"]);
    world.pass(3_600);
    (world, credit)
}

#[test]
fn freezing_and_thawing_go_on_while_paused() {
    let (mut world, credit) = delinquent_in_a_pause();
    let freeze = world.freeze_by("freezer", &credit, FreezeAmount::Shortfall, FreezeReason::MissedPayment);
    world.sent(&[freeze], &["freezer"]);
    // The arrears of 21,486,301,369 of 101,650,684,932, as of the beginning of the pause, rounded up.
    assert_eq!(world.credit(&credit).collateral.frozen(), 211_373_897);
    assert_eq!(world.credit(&credit).frozen_at_market, START + i64::from(35 * DAY));
    world.sent(&[world.thaw("lender", &credit, ThawBounds::ALL)], &["lender"]);
    assert_eq!(world.credit(&credit).collateral.frozen(), 0);
}

#[test]
fn repaying_goes_on_while_paused_and_cures_as_of_its_beginning() {
    let (mut world, credit) = delinquent_in_a_pause();
    world.sent(&[world.repay("borrower", &credit, 21_486_301_369)], &["borrower"]);
    let state = world.credit(&credit);
    assert_eq!((state.status(), state.arrears()), (Ok(Status::Active), 0));
    assert_eq!(state.collateral.released, UNITS / 5);
    world.sent(&[world.repay("stranger", &credit, u64::MAX)], &["stranger"]);
    assert_eq!(world.credit(&credit).status(), Ok(Status::Repaid));
}

#[test]
fn an_automatic_freeze_goes_on_while_paused() {
    let mut world = World::new();
    let credit = world.defaulted(&Loan::new(1));
    world.sent(&[world.pause_by("guardian", PAUSE)], &["guardian"]);
    world.sent(&[world.auto_freeze(&credit)], &[]);
    assert_eq!(world.credit(&credit).collateral.frozen(), UNITS);
}
