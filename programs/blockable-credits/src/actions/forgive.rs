//! The lender gives up money: late fees, or all that is owed.

use {
    super::cancel_locked::Cancelled,
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        state::{Credit, Debt, MarketClock, Provider},
        transitions::Action,
        units::sub,
    },
    anchor_lang::prelude::*,
};

impl Credit {
    /// Waives up to `amount` micro-USDC of late fees. Errors: [`BlockableError::AmountZero`], the market is paused,
    /// [`BlockableError::NotLender`], the status, [`BlockableError::NoLateFees`].
    pub fn waive_fee(&mut self, signer: &Pubkey, amount: u64, clock: &MarketClock) -> Result<Change> {
        ensure(amount > 0, BlockableError::AmountZero)?;
        self.begin_by_lender(signer, Action::WaiveFee, clock)?;
        self.accrue(clock.market)?;
        let amount = amount.min(self.debt.late_fees);
        ensure(amount > 0, BlockableError::NoLateFees)?;
        self.debt.late_fees = sub(self.debt.late_fees, amount)?;
        Ok(Change::FeeWaived { amount })
    }

    /// Gives up all that is owed on the offer made in the slot `offer_slot`, at most `most_debt` micro-USDC, after the covered
    /// units that it pays for are cancelled; the units that are left become the borrower's. Errors: the market is paused, [`BlockableError::NotLender`], the status,
    /// [`BlockableError::OfferReplaced`], [`BlockableError::LotsOpen`], [`BlockableError::DebtAboveLimit`].
    pub fn write_off(
        &mut self,
        signer: &Pubkey,
        offer_slot: u64,
        most_debt: u64,
        provider: &mut Provider,
        clock: &MarketClock,
    ) -> Result<Change> {
        self.begin_by_lender(signer, Action::WriteOff, clock)?;
        self.require_offer(offer_slot)?;
        ensure(self.lots_open == 0, BlockableError::LotsOpen)?;
        self.accrue(clock.market)?;
        let earned_before = self.claims.provider;
        let Cancelled { units, paid, .. } = self.cancel_covered(self.cancellable()?, provider)?;
        let debt = self.debt.total();
        ensure(debt <= most_debt, BlockableError::DebtAboveLimit)?;
        self.debt = Debt { accrued_at: clock.market, ..Debt::default() };
        self.discharge()?;
        let earned = sub(self.claims.provider, earned_before)?;
        Ok(Change::WrittenOff { debt, cancelled: units, paid, earned })
    }
}
