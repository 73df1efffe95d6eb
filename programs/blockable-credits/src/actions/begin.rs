//! Checks that many actions begin with.

use {
    crate::{
        state::{Credit, MarketClock},
        transitions::Action,
    },
    anchor_lang::prelude::*,
};

impl Credit {
    /// Begins an action of the lender. An offer of the loan is withdrawn: the buyer takes the loan as it was offered.
    /// Errors: the market is paused, another signer, the status.
    #[inline(never)]
    pub(super) fn begin_by_lender(
        &mut self,
        signer: &Pubkey,
        action: Action,
        clock: &MarketClock,
    ) -> Result<()> {
        clock.require_open()?;
        self.require_lender(signer)?;
        self.pending_lender = Pubkey::default();
        self.advance(action)?;
        Ok(())
    }

    /// Begins an action of the lender on the loan that it has read, by the slot of its offer. Errors: those of
    /// [`Credit::begin_by_lender`], [`BlockableError::OfferReplaced`](crate::errors::BlockableError::OfferReplaced).
    pub(super) fn begin_on_offer(
        &mut self,
        signer: &Pubkey,
        offer_slot: u64,
        action: Action,
        clock: &MarketClock,
    ) -> Result<()> {
        self.begin_by_lender(signer, action, clock)?;
        self.require_offer(offer_slot)
    }

    /// Begins an action that is open to anyone. Errors: the market is paused, the status.
    #[inline(never)]
    pub(super) fn begin_by_anyone(&mut self, action: Action, clock: &MarketClock) -> Result<()> {
        clock.require_open()?;
        self.advance(action)?;
        Ok(())
    }
}
