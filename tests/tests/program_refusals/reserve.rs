//! Refusals around the borrower's reserve and the covenant on utilisation.

use {
    crate::{
        attempt::{Attempt, full_rider},
        fees, refusals,
    },
    blockable_sdk::program::{
        state::{Credit, Rider},
        transitions::Status,
    },
    blockable_testkit::{DAY, Loan, USDC, World},
};

refusals! {
    reserve_fund by funding {
        AmountZero: fund_nothing = |good| good.with(|world, credit| world.fund_reserve("borrower", credit, 0));
        MarketMismatch: fund_in_a_foreign_market = |good| good.in_foreign_market();
        MintMismatch: fund_in_another_mint = |good| good.with_foreign_mint();
        TokenProgramMismatch: fund_with_another_token_program = |good| good.with_foreign_token_program();
        TokenAccountMint: fund_from_an_account_of_another_mint = |good| good.with_account_of_foreign_mint("borrower");
        TokenAccountOwner: fund_from_another_ones_account = |good| good.with_account_of("lender", "borrower");
        MarketPaused: fund_while_paused = |good| good.while_paused();
        ArithmeticOverflow: fund_at_an_impossible_time = |good| good.at_impossible_time();
        UnknownStatus: fund_in_an_unknown_status = |good| good.with_unknown_status();
        WrongStatus: fund_what_is_not_accepted = |good| good.after(|world, _| {
            world.offered(&loan(2));
        }).with(|world, _| world.fund_reserve("borrower", &world.credit_address(2), USDC));
        WrongStatus: fund_when_nothing_is_owed_any_more = |good| good.with_status(Status::Repaid);
        WrongStatus: fund_after_the_first_seizure = |good| good.with_status(Status::Seizing);
        ReserveFull: fund_what_was_not_agreed = |good| good.after(|world, _| {
            world.accepted(&Loan::new(2));
        }).with(|world, _| world.fund_reserve("borrower", &world.credit_address(2), USDC));
        ReserveFull: fund_what_is_full = |good| good.after(|world, credit| {
            let all = world.fund_reserve("stranger", credit, u64::MAX);
            world.sent(&[all], &["stranger"]);
        });
        ReserveFull: fund_a_credit_without_a_rider = |good| good.with_credit(|credit| {
            (credit.version, credit.rider) = (1, Rider::default());
        });
        TransferMismatch: fund_in_a_mint_that_takes_fees = |_| {
            let mut world = fees::world();
            let credit = world.accepted(&loan(1));
            fees::begin(&mut world);
            let fund = world.fund_reserve("borrower", &credit, USDC);
            Attempt::new(world, credit, fund, &["borrower"])
        };
    }
    reserve_draw by drawing {
        MarketMismatch: draw_in_a_foreign_market = |good| good.in_foreign_market();
        MarketPaused: draw_while_paused = |good| good.while_paused();
        ArithmeticOverflow: draw_at_an_impossible_time = |good| good.at_impossible_time();
        UnknownStatus: draw_in_an_unknown_status = |good| good.with_unknown_status();
        WrongStatus: draw_before_the_units_are_live = |good| good.with_status(Status::Accepted);
        WrongStatus: draw_when_nothing_is_owed_any_more = |good| good.with_status(Status::Repaid);
        NotInArrears: draw_a_second_early = |good| good.after(|world, _| world.set_time(world.now() - 1));
        NotInArrears: draw_when_the_arrears_are_paid = |good| good.after(|world, credit| {
            let pay = world.repay("borrower", credit, 21_000 * USDC);
            world.sent(&[pay], &["borrower"]);
        });
        NotInArrears: draw_twice = |good| good.after(|world, credit| {
            let draw = world.draw_reserve(credit);
            world.sent(&[draw], &[]);
        });
        ReserveTooSmall: draw_less_than_the_arrears = |good| good.with_credit(|credit| credit.reserve_held = USDC);
        SeizeFirst: draw_in_default_while_units_are_left_to_seize = |_| draw_in_default(0, 10 * DAY);
        CurePeriodRunning: draw_in_default_a_second_early = |_| draw_in_default(1_000_000_000, 10 * DAY - 1);
        ReserveEmpty: draw_what_was_not_agreed = |good| good.after(|world, _| {
            let expiry = world.now() + i64::from(DAY);
            world.active(&Loan::new(2).with(|terms| terms.offer_expires_at = expiry));
            world.pass(30 * DAY);
        }).with(|world, _| world.draw_reserve(&world.credit_address(2)));
    }
    covenant_apply by applying {
        MarketMismatch: apply_in_a_foreign_market = |good| good.in_foreign_market();
        MarketPaused: apply_while_paused = |good| good.while_paused();
        ArithmeticOverflow: apply_at_an_impossible_time = |good| good.at_impossible_time();
        UnknownStatus: apply_in_an_unknown_status = |good| good.with_unknown_status();
        WrongStatus: apply_before_the_units_are_live = |good| good.with_status(Status::Accepted);
        WrongStatus: apply_in_delinquency = |good| good.with_status(Status::Delinquent);
        WrongStatus: apply_in_default = |good| good.with_status(Status::Defaulted);
        WrongStatus: apply_when_nothing_is_owed_any_more = |good| good.with_status(Status::Repaid);
        CovenantNotAgreed: apply_what_was_not_agreed = |good| good.with_credit(|credit| credit.rider = Rider::default());
        InArrears: apply_in_arrears = |good| good.after(|world, _| world.pass(1));
        CovenantWindowRunning: apply_to_reports_a_second_short = |good| with_report_moved(good, -1);
        CovenantWindowRunning: apply_without_a_report = |good| good.with_credit(|credit| {
            credit.meter.reported_at = credit.covenant.measured_at;
        });
        CovenantWindowRunning: apply_twice_to_one_window = |good| good.after(|world, credit| {
            let apply = world.apply_covenant(credit);
            world.sent(&[apply], &[]);
        });
        ArithmeticOverflow: apply_to_a_consumption_that_fell = |good| good.with_credit(|credit| {
            credit.covenant.consumed = credit.collateral.consumed + 1;
        });
    }
}

