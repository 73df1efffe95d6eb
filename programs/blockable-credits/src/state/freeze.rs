use anchor_lang::{AnchorDeserialize, AnchorSerialize};

/// The reason for a freeze. Units frozen for the two reasons about payment thaw as the arrears are paid; those frozen for
/// the other two are an amount of their own.
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

impl FreezeReason {
    /// Returns true when paying arrears thaws units frozen for this reason.
    pub fn is_about_payment(self) -> bool {
        matches!(self, FreezeReason::MissedPayment | FreezeReason::Default)
    }
}
