//! Units go live against the principal.

use {
    super::{OfferRead, Payout},
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        metering::commit,
        state::{CovenantState, Credit, MarketClock, Provider},
        transitions::Action,
        units::{after, sub},
    },
    anchor_lang::prelude::*,
};

impl Credit {
    /// Makes the units of the offer that was read live: due dates count from now, and the provider is to be paid the
    /// principal less the holdback, which stays in the vault. Errors: the market is paused or halted, the status,
    /// [`BlockableError::TermsHashMismatch`], [`BlockableError::OfferReplaced`], [`BlockableError::OfferExpired`],
    /// [`BlockableError::ReserveNotFunded`], those of [`Provider::require_takes`], [`BlockableError::CapacityExceeded`].
    pub fn issue(&mut self, provider: &mut Provider, read: OfferRead, clock: &MarketClock) -> Result<Payout> {
        clock.require_new_business()?;
        self.advance(Action::Issue)?;
        read.require(self)?;
        ensure(!self.offer_has_expired(clock)?, BlockableError::OfferExpired)?;
        ensure(self.reserve_held >= self.rider.reserve, BlockableError::ReserveNotFunded)?;
        provider.require_takes(&self.terms)?;
        provider.outstanding_units =
            commit(provider.outstanding_units, self.terms.units, provider.capacity_units)
                .map_err(|_| BlockableError::CapacityExceeded)?;
        let index = provider.take_index()?;
        let held_back = self.terms.holdback;
        let amount = sub(core::mem::take(&mut self.claims.escrow), held_back)?;
        self.holdback_left = held_back;
        self.go_live(index, clock)?;
        Ok(Payout { amount, change: Change::Issued { index, issued_at: clock.market, held_back } })
    }

    fn go_live(&mut self, index: u32, clock: &MarketClock) -> Result<()> {
        self.set_index(index, clock.chain);
        self.issued_at = clock.market;
        self.debt.principal = self.terms.principal;
        self.debt.accrued_at = clock.market;
        self.collateral.granted = self.terms.units;
        self.collateral.locked_at_issue = self.terms.units.saturating_sub(self.terms.unlocked_ahead);
        self.covenant = CovenantState {
            measured_at: clock.chain,
            apr_bps: self.terms.apr_bps,
            ..CovenantState::default()
        };
        if self.terms.unit_lifetime > 0 {
            self.units_expire_at = after(clock.market, self.terms.unit_lifetime)?;
        }
        Ok(())
    }
}
