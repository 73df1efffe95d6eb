//! Claims are collected, and the vault and the credit are removed.

use {
    super::Payout,
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        state::{Credit, MarketClock, Party, Provider},
        transitions::Action,
        units::sub,
    },
    anchor_lang::prelude::*,
};

impl Credit {
    /// Returns true when a party has a claim to collect, false where it has none and none is asked for. Errors:
    /// [`BlockableError::NothingToCollect`] for a claim below `least` micro-USDC.
    pub fn has_claim(&self, party: Party, least: u64) -> Result<bool> {
        let claim = self.claims.of(party);
        ensure(claim >= least, BlockableError::NothingToCollect)?;
        Ok(claim > 0)
    }

    /// Takes a party's whole claim, to be paid to `destination`. Errors: the market is paused,
    /// [`BlockableError::NothingToCollect`].
    pub fn collect(&mut self, party: Party, destination: Pubkey, clock: &MarketClock) -> Result<Payout> {
        clock.require_open()?;
        let amount = self.take_claim(party);
        ensure(amount > 0, BlockableError::NothingToCollect)?;
        Ok(Payout { amount, change: Change::Collected { party, destination, amount } })
    }

    /// Gives up the vault; the `swept` micro-USDC in it are to be paid to the treasury. Errors: the market is paused,
    /// the status, [`BlockableError::ClaimsLeft`].
    pub fn close_vault(&mut self, swept: u64, clock: &MarketClock) -> Result<Payout> {
        clock.require_open()?;
        self.advance(Action::CloseVault)?;
        ensure(self.owed_from_vault()? == 0, BlockableError::ClaimsLeft)?;
        self.vault_closed = 1;
        Ok(Payout { amount: swept, change: Change::VaultClosed { swept } })
    }

    /// Ends the credit; its units no longer count against the provider's capacity. The borrower gives up at most `most_units`
    /// by it, anyone else none. Errors: the market is paused, the status, [`BlockableError::LotsOpen`],
    /// [`BlockableError::VaultOpen`], [`BlockableError::UnitsLeft`].
    pub fn close(
        &mut self,
        signer: &Pubkey,
        most_units: u64,
        provider: &mut Provider,
        clock: &MarketClock,
    ) -> Result<Change> {
        clock.require_open()?;
        self.advance(Action::Close)?;
        ensure(self.lots_open == 0, BlockableError::LotsOpen)?;
        ensure(self.is_unrestricted() || self.vault_closed == 1, BlockableError::VaultOpen)?;
        let given_up = self.collateral.remaining();
        let by_borrower = *signer == self.borrower;
        ensure(given_up == 0 || (by_borrower && given_up <= most_units), BlockableError::UnitsLeft)?;
        // Cancelled units have been given back already.
        let kept = sub(self.collateral.granted, self.collateral.cancelled)?;
        let units = sub(kept, self.collateral.seized)?;
        provider.outstanding_units = sub(provider.outstanding_units, units)?;
        provider.closed_overrun = provider.closed_overrun.saturating_add(self.meter.overrun);
        Ok(Change::Closed { given_up })
    }
}
