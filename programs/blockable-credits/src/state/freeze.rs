//! The reasons for a freeze.

use anchor_lang::{AnchorDeserialize, AnchorSerialize};

/// The reason for a freeze. There are two kinds, each with a frozen amount of its own: the two reasons about payment, whose
/// amount payments of arrears lower, and the other two, whose amount no payment lowers.
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
}

impl FreezeReason {
    /// Returns true when paying arrears thaws units frozen for this reason.
    pub fn is_about_payment(self) -> bool {
        matches!(self, FreezeReason::MissedPayment | FreezeReason::Default)
    }
}
