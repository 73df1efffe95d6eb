//! Interest to the micro-USDC: simple, actual/365, rounded up once, however often it is looked at.

use {
    crate::Steps,
    blockable_sdk::{
        Pubkey,
        program::{
            instructions::FreezeAmount,
            state::{FreezeReason, Instalment},
            transitions::Status,
        },
    },
    blockable_testkit::{DAY, Loan, START, USDC, World},
};

#[test]
fn a_second_of_interest_is_rounded_up() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    let borrower = world.wallet("borrower");
    world.pass(1);
    world.pay("borrower", &credit, u64::MAX);
    // 10^11 x 0.12 / 31,536,000 = 380.52
    assert_eq!(borrower - world.wallet("borrower"), 100_000 * USDC + 381);
}

#[test]
fn a_loan_without_interest_costs_its_principal() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1).with(|terms| terms.apr_bps = 0));
    let borrower = world.wallet("borrower");
    for month in 1..=5 {
        world.day(30 * month);
        world.pay("borrower", &credit, 20_000 * USDC);
    }
    assert_eq!(world.credit(&credit).status(), Ok(Status::Repaid));
    assert_eq!(borrower - world.wallet("borrower"), 100_000 * USDC);
}

#[test]
fn a_year_of_interest_is_the_rate() {
    let mut world = World::new();
    let schedule = [Instalment { due_after: 365 * DAY, principal: 100_000 * USDC }];
    let loan = Loan::new(1).with_schedule(&schedule);
    let credit = world.active(&loan);
    let borrower = world.wallet("borrower");
    world.day(365);
    world.pay("borrower", &credit, u64::MAX);
    assert_eq!(borrower - world.wallet("borrower"), 112_000 * USDC);
}

#[test]
fn looking_at_a_debt_often_does_not_change_it() {
    let mut world = World::new();
    let (often, once) = (world.active(&Loan::new(1)), world.active(&Loan::new(2)));
    world.day(35);
    for credit in [often, once] {
        world.marks_delinquent(&credit);
    }
    // A payment of the late fee alone leaves the principal as it is and brings the books up to the second.
    for _ in 0..20 {
        world.pass(12_345);
        world.pay("borrower", &often, 25 * USDC);
    }
    world.pay("borrower", &once, 500 * USDC);
    let (often, once) = (world.credit(&often), world.credit(&once));
    assert_eq!(often.debt, once.debt);
}

/// Pays an amount in parts at one moment, each of them one more micro-USDC than the one before.
fn pay_in_parts(world: &mut World, credit: &Pubkey, amount: u64, parts: u64) {
    let each = amount / parts;
    for part in 0..parts - 1 {
        world.pay("borrower", credit, each + part);
    }
    world.pay("borrower", credit, amount - each * (parts - 1) - (parts - 1) * (parts - 2) / 2);
}

#[test]
fn splitting_a_payment_into_parts_never_profits_the_payer() {
    for (day, amount) in [(10, 400_000_000), (35, 10_743_150_684), (155, 50_000_000_000)] {
        let mut world = World::new();
        let (parts, whole) = (world.active(&Loan::new(1)), world.active(&Loan::new(2)));
        world.day(day);
        for credit in [parts, whole] {
            if day >= 35 {
                world.marks_delinquent(&credit);
                world.freezes(&credit, FreezeAmount::Shortfall, FreezeReason::MissedPayment);
            }
        }
        pay_in_parts(&mut world, &parts, amount, 31);
        world.pay("borrower", &whole, amount);
        let (parts, whole) = (world.credit(&parts), world.credit(&whole));
        assert_eq!(parts.claims, whole.claims);
        assert!(parts.debt.total() >= whole.debt.total(), "day {day}");
        assert!(parts.collateral.released <= whole.collateral.released, "day {day}");
        assert!(parts.collateral.frozen() >= whole.collateral.frozen(), "day {day}");
    }
}

#[test]
fn interest_on_an_interest_only_loan_is_billed_at_each_date_and_the_principal_at_the_last() {
    let mut world = World::new();
    let mut schedule = Loan::new(1).schedule();
    for instalment in &mut schedule {
        instalment.principal = 0;
    }
    schedule[4].principal = 100_000 * USDC;
    let loan = Loan::new(1).with_schedule(&schedule);
    let credit = world.active(&loan);
    for (month, due) in [(1, 986_301_369), (2, 986_301_370), (3, 986_301_370), (4, 986_301_370)] {
        world.day(30 * month);
        world.pay("borrower", &credit, due);
        let state = world.credit(&credit);
        assert_eq!((state.debt.interest_due, state.arrears()), (0, 0), "month {month}");
        assert_eq!((state.principal_repaid, state.collateral.released), (0, 0));
    }
    world.day(150);
    world.pay("borrower", &credit, u64::MAX);
    assert_eq!(world.credit(&credit).status(), Ok(Status::Repaid));
    assert_eq!(world.now(), START + i64::from(150 * DAY));
}

#[test]
fn a_loan_of_36_missed_instalments_is_brought_up_to_date_and_repaid_in_one_transaction() {
    let mut world = World::new();
    let instalment = |month| Instalment { due_after: 30 * DAY * month, principal: 2_000 * USDC };
    let schedule: Vec<Instalment> = (1..=36).map(instalment).collect();
    let loan = Loan::new(1)
        .with(|terms| (terms.principal, terms.late_fee) = (72_000 * USDC, 200 * USDC))
        .with_schedule(&schedule);
    let credit = world.active(&loan);
    world.day(36 * 30 + 5);
    let borrower = world.wallet("borrower");
    let landed = world.pay("borrower", &credit, u64::MAX);
    // 1,085 days of interest on the whole are 25,683,287,671.23; a late fee for each of the 36.
    let paid = 72_000 * USDC + 25_683_287_672 + 36 * 200 * USDC;
    assert_eq!(borrower - world.wallet("borrower"), paid);
    assert_eq!(world.credit(&credit).status(), Ok(Status::Repaid));
    assert!(landed.compute_units < 35_000, "{}", landed.compute_units);
}
