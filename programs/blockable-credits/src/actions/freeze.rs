//! Collateral is frozen and thawed.

use {
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        metering::{self, follow_freeze, freeze_to, shortfall_units},
        state::{Credit, FreezeReason, MarketClock},
        transitions::Action,
        units::{BPS, mul_div_ceil},
    },
    anchor_lang::prelude::*,
};

/// The total of units that are to be frozen, those frozen before included: signing the same freeze twice changes nothing.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum FreezeAmount {
    /// The whole lien.
    All,
    /// A number of units; the whole lien where it is smaller.
    Units(u64),
    /// A share of the lien in basis points, rounded up.
    Bps(u16),
    /// The same share of the lien as the arrears are of the debt, rounded up.
    Shortfall,
}

/// The units that a thaw opens: up to `most`, with at least `keep` left frozen.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThawBounds {
    /// The most units to thaw.
    pub most: u64,
    /// The fewest units that stay frozen: where a payment has thawed some meanwhile, fewer are thawed.
    pub keep: u64,
}

impl ThawBounds {
    /// Every frozen unit.
    pub const ALL: ThawBounds = ThawBounds { most: u64::MAX, keep: 0 };
}

impl Credit {
    /// Freezes collateral, also while the market is paused. Errors: [`BlockableError::NotFreezer`], the status,
    /// [`BlockableError::FreezePolicyForbids`], those of [`Credit::freeze_target`], [`BlockableError::AlreadyFrozen`].
    pub fn freeze(
        &mut self,
        signer: &Pubkey,
        amount: FreezeAmount,
        reason: FreezeReason,
        clock: &MarketClock,
    ) -> Result<Change> {
        self.require_freezer(signer)?;
        let status = self.advance(Action::Freeze)?;
        ensure(self.may_freeze(status)?, BlockableError::FreezePolicyForbids)?;
        if amount == FreezeAmount::Shortfall {
            self.accrue(clock.market)?;
        }
        let target = self.freeze_target(amount)?;
        self.raise_frozen(*signer, target, reason, clock)
    }

    /// Freezes the whole lien in default where the terms say so, also while the market is paused. `key` is the credit's own
    /// address. Errors: the status, [`BlockableError::AutoFreezeNotAgreed`], [`BlockableError::AlreadyFrozen`].
    pub fn auto_freeze(&mut self, key: Pubkey, clock: &MarketClock) -> Result<Change> {
        self.advance(Action::AutoFreeze)?;
        ensure(self.terms.auto_freeze == 1, BlockableError::AutoFreezeNotAgreed)?;
        let lien = self.collateral.lien();
        let reason = if self.notice_given == 1 { FreezeReason::Breach } else { FreezeReason::Default };
        self.raise_frozen(key, lien, reason, clock)
    }

    /// Thaws frozen units within `bounds`, also while the market is paused, and withdraws an offer of the loan. Errors:
    /// [`BlockableError::NotFreezer`], the status, [`BlockableError::AmountZero`], [`BlockableError::BeyondFrozen`].
    pub fn thaw(&mut self, signer: &Pubkey, bounds: ThawBounds) -> Result<Change> {
        self.require_freezer(signer)?;
        self.advance(Action::Thaw)?;
        self.pending_lender = Pubkey::default();
        let mut collateral = self.collateral;
        let frozen = collateral.frozen();
        ensure(bounds.most > 0, BlockableError::AmountZero)?;
        let units = bounds.most.min(frozen.saturating_sub(bounds.keep));
        ensure(units > 0, BlockableError::BeyondFrozen)?;
        metering::thaw(&mut collateral, units)?;
        self.collateral = collateral;
        Ok(Change::Thawed {
            by: *signer,
            units,
            frozen_for_payment: collateral.frozen_for_payment,
            frozen_for_other: collateral.frozen_for_other,
        })
    }

    /// The total of frozen units that a freeze of `amount` leads to. A shortfall is that of the last accrual: call
    /// [`Credit::accrue`] first. Errors: [`BlockableError::AmountZero`], [`BlockableError::ShareOutOfRange`],
    /// [`BlockableError::NotInArrears`].
    pub fn freeze_target(&self, amount: FreezeAmount) -> Result<u64> {
        let lien = self.collateral.lien();
        match amount {
            FreezeAmount::All => Ok(lien),
            FreezeAmount::Units(units) => {
                ensure(units > 0, BlockableError::AmountZero)?;
                Ok(units.min(lien))
            }
            FreezeAmount::Bps(bps) => {
                ensure((1..=BPS).contains(&u64::from(bps)), BlockableError::ShareOutOfRange)?;
                Ok(mul_div_ceil(lien, u64::from(bps), BPS)?)
            }
            FreezeAmount::Shortfall => {
                let arrears = self.arrears();
                ensure(arrears > 0, BlockableError::NotInArrears)?;
                Ok(shortfall_units(lien, arrears, self.debt.total())?)
            }
        }
    }

    /// Raises the frozen amount of the kind of `reason` to `target`. The freeze is recorded also where the amount of the other
    /// kind is as large, so that nothing more becomes frozen. Errors: [`BlockableError::AlreadyFrozen`].
    fn raise_frozen(
        &mut self,
        by: Pubkey,
        target: u64,
        reason: FreezeReason,
        clock: &MarketClock,
    ) -> Result<Change> {
        let promise_holds = self.promise_holds(clock)?;
        let (mut collateral, mut meter) = (self.collateral, self.meter);
        let units = freeze_to(&mut collateral, &mut meter, target, reason, promise_holds, clock)
            .ok_or(BlockableError::AlreadyFrozen)?;
        let before = [self.earlier_freeze, self.latest_freeze()];
        (self.collateral, self.meter) = (collateral, meter);
        self.freeze_reason = reason as u8;
        if units > 0 {
            self.frozen_at_market = clock.market;
            let [earlier, latest] = follow_freeze(before, self.latest_freeze(), clock);
            self.earlier_freeze = earlier;
            self.meter.frozen_before = latest.closed_before;
        }
        Ok(Change::Frozen {
            by,
            reason,
            units,
            frozen_for_payment: collateral.frozen_for_payment,
            frozen_for_other: collateral.frozen_for_other,
        })
    }
}
