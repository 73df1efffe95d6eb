//! Loans driven at random, as hostile callers might: whatever is tried either goes through and keeps what must always
//! hold, or is refused by the program with a reason. The walks are the same in every run.

use {
    crate::{
        UNITS,
        drive::{Dice, Step, Walk, amount, collect, thawed},
    },
    blockable_sdk::{
        Pubkey, addresses,
        program::{
            instructions::{FreezeAmount, LotTerms, UnitBounds},
            state::{Credit, FreezeReason, Lot},
            transitions::Status,
        },
    },
    blockable_testkit::{DAY, Loan, World},
};

/// Walks over plain loans. The token programs refuse an empty wallet, Anchor an account of another type.
const WALK: Walk = Walk { walks: 12, steps: 60, loan, wait, attempt, foreign: &[1, 3_007], check };

/// A loan on terms that the dice choose.
fn loan(dice: &mut Dice) -> Loan {
    let (policy, auto_freeze) = (dice.below(3) as u8, dice.pick(&[0, 2]) as u8);
    let (apr, units) = (dice.below(5_001) as u16, dice.pick(&[UNITS, 1_000_003, 999, 1]));
    Loan::new(1).with(|terms| {
        terms.freeze_policy = policy;
        terms.auto_freeze = auto_freeze;
        terms.apr_bps = apr;
        terms.units = units;
    })
}

/// Prices in per cent of what the loan paid for a unit, and a window in seconds.
fn lot_terms(credit: &Credit, start: u64, floor: u64, window: u64) -> LotTerms {
    let paid = credit.price_paid().expect("the loan has units");
    LotTerms { start_price: paid / 100 * start, floor_price: paid / 100 * floor, window: window as u32 }
}

/// A defaulted loan whose lien was seized at the end of the cure period, at 150 % of what was paid, falling to 50 %.
fn seized(world: &mut World, loan: &Loan) -> Pubkey {
    let credit = world.defaulted(loan);
    world.pass(loan.args.terms.cure_period);
    let terms = lot_terms(&world.credit(&credit), 150, 50, u64::from(10 * DAY));
    world.sent(&[world.seize_at(&credit, UnitBounds::ALL, terms)], &["lender"]);
    credit
}

fn wait(dice: &mut Dice, world: &mut World) {
    match dice.below(8) {
        0 | 1 => world.pass(dice.below(u64::from(15 * DAY)) as u32),
        2 | 3 => world.pass(dice.below(120) as u32),
        4 if dice.below(10) == 0 => world.pause(dice.below(u64::from(3 * DAY)) as u32),
        _ => {}
    }
}

/// Chooses one step: an instruction and its signer.
fn attempt(dice: &mut Dice, world: &World, credit: &Pubkey) -> Step {
    let state = world.credit(credit);
    let (debt, lien, frozen) = (state.debt.total(), state.collateral.lien(), state.collateral.frozen());
    let lot = dice.below(u64::from(state.lots_opened.max(1))) as u32;
    let reason = dice.pick(&[
        FreezeReason::MissedPayment,
        FreezeReason::Default,
        FreezeReason::Breach,
        FreezeReason::Risk,
    ]);
    match dice.below(14) {
        0 | 1 => {
            let payer = dice.pick(&["borrower", "stranger"]);
            let most = if dice.below(12) == 0 { debt } else { debt / 20 };
            (world.repay(payer, credit, dice.amount(most)), vec![payer])
        }
        2 => (world.repay("borrower", credit, dice.amount(state.arrears())), vec!["borrower"]),
        3 => (world.mark_delinquent(credit), vec!["payer"]),
        4 => (world.mark_defaulted(credit), vec!["payer"]),
        5 => {
            let amount = freeze_amount(dice, lien);
            let by = dice.pick(&["lender", "freezer", "borrower"]);
            (world.freeze_by(by, credit, amount, reason), vec![by])
        }
        6 => (world.thaw("lender", credit, thawed(dice.amount(frozen))), vec!["lender"]),
        7 => (world.auto_freeze(credit), vec!["payer"]),
        8 | 9 => {
            let used = state.meter.cumulative.saturating_add(dice.amount(state.collateral.remaining()));
            let (in_flight, at) = (dice.amount(lien), world.now() - dice.below(90) as i64);
            let report = |index| world.report_at(index, at, &[(0, used, in_flight)]);
            (world.meter_with(&[*credit], vec![report(0), report(2)]), vec!["payer"])
        }
        10 => {
            let start = 10 * dice.below(40);
            let (floor, window) = (start * dice.below(101) / 100, dice.below(u64::from(20 * DAY)));
            let terms = lot_terms(&state, start, floor, window);
            (world.seize_at(credit, amount(dice.amount(lien)), terms), vec!["lender"])
        }
        11 if state.lots_opened > 0 => buy(dice, world, credit, lot),
        12 if state.lots_opened > 0 => {
            let closer = dice.pick(&["lender", "stranger"]);
            (world.close_lot(closer, credit, lot), vec![closer])
        }
        _ => collect(dice, world, credit, "lender"),
    }
}

