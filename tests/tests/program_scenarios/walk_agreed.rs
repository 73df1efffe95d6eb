//! Loans with everything the parties can agree on, driven at random as the plain ones are: reserve, covenant, coupons in
//! kind, notice, restructuring, sale to another lender, takeover, expiry and closing.

use {
    crate::drive::{Dice, Step, Walk, amount, collect, thawed},
    blockable_sdk::{
        Pubkey, addresses, instructions,
        program::{
            instructions::{FreezeAmount, LotTerms, RestructureLimits, UnitBounds},
            state::{Credit, FreezeReason, Instalment, Rider, Terms},
            transitions::Status,
        },
    },
    blockable_testkit::{DAY, Loan, Parties, USDC, World},
};

/// Walks over loans with riders. Others refuse an empty wallet, or an account that is not there.
const WALK: Walk =
    Walk { walks: 8, steps: 100, loan, wait, attempt, foreign: &[1, 3_007, 3_012, 2_006], check };

/// A loan with a rider that the dice choose.
fn loan(dice: &mut Dice) -> Loan {
    let has_covenant = dice.below(3) > 0;
    let covenant = Rider {
        planned_units: 1 + dice.below(2_000_000),
        covenant_window: DAY * (1 + dice.below(9) as u32),
        high_bps: 9_000,
        low_bps: 1 + dice.below(8_999) as u16,
        apr_step_bps: dice.below(500) as u16,
        apr_floor_bps: 100,
        apr_ceiling_bps: 5_000,
        top_up_bps: dice.below(10_001) as u16,
        ..Rider::default()
    };
    let rider = Rider {
        reserve: dice.pick(&[0, 1, 5_000 * USDC, 50_000 * USDC]),
        pay_in_kind_bps: dice.pick(&[0, 1, 5_000, 10_000]),
        breach_notice: dice.below(2) as u8,
        ..if has_covenant { covenant } else { Rider::default() }
    };
    let (units, lifetime) =
        (dice.pick(&[1_000_000_000, 1_000_003, 999]), dice.pick(&[0, 191 * DAY, 200 * DAY]));
    let apr = 100 + dice.below(4_901) as u16;
    Loan::new(1).with_rider(rider).with(|terms| {
        (terms.units, terms.unit_lifetime, terms.apr_bps, terms.freeze_policy) = (units, lifetime, apr, 0);
    })
}

/// A schedule for what is outstanding, in up to five instalments.
fn schedule(dice: &mut Dice, outstanding: u64) -> Vec<Instalment> {
    let count = 1 + dice.below(5);
    let mut left = outstanding;
    let parts = (1..=count).map(|number| {
        let principal = if number == count { left } else { dice.below(left + 1) };
        left -= principal;
        Instalment { due_after: number as u32 * 20 * DAY, principal }
    });
    parts.collect()
}

fn name_of(key: &Pubkey) -> &'static str {
    ["lender", "buyer", "stranger"]
        .into_iter()
        .find(|name| Parties::address(name) == *key)
        .unwrap_or("lender")
}

fn lot_terms(credit: &Credit) -> LotTerms {
    let paid = credit.price_paid().expect("the loan has units");
    LotTerms { start_price: paid * 3 / 2, floor_price: paid / 2, window: 10 * DAY }
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
    let (debt, lien, lender) = (state.debt.total(), state.collateral.lien(), name_of(&state.lender));
    match dice.below(26) {
        0 | 1 => {
            let most = if dice.below(8) == 0 { debt } else { debt / 10 };
            (world.repay("borrower", credit, dice.amount(most)), vec!["borrower"])
        }
        2 | 3 => (world.repay("borrower", credit, state.arrears().max(1)), vec!["borrower"]),
        4 => (world.fund_reserve("borrower", credit, dice.amount(5_000 * USDC)), vec!["borrower"]),
        5 | 6 => (world.draw_reserve(credit), vec![]),
        7 => (world.apply_covenant(credit), vec![]),
        8 => (world.mark_delinquent(credit), vec![]),
        9 => (world.mark_defaulted(credit), vec![]),
        10 => (world.give_notice(lender, credit), vec![lender]),
        11 => (world.withdraw_notice(lender, credit), vec![lender]),
        12 => restructure(dice, world, credit, &state),
        13 => (world.waive_fee(lender, credit, dice.amount(state.debt.late_fees)), vec![lender]),
        14 => {
            let to = dice.pick(&["lender", "buyer", "stranger"]);
            (world.offer_lender(lender, credit, to), vec![lender])
        }
        15 => {
            let to = name_of(&state.pending_lender);
            (world.accept_lender(to, credit), vec![to])
        }
        16 => {
            let amount = FreezeAmount::Units(dice.amount(lien));
            let reason = dice.pick(&[FreezeReason::MissedPayment, FreezeReason::Risk]);
            (world.freeze_by(lender, credit, amount, reason), vec![lender])
        }
        17 => (world.thaw(lender, credit, thawed(dice.amount(state.collateral.frozen()))), vec![lender]),
        18 | 19 => meter(dice, world, credit, &state),
        20 => (world.seize_to_lender(lender, credit, amount(dice.amount(lien))), vec![lender]),
        21 => seize_to_pool(dice, world, credit, &state),
        22 => {
            let lot = dice.below(u64::from(state.lots_opened.max(1))) as u32;
            (world.buy_from("buyer", credit, lot, dice.amount(lien.max(1_000)), u64::MAX), vec!["buyer"])
        }
        23 => close_lot(dice, world, credit, &state),
        24 => match dice.below(4) {
            0 => (world.write_off(lender, credit), vec![lender]),
            1 => (world.expire_units(credit), vec![]),
            2 => (world.close_vault(credit), vec![]),
            _ => (world.close_credit("stranger", credit), vec!["stranger"]),
        },
        _ => collect(dice, world, credit, lender),
    }
}

