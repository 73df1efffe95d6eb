//! The state of a loan that a signer relied on.

use {
    crate::{
        errors::{BlockableError, ensure},
        state::Credit,
        transitions::Status,
    },
    anchor_lang::prelude::*,
};

/// The loan that a signer has read, and the worst status that its signature is meant for.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoanRead {
    /// Slot of the loan's offer: a later loan at the same address is another one.
    pub offer_slot: u64,
    /// The worst status, in the order Active, Delinquent, Defaulted, Seizing.
    pub worst_status: Status,
}

impl LoanRead {
    /// The loan in a credit as it is now. Errors: [`BlockableError::UnknownStatus`].
    pub fn from_credit(credit: &Credit) -> Result<LoanRead> {
        Ok(LoanRead { offer_slot: credit.offer_slot, worst_status: credit.status()? })
    }

    /// Requires that the credit holds the loan that was read, in no worse status. Errors:
    /// [`BlockableError::OfferReplaced`], [`BlockableError::StatusWorse`].
    pub fn require(&self, credit: &Credit) -> Result<()> {
        credit.require_offer(self.offer_slot)?;
        let status = credit.status()?;
        ensure(!status.is_secured() || status <= self.worst_status, BlockableError::StatusWorse)
    }
}

/// The limits within which a buyer takes a loan: the loan as the buyer has read it.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct PurchaseLimits {
    /// The loan and the worst status.
    pub read: LoanRead,
    /// Hash of the agreement in force.
    pub terms_hash: [u8; 32],
    /// The least that is owed, in micro-USDC.
    pub least_debt: u64,
    /// The fewest units under lien.
    pub least_lien: u64,
    /// The least that is held back, in micro-USDC.
    pub least_holdback: u64,
    /// The most units frozen.
    pub most_frozen: u64,
    /// The most units locked.
    pub most_locked: u64,
    /// The lowest annual rate in force, in basis points.
    pub least_apr_bps: u16,
}

impl PurchaseLimits {
    /// The loan in a credit as it is, no worse. Accrue its debt before ([`Credit::accrue`], on a copy). Errors:
    /// [`BlockableError::UnknownStatus`].
    pub fn from_credit(credit: &Credit) -> Result<PurchaseLimits> {
        Ok(PurchaseLimits {
            read: LoanRead::from_credit(credit)?,
            terms_hash: credit.terms_hash,
            least_debt: credit.debt.total(),
            least_lien: credit.collateral.lien(),
            least_holdback: credit.holdback_left,
            most_frozen: credit.collateral.frozen(),
            most_locked: credit.collateral.locked(),
            least_apr_bps: credit.apr_bps(),
        })
    }

    /// Requires a loan within the limits, whose debt has been accrued up to now. Errors: [`BlockableError::OfferReplaced`],
    /// [`BlockableError::StatusWorse`], [`BlockableError::TermsHashMismatch`], [`BlockableError::DebtBelowLimit`],
    /// [`BlockableError::LienBelowLimit`], [`BlockableError::HoldbackBelowLimit`], [`BlockableError::FrozenAboveLimit`],
    /// [`BlockableError::LockedAboveLimit`], [`BlockableError::AprBelowLimit`].
    pub(super) fn require(&self, credit: &Credit) -> Result<()> {
        self.read.require(credit)?;
        ensure(credit.terms_hash == self.terms_hash, BlockableError::TermsHashMismatch)?;
        ensure(credit.debt.total() >= self.least_debt, BlockableError::DebtBelowLimit)?;
        ensure(credit.collateral.lien() >= self.least_lien, BlockableError::LienBelowLimit)?;
        ensure(credit.holdback_left >= self.least_holdback, BlockableError::HoldbackBelowLimit)?;
        ensure(credit.collateral.frozen() <= self.most_frozen, BlockableError::FrozenAboveLimit)?;
        ensure(credit.collateral.locked() <= self.most_locked, BlockableError::LockedAboveLimit)?;
        ensure(credit.apr_bps() >= self.least_apr_bps, BlockableError::AprBelowLimit)
    }
}
