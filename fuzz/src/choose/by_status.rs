//! Chooses an operation by the status of a credit.

use {
    super::AMOUNTS,
    crate::{action::Amount, dice::Dice, lab::Lab, ops::Op},
    blockable_sdk::program::{state::Credit, transitions::Status},
};

/// An operation with its exact amount.
fn exact(op: Op) -> (Op, Amount) {
    (op, Amount::Exact)
}

/// Picks any amount.
fn any(dice: &mut Dice) -> Amount {
    dice.pick(AMOUNTS)
}

pub(super) fn for_status(lab: &Lab, credit: &Credit, dice: &mut Dice) -> (Op, Amount) {
    let crowded = lab.grants.len() > 14;
    match Status::from_byte(credit.status).unwrap_or(Status::Closed) {
        Status::Offered => dice.pick(&[
            exact(Op::CreditAccept),
            exact(Op::CreditAccept),
            exact(Op::CreditAccept),
            exact(Op::CreditSetFreezeAuthority),
            exact(Op::CreditCancelOffer),
        ]),
        Status::Accepted => {
            let fund =
                (Op::ReserveFund, dice.pick(&[Amount::Exact, Amount::Exact, Amount::One, Amount::Max]));
            dice.pick(&[
                exact(Op::CreditIssue),
                exact(Op::CreditIssue),
                exact(Op::CreditIssue),
                fund,
                fund,
                exact(Op::CreditCancelOffer),
                exact(Op::CreditSetFreezeAuthority),
            ])
        }
        Status::Active => active(dice),
        Status::Delinquent => delinquent(dice),
        Status::Defaulted => defaulted(dice),
        Status::Seizing => seizing(dice),
        Status::Repaid => repaid(credit, crowded, dice),
        Status::Closed => exact(Op::CreditOffer),
    }
}

/// Chooses an operation for an active loan.
fn active(dice: &mut Dice) -> (Op, Amount) {
    match dice.below(20) {
        0..=2 => {
            (Op::CreditRepay, dice.pick(&[Amount::Lesser, Amount::Lesser, Amount::Part(500), Amount::One]))
        }
        3..=5 => exact(Op::CreditMarkDelinquent),
        6..=8 => (Op::UsageMeter, any(dice)),
        9 => (Op::CreditFreeze, any(dice)),
        10 => (Op::CreditThaw, any(dice)),
        11 => exact(Op::CovenantApply),
        12 => exact(Op::CreditGiveNotice),
        13 => (Op::ReserveFund, any(dice)),
        14 => exact(Op::ReserveDraw),
        15 => exact(dice.pick(&[Op::CreditOfferLender, Op::CreditAcceptLender, Op::CreditRestructure])),
        16 => exact(Op::CreditExpireUnits),
        17 => (Op::CreditWaiveFee, Amount::Exact),
        18 => exact(dice.pick(&[Op::VaultCollect, Op::CreditThawCross, Op::CreditCancelLocked])),
        _ if dice.one_in(6) => exact(Op::CreditRepay),
        _ if dice.one_in(3) => hand_over(dice),
        _ => exact(Op::CreditMarkDelinquent),
    }
}

/// Chooses an operation for a delinquent loan.
fn delinquent(dice: &mut Dice) -> (Op, Amount) {
    match dice.below(16) {
        0..=4 => exact(Op::CreditMarkDefaulted),
        5 => (Op::CreditFreeze, any(dice)),
        6 => (Op::CreditThaw, any(dice)),
        7..=8 => (Op::UsageMeter, any(dice)),
        9 => (Op::CreditRepay, any(dice)),
        10 => (Op::CreditWaiveFee, any(dice)),
        11 => exact(dice.pick(&[Op::CreditOfferLender, Op::CreditAcceptLender, Op::CreditRestructure])),
        12 => exact(dice.pick(&[Op::CreditGiveNotice, Op::CreditSetFreezeAuthority, Op::VaultCollect])),
        14 if dice.one_in(2) => exact(dice.pick(&[Op::CreditThawCross, Op::CreditCancelLocked])),
        13 => (dice.pick(&[Op::ReserveFund, Op::ReserveDraw]), Amount::Exact),
        14 => exact(Op::CreditExpireUnits),
        _ if dice.one_in(3) => hand_over(dice),
        _ => (Op::CreditRepay, Amount::Lesser),
    }
}

