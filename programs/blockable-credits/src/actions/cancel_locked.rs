//! Units under the holdback are cancelled, and the money that was held back for them is given back.

use {
    super::{LEAST_FIRST_SEIZURE, LoanRead, UnitBounds},
    crate::{
        auction,
        errors::{BlockableError, ensure},
        events::Change,
        metering::finishing,
        schedule::take_from_last,
        state::{Credit, Market, MarketClock, Provider},
        transitions::{Action, Status},
        units::{add, mul_div_ceil, sub},
        waterfall::{GivenBack, give_back},
    },
    anchor_lang::prelude::*,
};

/// The keys that have signed a cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CancelSigners {
    /// The lender, or anyone.
    pub signer: Pubkey,
    /// The borrower, where it has signed as well.
    pub borrower: Option<Pubkey>,
}

/// Units that have been cancelled, and the money that they gave back, in micro-USDC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cancelled {
    /// Units.
    pub units: u64,
    /// Money that was held back for them.
    pub paid: u64,
    /// The debts that it has paid, and the borrower's surplus.
    pub given_back: GivenBack,
}

impl Credit {
    /// Cancels covered units, at most those that the debt pays for, and gives the money that was held back for them to the
    /// lender: principal falls by as much, then interest and fees, and a surplus is the borrower's. The units no longer count
    /// against the provider's capacity.
    ///
    /// In default the lender may cancel once the cure period has passed, which counts as a seizure, and anybody from
    /// [`Credit::cancel_opens_at`] on, all units at once. On a loan that is not in default lender and borrower may together,
    /// while the market's admin has suspended the provider for the market's `min_suspension`.
    ///
    /// Errors: the market is paused, those of [`LoanRead::require`], the status, [`BlockableError::CurePeriodRunning`],
    /// [`BlockableError::CancelNotOpen`], [`BlockableError::NotLender`], [`BlockableError::NotBorrower`],
    /// [`BlockableError::ProviderNotSuspended`], [`BlockableError::AmountZero`], [`BlockableError::BeyondCovered`],
    /// [`BlockableError::FirstSeizureTooSmall`], [`BlockableError::CancelsAll`].
    pub fn cancel_locked(
        &mut self,
        signers: CancelSigners,
        amount: UnitBounds,
        read: LoanRead,
        provider: &mut Provider,
        market: &Market,
        clock: &MarketClock,
    ) -> Result<Change> {
        clock.require_open()?;
        read.require(self)?;
        let was = self.status()?;
        self.advance(Action::CancelLocked)?;
        self.pending_lender = Pubkey::default();
        self.accrue(clock.market)?;
        let cancellable = self.cancellable()?;
        let units = amount.units(cancellable, BlockableError::BeyondCovered)?;
        match was {
            Status::Active | Status::Delinquent => {
                self.require_both(signers)?;
                provider.require_suspended_for(market.min_suspension, clock)?;
            }
            _ => {
                self.require_may_cancel(signers.signer, units == cancellable, was, clock)?;
                let least_first = mul_div_ceil(cancellable, 1, LEAST_FIRST_SEIZURE)?;
                let is_first = was == Status::Defaulted;
                ensure(!is_first || units >= least_first, BlockableError::FirstSeizureTooSmall)?;
            }
        }
        let earned_before = self.claims.provider;
        let cancelled = self.cancel_covered(units, provider)?;
        self.end_if_paid()?;
        Ok(Change::LockedCancelled {
            by: signers.signer,
            units,
            paid: cancelled.paid,
            principal: cancelled.given_back.principal,
            interest: cancelled.given_back.interest,
            late_fees: cancelled.given_back.late_fees,
            surplus: cancelled.given_back.surplus,
            earned: sub(self.claims.provider, earned_before)?,
            debt: self.debt.total(),
            status: self.status()?,
        })
    }

    /// Locked units that the holdback pays for, and that no running job finishes on: they can be cancelled, and no lot takes them.
    /// Errors: [`crate::units::Overflow`].
    #[inline(never)]
    pub fn covered(&self) -> Result<u64> {
        let units = &self.collateral;
        // Jobs finish on frozen units before they do on locked ones.
        let in_use = finishing(units, &self.meter).saturating_sub(units.frozen());
        Ok(self.holdback().covered_floor(units.locked().saturating_sub(in_use))?)
    }

    /// Covered units that the debt of the last accrual pays for at exactly what the loan paid, rounded up. Errors:
    /// [`crate::units::Overflow`].
    pub fn cancellable(&self) -> Result<u64> {
        let worth = auction::units_worth(self.debt.total(), self.terms.principal, self.terms.units);
        Ok(self.covered()?.min(worth))
    }

    /// Requires lender and borrower.
    fn require_both(&self, signers: CancelSigners) -> Result<()> {
        self.require_lender(&signers.signer)?;
        ensure(signers.borrower == Some(self.borrower), BlockableError::NotBorrower)
    }

    /// Requires, on a loan in default, a cure period that has passed, and the lender or the time from which anybody may.
    fn require_may_cancel(
        &self,
        signer: Pubkey,
        cancels_all: bool,
        was: Status,
        clock: &MarketClock,
    ) -> Result<()> {
        if was == Status::Defaulted {
            self.require_cure_period_over(clock)?;
        }
        if signer == self.lender {
            return Ok(());
        }
        ensure(clock.market >= self.cancel_opens_at(), BlockableError::CancelNotOpen)?;
        ensure(cancels_all, BlockableError::CancelsAll)
    }

    /// Cancels covered units and gives the money that was held back for them back. Errors: [`crate::units::Overflow`].
    #[inline(never)]
    pub(super) fn cancel_covered(&mut self, units: u64, provider: &mut Provider) -> Result<Cancelled> {
        let covered = self.covered()?;
        let paid = self.holdback().paid_by_cancel(units, covered, self.collateral.left_to_unlock())?;
        self.collateral.cancel(units)?;
        // These units were closed before each freeze.
        self.change_closed_before(|freeze| freeze.closed_before.saturating_sub(units));
        provider.outstanding_units = sub(provider.outstanding_units, units)?;
        Ok(Cancelled { units, paid, given_back: self.give_back(paid)? })
    }

    /// Gives `amount` micro-USDC of the holdback back: principal falls off the last instalments, then interest and fees are
    /// paid; the rest is the borrower's. Errors: [`crate::units::Overflow`].
    #[inline(never)]
    pub(super) fn give_back(&mut self, amount: u64) -> Result<GivenBack> {
        self.holdback_left = sub(self.holdback_left, amount)?;
        let mut debt = self.debt;
        let given_back = give_back(&mut debt, amount);
        take_from_last(self.principal_due.iter_mut(), given_back.principal);
        self.schedule().update_arrears_since(&mut debt, &self.terms_in_force())?;
        self.debt = debt;
        let to_lender = sub(amount, given_back.surplus)?;
        self.claims.lender = add(self.claims.lender, to_lender)?;
        self.claims.borrower = add(self.claims.borrower, given_back.surplus)?;
        // After a write-off the credit is Repaid already.
        if self.status()? >= Status::Seizing {
            self.recovered = add(self.recovered, to_lender)?;
        }
        Ok(given_back)
    }

    /// Ends the loan where nothing is owed any more. Errors: [`crate::units::Overflow`].
    #[inline(never)]
    pub(super) fn end_if_paid(&mut self) -> Result<()> {
        if self.debt.total() == 0 {
            self.discharge()?;
            self.advance(Action::PayOff)?;
        }
        Ok(())
    }
}
