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

    /// Adds to the reserve the sum that [`Credit::begin_funding`] returned and `payer` has paid into the vault.
    /// Errors: [`crate::units::Overflow`].
    pub fn receive_funding(&mut self, payer: Pubkey, amount: u64) -> Result<Change> {
        self.reserve_held = add(self.reserve_held, amount)?;
        Ok(Change::ReserveFunded { payer, amount, held: self.reserve_held })
    }

    /// Pays the arrears from the reserve, as far as it reaches. `key` is the credit's own address. Errors: the market
    /// is paused, the status, [`BlockableError::NotInArrears`], [`BlockableError::ReserveEmpty`].
    pub fn draw_reserve(&mut self, key: Pubkey, clock: &MarketClock) -> Result<Change> {
        self.begin_by_anyone(Action::DrawReserve, clock)?;
        self.accrue(clock.market)?;
        ensure(self.drawable()? > 0, BlockableError::NotInArrears)?;
        self.draw_for_arrears(key)?.ok_or_else(|| BlockableError::ReserveEmpty.into())
    }

    /// The sum that the reserve may be drawn for, in micro-USDC: the arrears, after the first seizure the whole debt.
    fn drawable(&self) -> Result<u64> {
        Ok(if self.status()? == Status::Seizing { self.debt.total() } else { self.arrears() })
    }

    /// Pays the arrears of the last accrual, or after the first seizure the debt, from the reserve as far as it reaches; `None`
    /// where nothing could be paid. `key` is the credit's own address. Errors: [`crate::units::Overflow`].
    #[inline(never)]
    pub fn draw_for_arrears(&mut self, key: Pubkey) -> Result<Option<Change>> {
        let amount = self.drawable()?.min(self.reserve_held);
        if amount == 0 {
            return Ok(None);
        }
        self.reserve_held = sub(self.reserve_held, amount)?;
        self.apply_payment(key, amount, 0).map(Some)
    }
}
