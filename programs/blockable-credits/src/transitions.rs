//! The states of a credit and the one table of the actions allowed in each.
//!
//! Program, SDK, keeper and tests all read [`EDGES`]; nothing else decides a change of status.

use anchor_lang::{AnchorDeserialize, AnchorSerialize};

/// The status of a credit. Stored as one byte at a fixed offset.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Status {
    /// The lender has put the principal in escrow and waits for the borrower.
    Offered,
    /// The borrower has accepted the terms; the provider has not issued the units yet.
    Accepted,
    /// Units are live, and no mark of delinquency is in force.
    Active,
    /// An instalment is unpaid past the delinquency grace period.
    Delinquent,
    /// An instalment is unpaid past the default grace period; the cure period runs.
    Defaulted,
    /// The lender has seized collateral; every payment from here on is recovery.
    Seizing,
    /// Nothing is owed; the units that are left belong to the borrower without restriction.
    Repaid,
    /// Ended; the account is about to be removed.
    Closed,
}

impl Status {
    /// Every status, in the order of their bytes.
    pub const ALL: [Status; 8] = [
        Status::Offered,
        Status::Accepted,
        Status::Active,
        Status::Delinquent,
        Status::Defaulted,
        Status::Seizing,
        Status::Repaid,
        Status::Closed,
    ];

    /// The status stored as `byte`; `None` for a byte that no version of the program has written.
    pub fn from_byte(byte: u8) -> Option<Status> {
        Status::ALL.get(usize::from(byte)).copied()
    }

    /// The byte that stands for this status in an account.
    pub fn byte(self) -> u8 {
        self as u8
    }

    /// Returns true when units are live and something is owed, so that a lien can exist.
    pub fn is_secured(self) -> bool {
        matches!(self, Status::Active | Status::Delinquent | Status::Defaulted | Status::Seizing)
    }
}

/// An action on a credit.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// The borrower takes the offer.
    Accept,
    /// The provider makes the units live and is paid the principal.
    Issue,
    /// Lender or borrower withdraws before the units are live.
    Cancel,
    /// Anyone pays part of the debt.
    Pay,
    /// A payment clears the arrears.
    Cure,
    /// A payment clears the whole debt.
    PayOff,
    /// Anyone records that the delinquency grace period has passed.
    MarkDelinquent,
    /// Anyone records that the default grace period has passed.
    MarkDefaulted,
    /// Lender or freeze authority freezes collateral.
    Freeze,
    /// Lender or freeze authority thaws collateral.
    Thaw,
    /// Anyone freezes the collateral in full where the terms say so.
    AutoFreeze,
    /// Anyone submits signed usage reports.
    Meter,
    /// The lender moves collateral into a lot for sale.
    Seize,
    /// A third party buys units of a lot.
    Buy,
    /// A lot that is sold, satisfied or past its window is closed.
    CloseLot,
    /// Lender or borrower withdraws, and money is left to collect: the borrower's reserve, or the principal as the lender's
    /// claim.
    CancelFunded,
    /// Lender and borrower agree on a new schedule.
    Restructure,
    /// The lender waives late fees.
    WaiveFee,
    /// The lender offers the loan to another lender, who takes it.
    Assign,
    /// Lender and borrower offer the borrower's place to another key, which takes it.
    HandOver,
    /// The lender names another freeze authority.
    SetFreezeAuthority,
    /// The lender gives notice of default for a breach.
    GiveNotice,
    /// The lender withdraws the notice.
    WithdrawNotice,
    /// The lender takes collateral over at the price the loan paid for it.
    TakeOver,
    /// Units under the holdback are cancelled: by the lender, by anyone once that is open, or by lender and borrower.
    CancelLocked,
    /// The lender gives up the rest of the debt.
    WriteOff,
    /// Anyone expires units past their lifetime.
    Expire,
    /// Anyone applies the covenant on utilisation at the end of its window.
    ApplyCovenant,
    /// Anyone puts cash into the borrower's reserve.
    FundReserve,
    /// Anyone draws the reserve, for a missed instalment or as recovery.
    DrawReserve,
    /// Anyone removes the vault once nothing is owed from it.
    CloseVault,
    /// Anyone removes a credit without units; the borrower can also remove one that holds units.
    Close,
}

