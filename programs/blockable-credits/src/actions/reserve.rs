//! The borrower's cash reserve is funded and drawn.

use {
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
    /// Begins a payment of up to `amount` micro-USDC into the reserve. Returns the sum to be paid in. Errors:
    /// [`BlockableError::AmountZero`], the market is paused, the status, [`BlockableError::ReserveFull`].
    pub fn begin_funding(&mut self, amount: u64, clock: &MarketClock) -> Result<u64> {
        ensure(amount > 0, BlockableError::AmountZero)?;
        self.begin_by_anyone(Action::FundReserve, clock)?;
        let amount = amount.min(self.rider.reserve.saturating_sub(self.reserve_held));
        ensure(amount > 0, BlockableError::ReserveFull)?;
        Ok(amount)
    }

    /// Adds to the reserve the sum that [`Credit::begin_funding`] returned and `payer` has paid into the vault. A full reserve
    /// thaws what the policy would not let the lender freeze in this status. Errors: [`crate::units::Overflow`].
    pub fn receive_funding(&mut self, payer: Pubkey, amount: u64) -> Result<Change> {
        self.reserve_held = add(self.reserve_held, amount)?;
        let before = self.collateral.frozen();
        if self.reserve_held >= self.rider.reserve {
            self.reserve_drawn_at = 0;
            if !self.policy_allows(self.status()?)? {
                self.thaw_under_policy();
            }
        }
        let thawed = sub(before, self.collateral.frozen())?;
        Ok(Change::ReserveFunded { payer, amount, held: self.reserve_held, thawed })
    }

    /// Pays the arrears from the reserve, where it reaches for all of them: a part would not cure, and the reserve is worth more
    /// to the lender in the recovery. There it pays the debt as far as it reaches, see [`Credit::require_reserve_recovers`]. `key`
    /// is the credit's own address. Errors: the market is paused, the status, [`BlockableError::NotInArrears`],
    /// [`BlockableError::ReserveEmpty`], [`BlockableError::ReserveTooSmall`], those of [`Credit::require_reserve_recovers`].
    pub fn draw_reserve(&mut self, key: Pubkey, clock: &MarketClock) -> Result<Change> {
        self.begin_by_anyone(Action::DrawReserve, clock)?;
        self.accrue(clock.market)?;
        let is_recovery = self.status()? >= Status::Defaulted;
        let owed = if is_recovery { self.debt.total() } else { self.arrears() };
        ensure(owed > 0, BlockableError::NotInArrears)?;
        ensure(self.reserve_held > 0, BlockableError::ReserveEmpty)?;
        if is_recovery {
            self.require_reserve_recovers(clock)?;
        } else {
            ensure(self.reserve_held >= owed, BlockableError::ReserveTooSmall)?;
        }
        let amount = owed.min(self.reserve_held);
        self.reserve_held = sub(self.reserve_held, amount)?;
        self.note_reserve(clock.market);
        self.apply_payment(key, amount, 0)
    }

    /// Requires a loan in default whose reserve may be drawn for the whole debt. No covered unit is left to cancel, and the lender
    /// has seized; or there is nothing to seize, once the cure period has passed: the lien is empty or the units have expired,
    /// and neither ever ends. The loan then stays in default, so that nobody ends the right to cure by drawing. Errors:
    /// [`BlockableError::CancelFirst`], [`BlockableError::SeizeFirst`], [`BlockableError::CurePeriodRunning`].
    #[inline(never)]
    pub fn require_reserve_recovers(&self, clock: &MarketClock) -> Result<()> {
        ensure(self.covered()? == 0, BlockableError::CancelFirst)?;
        if self.status()? == Status::Seizing {
            return Ok(());
        }
        let has_expired = self.require_unexpired(clock.market).is_err();
        ensure(self.collateral.lien() == 0 || has_expired, BlockableError::SeizeFirst)?;
        self.require_cure_period_over(clock)
    }
}