/// Chooses an operation for a defaulted loan.
fn defaulted(dice: &mut Dice) -> (Op, Amount) {
    match dice.below(20) {
        0 => exact(Op::CreditAutoFreeze),
        1..=5 => (
            Op::CreditSeizeToPool,
            dice.pick(&[Amount::Part(3_000), Amount::One, Amount::Exact, Amount::Max]),
        ),
        6 => (Op::CreditSeizeToLender, any(dice)),
        7 => (Op::CreditFreeze, any(dice)),
        8 => (Op::CreditThaw, any(dice)),
        9..=10 => (Op::UsageMeter, any(dice)),
        11 => (Op::CreditRepay, any(dice)),
        12 => {
            exact(dice.pick(&[Op::CreditWithdrawNotice, Op::CreditRestructure, Op::CreditSetFreezeAuthority]))
        }
        13 => (dice.pick(&[Op::ReserveFund, Op::ReserveDraw]), Amount::Exact),
        14 => (Op::CreditWaiveFee, any(dice)),
        15 => exact(dice.pick(&[Op::CreditOfferLender, Op::CreditAcceptLender, Op::VaultCollect])),
        16 if dice.one_in(3) => exact(Op::CreditWriteOff),
        17 => exact(dice.pick(&[Op::CreditExpireUnits, Op::CreditThawCross])),
        18 => hand_over(dice),
        19 => (Op::CreditCancelLocked, any(dice)),
        _ => exact(Op::CreditAutoFreeze),
    }
}

/// Chooses an operation for a loan whose collateral is being sold.
fn seizing(dice: &mut Dice) -> (Op, Amount) {
    match dice.below(22) {
        0..=5 => (Op::LotBuy, any(dice)),
        6..=7 => exact(Op::LotClose),
        9..=10 => (Op::CreditSeizeToPool, any(dice)),
        11 => (Op::CreditSeizeToLender, any(dice)),
        12 => (Op::CreditFreeze, any(dice)),
        13 => (Op::CreditThaw, any(dice)),
        14..=15 => (Op::UsageMeter, any(dice)),
        16 => (Op::CreditRepay, any(dice)),
        17 => exact(dice.pick(&[Op::VaultCollect, Op::CreditThawCross])),
        8 => (Op::CreditCancelLocked, any(dice)),
        18 if dice.one_in(2) => exact(Op::CreditWriteOff),
        19 => {
            exact(dice.pick(&[Op::CreditOfferLender, Op::CreditAcceptLender, Op::CreditSetFreezeAuthority]))
        }
        20 => exact(dice.pick(&[Op::ReserveDraw, Op::CreditExpireUnits])),
        21 if dice.one_in(2) => (Op::CreditWaiveFee, any(dice)),
        21 => hand_over(dice),
        _ => exact(Op::LotClose),
    }
}

/// Chooses an operation for a repaid loan. In a crowded lab, one with many unrestricted credits, those are closed as well.
fn repaid(credit: &Credit, crowded: bool, dice: &mut Dice) -> (Op, Amount) {
    match dice.below(12) {
        0..=2 => exact(Op::VaultCollect),
        3..=4 => exact(Op::VaultClose),
        5..=6 => (Op::UsageMeter, any(dice)),
        7 => exact(Op::LotClose),
        8 => exact(Op::CreditExpireUnits),
        9 if dice.one_in(2) => hand_over(dice),
        _ if crowded || !credit.is_unrestricted() || dice.one_in(3) => exact(Op::CreditClose),
        _ => (Op::UsageMeter, any(dice)),
    }
}

/// One of the three steps of the borrower's hand-over.
fn hand_over(dice: &mut Dice) -> (Op, Amount) {
    exact(dice.pick(&[Op::CreditOfferBorrower, Op::CreditWithdrawBorrower, Op::CreditAcceptBorrower]))
}
