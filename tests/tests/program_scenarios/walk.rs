//! Loans driven at random, as hostile callers might: whatever is tried either goes through and keeps what must always
//! hold, or is refused by the program with a reason. The walks are the same in every run.

use {
    crate::UNITS,
    blockable_sdk::{
        Instruction, Pubkey, addresses,
        program::{
            errors::BlockableError,
            instructions::{FreezeAmount, LotTerms, ThawBounds, UnitBounds},
            state::{Credit, FreezeReason, Lot, Party},
            transitions::Status,
        },
    },
    blockable_testkit::{DAY, Loan, World},
    std::collections::BTreeSet,
};

/// Custom error of the token programs for a wallet that is empty.
const INSUFFICIENT_FUNDS: u32 = 1;
/// Loans per beginning, and what is tried with each.
const WALKS: u64 = 12;
const STEPS: usize = 60;

/// The progress of a loan at the start of its walk.
type Begin = fn(&mut World, &Loan) -> Pubkey;

/// A generator of numbers that look random (xorshift), so that a walk needs nothing but its seed.
pub(crate) struct Dice(u64);

impl Dice {
    /// The dice of a walk.
    pub(crate) fn seeded(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound.max(1)
    }

    /// A number up to `most` of any magnitude: tiny, moderate and the limit itself are all likely.
    pub(crate) fn amount(&mut self, most: u64) -> u64 {
        match self.below(6) {
            0 => most,
            1 => 1,
            2 => self.below(1_000),
            3 => most.saturating_add(1),
            _ => self.below(most),
        }
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}

/// A loan on terms that the dice choose.
fn loan(dice: &mut Dice) -> Loan {
    let (policy, auto_freeze) = (dice.below(3) as u8, dice.below(2) as u8);
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

/// Chooses one step: an instruction and its signer.
fn attempt(dice: &mut Dice, world: &World, credit: &Pubkey) -> (Instruction, &'static str) {
    let state = world.credit(credit);
    let (debt, lien, frozen) = (state.debt.total(), state.collateral.lien(), state.collateral.frozen());
    let lot = dice.below(u64::from(state.lots_opened.max(1))) as u32;
    let reason = dice.pick(&[
        FreezeReason::MissedPayment,
        FreezeReason::Default,
        FreezeReason::Breach,
        FreezeReason::Risk,
    ]);
    let amount = |units| if units == 0 { UnitBounds::ALL } else { UnitBounds::exactly(units) };
    let thawed = |units| if units == 0 { ThawBounds::ALL } else { ThawBounds { most: units, keep: 0 } };
    match dice.below(14) {
        0 | 1 => {
            let payer = dice.pick(&["borrower", "stranger"]);
            let most = if dice.below(12) == 0 { debt } else { debt / 20 };
            (world.repay(payer, credit, dice.amount(most)), payer)
        }
        2 => {
            let paid = dice.amount(state.arrears());
            (world.repay("borrower", credit, paid), "borrower")
        }
        3 => (world.mark_delinquent(credit), "payer"),
        4 => (world.mark_defaulted(credit), "payer"),
        5 => {
            let (units, bps) = (dice.amount(lien), dice.amount(10_000) as u16);
            let amount = dice.pick(&[
                FreezeAmount::All,
                FreezeAmount::Units(units),
                FreezeAmount::Bps(bps),
                FreezeAmount::Shortfall,
            ]);
            let by = dice.pick(&["lender", "freezer", "borrower"]);
            (world.freeze_by(by, credit, amount, reason), by)
        }
        6 => (world.thaw("lender", credit, thawed(dice.amount(frozen))), "lender"),
        7 => (world.auto_freeze(credit), "payer"),
        8 | 9 => {
            let used = state.meter.cumulative.saturating_add(dice.amount(state.collateral.remaining()));
            let (in_flight, at) = (dice.amount(lien), world.now() - dice.below(90) as i64);
            let report = |index| world.report_at(index, at, &[(0, used, in_flight)]);
            (world.meter_with(&[*credit], vec![report(0), report(2)]), "payer")
        }
        10 => {
            let start = 10 * dice.below(40);
            let terms =
                lot_terms(&state, start, start * dice.below(101) / 100, dice.below(u64::from(20 * DAY)));
            (world.seize_at(credit, amount(dice.amount(lien)), terms), "lender")
        }
        11 if state.lots_opened > 0 => {
            let left = addresses::lot(credit, lot);
            let left = world.svm.get_account(&left).map_or(0, |_| world.lot(credit, lot).units_left);
            let buyer = dice.pick(&["buyer", "stranger", "borrower"]);
            (world.buy_from(buyer, credit, lot, dice.amount(left), u64::MAX), buyer)
        }
        12 if state.lots_opened > 0 => {
            let closer = dice.pick(&["lender", "stranger"]);
            (world.close_lot(closer, credit, lot), closer)
        }
        _ => {
            let (party, name) = dice.pick(&[
                (Party::Lender, "lender"),
                (Party::Borrower, "borrower"),
                (Party::Treasury, "treasury"),
            ]);
            (world.collect("stranger", credit, party, &world.token_account(name)), "stranger")
        }
    }
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

/// Drives one loan; returns the statuses it reached.
fn walk(seed: u64, begin: Begin) -> BTreeSet<Status> {
    let mut dice = Dice::seeded(seed);
    let mut world = World::new();
    let credit = begin(&mut world, &loan(&mut dice));
    let total = |world: &World| {
        let money = world.money(&credit);
        let parties = money.lender + money.borrower + money.provider + money.buyer + money.stranger;
        parties + money.treasury + money.vault
    };
    let (start, mut reached) = (total(&world), BTreeSet::new());
    for step in 0..STEPS {
        match dice.below(8) {
            0 | 1 => world.pass(dice.below(u64::from(15 * DAY)) as u32),
            2 | 3 => world.pass(dice.below(120) as u32),
            4 if dice.below(10) == 0 => world.pause(dice.below(u64::from(3 * DAY)) as u32),
            _ => {}
        }
        let (instruction, signer) = attempt(&mut dice, &world, &credit);
        if let Err(refused) = world.send(&[instruction], &[signer]) {
            let known =
                refused.program_error().is_some_and(|error| error != BlockableError::ArithmeticOverflow);
            let missing = refused.code() == Some(3_007);
            let poor = refused.code() == Some(INSUFFICIENT_FUNDS);
            assert!(known || poor || missing, "seed {seed} step {step}: {refused:#?}");
        }
        assert_eq!(total(&world), start, "seed {seed} step {step}: money was made or lost");
        let state = world.credit(&credit);
        let vault = world.money(&credit).vault;
        assert_eq!(state.claims.total(), Ok(vault), "seed {seed} step {step}");
        assert_units_add_up(&world, &credit);
        reached.insert(state.status().expect("a known status"));
    }
    reached
}

/// Drives several loans from one beginning, which must between them reach the statuses that lie beyond it.
#[track_caller]
fn walk_from(begin: Begin, beyond: &[Status]) {
    let reached: BTreeSet<_> = (1..=WALKS).flat_map(|seed| walk(seed, begin)).collect();
    assert!(beyond.iter().all(|status| reached.contains(status)), "the walks see too little: {reached:?}");
}

#[test]
fn from_active_on_whatever_is_tried_keeps_money_units_and_books_in_order() {
    walk_from(World::active, &[Status::Delinquent, Status::Repaid]);
}

#[test]
fn from_delinquent_on_whatever_is_tried_keeps_money_units_and_books_in_order() {
    walk_from(World::delinquent, &[Status::Active, Status::Defaulted, Status::Repaid]);
}

#[test]
fn from_default_on_whatever_is_tried_keeps_money_units_and_books_in_order() {
    walk_from(World::defaulted, &[Status::Active, Status::Seizing, Status::Repaid]);
}

#[test]
fn from_seizure_on_whatever_is_tried_keeps_money_units_and_books_in_order() {
    walk_from(seized, &[Status::Seizing, Status::Repaid]);
}
