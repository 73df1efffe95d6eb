//! The owners of the money in a vault.

use {
    crate::units::{Overflow, add},
    anchor_lang::{AnchorDeserialize, AnchorSerialize},
    bytemuck::{Pod, Zeroable},
};

/// Claims on the money in a credit's vault, in micro-USDC. The vault always covers their sum and the reserve.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct VaultClaims {
    /// The principal in escrow until the units are issued.
    pub escrow: u64,
    /// Repayments and recoveries that the lender may collect.
    pub lender: u64,
    /// Surplus of sales and the returned reserve, which the borrower may collect.
    pub borrower: u64,
    /// Fees that the market's treasury may collect.
    pub treasury: u64,
    /// What payments have earned of the holdback, which the provider may collect.
    pub provider: u64,
}

const _: () = assert!(size_of::<VaultClaims>() == 40);

impl VaultClaims {
    /// A party's claim, in micro-USDC.
    pub fn of(&self, party: Party) -> u64 {
        match party {
            Party::Lender => self.lender,
            Party::Borrower => self.borrower,
            Party::Treasury => self.treasury,
            Party::Provider => self.provider,
        }
    }

    /// The sum of all claims, in micro-USDC. Errors: [`Overflow`].
    pub fn total(&self) -> Result<u64, Overflow> {
        add(add(self.escrow, self.lender)?, add(add(self.borrower, self.treasury)?, self.provider)?)
    }
}

/// A party with a claim on a credit's vault.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// The lender: repayments and recoveries.
    Lender,
    /// The borrower: surplus of sales, the returned reserve.
    Borrower,
    /// The market's treasury: fees.
    Treasury,
    /// The provider: what payments have earned of the holdback.
    Provider,
}
