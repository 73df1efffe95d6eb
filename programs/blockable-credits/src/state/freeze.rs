//! Freezes: their reasons, and their records for late reports.

use {
    anchor_lang::{AnchorDeserialize, AnchorSerialize},
    bytemuck::{Pod, Zeroable},
};

/// The reason for a freeze. There are three kinds, each with a frozen amount of its own: the two reasons about payment, whose
/// amount payments of arrears lower; a breach and a risk, whose amount no payment lowers; and cross-default, whose amount
/// neither a payment nor a cure lowers.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum FreezeReason {
    /// An instalment is unpaid.
    MissedPayment,
    /// The loan is in default.
    Default,
    /// A covenant was broken.
    Breach,
    /// The lender's own assessment of risk.
    Risk,
    /// Another credit of the same lender and borrower is in default.
    CrossDefault,
}

/// A freeze, as kept to measure late reports; all zero for none.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct FreezeRecord {
    /// Units that were closed to use before the freeze: locked or frozen, and promised to no running job.
    pub closed_before: u64,
    /// Unix time of the freeze.
    pub at_chain: i64,
    /// Market time of the freeze.
    pub at_market: i64,
}

const _: () = assert!(size_of::<FreezeRecord>() == 24);

impl FreezeRecord {
    /// The units that were closed before the freeze and are left of `seizable` ones, of which `locked` are locked, once a seizure
    /// has taken `units` of them. It takes those that were frozen before first, then those that were open, and locked ones last.
    pub(crate) fn closed_after_seizure(&self, units: u64, seizable: u64, locked: u64) -> u64 {
        let closed = self.closed_before;
        let frozen = units.min(closed.saturating_sub(locked));
        let open = seizable.saturating_sub(closed.max(locked));
        let locked = units.saturating_sub(frozen).saturating_sub(open);
        closed.saturating_sub(frozen).saturating_sub(locked)
    }
}

impl FreezeReason {
    /// Returns true when paying arrears thaws units frozen for this reason.
    pub fn is_about_payment(self) -> bool {
        matches!(self, FreezeReason::MissedPayment | FreezeReason::Default)
    }
}
