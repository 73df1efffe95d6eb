//! A new schedule in the place of the old one, by lender and borrower together; and fees that the lender waives.
//!
//! The new terms are always the old ones at 8 %, over three instalments 30 days apart, counted from the restructuring.

use {
    blockable_sdk::{
        Pubkey,
        events::Change,
        program::{
            errors::BlockableError,
            instructions::FreezeAmount,
            state::{FreezePolicy, FreezeReason, Instalment, Rider, Terms, terms_hash},
            transitions::Status,
        },
    },
    blockable_testkit::{DAY, Landed, Loan, Parties, START, USDC, World, covenant},
};

fn day(day: u32) -> i64 {
    START + i64::from(day * DAY)
}

/// Three instalments that begin with $40,000 and $30,000 and add up to what is outstanding.
fn three(world: &World, credit: &Pubkey) -> Vec<Instalment> {
    let outstanding = world.credit(credit).debt.principal;
    let principal = [40_000 * USDC, 30_000 * USDC, outstanding - 70_000 * USDC];
    let months = (1..).zip(principal);
    months.map(|(month, principal)| Instalment { due_after: month * 30 * DAY, principal }).collect()
}

fn at_eight_per_cent(world: &World, credit: &Pubkey) -> Terms {
    Terms { apr_bps: 800, ..world.credit(credit).terms }
}

fn restructured(world: &mut World, credit: &Pubkey) -> Landed {
    let (terms, schedule) = (at_eight_per_cent(world, credit), three(world, credit));
    world.sent(&[world.restructure(credit, terms, schedule)], &["lender", "borrower"])
}

/// Pays the first new instalment exactly, a micro-USDC short at first, which is in arrears.
#[track_caller]
fn pay_first(world: &mut World, credit: &Pubkey, late_fees: u64, interest: u64) {
    assert_eq!(world.credit(credit).arrears(), 0);
    world.pass(30 * DAY);
    let due = late_fees + interest + 40_000 * USDC;
    let landed = world.sent(&[world.repay("borrower", credit, due - 1)], &["borrower"]);
    let [Change::Paid { late_fees: fees, interest: paid, principal, .. }] = landed.changes()[..] else {
        panic!("{landed:?}")
    };
    assert_eq!((fees, paid, principal), (late_fees, interest, 40_000 * USDC - 1));
    let state = world.credit(credit);
    assert_eq!((state.arrears(), state.debt.arrears_since), (1, world.now()));
    world.sent(&[world.repay("borrower", credit, 1)], &["borrower"]);
    let state = world.credit(credit);
    assert_eq!((state.arrears(), state.debt.arrears_since), (0, 0));
    assert_eq!(state.status(), Ok(Status::Active));
}

#[test]
fn an_active_loan_gets_a_new_schedule_counted_from_now_and_a_new_hash() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    world.pass(10 * DAY);
    let (before, money) = (world.credit(&credit), world.money(&credit));
    let (terms, schedule) = (at_eight_per_cent(&world, &credit), three(&world, &credit));
    let landed = restructured(&mut world, &credit);

    assert_eq!(world.money(&credit), money);
    let state = world.credit(&credit);
    assert_eq!((state.status(), state.blockable), (Ok(Status::Active), 1));
    assert_eq!((state.terms, state.instalment_count), (terms, 3));
    assert_eq!(state.due_after[..4], [30 * DAY, 60 * DAY, 90 * DAY, 0]);
    assert_eq!(state.principal_due[..4], [40_000 * USDC, 30_000 * USDC, 30_000 * USDC, 0]);
    assert_eq!((state.restructured_at, state.restructurings), (day(10), 1));
    assert_eq!((state.issued_at, state.collateral), (before.issued_at, before.collateral));
    let hash = terms_hash(&state.parties(), &terms, &Rider::default(), &schedule).expect("terms hash");
    assert_ne!(hash, before.terms_hash);
    assert_eq!(state.terms_hash, hash);
    assert_eq!(landed.changes(), [Change::Restructured { terms_hash: hash, terms, schedule }]);
    assert_eq!((landed.records()[0].seq, state.event_seq), (before.event_seq, before.event_seq + 1));

    // Ten days at 12 % and 30 at 8 % are 328,767,123.29 and 657,534,246.58.
    pay_first(&mut world, &credit, 0, 986_301_369);
}

