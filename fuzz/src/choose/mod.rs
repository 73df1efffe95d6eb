//! Chooses the steps of an episode.

mod by_status;
mod due;

use {
    crate::{
        action::{Amount, Attempt, By, Flaw, Jump, Moment, Step},
        dice::Dice,
        lab::{ACTORS, Lab, PLACES},
        ops::Op,
    },
    blockable_sdk::program::state::Provider,
    by_status::for_status,
    due::{due_operations, towards_cancel},
};

const AMOUNTS: &[Amount] = &[
    Amount::Zero,
    Amount::One,
    Amount::Exact,
    Amount::Under,
    Amount::Over,
    Amount::Max,
    Amount::Lesser,
    Amount::Part(3_333),
    Amount::Part(5_000),
    Amount::Part(100),
];

/// Chooses the next step by the lab's state, so that the late statuses of a loan are reached often.
pub fn choose(lab: &Lab, dice: &mut Dice) -> Step {
    match dice.below(100) {
        0..=11 => wait(lab, dice),
        12..=17 => settings(lab, dice),
        18..=34 => hostile(lab, dice),
        35 => Step::Donate(place(lab, dice), dice.pick(&[1, 1_000_000, 77])),
        36 => freeze_vault(lab, dice),
        37..=39 => Step::Probe(place(lab, dice), dice.roll()),
        _ => sensible(lab, dice),
    }
}

fn place(lab: &Lab, dice: &mut Dice) -> u8 {
    let grants = lab.grants.len() as u64;
    if grants > 0 && dice.one_in(8) {
        PLACES + dice.below(grants) as u8
    } else {
        dice.below(u64::from(PLACES)) as u8
    }
}

/// Mostly thaws the vault that is frozen, so that most loans can be paid most of the time.
fn freeze_vault(lab: &Lab, dice: &mut Dice) -> Step {
    let frozen = (0..PLACES).find(|on| lab.has_frozen_vault(*on));
    match frozen {
        Some(on) if !dice.one_in(8) => Step::FreezeVault(on),
        _ => Step::FreezeVault(dice.below(u64::from(PLACES)) as u8),
    }
}

fn wait(lab: &Lab, dice: &mut Dice) -> Step {
    let seconds = match dice.below(16) {
        0..=4 => 1 + dice.below(90),
        5..=6 => dice.below(7_200),
        7 => dice.below(3 * 86_400),
        8 if dice.one_in(4) => dice.below(40 * 86_400),
        _ => {
            let on = place(lab, dice);
            let moment = dice.pick(&[
                Moment::Due,
                Moment::Delinquency,
                Moment::Default,
                Moment::Cure,
                Moment::LotEnd,
                Moment::Window,
                Moment::UnitExpiry,
                Moment::OfferExpiry,
                Moment::PauseEnd,
                Moment::Change,
                Moment::ProviderChange,
                Moment::Place,
                Moment::CancelOpens,
                Moment::Suspension,
                Moment::ReserveGrace,
            ]);
            return Step::Wait(Jump::To(on, moment, dice.pick(&[0, 0, 1, -1, 60, 30])));
        }
    };
    Step::Wait(Jump::Seconds(seconds as u32))
}

fn attempt(op: Op, on: u8, amount: Amount, dice: &mut Dice) -> Attempt {
    let extra = dice.roll();
    Attempt { op, on, by: By::Entitled, amount, extra, flaw: None, twice: dice.one_in(4) }
}

fn settings(lab: &Lab, dice: &mut Dice) -> Step {
    let paused = (0..3).find(|market| {
        let market = lab.market(*market);
        market.paused_at != 0
    });
    let first = Op::MarketCreate.index();
    let last = Op::ProviderResume.index();
    let op = Op::ALL[first + dice.below((last - first + 1) as u64) as usize];
    let (op, on) = match op {
        Op::MarketPause | Op::MarketCreate if dice.one_in(2) => {
            (Op::MarketUnpause, paused.unwrap_or(0) as u8)
        }
        // A halt stops all new business until it is lifted and the delay has passed.
        Op::MarketHalt if !dice.one_in(4) => {
            let halted = (0..3).find(|market| lab.market(*market).halted_at != 0);
            (Op::MarketLiftHalt, halted.unwrap_or(0) as u8)
        }
        // A change is proposed often and its moment is short.
        Op::ProviderApplyChange => (op, ready_provider(lab, dice)),
        // With every provider suspended, no loan could begin.
        Op::ProviderSuspend if dice.one_in(2) => (Op::ProviderResume, dice.roll() as u8),
        op => (op, dice.roll() as u8),
    };
    let amount =
        dice.pick(&[Amount::Exact, Amount::Lesser, Amount::Lesser, Amount::One, Amount::Over, Amount::Zero]);
    let mut attempt = attempt(op, on, amount, dice);
    if dice.one_in(6) {
        attempt.by = By::Actor(dice.below(u64::from(ACTORS)) as u8);
    }
    if dice.one_in(12) {
        attempt.flaw = Some(flaw(dice));
    }
    Step::Call(attempt)
}

/// A provider whose change can be applied now, else any.
fn ready_provider(lab: &Lab, dice: &mut Dice) -> u8 {
    let ready = lab.providers.iter().position(|(market, key)| {
        let time = lab.market_time(&lab.market(*market));
        let provider = lab.read::<Provider>(key);
        provider.is_some_and(|found| found.change_ready_at != 0 && found.change_ready_at <= time)
    });
    ready.map_or(dice.roll() as u8, |place| place as u8)
}

fn flaw(dice: &mut Dice) -> Flaw {
    let (at, with) = (dice.below(12) as u8, dice.roll() as u16);
    match dice.below(7) {
        0 => Flaw::ReadOnly(at),
        1 => Flaw::Unsigned(at),
        2 => Flaw::Swap(at, with),
        3 => Flaw::Replay(at),
        _ => Flaw::SameRole(at, with),
    }
}

/// Any instruction on any credit, mostly by the wrong signer or with wrong accounts.
fn hostile(lab: &Lab, dice: &mut Dice) -> Step {
    let count = Op::on_credits().count();
    let op = Op::ALL[Op::CreditOffer.index() + dice.below(count as u64) as usize];
    let amount = dice.pick(AMOUNTS);
    let mut attempt = attempt(op, place(lab, dice), amount, dice);
    if dice.one_in(2) {
        attempt.by = By::Actor(dice.below(u64::from(ACTORS)) as u8);
    }
    if dice.one_in(2) {
        attempt.flaw = Some(flaw(dice));
    }
    if op == Op::UsageMeter && dice.one_in(3) {
        attempt.flaw = Some(Flaw::Replay(dice.roll() as u8));
    }
    Step::Call(attempt)
}

/// Chooses an operation that the status of a credit calls for, by a key that may do it.
fn sensible(lab: &Lab, dice: &mut Dice) -> Step {
    let on = place(lab, dice);
    let credit = lab.credit(on);
    if let Some(step) = credit.as_ref().and_then(|credit| towards_cancel(lab, on, credit, dice)) {
        return step;
    }
    let (op, amount) = match &credit {
        None => (Op::CreditOffer, Amount::Exact),
        Some(credit) => match due_operations(lab, credit).as_slice() {
            [] => for_status(lab, credit, dice),
            _ if dice.one_in(2) => for_status(lab, credit, dice),
            due => (dice.pick(due), dice.pick(&[Amount::Exact, Amount::Exact, Amount::Part(4_000)])),
        },
    };
    if op == Op::CreditCancelOffer && dice.one_in(2) {
        return Step::Wait(Jump::Seconds(1));
    }
    Step::Call(attempt(op, on, amount, dice))
}
