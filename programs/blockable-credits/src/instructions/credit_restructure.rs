use {
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        state::{Credit, FreezeReason, Instalment, Market, TermBounds, Terms, terms_hash},
        transitions::{Action, Status},
        units::{Overflow, add},
    },
    anchor_lang::prelude::*,
    bytemuck::Zeroable,
};

/// CAN restructure: lender and borrower together, before the first seizure.
#[event_cpi]
#[derive(Accounts)]
pub struct CreditRestructure<'info> {
    pub lender: Signer<'info>,
    pub borrower: Signer<'info>,
    pub market: AccountLoader<'info, Market>,
    #[account(
        mut,
        has_one = market @ BlockableError::MarketMismatch,
        has_one = lender @ BlockableError::NotLender,
        has_one = borrower @ BlockableError::NotBorrower,
    )]
    pub credit: AccountLoader<'info, Credit>,
}

impl CreditRestructure<'_> {
    /// Puts new terms and a new schedule, counted from now, in the place of the old ones. The instalments add up to the
    /// principal outstanding; interest and fees that are unpaid fall due with the first of them.
    pub fn handle(ctx: Context<CreditRestructure>, terms: Terms, schedule: Vec<Instalment>) -> Result<()> {
        let accounts = ctx.accounts;
        let (bounds, clock) = {
            let market = accounts.market.load()?;
            // What the market allows to be lent binds new loans alone.
            let bounds = TermBounds { min_principal: 0, max_principal: u64::MAX, ..market.bounds };
            (bounds, market.open_clock()?)
        };
        let record = {
            let mut credit = accounts.credit.load_mut()?;
            credit.require_current()?;
            credit.accrue(clock.market)?;
            credit.advance(Action::Restructure)?;
            ensure(keeps_the_grant(&credit.terms, &terms), BlockableError::RestructureTouchesGrant)?;
            terms.validate(&schedule, credit.debt.principal, &bounds).map_err(BlockableError::from)?;
            let last_due = schedule.last().map_or(0, |instalment| instalment.due_after);
            let needed = i64::try_from(terms.needs_units_for(last_due)).unwrap_or(i64::MAX);
            let until = clock.market.checked_add(needed).ok_or(Overflow)?;
            let outlives = credit.units_expire_at != 0 && until > credit.units_expire_at;
            ensure(!outlives, BlockableError::UnitLifetimeTooShort)?;
            credit.rider.validate(&terms, &bounds).map_err(BlockableError::from)?;
            credit.restructure(&terms, &schedule, clock.market)?;
            let change = Change::Restructured { terms_hash: credit.terms_hash, terms, schedule };
            credit.record(accounts.credit.key(), clock.chain, change)?
        };
        record.emit(&accounts.event_authority)
    }
}

/// Whether terms leave alone what the provider has granted and been paid for.
fn keeps_the_grant(old: &Terms, new: &Terms) -> bool {
    let grant = |terms: &Terms| (terms.principal, terms.units, terms.unit_lifetime, terms.offer_expires_at);
    grant(old) == grant(new)
}

impl Credit {
    fn restructure(&mut self, terms: &Terms, schedule: &[Instalment], market_time: i64) -> Result<()> {
        self.terms = *terms;
        self.due_after = Zeroable::zeroed();
        self.principal_due = Zeroable::zeroed();
        self.set_schedule(schedule)?;
        self.terms_hash = terms_hash(&self.parties(), terms, &self.rider, schedule)?;
        self.restructured_at = market_time;
        self.restructurings = self.restructurings.saturating_add(1);
        self.capitalised = 0;
        self.covenant.apr_bps = terms.apr_bps;
        self.defaulted_at = 0;
        self.notice_given = 0;
        self.pending_lender = Pubkey::default();
        let debt = &mut self.debt;
        debt.interest_accrued = add(debt.interest_accrued, core::mem::take(&mut debt.interest_due))?;
        debt.schedule_paid = 0;
        debt.arrears_since = 0;
        debt.instalments_billed = 0;
        debt.instalments_late_checked = 0;
        if FreezeReason::is_about_payment(self.freeze_reason) || !self.may_freeze(Status::Active)? {
            self.thaw_all();
        }
        Ok(())
    }
}
