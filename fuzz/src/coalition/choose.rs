//! Chooses the moves of a game.

use {
    super::{party::Move, table::Table},
    crate::{
        action::{Amount, Attempt, By, Jump, Moment, Step},
        choose::choose as any,
        dice::Dice,
        lab::PLACES,
        ops::Op,
    },
    blockable_sdk::program::transitions::Status,
};

/// Places that a game uses: fewer than there are, so that the honest party's loans meet the others often.
const USED: u8 = 4;

/// Moments from which on others than the lender may act, or units and money change hands.
const MOMENTS: [Moment; 6] = [
    Moment::Suspension,
    Moment::CancelOpens,
    Moment::Cure,
    Moment::Default,
    Moment::UnitExpiry,
    Moment::ReserveGrace,
];

/// Chooses the next move.
pub(super) fn choose(table: &Table, dice: &mut Dice) -> Move {
    match dice.below(100) {
        0..=19 => Move::Sign(dice.below(USED.into()) as u8, dice.roll()),
        20..=33 if !table.pending.is_empty() => Move::Land(dice.roll() as u8),
        34..=36 => Move::Wait(Jump::Seconds(1 + dice.below(20) as u32)),
        37 => Move::Wait(Jump::To(dice.below(USED.into()) as u8, dice.pick(&MOMENTS), 0)),
        38..=52 => Move::Act(around(table, dice)),
        _ => match any(&table.lab, dice) {
            Step::Wait(jump) => Move::Wait(near(jump)),
            Step::Call(attempt) => {
                Move::Act(Attempt { on: place(attempt.on, attempt.op), twice: false, ..attempt })
            }
            Step::Donate(..) | Step::FreezeVault(_) | Step::Probe(..) => Move::Land(dice.roll() as u8),
        },
    }
}

fn place(on: u8, op: Op) -> u8 {
    if op.is_on_credit() && on < PLACES { on % USED } else { on }
}

fn near(jump: Jump) -> Jump {
    match jump {
        Jump::To(on, moment, offset) if on < PLACES => Jump::To(on % USED, moment, offset),
        other => other,
    }
}

/// An attempt on the loan of a signature that waits, so that the signature may meet another state than its signer has read.
fn around(table: &Table, dice: &mut Dice) -> Attempt {
    let waiting = table.pending.len() as u64;
    let on = if waiting > 0 {
        table.pending[dice.below(waiting) as usize].on
    } else {
        dice.below(USED.into()) as u8
    };
    let status = table.lab.credit(on).and_then(|credit| Status::from_byte(credit.status));
    let op = dice.pick(attempts(status));
    let amount = dice.pick(&[
        Amount::Exact,
        Amount::Under,
        Amount::Lesser,
        Amount::Part(100),
        Amount::Part(9_900),
        Amount::Max,
    ]);
    let by = match op {
        // The lender of a loan buys from its own lot as others do.
        Op::LotBuy => By::Actor(dice.pick(&[2, 3, 4, 11])),
        _ => By::Entitled,
    };
    Attempt { op, on: on.min(PLACES - 1), by, amount, extra: dice.roll(), flaw: None, twice: false }
}

/// The operations that the others try on a loan in a status: the next step of its life, and steps that could harm the party
/// that has signed.
fn attempts(status: Option<Status>) -> &'static [Op] {
    match status {
        None | Some(Status::Closed) => &[Op::CreditOffer],
        Some(Status::Offered) => &[Op::CreditAccept, Op::CreditAccept, Op::CreditCancelOffer],
        Some(Status::Accepted) => &[Op::CreditIssue, Op::CreditIssue, Op::ReserveFund, Op::CreditCancelOffer],
        Some(Status::Active) => &[
            Op::CreditMarkDelinquent,
            Op::CreditOfferLender,
            Op::CreditRepay,
            Op::VaultCollect,
            Op::UsageMeter,
            Op::UsageMeter,
            Op::ProviderProposeChange,
            Op::CreditFreeze,
            Op::CreditGiveNotice,
            Op::CreditCancelLocked,
            Op::CreditThawCross,
            Op::ReserveDraw,
            Op::ProviderSuspend,
        ],
        Some(Status::Delinquent) => &[
            Op::CreditMarkDefaulted,
            Op::CreditMarkDefaulted,
            Op::CreditRepay,
            Op::UsageMeter,
            Op::ProviderProposeChange,
            Op::CreditFreeze,
            Op::CreditCancelLocked,
            Op::CreditThawCross,
        ],
        Some(Status::Defaulted) => &[
            Op::CreditSeizeToPool,
            Op::CreditSeizeToPool,
            Op::CreditSeizeToLender,
            Op::CreditAutoFreeze,
            Op::CreditRepay,
            Op::UsageMeter,
            Op::CreditThaw,
            Op::CreditCancelLocked,
            Op::CreditWriteOff,
            Op::CreditExpireUnits,
        ],
        Some(Status::Seizing) => &[
            Op::LotBuy,
            Op::LotBuy,
            Op::CreditSeizeToPool,
            Op::LotClose,
            Op::CreditRepay,
            Op::CreditCancelLocked,
            Op::CreditSeizeToLender,
            Op::ReserveDraw,
            Op::CreditWriteOff,
            Op::CreditExpireUnits,
        ],
        Some(Status::Repaid) => &[Op::VaultCollect, Op::VaultClose, Op::CreditClose, Op::LotClose],
    }
}
