use {
    crate::{
        actions::RestructureLimits,
        errors::{BlockableError, ensure},
        instructions::accounts::{clock_of, record_and_emit},
        state::{Credit, Market, Provider, ScheduleRuns, Terms},
    },
    anchor_lang::prelude::*,
};

/// CAN restructure: lender and borrower together, before the first seizure; with the provider, where its holdback would
/// wait for longer than under the old terms.
#[event_cpi]
#[derive(Accounts)]
pub struct CreditRestructure<'info> {
    /// The lender.
    pub lender: Signer<'info>,
    /// The borrower.
    pub borrower: Signer<'info>,
    /// The credit's market.
    pub market: AccountLoader<'info, Market>,
    /// The credit.
    #[account(
        mut,
        has_one = market @ BlockableError::MarketMismatch,
        has_one = lender @ BlockableError::NotLender,
        has_one = borrower @ BlockableError::NotBorrower,
    )]
    pub credit: AccountLoader<'info, Credit>,
    /// The credit's provider, where its holdback would wait for longer.
    pub provider: Option<AccountLoader<'info, Provider>>,
    /// The provider's authority, where its holdback would wait for longer.
    pub provider_authority: Option<Signer<'info>>,
}

impl CreditRestructure<'_> {
    /// Puts new terms and a new schedule, counted from now, in the place of the old ones. The instalments add up to the
    /// most principal that may be outstanding; what has been repaid meanwhile is taken off the last of them. Interest and
    /// fees that are unpaid fall due with the first.
    pub fn handle(
        ctx: Context<CreditRestructure>,
        terms: Terms,
        schedule: ScheduleRuns,
        limits: RestructureLimits,
    ) -> Result<()> {
        let accounts = ctx.accounts;
        let schedule = schedule.expand().map_err(BlockableError::from)?;
        let (bounds, clock) = (accounts.market.load()?.bounds, clock_of(&accounts.market)?);
        let mut credit = accounts.credit.load_mut()?;
        let provider_signed = accounts.provider_has_signed(&credit)?;
        let change = credit.restructure(terms, schedule, &limits, &bounds, provider_signed, &clock)?;
        record_and_emit(credit, accounts.credit.key(), clock.chain, change, &accounts.event_authority)
    }

    /// Returns true where the credit's provider has signed. Errors: [`BlockableError::ProviderMismatch`],
    /// [`BlockableError::NotProvider`].
    fn provider_has_signed(&self, credit: &Credit) -> Result<bool> {
        let Some(authority) = &self.provider_authority else { return Ok(false) };
        let provider = self.provider.as_ref().ok_or(BlockableError::ProviderMismatch)?;
        ensure(provider.key() == credit.provider, BlockableError::ProviderMismatch)?;
        provider.load()?.require_authority(authority.key)?;
        Ok(true)
    }
}
