//! The loan and the right to freeze go to other keys.

use {
    super::PurchaseLimits,
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        state::{Credit, MarketClock},
        transitions::Action,
    },
    anchor_lang::prelude::*,
};

impl Credit {
    /// Offers the loan to another lender; to the zero key: withdraws the offer, also while the market is halted. Errors: the
    /// market is paused or halted, [`BlockableError::NotLender`], the status, [`BlockableError::OfferReplaced`],
    /// [`BlockableError::SelfLoan`].
    pub fn offer_lender(
        &mut self,
        signer: &Pubkey,
        offer_slot: u64,
        to: Pubkey,
        clock: &MarketClock,
    ) -> Result<Change> {
        self.begin_on_offer(signer, offer_slot, Action::Assign, clock)?;
        if to != Pubkey::default() {
            clock.require_new_business()?;
        }
        ensure(to != self.borrower, BlockableError::SelfLoan)?;
        self.pending_lender = to;
        Ok(Change::LenderOffered { to })
    }

    /// Gives the loan to `signer`, the key that it was offered to, where it is within the limits that the signer states. The
    /// signer becomes the freeze authority as well. An offer of the borrower's place is withdrawn. Errors: the market is
    /// paused or halted, the status, [`BlockableError::NotOffered`], [`BlockableError::ClaimUncollected`], those of
    /// [`PurchaseLimits`].
    pub fn accept_lender(
        &mut self,
        signer: &Pubkey,
        limits: &PurchaseLimits,
        clock: &MarketClock,
    ) -> Result<Change> {
        clock.require_new_business()?;
        self.begin_by_anyone(Action::Assign, clock)?;
        ensure(self.pending_lender == *signer, BlockableError::NotOffered)?;
        ensure(self.claims.lender == 0, BlockableError::ClaimUncollected)?;
        self.accrue(clock.market)?;
        limits.require(self)?;
        self.original_lender = self.address_lender();
        self.lender = *signer;
        self.freeze_authority = *signer;
        self.pending_lender = Pubkey::default();
        // The buyer has read the present borrower and signed for no other.
        self.keep_borrower();
        Ok(Change::LenderChanged { to: *signer })
    }

    /// Names the freeze authority. Errors: the market is paused, [`BlockableError::NotLender`], the status,
    /// [`BlockableError::OfferReplaced`].
    pub fn set_freeze_authority(
        &mut self,
        signer: &Pubkey,
        offer_slot: u64,
        to: Pubkey,
        clock: &MarketClock,
    ) -> Result<Change> {
        self.begin_on_offer(signer, offer_slot, Action::SetFreezeAuthority, clock)?;
        self.freeze_authority = to;
        Ok(Change::FreezeAuthoritySet { to })
    }
}
