//! Loans with everything the parties can agree on, driven at random as the plain ones are: reserve, covenant, coupons in
//! kind, notice, restructuring, sale to another lender, takeover, expiry and closing.

use {
    super::walk::Dice,
    blockable_sdk::{
        Instruction, Pubkey, addresses, instructions,
        program::{
            errors::BlockableError,
            instructions::{FreezeAmount, LotTerms, RestructureLimits, ThawBounds, UnitBounds},
            state::{Credit, FreezeReason, Instalment, Party, Rider, Terms},
            transitions::Status,
        },
    },
    blockable_testkit::{DAY, Loan, Parties, USDC, World},
    std::collections::BTreeSet,
};

const WALKS: u64 = 8;
const STEPS: usize = 100;
/// Custom errors of others: an empty wallet, an account that is not there.
const FOREIGN: [u32; 4] = [1, 3_007, 3_012, 2_006];

/// The progress of a loan at the start of its walk.
type Begin = fn(&mut World, &Loan) -> Pubkey;

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

/// Chooses one step: an instruction and its signers.
fn attempt(dice: &mut Dice, world: &World, credit: &Pubkey) -> (Instruction, Vec<&'static str>) {
    let state = world.credit(credit);
    let lender = name_of(&state.lender);
    let (debt, lien) = (state.debt.total(), state.collateral.lien());
    let market = world.keys.market;
    let units = |units| if units == 0 { UnitBounds::ALL } else { UnitBounds::exactly(units) };
    let thawed = |units| if units == 0 { ThawBounds::ALL } else { ThawBounds { most: units, keep: 0 } };
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
        12 => {
            let terms = Terms { apr_bps: 100 + dice.below(4_901) as u16, ..state.terms };
            let schedule = schedule(dice, state.debt.principal);
            let (from, to) = (Parties::address(lender), Parties::address("borrower"));
            let limits = RestructureLimits {
                read: world.loan_read(credit),
                restructurings: state.restructurings,
                most_debt: u64::MAX,
                least_lien: 0,
            };
            let built =
                instructions::credit_restructure(&market, &from, &to, credit, terms, &schedule, limits);
            (built, vec![lender, "borrower"])
        }
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
        18 | 19 => {
            let used = state.meter.cumulative.saturating_add(dice.amount(state.collateral.remaining()));
            let reports = [0, 2].map(|index| world.report(index, &[(0, used, dice.amount(lien))]));
            (world.meter_with(&[*credit], reports.to_vec()), vec![])
        }
        20 => (world.seize_to_lender(lender, credit, units(dice.amount(lien))), vec![lender]),
        21 => {
            let (by, amount) = (Parties::address(lender), units(dice.amount(lien)));
            let (index, terms) = (state.lots_opened, lot_terms(&state));
            let built = instructions::credit_seize_to_pool(&market, &by, &by, credit, index, amount, terms);
            (built, vec![lender])
        }
        22 => {
            let lot = dice.below(u64::from(state.lots_opened.max(1))) as u32;
            (world.buy_from("buyer", credit, lot, dice.amount(lien.max(1_000)), u64::MAX), vec!["buyer"])
        }
        23 => {
            let index = dice.below(u64::from(state.lots_opened.max(1))) as u32;
            let lot = addresses::lot(credit, index);
            let opener = world.svm.get_account(&lot).filter(|lot| lot.lamports > 0);
            let opener = opener.map_or(state.lender, |_| world.lot(credit, index).rent_payer);
            let closer = Parties::address(lender);
            (instructions::lot_close(&market, &closer, &opener, credit, index), vec![lender])
        }
        24 => match dice.below(4) {
            0 => (world.write_off(lender, credit), vec![lender]),
            1 => (world.expire_units(credit), vec![]),
            2 => (world.close_vault(credit), vec![]),
            _ => (world.close_credit("stranger", credit), vec!["stranger"]),
        },
        _ => {
            let claims =
                [(Party::Lender, lender), (Party::Borrower, "borrower"), (Party::Treasury, "treasury")];
            let (party, name) = dice.pick(&claims);
            (world.collect("stranger", credit, party, &world.token_account(name)), vec!["stranger"])
        }
    }
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
        match dice.below(6) {
            0 => world.pass(dice.below(u64::from(12 * DAY)) as u32),
            1 => world.pass(dice.below(120) as u32),
            _ => {}
        }
        let (instruction, signers) = attempt(&mut dice, &world, &credit);
        if let Err(refused) = world.send(&[instruction], &signers) {
            let known =
                refused.program_error().is_some_and(|error| error != BlockableError::ArithmeticOverflow);
            let foreign = refused.code().is_some_and(|code| FOREIGN.contains(&code));
            assert!(known || foreign, "seed {seed} step {step}: {refused:#?}");
        }
        assert_eq!(total(&world), start, "seed {seed} step {step}: money was made or lost");
        if world.lamports(&credit) == 0 {
            break;
        }
        let state = world.credit(&credit);
        assert_eq!(state.owed_from_vault().ok(), Some(world.money(&credit).vault), "seed {seed} step {step}");
        reached.insert(state.status().expect("a known status"));
    }
    reached
}

/// Drives several loans from one beginning, which must between them reach the statuses named.
#[track_caller]
fn walk_from(begin: Begin, beyond: &[Status]) {
    let reached: BTreeSet<_> = (1..=WALKS).flat_map(|seed| walk(seed, begin)).collect();
    assert!(beyond.iter().all(|status| reached.contains(status)), "the walks see too little: {reached:?}");
}

#[test]
fn whatever_is_agreed_and_tried_keeps_money_units_and_books_in_order() {
    walk_from(World::active_with_reserve, &[Status::Delinquent, Status::Defaulted, Status::Repaid]);
}

#[test]
fn from_a_seizure_on_whatever_is_agreed_and_tried_keeps_money_units_and_books_in_order() {
    walk_from(seized_late, &[Status::Seizing, Status::Repaid]);
}

#[test]
fn from_a_seizure_before_the_first_due_date_on_it_is_the_same() {
    walk_from(seized_early, &[Status::Seizing, Status::Repaid]);
}
