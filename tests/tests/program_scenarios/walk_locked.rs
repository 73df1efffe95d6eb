//! Loans with a lock and a holdback, driven at random as the plain ones are: cancels by each who may, suspensions of the
//! provider, freezes for the default of another loan, lots, takeovers, restructurings, expiry and write-offs.
//!
//! The audit after each transaction knows what a lock and a holdback must keep; see `testkit/src/audit.rs`.

use {
    crate::drive::{Dice, Step, Walk, amount, collect, thawed},
    blockable_sdk::{
        Pubkey, instructions,
        program::{
            instructions::{FreezeAmount, LotTerms, UnitBounds},
            state::{Credit, FreezeReason, Instalment, Rider, Terms},
            transitions::Status,
        },
    },
    blockable_testkit::{DAY, Loan, Parties, USDC, World},
};

/// Walks over loans with a lock. Others refuse an empty wallet, or an account that is not there.
const WALK: Walk =
    Walk { walks: 10, steps: 100, loan, wait, attempt, foreign: &[1, 3_007, 3_012, 2_006], check };

/// A loan with a lock, a holdback and a rider that the dice choose.
fn loan(dice: &mut Dice) -> Loan {
    let rider = Rider {
        reserve: dice.pick(&[0, 1, 5_000 * USDC, 25_000 * USDC]),
        breach_notice: 1,
        cross_default: 1,
        ..Rider::default()
    };
    let units = dice.pick(&[1_000_000_000, 1_000_003, 999_983]);
    let unlocked_ahead = dice.pick(&[1, units / 10, units / 3, units - 1]);
    let locked = u128::from(units - unlocked_ahead) * u128::from(100_000 * USDC) / u128::from(units);
    let full = u64::try_from(locked).expect("less than the principal");
    let holdback = dice.pick(&[0, 1, full / 2, full - full / 7, full]);
    let (policy, auto_freeze, lifetime) =
        (dice.below(2) as u8, dice.below(3) as u8, dice.pick(&[0, 191 * DAY, 200 * DAY]));
    let apr = 100 + dice.below(4_901) as u16;
    let on_holdback = dice.below(u64::from(apr) + 1) as u16;
    Loan::new(1).with_rider(rider).with(|terms| {
        (terms.units, terms.unlocked_ahead, terms.holdback) = (units, unlocked_ahead, holdback);
        (terms.apr_bps, terms.holdback_apr_bps) = (apr, if holdback == 0 { 0 } else { on_holdback });
        (terms.freeze_policy, terms.auto_freeze, terms.unit_lifetime) = (policy, auto_freeze, lifetime);
    })
}

/// The loan, and another one of the same parties that nobody pays.
fn active(world: &mut World, loan: &Loan) -> Pubkey {
    world.active(&Loan::new(2));
    world.active_with_reserve(loan)
}

/// The same loan without a reserve, whose first instalment was missed.
fn delinquent(world: &mut World, loan: &Loan) -> Pubkey {
    let mut loan = loan.clone();
    loan.args.rider.reserve = 0;
    world.active(&Loan::new(2));
    world.delinquent(&loan)
}

/// The same loan, unpaid, after the cure period of its default; a part of its lien is seized where there is one.
fn recovering(world: &mut World, loan: &Loan) -> Pubkey {
    let mut loan = loan.clone();
    loan.args.rider.reserve = 0;
    world.active(&Loan::new(2));
    let credit = world.defaulted(&loan);
    world.pass(loan.args.terms.cure_period);
    let seize = world.seize_at(&credit, UnitBounds::ALL, lot_terms(&world.credit(&credit)));
    world.sent(&[seize], &["lender"]);
    credit
}

fn lot_terms(credit: &Credit) -> LotTerms {
    let paid = credit.price_paid().expect("the loan has units");
    let (start_price, floor_price) = (paid * 3 / 2, paid / 3);
    LotTerms { start_price, floor_price, window: 10 * DAY }
}

fn wait(dice: &mut Dice, world: &mut World) {
    match dice.below(6) {
        0 => world.pass(dice.below(u64::from(12 * DAY)) as u32),
        1 => world.pass(dice.below(120) as u32),
        _ => {}
    }
}

/// Chooses one step: an instruction and its signers.
fn attempt(dice: &mut Dice, world: &World, credit: &Pubkey) -> Step {
    let state = world.credit(credit);
    match dice.below(4) {
        0 => pay(dice, world, credit, &state),
        1 => enforce(dice, world, credit, &state),
        2 => recover(dice, world, credit, &state),
        _ => others(dice, world, credit, &state),
    }
}

/// Payments, the reserve, claims, use.
fn pay(dice: &mut Dice, world: &World, credit: &Pubkey, state: &Credit) -> Step {
    match dice.below(9) {
        0 | 1 => {
            let most = if dice.below(8) == 0 { state.debt.total() } else { state.debt.total() / 10 };
            (world.repay("borrower", credit, dice.amount(most)), vec!["borrower"])
        }
        2 | 3 => (world.repay("borrower", credit, world.arrears(credit).max(1)), vec!["borrower"]),
        4 => (world.fund_reserve("borrower", credit, dice.amount(5_000 * USDC)), vec!["borrower"]),
        5 => (world.draw_reserve(credit), vec![]),
        6 => (world.collect_earned("stranger", credit, 0), vec!["stranger"]),
        7 => {
            let used = state.meter.cumulative.saturating_add(dice.amount(state.collateral.remaining()));
            let reports = [0, 2].map(|index| {
                let in_flight = dice.amount(state.collateral.lien());
                world.report(index, &[(state.meter.index, used, in_flight)])
            });
            (world.meter_with(&[*credit], reports.to_vec()), vec![])
        }
        _ => collect(dice, world, credit, "lender"),
    }
}

