use {
    crate::{
        actions::RestructureLimits,
        errors::{BlockableError, ensure},
        events::Change,
        instructions::accounts::{clock_of, record_and_emit},
        state::{Credit, Market, MarketClock, Provider, ScheduleRuns, Terms},
    },
    anchor_lang::prelude::*,
};

/// A credit on which lender and borrower act together.
#[event_cpi]
#[derive(Accounts)]
pub struct CreditAgreement<'info> {
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
    /// The credit's provider, where a restructuring needs it.
    pub provider: Option<AccountLoader<'info, Provider>>,
    /// The provider's authority, where a restructuring needs it.
    pub provider_authority: Option<Signer<'info>>,
}

impl CreditAgreement<'_> {
    /// Acts on the credit, given the time; records and emits the change.
    #[inline(never)]
    pub(super) fn act(
        &self,
        action: &mut dyn FnMut(&mut Credit, &MarketClock) -> Result<Change>,
    ) -> Result<()> {
        let clock = clock_of(&self.market)?;
        let mut credit = self.credit.load_mut()?;
        let change = action(&mut credit, &clock)?;
        record_and_emit(credit, self.credit.key(), clock.chain, change, &self.event_authority)
    }

    /// CAN restructure: lender and borrower together, before the first seizure; with the provider, where its holdback would
    /// wait for longer than under the old terms.
    ///
    /// Puts new terms and a new schedule, counted from now, in the place of the old ones. The instalments add up to the
    /// most principal that may be outstanding; what has been repaid meanwhile is taken off the last of them. Interest and
    /// fees that are unpaid fall due with the first.
    pub fn restructure(
        ctx: Context<CreditAgreement>,
        terms: Terms,
        schedule: ScheduleRuns,
        limits: RestructureLimits,
    ) -> Result<()> {
        let accounts = ctx.accounts;
        let mut schedule = schedule.expand().map_err(BlockableError::from)?;
        let bounds = accounts.market.load()?.bounds;
        accounts.act(&mut |credit, clock| {
            let provider_signed = accounts.provider_has_signed(credit)?;
            credit.restructure(
                terms,
                core::mem::take(&mut schedule),
                &limits,
                &bounds,
                provider_signed,
                clock,
            )
        })
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