#[test]
fn a_delinquent_loan_is_active_again_and_keeps_its_history() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    world.pass(30 * DAY);
    world.sent(&[world.repay("borrower", &credit, 20_000 * USDC + 986_301_369)], &["borrower"]);
    world.pass(35 * DAY);
    world.sent(&[world.mark_delinquent(&credit)], &[]);
    let before = world.credit(&credit);
    restructured(&mut world, &credit);

    let state = world.credit(&credit);
    assert_eq!((state.status(), state.debt.arrears_since), (Ok(Status::Active), 0));
    assert_eq!(state.principal_due[..3], [40_000 * USDC, 30_000 * USDC, 10_000 * USDC]);
    assert_eq!((state.debt.principal, state.debt.schedule_paid), (80_000 * USDC, 0));
    // What the second instalment bore, and five days more; nothing of it is due before the first new instalment.
    assert_eq!((state.debt.interest_due, state.debt.interest_accrued), (0, 789_041_096 + 131_506_850));
    assert_eq!((state.debt.late_fees, state.debt.total()), (500 * USDC, before.debt.total()));
    assert_eq!((state.principal_repaid, state.collateral.released), (20_000 * USDC, 200_000_000));
    assert_eq!(state.vault, before.vault);

    // 30 days at 8 % on top of the above, with the fractions.
    pay_first(&mut world, &credit, 500 * USDC, 1_446_575_343);
    let state = world.credit(&credit);
    assert_eq!((state.principal_repaid, state.collateral.released), (60_000 * USDC, 600_000_000));
}

#[test]
fn a_defaulted_loan_is_active_again_and_its_default_is_over() {
    let mut world = World::new();
    let credit = world.defaulted(&Loan::new(1));
    let debt = world.credit(&credit).debt.total();
    restructured(&mut world, &credit);
    let state = world.credit(&credit);
    assert_eq!((state.status(), state.defaulted_at), (Ok(Status::Active), 0));
    assert_eq!((state.debt.total(), state.debt.interest_accrued), (debt, 1_479_452_054));
    // 45 days at 12 % and 30 at 8 %.
    pay_first(&mut world, &credit, 500 * USDC, 2_136_986_301);
}

#[test]
fn a_missed_new_instalment_runs_the_clocks_from_its_own_date() {
    let mut world = World::new();
    let credit = world.defaulted(&Loan::new(1));
    restructured(&mut world, &credit);
    world.pass(35 * DAY - 1);
    world.refused(&[world.mark_delinquent(&credit)], &[], BlockableError::DelinquencyGraceRunning);
    world.pass(1);
    let landed = world.sent(&[world.mark_delinquent(&credit)], &[]);
    // A second late fee, for the new instalment.
    let arrears = 40_000 * USDC + 2_136_986_301 + 1_000 * USDC;
    assert_eq!(landed.changes(), [Change::MarkedDelinquent { arrears }]);
    assert_eq!(world.credit(&credit).debt.arrears_since, day(45 + 30));
}

#[test]
fn a_loan_can_be_restructured_again() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    restructured(&mut world, &credit);
    world.pass(40 * DAY);
    restructured(&mut world, &credit);
    let state = world.credit(&credit);
    assert_eq!((state.restructurings, state.restructured_at), (2, day(40)));
    // 40 days at 8 %.
    assert_eq!((state.debt.interest_accrued, state.arrears()), (876_712_328, 0));
}

#[test]
fn what_was_frozen_for_a_payment_thaws_and_so_does_what_the_policy_would_not_freeze() {
    let at_will = |loan: Loan| loan.with(|terms| terms.freeze_policy = FreezePolicy::AtWill as u8);
    for (loan, reason, frozen) in [
        (at_will(Loan::new(1)), FreezeReason::MissedPayment, 0),
        (Loan::new(1), FreezeReason::Risk, 0),
        (at_will(Loan::new(1)), FreezeReason::Risk, 250_000_000),
    ] {
        let mut world = World::new();
        let credit = world.delinquent(&loan);
        let freeze = world.freeze(&credit, FreezeAmount::Bps(2_500), reason);
        world.sent(&[freeze], &["lender"]);
        restructured(&mut world, &credit);
        assert_eq!(world.credit(&credit).collateral.frozen(), frozen, "{reason:?}");
    }
}

/// Interest that a new schedule takes over stands for more time than has passed since: the oldest date stays unpaid.
#[test]
fn a_payment_of_the_smallest_amount_leaves_the_oldest_date_unpaid() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    world.pass(29 * DAY);
    let (terms, state) = (world.credit(&credit).terms, world.credit(&credit));
    let line = |day: u32, principal: u64| Instalment { due_after: day * DAY, principal };
    let schedule = vec![line(1, 0), line(2, 0), line(3, state.debt.principal)];
    world.sent(&[world.restructure(&credit, terms, schedule)], &["lender", "borrower"]);
    let first = world.now() + i64::from(DAY);
    world.pass(3 * DAY);
    world.sent(&[world.repay("borrower", &credit, 1)], &["borrower"]);
    assert_eq!(world.credit(&credit).debt.arrears_since, first);
}

