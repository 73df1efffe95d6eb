//! Lender and borrower agree on a new schedule.

use {
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        state::{Credit, Instalment, MarketClock, TermBounds, Terms, terms_hash},
        transitions::{Action, Status},
        units::{Overflow, add},
    },
    anchor_lang::prelude::*,
    bytemuck::Zeroable,
};

impl Credit {
    /// Puts new terms and a new schedule, counted from now, in the place of the old ones. The instalments add up to the
    /// principal outstanding; interest and fees that are unpaid fall due with the first of them. `bounds` are the market's;
    /// its bounds on the principal apply to new loans only. Errors: the market is paused,
    /// the status, [`BlockableError::RestructureTouchesGrant`],
    /// [`BlockableError::UnitLifetimeTooShort`], the first rule on terms that is broken.
    pub fn restructure(
        &mut self,
        terms: Terms,
        schedule: Vec<Instalment>,
        bounds: &TermBounds,
        clock: &MarketClock,
    ) -> Result<Change> {
        clock.require_open()?;
        let bounds = TermBounds { min_principal: 0, max_principal: u64::MAX, ..*bounds };
        self.accrue(clock.market)?;
        self.advance(Action::Restructure)?;
        ensure(keeps_the_grant(&self.terms, &terms), BlockableError::RestructureTouchesGrant)?;
        terms.validate(&schedule, self.debt.principal, &bounds).map_err(BlockableError::from)?;
        self.require_units_outlast(&terms, &schedule, clock)?;
        self.rider.validate(&terms, &bounds).map_err(BlockableError::from)?;
        self.replace_terms(&terms, &schedule, clock)?;
        self.restart_debt()?;
        self.thaw_cured(Status::Active)?;
        Ok(Change::Restructured { terms_hash: self.terms_hash, terms, schedule })
    }

    /// Requires units that last until a default on the last instalment can no longer be cured.
    fn require_units_outlast(
        &self,
        terms: &Terms,
        schedule: &[Instalment],
        clock: &MarketClock,
    ) -> Result<()> {
        let last_due = schedule.last().map_or(0, |instalment| instalment.due_after);
        let needed = i64::try_from(terms.needs_units_for(last_due)).unwrap_or(i64::MAX);
        let until = clock.market.checked_add(needed).ok_or(Overflow)?;
        let outlives = self.units_expire_at != 0 && until > self.units_expire_at;
        ensure(!outlives, BlockableError::UnitLifetimeTooShort)
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

    /// Takes the debt as it is to the beginning of the new schedule: nothing is in arrears, billed interest is due again.
    fn restart_debt(&mut self) -> Result<()> {
        let debt = &mut self.debt;
        debt.interest_accrued = add(debt.interest_accrued, core::mem::take(&mut debt.interest_due))?;
        debt.schedule_paid = 0;
        debt.arrears_since = 0;
        debt.instalments_billed = 0;
        debt.instalments_late_checked = 0;
        Ok(())
    }
}

/// Returns true when terms do not change the units that the provider has granted, their price and how use is counted.
fn keeps_the_grant(old: &Terms, new: &Terms) -> bool {
    let grant = |terms: &Terms| (terms.principal, terms.units, terms.unit_lifetime, terms.offer_expires_at);
    let metering = |terms: &Terms| (terms.max_units_per_second, terms.longest_job, terms.reporters_hash);
    grant(old) == grant(new) && metering(old) == metering(new)
}
