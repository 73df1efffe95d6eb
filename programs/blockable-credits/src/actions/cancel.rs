//! An offer is withdrawn before the units are live.

use {
    super::Payout,
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        state::{Credit, MarketClock},
        transitions::{Action, Status},
        units::{add, sub},
    },
    anchor_lang::prelude::*,
};

impl Credit {
    /// Withdraws the offer that was made in the slot `offer_slot`; the lender is to be paid all of the `in_vault`
    /// micro-USDC but the reserve. The credit is closed then, or repaid where the borrower has a reserve to collect:
    /// nothing the borrower does can hold the principal. Errors: the market is paused, the status,
    /// [`BlockableError::NotParty`], [`BlockableError::OfferReplaced`].
    pub fn cancel(
        &mut self,
        signer: &Pubkey,
        offer_slot: u64,
        in_vault: u64,
        clock: &MarketClock,
    ) -> Result<Payout> {
        let refunded = sub(in_vault, self.reserve_held)?;
        let action = if self.reserve_held > 0 { Action::CancelFunded } else { Action::Cancel };
        self.end_offer(action, signer, offer_slot, clock)?;
        Ok(Payout { amount: refunded, change: Change::Cancelled { refunded } })
    }

    /// Withdraws the accepted offer that was made in the slot `offer_slot`, and leaves the principal in the vault as a claim of
    /// the lender. So a lender whose token account cannot be paid to can neither hold the borrower to its acceptance nor keep
    /// the borrower's reserve. Errors: as [`Credit::cancel`].
    pub fn cancel_to_claim(
        &mut self,
        signer: &Pubkey,
        offer_slot: u64,
        clock: &MarketClock,
    ) -> Result<Change> {
        let principal = self.claims.escrow;
        self.end_offer(Action::CancelFunded, signer, offer_slot, clock)?;
        self.claims.lender = add(self.claims.lender, principal)?;
        Ok(Change::Cancelled { refunded: 0 })
    }

    fn end_offer(
        &mut self,
        action: Action,
        signer: &Pubkey,
        offer_slot: u64,
        clock: &MarketClock,
    ) -> Result<()> {
        clock.require_open()?;
        let status = self.status()?;
        self.advance(action)?;
        let by_lender = *signer == self.lender;
        let by_borrower = *signer == self.borrower && status == Status::Accepted;
        ensure(by_lender || by_borrower, BlockableError::NotParty)?;
        self.require_offer(offer_slot)?;
        self.claims.escrow = 0;
        self.return_reserve()
    }
}
