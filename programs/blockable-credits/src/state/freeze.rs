use anchor_lang::{AnchorDeserialize, AnchorSerialize};

/// The reason for a freeze. Units frozen for the two reasons about payment thaw as the arrears are paid.
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
    /// Returns true when paying arrears thaws units frozen for this reason. `byte` as stored in a credit.
    pub fn is_about_payment(byte: u8) -> bool {
        byte == FreezeReason::MissedPayment as u8 || byte == FreezeReason::Default as u8
    }
}