/// `(action, from, to)`: everything that may be done, and the status it leads to.
pub const EDGES: &[(Action, Status, Status)] = &[
    (Action::Accept, Status::Offered, Status::Accepted),
    (Action::Issue, Status::Accepted, Status::Active),
    (Action::Cancel, Status::Offered, Status::Closed),
    (Action::Cancel, Status::Accepted, Status::Closed),
    (Action::Pay, Status::Active, Status::Active),
    (Action::Pay, Status::Delinquent, Status::Delinquent),
    (Action::Pay, Status::Defaulted, Status::Defaulted),
    (Action::Pay, Status::Seizing, Status::Seizing),
    (Action::Cure, Status::Active, Status::Active),
    (Action::Cure, Status::Delinquent, Status::Active),
    (Action::Cure, Status::Defaulted, Status::Active),
    (Action::PayOff, Status::Active, Status::Repaid),
    (Action::PayOff, Status::Delinquent, Status::Repaid),
    (Action::PayOff, Status::Defaulted, Status::Repaid),
    (Action::PayOff, Status::Seizing, Status::Repaid),
    (Action::MarkDelinquent, Status::Active, Status::Delinquent),
    (Action::MarkDefaulted, Status::Delinquent, Status::Defaulted),
    (Action::Freeze, Status::Active, Status::Active),
    (Action::Freeze, Status::Delinquent, Status::Delinquent),
    (Action::Freeze, Status::Defaulted, Status::Defaulted),
    (Action::Freeze, Status::Seizing, Status::Seizing),
    (Action::Thaw, Status::Active, Status::Active),
    (Action::Thaw, Status::Delinquent, Status::Delinquent),
    (Action::Thaw, Status::Defaulted, Status::Defaulted),
    (Action::Thaw, Status::Seizing, Status::Seizing),
    (Action::AutoFreeze, Status::Delinquent, Status::Delinquent),
    (Action::AutoFreeze, Status::Defaulted, Status::Defaulted),
    (Action::Meter, Status::Active, Status::Active),
    (Action::Meter, Status::Delinquent, Status::Delinquent),
    (Action::Meter, Status::Defaulted, Status::Defaulted),
    (Action::Meter, Status::Seizing, Status::Seizing),
    (Action::Meter, Status::Repaid, Status::Repaid),
    (Action::Seize, Status::Defaulted, Status::Seizing),
    (Action::Seize, Status::Seizing, Status::Seizing),
    (Action::Buy, Status::Seizing, Status::Seizing),
    (Action::CloseLot, Status::Seizing, Status::Seizing),
    (Action::CloseLot, Status::Repaid, Status::Repaid),
    (Action::CancelFunded, Status::Accepted, Status::Repaid),
    (Action::Restructure, Status::Active, Status::Active),
    (Action::Restructure, Status::Delinquent, Status::Active),
    (Action::Restructure, Status::Defaulted, Status::Active),
    (Action::WaiveFee, Status::Active, Status::Active),
    (Action::WaiveFee, Status::Delinquent, Status::Delinquent),
    (Action::WaiveFee, Status::Defaulted, Status::Defaulted),
    (Action::WaiveFee, Status::Seizing, Status::Seizing),
    (Action::Assign, Status::Active, Status::Active),
    (Action::Assign, Status::Delinquent, Status::Delinquent),
    (Action::Assign, Status::Defaulted, Status::Defaulted),
    (Action::Assign, Status::Seizing, Status::Seizing),
    (Action::HandOver, Status::Active, Status::Active),
    (Action::HandOver, Status::Delinquent, Status::Delinquent),
    (Action::HandOver, Status::Defaulted, Status::Defaulted),
    (Action::HandOver, Status::Seizing, Status::Seizing),
    (Action::HandOver, Status::Repaid, Status::Repaid),
    (Action::SetFreezeAuthority, Status::Offered, Status::Offered),
    (Action::SetFreezeAuthority, Status::Accepted, Status::Accepted),
    (Action::SetFreezeAuthority, Status::Active, Status::Active),
    (Action::SetFreezeAuthority, Status::Delinquent, Status::Delinquent),
    (Action::SetFreezeAuthority, Status::Defaulted, Status::Defaulted),
    (Action::SetFreezeAuthority, Status::Seizing, Status::Seizing),
    (Action::GiveNotice, Status::Active, Status::Defaulted),
    (Action::GiveNotice, Status::Delinquent, Status::Defaulted),
    (Action::WithdrawNotice, Status::Defaulted, Status::Active),
    (Action::TakeOver, Status::Defaulted, Status::Seizing),
    (Action::TakeOver, Status::Seizing, Status::Seizing),
    (Action::CancelLocked, Status::Active, Status::Active),
    (Action::CancelLocked, Status::Delinquent, Status::Delinquent),
    (Action::CancelLocked, Status::Defaulted, Status::Seizing),
    (Action::CancelLocked, Status::Seizing, Status::Seizing),
    (Action::WriteOff, Status::Defaulted, Status::Repaid),
    (Action::WriteOff, Status::Seizing, Status::Repaid),
    (Action::Expire, Status::Active, Status::Active),
    (Action::Expire, Status::Delinquent, Status::Delinquent),
    (Action::Expire, Status::Defaulted, Status::Defaulted),
    (Action::Expire, Status::Seizing, Status::Seizing),
    (Action::Expire, Status::Repaid, Status::Repaid),
    (Action::ApplyCovenant, Status::Active, Status::Active),
    (Action::FundReserve, Status::Accepted, Status::Accepted),
    (Action::FundReserve, Status::Active, Status::Active),
    (Action::FundReserve, Status::Delinquent, Status::Delinquent),
    (Action::FundReserve, Status::Defaulted, Status::Defaulted),
    (Action::DrawReserve, Status::Active, Status::Active),
    (Action::DrawReserve, Status::Delinquent, Status::Delinquent),
    (Action::DrawReserve, Status::Defaulted, Status::Defaulted),
    (Action::DrawReserve, Status::Seizing, Status::Seizing),
    (Action::CloseVault, Status::Repaid, Status::Repaid),
    (Action::Close, Status::Repaid, Status::Closed),
];

