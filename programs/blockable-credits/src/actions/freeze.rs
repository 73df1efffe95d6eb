//! Collateral is frozen and thawed.

use {
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        metering::{self, follow_freeze, freeze_to, shortfall_units},
        state::{AutoFreeze, Credit, FreezeReason, MarketClock},
        transitions::{Action, Status},
        units::{BPS, mul_div_ceil},
    },
    anchor_lang::prelude::*,
};

/// The total of units that are to be frozen, those frozen before included: signing the same freeze twice changes nothing.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum FreezeAmount {
    /// The whole lien beyond the locked units: what stays open is exactly what was repaid.
    All,
    /// A number of units; the whole lien beyond the locked units where that is less.
    Units(u64),
    /// A share of the lien beyond the locked units in basis points, rounded up.
    Bps(u16),
    /// The same share of the lien beyond the locked units as the arrears are of the debt, rounded up.
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

/// The other credit that a freeze for cross-default rests on. That it is not the frozen one is a relation between accounts.
#[derive(Clone, Copy)]
pub struct CrossCredit<'a> {
    /// Its address.
    pub key: Pubkey,
    /// Its account.
    pub credit: &'a Credit,
}

impl Credit {
    /// Freezes collateral, also while the market is paused. `cross` is the other credit of a freeze for cross-default. Errors:
    /// [`BlockableError::NotFreezer`], the status, [`BlockableError::FreezePolicyForbids`], for cross-default
    /// [`BlockableError::CrossDefaultNotAgreed`], [`BlockableError::CrossCreditMissing`] and
    /// [`BlockableError::CrossCreditSound`] instead, those of [`Credit::freeze_target`], [`BlockableError::AlreadyFrozen`].
    pub fn freeze(
        &mut self,
        signer: &Pubkey,
        amount: FreezeAmount,
        reason: FreezeReason,
        cross: Option<CrossCredit>,
        clock: &MarketClock,
    ) -> Result<Change> {
        self.require_freezer(signer)?;
        let status = self.advance(Action::Freeze)?;
        self.require_may_freeze(reason, status, cross, clock.market)?;
        let is_rebased = reason == FreezeReason::CrossDefault && self.rest_on(cross);
        if amount == FreezeAmount::Shortfall {
            self.accrue(clock.market)?;
        }
        let target = self.freeze_target(amount)?;
        self.raise_frozen(*signer, target, reason, is_rebased, clock)
    }

    /// Requires that the lender may freeze in `status` at a market time for this reason. While only a short reserve allows it, the
    /// reason is none about payment: no arrears are left whose payment could thaw, and a cure would undo it at once. Errors:
    /// [`BlockableError::FreezePolicyForbids`]; for cross-default [`BlockableError::CrossDefaultNotAgreed`],
    /// [`BlockableError::CrossCreditMissing`], [`BlockableError::CrossCreditSound`].
    pub fn require_may_freeze(
        &self,
        reason: FreezeReason,
        status: Status,
        cross: Option<CrossCredit>,
        market_time: i64,
    ) -> Result<()> {
        if reason == FreezeReason::CrossDefault {
            ensure(self.rider.cross_default == 1, BlockableError::CrossDefaultNotAgreed)?;
            let cross = cross.ok_or(BlockableError::CrossCreditMissing)?;
            return ensure(self.is_cross_default(cross.credit), BlockableError::CrossCreditSound);
        }
        if self.policy_allows(status)? {
            return Ok(());
        }
        let for_reserve = !reason.is_about_payment() && self.reserve_is_overdue(market_time)?;
        ensure(for_reserve, BlockableError::FreezePolicyForbids)
    }

    /// Returns true while `other` lets the lender freeze this credit for cross-default: it has the same lender and borrower, and
    /// is in default or being seized.
    pub fn is_cross_default(&self, other: &Credit) -> bool {
        let is_broken = other.status == Status::Defaulted.byte() || other.status == Status::Seizing.byte();
        is_broken && other.lender == self.lender && other.borrower == self.borrower
    }

    /// Takes down the other credit that a freeze rests on. Returns true where it takes the place of an earlier one: the freeze is
    /// then recorded also where its amount does not rise.
    fn rest_on(&mut self, cross: Option<CrossCredit>) -> bool {
        let key = cross.map_or(Pubkey::default(), |cross| cross.key);
        let before = core::mem::replace(&mut self.cross_credit, key);
        before != key && self.collateral.frozen_for_cross > 0
    }

