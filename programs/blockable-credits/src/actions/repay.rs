//! A payment goes through the waterfall, thaws, releases and moves the status.

use {
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        state::{Credit, MarketClock},
        transitions::{Action, Status, next},
        units::{add, mul_div_floor, sub},
        waterfall::{self, Applied},
    },
    anchor_lang::prelude::*,
};

impl Credit {
    /// Begins a payment of up to `amount` micro-USDC, also while the market is paused. Returns the sum to be paid in, at most
    /// the debt. Errors: [`BlockableError::AmountZero`], [`BlockableError::NothingOwed`].
    pub fn begin_payment(&mut self, amount: u64, clock: &MarketClock) -> Result<u64> {
        ensure(amount > 0, BlockableError::AmountZero)?;
        ensure(next(Action::Pay, self.status()?).is_some(), BlockableError::NothingOwed)?;
        self.accrue(clock.market)?;
        Ok(amount.min(self.debt.total()))
    }

    /// Applies the sum that [`Credit::begin_payment`] returned and `payer` has paid into the vault: to the arrears, then to
    /// the reserve, then ahead of the schedule. Errors: [`crate::units::Overflow`].
    pub fn receive_payment(&mut self, payer: Pubkey, paid: u64) -> Result<Change> {
        let refill = self.refill_of(paid)?;
        self.reserve_held = add(self.reserve_held, refill)?;
        if refill > 0 {
            self.note_reserve(self.debt.accrued_at);
        }
        self.apply_payment(payer, sub(paid, refill)?, refill)
    }

    /// Requires that a payment has cured the loan or paid it off. Errors: [`BlockableError::NotCured`].
    pub fn require_cured(&self) -> Result<()> {
        let is_open = matches!(self.status()?, Status::Active | Status::Repaid);
        ensure(is_open && self.arrears() == 0, BlockableError::NotCured)
    }

    /// The part of a payment that refills the reserve: the rest above the arrears, up to the sum missing in the reserve. A
    /// payment of the whole debt refills nothing, since it ends the need for a reserve.
    fn refill_of(&self, paid: u64) -> Result<u64> {
        let missing = self.rider.reserve.saturating_sub(self.reserve_held);
        if missing == 0 || self.status()? == Status::Seizing || paid >= self.debt.total() {
            return Ok(0);
        }
        Ok(paid.saturating_sub(self.arrears()).min(missing))
    }

    /// Applies `paid` micro-USDC that are in the vault: waterfall, thaw, release, status. `refill` is the part of the same
    /// payment that went to the reserve; it is only recorded in the change. Errors: [`crate::units::Overflow`].
    pub(super) fn apply_payment(&mut self, payer: Pubkey, paid: u64, refill: u64) -> Result<Change> {
        let (before, earned_before) = (self.collateral, self.claims.provider);
        self.claims.lender = add(self.claims.lender, paid)?;
        let applied = if self.status()? == Status::Seizing {
            self.recover(paid)?
        } else {
            let mut debt = self.debt;
            let applied = waterfall::pay(&mut debt, &self.terms_in_force(), self.schedule(), paid)?;
            self.debt = debt;
            self.principal_repaid = add(self.principal_repaid, applied.principal)?;
            self.thaw_for(&applied)?;
            self.release_repaid()?;
            self.earn_holdback()?;
            applied
        };
        let status = self.advance_by_payment(&applied)?;
        Ok(Change::Paid {
            payer,
            reserve: refill,
            late_fees: applied.late_fees,
            interest: applied.interest,
            principal: applied.principal,
            released: sub(self.collateral.released, before.released)?,
            earned: sub(self.claims.provider, earned_before)?,
            thawed: sub(before.frozen(), self.collateral.frozen())?,
            unlocked: before.locked().saturating_sub(self.collateral.locked()),
            frozen_for_payment: self.collateral.frozen_for_payment,
            frozen_for_other: self.collateral.frozen_for_other,
            frozen_for_cross: self.collateral.frozen_for_cross,
            locked: self.collateral.locked(),
            debt: self.debt.total(),
            status,
        })
    }

    /// Releases the lien in proportion to the principal repaid. A cancel can leave interest without principal; it secures that
    /// until nothing is owed.
    fn release_repaid(&mut self) -> Result<()> {
        if self.debt.principal == 0 {
            return Ok(());
        }
        // Coupons paid in kind have raised the principal to repay above that of the terms.
        let principal = add(self.principal_repaid, self.debt.principal)?;
        self.collateral.release(self.principal_repaid, principal)?;
        Ok(())
    }

    /// Lowers the amount frozen for payment in proportion to the arrears paid, rounded down; not while a notice for a breach
    /// is in force.
    fn thaw_for(&mut self, applied: &Applied) -> Result<()> {
        if applied.arrears_before == 0 || self.notice_given == 1 {
            return Ok(());
        }
        let cleared = sub(applied.arrears_before, applied.arrears_after)?;
        let frozen = self.collateral.frozen_for_payment;
        let units = mul_div_floor(frozen, cleared, applied.arrears_before)?;
        self.collateral.frozen_for_payment = sub(frozen, units)?;
        Ok(())
    }

    /// Takes the edge that a payment leads to: paid off, cured, or paid in part.
    fn advance_by_payment(&mut self, applied: &Applied) -> Result<Status> {
        let status = self.status()?;
        if self.debt.total() == 0 {
            self.discharge()?;
            self.advance(Action::PayOff)
        } else if status != Status::Seizing && applied.arrears_after == 0 && self.notice_given == 0 {
            self.defaulted_at = 0;
            let cured = self.advance(Action::Cure)?;
            // The debt has been accrued up to now.
            self.thaw_cured(cured, self.debt.accrued_at)?;
            Ok(cured)
        } else {
            self.advance(Action::Pay)
        }
    }

    /// Applies `amount` micro-USDC recovered after the first seizure: it lowers the debt and releases nothing while some is
    /// left. Errors: [`crate::units::Overflow`].
    #[inline(never)]
    fn recover(&mut self, amount: u64) -> Result<Applied> {
        let mut debt = self.debt;
        let applied = waterfall::recover(&mut debt, &self.terms_in_force(), self.schedule(), amount)?;
        self.debt = debt;
        self.recovered = add(self.recovered, amount)?;
        Ok(applied)
    }

    /// Applies the proceeds of collateral as [`Credit::recover`] does, and ends the loan where they cover the debt.
    /// Errors: [`crate::units::Overflow`].
    pub(super) fn recover_from_collateral(&mut self, amount: u64) -> Result<()> {
        self.recover(amount)?;
        self.end_if_paid()
    }
}
