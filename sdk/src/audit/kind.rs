//! Names of changes, and the ones that end a credit.

use crate::events::Change;

/// Names a change, in tables and in JSON.
pub fn kind(change: &Change) -> &'static str {
    match change {
        Change::Offered { .. } => "offered",
        Change::Accepted => "accepted",
        Change::Issued { .. } => "issued",
        Change::Cancelled { .. } => "cancelled",
        Change::Paid { .. } => "paid",
        Change::MarkedDelinquent { .. } => "marked_delinquent",
        Change::MarkedDefaulted { .. } => "marked_defaulted",
        Change::Frozen { .. } => "frozen",
        Change::Thawed { .. } => "thawed",
        Change::Metered { .. } => "metered",
        Change::Seized { .. } => "seized",
        Change::Sold { .. } => "sold",
        Change::Granted { .. } => "granted",
        Change::LotClosed { .. } => "lot_closed",
        Change::Collected { .. } => "collected",
        Change::Restructured { .. } => "restructured",
        Change::FeeWaived { .. } => "fee_waived",
        Change::LenderOffered { .. } => "lender_offered",
        Change::LenderChanged { .. } => "lender_changed",
        Change::BorrowerOffered { .. } => "borrower_offered",
        Change::BorrowerChanged { .. } => "borrower_changed",
        Change::FreezeAuthoritySet { .. } => "freeze_authority_set",
        Change::NoticeGiven { .. } => "notice_given",
        Change::NoticeWithdrawn => "notice_withdrawn",
        Change::TakenOver { .. } => "taken_over",
        Change::WrittenOff { .. } => "written_off",
        Change::LockedCancelled { .. } => "locked_cancelled",
        Change::Expired { .. } => "expired",
        Change::CovenantApplied { .. } => "covenant_applied",
        Change::ReserveFunded { .. } => "reserve_funded",
        Change::VaultClosed { .. } => "vault_closed",
        Change::Closed { .. } => "closed",
    }
}

/// The state of a credit's account after a change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Life {
    /// It exists.
    #[default]
    Open,
    /// It may be closed: one that was cancelled stays where the borrower's reserve has to be collected first.
    Cancelled,
    /// It is closed.
    Closed,
}

impl Life {
    /// The state after a change of this name.
    pub fn after(kind: &str) -> Life {
        match kind {
            "closed" => Life::Closed,
            "cancelled" => Life::Cancelled,
            _ => Life::Open,
        }
    }
}