/// Marks, notices, freezes and thaws.
fn enforce(dice: &mut Dice, world: &World, credit: &Pubkey, state: &Credit) -> Step {
    let other = world.credit_address(2);
    let units = dice.amount(state.collateral.freezable());
    let freeze = dice.pick(&[
        FreezeAmount::All,
        FreezeAmount::Shortfall,
        FreezeAmount::Bps(4_000),
        FreezeAmount::Units(units),
    ]);
    match dice.below(11) {
        0 => (world.mark_delinquent(credit), vec![]),
        1 => (world.mark_defaulted(credit), vec![]),
        2 => (world.give_notice("lender", credit), vec!["lender"]),
        3 => (world.withdraw_notice("lender", credit), vec!["lender"]),
        4 => (world.auto_freeze(credit), vec![]),
        5 => {
            let reason = dice.pick(&[FreezeReason::MissedPayment, FreezeReason::Default, FreezeReason::Risk]);
            (world.freeze(credit, freeze, reason), vec!["lender"])
        }
        6 | 7 => (world.freeze_cross("freezer", credit, &other, freeze), vec!["freezer"]),
        8 => (world.thaw_cross(credit, &other), vec![]),
        9 => match dice.below(3) {
            0 => (world.mark_delinquent(&other), vec![]),
            1 => (world.mark_defaulted(&other), vec![]),
            _ => (world.write_off("lender", &other), vec!["lender"]),
        },
        _ => (world.thaw("lender", credit, thawed(dice.amount(state.collateral.frozen()))), vec!["lender"]),
    }
}

/// Cancels, lots and takeovers.
fn recover(dice: &mut Dice, world: &World, credit: &Pubkey, state: &Credit) -> Step {
    let covered = state.covered().expect("covered units are fewer than all");
    let lot = dice.below(u64::from(state.lots_opened.max(1))) as u32;
    match dice.below(9) {
        0 | 1 => (world.cancel_locked("lender", credit, amount(dice.amount(covered))), vec!["lender"]),
        2 => (world.cancel_locked("stranger", credit, UnitBounds::ALL), vec!["stranger"]),
        3 => (world.cancel_together(credit, amount(dice.amount(covered))), vec!["lender", "borrower"]),
        4 => {
            let amount = amount(dice.amount(state.collateral.lien()));
            (world.seize_at(credit, amount, lot_terms(state)), vec!["lender"])
        }
        5 => {
            let amount = amount(dice.amount(state.collateral.lien()));
            (world.seize_to_lender("lender", credit, amount), vec!["lender"])
        }
        6 | 7 => {
            let buyer = dice.pick(&["buyer", "stranger"]);
            let most = state.collateral.seized.max(1);
            (world.buy_from(buyer, credit, lot, dice.amount(most), u64::MAX), vec![buyer])
        }
        _ => (world.close_lot("lender", credit, lot), vec!["lender"]),
    }
}

/// Suspensions, restructurings, ends.
fn others(dice: &mut Dice, world: &World, credit: &Pubkey, state: &Credit) -> Step {
    let (market, admin) = (world.keys.market, Parties::address("admin"));
    match dice.below(8) {
        0 | 1 => (world.suspend_by_admin(), vec!["admin"]),
        2 => (instructions::provider_resume(&market, &admin, &world.provider), vec!["admin"]),
        3 => (world.restructure(credit, state.terms, schedule(dice, state)), vec!["lender", "borrower"]),
        4 => {
            let terms =
                Terms { apr_bps: state.terms.apr_bps.max(state.terms.holdback_apr_bps), ..state.terms };
            let agreed = world.restructure_with_provider(credit, terms, schedule(dice, state));
            (agreed, vec!["lender", "borrower", "provider"])
        }
        5 if dice.below(4) == 0 => (world.write_off("lender", credit), vec!["lender"]),
        6 => (world.expire_units(credit), vec![]),
        7 => match dice.below(2) {
            0 => (world.close_vault(credit), vec![]),
            _ => (world.close_credit("stranger", credit), vec!["stranger"]),
        },
        _ => (world.waive_fee("lender", credit, dice.amount(state.debt.late_fees)), vec!["lender"]),
    }
}

/// The principal outstanding, in one to six even instalments.
fn schedule(dice: &mut Dice, state: &Credit) -> Vec<Instalment> {
    let count = 1 + dice.below(6);
    let part = state.debt.principal / count;
    let due = |number: u64| Instalment {
        due_after: number as u32 * 20 * DAY,
        principal: if number == count { state.debt.principal - part * (count - 1) } else { part },
    };
    (1..=count).map(due).collect()
}

/// The vault holds what the account says that it owes.
fn check(world: &World, credit: &Pubkey, at: &str) {
    assert_eq!(world.credit(credit).owed_from_vault().ok(), Some(world.money(credit).vault), "{at}");
}

#[test]
fn whatever_is_tried_on_a_lock_and_a_holdback_keeps_money_units_and_books_in_order() {
    WALK.from(active, &[Status::Defaulted, Status::Seizing, Status::Repaid]);
}

#[test]
fn from_delinquency_on_whatever_is_tried_keeps_the_lock_and_the_holdback_in_order() {
    WALK.from(delinquent, &[Status::Active, Status::Defaulted, Status::Repaid]);
}

#[test]
fn from_a_seizure_on_whatever_is_tried_leaves_the_holdback_to_whom_it_is_owed() {
    WALK.from(recovering, &[Status::Seizing, Status::Repaid]);
}