/// The status that `action` leads to from `from`; `None` where the table has no such edge.
pub fn next(action: Action, from: Status) -> Option<Status> {
    let row = BY_ACTION.get(action as usize)?;
    Status::from_byte(*row.get(from as usize)?)
}

/// [`EDGES`] by action and status, so that a look-up does not search; [`NO_EDGE`] where there is none.
const BY_ACTION: [[u8; Status::ALL.len()]; ACTIONS] = by_action();

/// The number of actions.
const ACTIONS: usize = Action::Close as usize + 1;
const NO_EDGE: u8 = u8::MAX;

#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "evaluated by the compiler")]
const fn by_action() -> [[u8; Status::ALL.len()]; ACTIONS] {
    let mut table = [[NO_EDGE; Status::ALL.len()]; ACTIONS];
    let mut edge = 0;
    while edge < EDGES.len() {
        let (action, from, to) = EDGES[edge];
        table[action as usize][from as usize] = to as u8;
        edge += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_round_trip_and_unknown_ones_are_refused() {
        for status in Status::ALL {
            assert_eq!(Status::from_byte(status.byte()), Some(status));
        }
        assert_eq!(Status::from_byte(8), None);
    }

    #[test]
    fn the_look_up_says_what_the_edges_say() {
        for (action, from, to) in EDGES {
            assert_eq!(next(*action, *from), Some(*to));
        }
        let known = BY_ACTION.as_flattened().iter().filter(|to| **to != NO_EDGE).count();
        assert_eq!(known, EDGES.len());
    }

    #[test]
    fn an_action_has_one_outcome_per_status() {
        for (index, (action, from, _)) in EDGES.iter().enumerate() {
            let twins = EDGES.iter().filter(|(a, f, _)| a == action && f == from).count();
            assert_eq!(twins, 1, "edge {index} is ambiguous");
        }
    }

    #[test]
    fn nothing_leaves_closed_and_paying_is_open_wherever_a_debt_stands() {
        assert!(EDGES.iter().all(|(_, from, _)| *from != Status::Closed));
        for status in Status::ALL {
            assert_eq!(next(Action::Pay, status).is_some(), status.is_secured());
            assert_eq!(next(Action::PayOff, status).is_some(), status.is_secured());
        }
    }

    #[test]
    fn the_way_down_cannot_skip_a_state() {
        assert_eq!(next(Action::MarkDefaulted, Status::Active), None);
        assert_eq!(next(Action::Seize, Status::Active), None);
        assert_eq!(next(Action::Seize, Status::Delinquent), None);
        assert_eq!(next(Action::Cure, Status::Seizing), None);
    }
}
