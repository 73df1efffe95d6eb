//! The lender gives up money: late fees, or all that is owed.

use {
    super::cancel_locked::Cancelled,
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        state::{Credit, Debt, MarketClock, Provider},
        transitions::{Action, Status},
        units::sub,
    },
    anchor_lang::prelude::*,
};

impl Credit {
    /// Waives up to `amount` micro-USDC of late fees. A cancel can leave fees alone: where nothing is owed any more, the loan
    /// ends. Errors: [`BlockableError::AmountZero`], the market is paused,
    /// [`BlockableError::NotLender`], the status, [`BlockableError::NoLateFees`].
    pub fn waive_fee(&mut self, signer: &Pubkey, amount: u64, clock: &MarketClock) -> Result<Change> {
        ensure(amount > 0, BlockableError::AmountZero)?;
        self.begin_by_lender(signer, Action::WaiveFee, clock)?;
        self.accrue(clock.market)?;
        let amount = amount.min(self.debt.late_fees);
        ensure(amount > 0, BlockableError::NoLateFees)?;
        self.debt.late_fees = sub(self.debt.late_fees, amount)?;
        let earned_before = self.claims.provider;
        self.end_if_paid()?;
        let earned = sub(self.claims.provider, earned_before)?;
        Ok(Change::FeeWaived { amount, earned, debt: self.debt.total() })
    }

    /// Gives up all that is owed on the offer made in the slot `offer_slot`, at most `most_debt` micro-USDC, after the covered
    /// units that it pays for are cancelled; the units that are left become the borrower's. Where units are cancelled, the cure
    /// period has passed. Errors: the market is paused, [`BlockableError::NotLender`], the status,
    /// [`BlockableError::OfferReplaced`], [`BlockableError::LotsOpen`], [`BlockableError::CurePeriodRunning`],
    /// [`BlockableError::DebtAboveLimit`].
    pub fn write_off(
        &mut self,
        signer: &Pubkey,
        offer_slot: u64,
        most_debt: u64,
        provider: &mut Provider,
        clock: &MarketClock,
    ) -> Result<Change> {
        let was = self.status()?;
        self.begin_on_offer(signer, offer_slot, Action::WriteOff, clock)?;
        ensure(self.lots_open == 0, BlockableError::LotsOpen)?;
        self.accrue(clock.market)?;
        let (cancellable, earned_before) = (self.cancellable()?, self.claims.provider);
        if was == Status::Defaulted && cancellable > 0 {
            // A write-off cancels no sooner than a cancel.
            self.require_cure_period_over(clock)?;
        }
        let Cancelled { units, paid, .. } = self.cancel_covered(cancellable, provider)?;
        let debt = self.debt.total();
        ensure(debt <= most_debt, BlockableError::DebtAboveLimit)?;
        self.debt = Debt { accrued_at: clock.market, ..Debt::default() };
        self.discharge()?;
        let earned = sub(self.claims.provider, earned_before)?;
        Ok(Change::WrittenOff { debt, cancelled: units, paid, earned })
    }
}
