//! Lender and borrower agree on a new schedule.

use {
    super::LoanRead,
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        schedule::take_from_last,
        state::{Credit, Instalment, MarketClock, TermBounds, Terms, terms_hash},
        transitions::{Action, Status},
        units::{Overflow, sub},
    },
    anchor_lang::prelude::*,
    bytemuck::Zeroable,
};

/// The limits within which lender and borrower restructure a loan: the loan as both have read it.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestructureLimits {
    /// The loan and the worst status.
    pub read: LoanRead,
    /// Restructurings of the loan so far: the agreement that this one replaces.
    pub restructurings: u16,
    /// The most that is owed, in micro-USDC.
    pub most_debt: u64,
    /// The fewest units under lien.
    pub least_lien: u64,
}

impl RestructureLimits {
    /// The loan in a credit as it is, no worse. Accrue its debt before ([`Credit::accrue`], on a copy). Errors:
    /// [`BlockableError::UnknownStatus`].
    pub fn from_credit(credit: &Credit) -> Result<RestructureLimits> {
        Ok(RestructureLimits {
            read: LoanRead::from_credit(credit)?,
            restructurings: credit.restructurings,
            most_debt: credit.debt.total(),
            least_lien: credit.collateral.lien(),
        })
    }

    /// Requires a loan within the limits, whose debt has been accrued up to now. Errors: [`BlockableError::OfferReplaced`],
    /// [`BlockableError::StatusWorse`], [`BlockableError::AgreementReplaced`], [`BlockableError::DebtAboveLimit`],
    /// [`BlockableError::LienBelowLimit`].
    fn require(&self, credit: &Credit) -> Result<()> {
        self.read.require(credit)?;
        ensure(credit.restructurings == self.restructurings, BlockableError::AgreementReplaced)?;
        ensure(credit.debt.total() <= self.most_debt, BlockableError::DebtAboveLimit)?;
        ensure(credit.collateral.lien() >= self.least_lien, BlockableError::LienBelowLimit)
    }
}

impl Credit {
    /// Puts new terms and a new schedule, counted from now, in the place of the old ones. The instalments add up to the most
    /// principal that may be outstanding: what has been repaid meanwhile is taken off the last of them. Interest and fees
    /// that are unpaid fall due with the first. `bounds` are the market's; its bounds on the principal apply to new loans
    /// only. `provider_signed` is true where the provider has agreed, whose holdback would else wait for longer. Errors: the
    /// market is paused, the status, those of [`RestructureLimits`], [`BlockableError::RestructureTouchesGrant`],
    /// [`BlockableError::HoldbackOutlasts`], [`BlockableError::PrincipalAboveSchedule`],
    /// [`BlockableError::UnitLifetimeTooShort`], the first rule on terms that is broken.
    pub fn restructure(
        &mut self,
        terms: Terms,
        mut schedule: Vec<Instalment>,
        limits: &RestructureLimits,
        bounds: &TermBounds,
        provider_signed: bool,
        clock: &MarketClock,
    ) -> Result<Change> {
        clock.require_open()?;
        let bounds = TermBounds { min_principal: 0, max_principal: u64::MAX, ..*bounds };
        self.accrue(clock.market)?;
        limits.require(self)?;
        self.advance(Action::Restructure)?;
        ensure(keeps_the_grant(&self.terms, &terms), BlockableError::RestructureTouchesGrant)?;
        if !provider_signed {
            self.require_holdback_waits_no_longer(&terms, &schedule, clock)?;
        }
        let most = schedule.iter().fold(0u64, |sum, instalment| sum.saturating_add(instalment.principal));
        terms.validate(&schedule, most, &bounds).map_err(BlockableError::from)?;
        self.require_units_outlast(&terms, &schedule, &bounds, clock)?;
        self.rider.validate(&terms, &schedule, &bounds).map_err(BlockableError::from)?;
        let repaid = sub(most, self.debt.principal).map_err(|_| BlockableError::PrincipalAboveSchedule)?;
        take_from_last(schedule.iter_mut().map(|instalment| &mut instalment.principal), repaid);
        self.replace_terms(&terms, &schedule, clock)?;
        self.restart_debt()?;
        self.thaw_cured(Status::Active, clock.market)?;
        Ok(Change::Restructured { terms_hash: self.terms_hash, terms, schedule })
    }

    /// Requires units that last until the loan can have been recovered from them after a default on the last instalment.
    fn require_units_outlast(
        &self,
        terms: &Terms,
        schedule: &[Instalment],
        bounds: &TermBounds,
        clock: &MarketClock,
    ) -> Result<()> {
        let last_due = schedule.last().map_or(0, |instalment| instalment.due_after);
        let needed = i64::try_from(terms.needs_units_for(last_due, bounds)).unwrap_or(i64::MAX);
        let until = clock.market.checked_add(needed).ok_or(Overflow)?;
        let outlives = self.units_expire_at != 0 && until > self.units_expire_at;
        ensure(!outlives, BlockableError::UnitLifetimeTooShort)
    }

    /// Requires that the money held back waits no longer for the provider than under the terms in force: the time from which
    /// anybody may cancel has not come and does not move away.
    fn require_holdback_waits_no_longer(
        &self,
        terms: &Terms,
        schedule: &[Instalment],
        clock: &MarketClock,
    ) -> Result<()> {
        if self.holdback_left == 0 {
            return Ok(());
        }
        let last_due = |schedule: &[Instalment]| schedule.last().map_or(0, |instalment| instalment.due_after);
        let (now, opens) = (clock.market, self.schedule_opens_cancel());
        let would_open = terms.opens_cancel(now, last_due(schedule));
        ensure(now < self.cancel_opens_at() && would_open <= opens, BlockableError::HoldbackOutlasts)
    }

    fn replace_terms(&mut self, terms: &Terms, schedule: &[Instalment], clock: &MarketClock) -> Result<()> {
        self.terms = *terms;
        self.due_after = Zeroable::zeroed();
        self.principal_due = Zeroable::zeroed();
        self.set_schedule(schedule)?;
        self.terms_hash = terms_hash(&self.parties(), terms, &self.rider, schedule)?;
        self.restructured_at = clock.market;
        self.restructurings = self.restructurings.saturating_add(1);
        self.capitalised = 0;
        self.covenant.apr_bps = terms.apr_bps;
        self.defaulted_at = 0;
        self.notice_given = 0;
        self.pending_lender = Pubkey::default();
        Ok(())
    }

    /// Moves the debt to the beginning of the new schedule: nothing is in arrears, and interest that was billed and not paid
    /// falls due with the first new instalment.
    fn restart_debt(&mut self) -> Result<()> {
        let debt = &mut self.debt;
        debt.interest_accrued = debt.interest_accrued.saturating_add(core::mem::take(&mut debt.interest_due));
        debt.schedule_paid = 0;
        debt.arrears_since = 0;
        debt.instalments_billed = 0;
        debt.instalments_late_checked = 0;
        Ok(())
    }
}

/// Returns true when the new terms leave alone the units that the provider has granted, their price, their lifetime, the lock
/// and the holdback, and the rules by which their use is counted.
fn keeps_the_grant(old: &Terms, new: &Terms) -> bool {
    let grant = |terms: &Terms| (terms.principal, terms.units, terms.unit_lifetime, terms.offer_expires_at);
    let last_units = |terms: &Terms| (terms.unlocked_ahead, terms.holdback);
    let metering = |terms: &Terms| (terms.max_units_per_second, terms.longest_job, terms.reporters_hash);
    grant(old) == grant(new) && last_units(old) == last_units(new) && metering(old) == metering(new)
}