    /// Freezes the whole lien beyond the locked units from the mark that the terms name, also while the market is paused. `key`
    /// is the credit's own address. Errors: the status, [`BlockableError::AutoFreezeNotAgreed`],
    /// [`BlockableError::AlreadyFrozen`].
    pub fn auto_freeze(&mut self, key: Pubkey, clock: &MarketClock) -> Result<Change> {
        let status = self.advance(Action::AutoFreeze)?;
        let is_agreed = match AutoFreeze::from_byte(self.terms.auto_freeze) {
            Some(AutoFreeze::FromDelinquency) => true,
            Some(AutoFreeze::FromDefault) => status == Status::Defaulted,
            Some(AutoFreeze::Never) | None => false,
        };
        ensure(is_agreed, BlockableError::AutoFreezeNotAgreed)?;
        let reason = match status {
            Status::Delinquent => FreezeReason::MissedPayment,
            _ if self.notice_given == 1 => FreezeReason::Breach,
            _ => FreezeReason::Default,
        };
        self.raise_frozen(key, self.collateral.freezable(), reason, false, clock)
    }

    /// Thaws what rests on a cross-default that is over, also while the market is paused. `other` is the credit at
    /// `cross_credit`, `None` where it has been closed. An offer of the loan stays: the lender has not acted. Errors: the
    /// status, [`BlockableError::NoCrossFreeze`], [`BlockableError::CrossDefaultStands`].
    pub fn thaw_cross(&mut self, other: Option<&Credit>) -> Result<Change> {
        self.advance(Action::Thaw)?;
        ensure(self.collateral.frozen_for_cross > 0, BlockableError::NoCrossFreeze)?;
        let stands = other.is_some_and(|other| self.is_cross_default(other));
        ensure(!stands, BlockableError::CrossDefaultStands)?;
        let before = self.collateral.frozen();
        self.collateral.frozen_for_cross = 0;
        let by = core::mem::take(&mut self.cross_credit);
        Ok(self.thawed(by, before))
    }

    /// The change of a thaw, after it; `before` were frozen.
    fn thawed(&self, by: Pubkey, before: u64) -> Change {
        let units = &self.collateral;
        Change::Thawed {
            by,
            units: before.saturating_sub(units.frozen()),
            frozen_for_payment: units.frozen_for_payment,
            frozen_for_other: units.frozen_for_other,
            frozen_for_cross: units.frozen_for_cross,
            locked: units.locked(),
        }
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
        Ok(self.thawed(*signer, frozen))
    }

    /// The total of frozen units that a freeze of `amount` leads to. A shortfall is that of the last accrual: call
    /// [`Credit::accrue`] first. Errors: [`BlockableError::AmountZero`], [`BlockableError::ShareOutOfRange`],
    /// [`BlockableError::NotInArrears`].
    pub fn freeze_target(&self, amount: FreezeAmount) -> Result<u64> {
        let freezable = self.collateral.freezable();
        match amount {
            FreezeAmount::All => Ok(freezable),
            FreezeAmount::Units(units) => {
                ensure(units > 0, BlockableError::AmountZero)?;
                Ok(units.min(freezable))
            }
            FreezeAmount::Bps(bps) => {
                ensure((1..=BPS).contains(&u64::from(bps)), BlockableError::ShareOutOfRange)?;
                Ok(mul_div_ceil(freezable, u64::from(bps), BPS)?)
            }
            FreezeAmount::Shortfall => {
                let arrears = self.arrears();
                ensure(arrears > 0, BlockableError::NotInArrears)?;
                Ok(shortfall_units(freezable, arrears, self.debt.total())?)
            }
        }
    }

    /// Raises the frozen amount of the kind of `reason` to `target`. The freeze is recorded also where the amount of another
    /// kind is as large, so that nothing more becomes frozen, and with `is_rebased` also where its own amount does not rise.
    /// Errors: [`BlockableError::AlreadyFrozen`].
    fn raise_frozen(
        &mut self,
        by: Pubkey,
        target: u64,
        reason: FreezeReason,
        is_rebased: bool,
        clock: &MarketClock,
    ) -> Result<Change> {
        let promise_holds = self.promise_holds(clock)?;
        let before = self.freezes();
        let raised = freeze_to(&mut self.collateral, &mut self.meter, target, reason, promise_holds, clock);
        let units = raised.or(is_rebased.then_some(0)).ok_or(BlockableError::AlreadyFrozen)?;
        self.freeze_reason = reason as u8;
        if units > 0 {
            self.frozen_at_market = clock.market;
            let [earlier, latest] = follow_freeze(before, self.latest_freeze(), clock);
            self.earlier_freeze = earlier;
            self.meter.closed_before = latest.closed_before;
        }
        let collateral = &self.collateral;
        Ok(Change::Frozen {
            by,
            reason,
            units,
            frozen_for_payment: collateral.frozen_for_payment,
            frozen_for_other: collateral.frozen_for_other,
            frozen_for_cross: collateral.frozen_for_cross,
            locked: collateral.locked(),
        })
    }
}