fn restructure(dice: &mut Dice, world: &World, credit: &Pubkey, state: &Credit) -> Step {
    let terms = Terms { apr_bps: 100 + dice.below(4_901) as u16, ..state.terms };
    let schedule = schedule(dice, state.debt.principal);
    let lender = name_of(&state.lender);
    let (from, to) = (Parties::address(lender), Parties::address("borrower"));
    let limits = RestructureLimits {
        read: world.loan_read(credit),
        restructurings: state.restructurings,
        most_debt: u64::MAX,
        least_lien: 0,
    };
    let market = world.keys.market;
    let built = instructions::credit_restructure(&market, &from, &to, credit, terms, &schedule, limits);
    (built, vec![lender, "borrower"])
}

fn meter(dice: &mut Dice, world: &World, credit: &Pubkey, state: &Credit) -> Step {
    let used = state.meter.cumulative.saturating_add(dice.amount(state.collateral.remaining()));
    let lien = state.collateral.lien();
    let reports = [0, 2].map(|index| world.report(index, &[(0, used, dice.amount(lien))]));
    (world.meter_with(&[*credit], reports.to_vec()), vec![])
}

fn seize_to_pool(dice: &mut Dice, world: &World, credit: &Pubkey, state: &Credit) -> Step {
    let lender = name_of(&state.lender);
    let (by, amount) = (Parties::address(lender), amount(dice.amount(state.collateral.lien())));
    let (index, terms) = (state.lots_opened, lot_terms(state));
    let built =
        instructions::credit_seize_to_pool(&world.keys.market, &by, &by, credit, index, amount, terms);
    (built, vec![lender])
}

fn close_lot(dice: &mut Dice, world: &World, credit: &Pubkey, state: &Credit) -> Step {
    let index = dice.below(u64::from(state.lots_opened.max(1))) as u32;
    let lot = addresses::lot(credit, index);
    let opener = world.svm.get_account(&lot).filter(|lot| lot.lamports > 0);
    let opener = opener.map_or(state.lender, |_| world.lot(credit, index).rent_payer);
    let lender = name_of(&state.lender);
    let closer = Parties::address(lender);
    (instructions::lot_close(&world.keys.market, &closer, &opener, credit, index), vec![lender])
}

/// The vault holds what the account says that it owes.
fn check(world: &World, credit: &Pubkey, at: &str) {
    assert_eq!(world.credit(credit).owed_from_vault().ok(), Some(world.money(credit).vault), "{at}");
}

/// A loan that was given notice, half of whose lien was seized as soon as the cure period had passed; `after` seconds of
/// its life lay before the notice.
fn seized(world: &mut World, loan: &Loan, after: u32) -> Pubkey {
    let mut loan = loan.clone();
    loan.args.rider.breach_notice = 1;
    let credit = world.active_with_reserve(&loan);
    world.pass(after);
    world.sent(&[world.give_notice("lender", &credit)], &["lender"]);
    world.pass(loan.args.terms.cure_period);
    let terms = lot_terms(&world.credit(&credit));
    let half = UnitBounds::exactly(loan.args.terms.units / 2);
    world.sent(&[world.seize_at(&credit, half, terms)], &["lender"]);
    credit
}

/// Seized while the first instalment was in arrears.
fn seized_late(world: &mut World, loan: &Loan) -> Pubkey {
    seized(world, loan, 31 * DAY)
}

/// Seized before the first instalment fell due.
fn seized_early(world: &mut World, loan: &Loan) -> Pubkey {
    seized(world, loan, DAY)
}

#[test]
fn whatever_is_agreed_and_tried_keeps_money_units_and_books_in_order() {
    WALK.from(World::active_with_reserve, &[Status::Delinquent, Status::Defaulted, Status::Repaid]);
}

#[test]
fn from_a_seizure_on_whatever_is_agreed_and_tried_keeps_money_units_and_books_in_order() {
    WALK.from(seized_late, &[Status::Seizing, Status::Repaid]);
}

#[test]
fn from_a_seizure_before_the_first_due_date_on_it_is_the_same() {
    WALK.from(seized_early, &[Status::Seizing, Status::Repaid]);
}