fn freeze_amount(dice: &mut Dice, lien: u64) -> FreezeAmount {
    let (units, bps) = (dice.amount(lien), dice.amount(10_000) as u16);
    dice.pick(&[
        FreezeAmount::All,
        FreezeAmount::Units(units),
        FreezeAmount::Bps(bps),
        FreezeAmount::Shortfall,
    ])
}

fn buy(dice: &mut Dice, world: &World, credit: &Pubkey, lot: u32) -> Step {
    let left = addresses::lot(credit, lot);
    let left = world.svm.get_account(&left).map_or(0, |_| world.lot(credit, lot).units_left);
    let buyer = dice.pick(&["buyer", "stranger", "borrower"]);
    (world.buy_from(buyer, credit, lot, dice.amount(left), u64::MAX), vec![buyer])
}

/// The vault holds what the account says, and units are where the accounts say.
fn check(world: &World, credit: &Pubkey, at: &str) {
    assert_eq!(world.credit(credit).claims.total(), Ok(world.money(credit).vault), "{at}");
    assert_units_add_up(world, credit);
}

/// Units are where the accounts say: in the loan, in its lots, or with the lots' buyers.
fn assert_units_add_up(world: &World, credit: &Pubkey) {
    let state = world.credit(credit);
    let lots = (0..state.lots_opened).map(|index| addresses::lot(credit, index));
    let open: Vec<_> = lots.filter(|lot| world.lamports(lot) > 0).collect();
    let unsold: u64 = open.iter().map(|lot| world.read::<Lot>(lot).units_left).sum();
    let bought: u64 = ["buyer", "stranger", "borrower"]
        .map(|name| world.unrestricted(name))
        .iter()
        .filter(|credit| world.lamports(credit) > 0)
        .map(|credit| world.credit(credit).collateral.granted)
        .sum();
    assert_eq!(open.len(), state.lots_open as usize);
    assert_eq!(state.collateral.seized, unsold + bought);
}

#[test]
fn from_active_on_whatever_is_tried_keeps_money_units_and_books_in_order() {
    WALK.from(World::active, &[Status::Delinquent, Status::Repaid]);
}

#[test]
fn from_delinquent_on_whatever_is_tried_keeps_money_units_and_books_in_order() {
    WALK.from(World::delinquent, &[Status::Active, Status::Defaulted, Status::Repaid]);
}

#[test]
fn from_default_on_whatever_is_tried_keeps_money_units_and_books_in_order() {
    WALK.from(World::defaulted, &[Status::Active, Status::Seizing, Status::Repaid]);
}

#[test]
fn from_seizure_on_whatever_is_tried_keeps_money_units_and_books_in_order() {
    WALK.from(seized, &[Status::Seizing, Status::Repaid]);
}