#[test]
fn a_restructuring_sets_the_apr_that_the_covenant_moves() {
    let rider = Rider { apr_floor_bps: 800, apr_ceiling_bps: 1_300, ..covenant(1_000_000, 5 * DAY) };
    let mut world = World::new();
    let credit = world.active(&Loan::new(1).with_rider(rider));
    world.pass(5 * DAY);
    world.sent(&[world.meter(&[credit], &[(0, 1_000_000, 0)])], &[]);
    world.sent(&[world.apply_covenant(&credit)], &[]);
    assert_eq!(world.credit(&credit).apr_bps(), 1_100);
    restructured(&mut world, &credit);
    assert_eq!((world.credit(&credit).apr_bps(), world.credit(&credit).rider), (800, rider));
}

#[test]
fn a_new_schedule_may_not_outlive_the_units() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1).with(|terms| terms.unit_lifetime = 191 * DAY));
    world.pass(61 * DAY);
    // Units of the last new instalment would be needed for a day after they have expired.
    let (terms, schedule) = (at_eight_per_cent(&world, &credit), three(&world, &credit));
    let restructure = world.restructure(&credit, terms, schedule);
    world.refused(&[restructure], &["lender", "borrower"], BlockableError::UnitLifetimeTooShort);
}

#[test]
fn the_lender_waives_late_fees_in_parts() {
    let mut world = World::new();
    let credit = world.delinquent(&Loan::new(1));
    let (money, arrears) = (world.money(&credit), world.credit(&credit).arrears());
    let landed = world.sent(&[world.waive_fee("lender", &credit, 200 * USDC)], &["lender"]);

    let state = world.credit(&credit);
    let waived = Change::FeeWaived { amount: 200 * USDC, earned: 0, debt: state.debt.total() };
    assert_eq!(landed.changes(), [waived]);
    assert_eq!(world.money(&credit), money);
    assert_eq!((state.status(), state.debt.late_fees), (Ok(Status::Delinquent), 300 * USDC));
    assert_eq!(state.arrears(), arrears - 200 * USDC);

    world.sent(&[world.waive_fee("lender", &credit, 300 * USDC)], &["lender"]);
    let due = 20_000 * USDC + 986_301_369;
    let landed = world.sent(&[world.repay("borrower", &credit, due)], &["borrower"]);
    let [Change::Paid { payer, late_fees, status, .. }] = landed.changes()[..] else { panic!("{landed:?}") };
    assert_eq!((payer, late_fees, status), (Parties::address("borrower"), 0, Status::Active));
}

#[test]
fn a_fee_of_an_instalment_that_nobody_has_looked_at_is_charged_and_then_waived() {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    world.pass(35 * DAY);
    world.sent(&[world.waive_fee("lender", &credit, 500 * USDC)], &["lender"]);
    let state = world.credit(&credit);
    assert_eq!((state.debt.late_fees, state.debt.instalments_late_checked), (0, 1));
    // It is not charged again.
    world.sent(&[world.mark_delinquent(&credit)], &[]);
    assert_eq!(world.credit(&credit).debt.late_fees, 0);
}

/// On the standard preset: $57,500 would be held back for a year longer. The provider agrees to that, and to nothing else.
#[test]
fn the_provider_signs_a_restructuring_that_makes_its_holdback_wait() {
    let mut world = World::new();
    let credit = world.active(&Loan::standard(1, 120_000 * USDC, 1_200_000_000));
    let before = world.credit(&credit);
    let monthly = |month: u32| Instalment { due_after: month * 60 * DAY, principal: 10_000 * USDC };
    let schedule: Vec<Instalment> = (1..=12).map(monthly).collect();
    let terms = Terms { holdback_apr_bps: 1_000, ..before.terms };
    let alone = world.restructure(&credit, terms, schedule.clone());
    world.refused(&[alone], &["lender", "borrower"], BlockableError::HoldbackOutlasts);
    let agreed = world.restructure_with_provider(&credit, terms, schedule.clone());
    let landed = world.sent(&[agreed], &["lender", "borrower", "provider"]);
    let [Change::Restructured { terms: new, schedule: dates, .. }] = &landed.changes()[..] else {
        panic!("{:?}", landed.changes())
    };
    assert_eq!((new, dates), (&terms, &schedule));
    let state = world.credit(&credit);
    assert_eq!((state.holdback_left, state.collateral), (57_500 * USDC, before.collateral));
    assert_eq!(state.cancel_opens_at(), START + i64::from((720 + 7 + 10) * DAY));
    // A day bears 14 % on $62,500 and 10 % on $57,500.
    world.pass(DAY);
    let interest = (8_750 + 5_750) * USDC / 365;
    world.sent(&[world.repay("borrower", &credit, interest)], &["borrower"]);
    assert_eq!(world.credit(&credit).debt.principal, 120_000 * USDC);
}
