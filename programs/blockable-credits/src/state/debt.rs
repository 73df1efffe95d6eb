//! The amounts that a borrower owes.

use {
    anchor_lang::{AnchorDeserialize, AnchorSerialize},
    bytemuck::{Pod, Zeroable},
};

/// The borrower's debt as of `accrued_at`. All amounts in micro-USDC, all times market time.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Debt {
    /// Principal not yet paid.
    pub principal: u64,
    /// Principal paid under the current schedule; covers its instalments in order.
    pub schedule_paid: u64,
    /// Interest billed at a due date and unpaid.
    pub interest_due: u64,
    /// Interest accrued since the last due date, whole micro-USDC.
    pub interest_accrued: u64,
    /// The fraction of a micro-USDC accrued beyond that, in units of 1 / (10,000 x seconds per year).
    pub interest_remainder: u64,
    /// Late fees charged and unpaid.
    pub late_fees: u64,
    /// Market time up to which interest has been accrued.
    pub accrued_at: i64,
    /// Due date of the oldest unpaid instalment; 0 when nothing is in arrears.
    pub arrears_since: i64,
    /// Instalments whose due date has passed.
    pub instalments_billed: u8,
    /// Instalments whose delinquency grace has passed and that have been checked for a late fee.
    pub instalments_late_checked: u8,
    /// Zero.
    pub reserved: [u8; 6],
}

const _: () = assert!(size_of::<Debt>() == 72);

impl Debt {
    /// Everything owed, a fraction of accrued interest counted as one micro-USDC.
    pub fn total(&self) -> u64 {
        self.principal
            .saturating_add(self.interest_due)
            .saturating_add(self.interest_not_due())
            .saturating_add(self.late_fees)
    }

    /// Interest accrued since the last due date, rounded up.
    pub fn interest_not_due(&self) -> u64 {
        self.interest_accrued.saturating_add(u64::from(self.interest_remainder > 0))
    }
}