/// The loan with a reserve as its whole rider.
fn loan(nonce: u64) -> Loan {
    Loan::new(nonce).with_rider(Rider { reserve: 1_000 * USDC, ..Rider::default() })
}

fn funding() -> Attempt {
    let mut world = World::new();
    let credit = world.accepted(&loan(1));
    let fund = world.fund_reserve("borrower", &credit, 600 * USDC);
    Attempt::new(world, credit, fund, &["borrower"])
}

/// On the first due date, nothing paid.
fn drawing() -> Attempt {
    let mut world = World::new();
    let rider = Rider { reserve: 21_000 * USDC, ..Rider::default() };
    let credit = world.active_with_reserve(&Loan::new(1).with_rider(rider));
    world.pass(30 * DAY);
    let draw = world.draw_reserve(&credit);
    Attempt::new(world, credit, draw, &[])
}

/// A loan in default, so many of whose units are used, so many seconds after the mark.
fn draw_in_default(used: u64, seconds: u32) -> Attempt {
    let mut world = World::new();
    let credit = world.active_with_reserve(&loan(1));
    world.pass(35 * DAY);
    let (meter, mark) = (world.meter(&[credit], &[(0, used, 0)]), world.mark_delinquent(&credit));
    world.sent(&[meter, mark], &[]);
    world.pass(10 * DAY);
    let mark = world.mark_defaulted(&credit);
    world.sent(&[mark], &[]);
    world.pass(seconds);
    let draw = world.draw_reserve(&credit);
    Attempt::new(world, credit, draw, &[])
}

#[test]
fn the_reserve_is_drawn_in_default_once_the_cure_period_has_passed_over_nothing_to_seize() {
    draw_in_default(1_000_000_000, 10 * DAY).must_be_accepted();
}

/// A window of the covenant has passed with 10 million units used of 100 million planned, just before the due date.
fn applying() -> Attempt {
    let mut world = World::new();
    let rider = Rider { covenant_window: 29 * DAY, ..full_rider() };
    let credit = world.active_with_reserve(&Loan::new(1).with_rider(rider));
    world.pass(30 * DAY - 1);
    let meter = world.meter(&[credit], &[(0, 10_000_000, 0)]);
    world.sent(&[meter], &[]);
    let apply = world.apply_covenant(&credit);
    Attempt::new(world, credit, apply, &[])
}

/// The latest report moved to the end of the window and some seconds from there.
fn with_report_moved(good: Attempt, seconds: i64) -> Attempt {
    good.with_credit(|credit| {
        credit.meter.reported_at = credit.covenant.measured_at + i64::from(29 * DAY) + seconds;
    })
}

#[test]
fn a_window_ends_on_the_second() {
    with_report_moved(applying(), 0).must_be_accepted();
}

#[test]
fn a_reserve_holds_no_more_than_was_agreed() {
    let mut world = World::new();
    let credit = world.accepted(&loan(1));
    let before = world.wallet("stranger");
    let fund = world.fund_reserve("stranger", &credit, u64::MAX);
    world.sent(&[fund], &["stranger"]);
    assert_eq!(before - world.wallet("stranger"), 1_000 * USDC);
    assert_eq!(world.read::<Credit>(&credit).reserve_held, 1_000 * USDC);
}
