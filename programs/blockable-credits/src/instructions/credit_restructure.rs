use {
    crate::{
        actions::RestructureLimits,
        errors::BlockableError,
        events::Change,
        instructions::accounts::{clock_of, record_and_emit},
        state::{Credit, Market, MarketClock, ScheduleRuns, Terms},
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
}

impl CreditAgreement<'_> {
    /// Acts on the credit, given the time; records and emits the change.
    pub(super) fn act(&self, action: impl FnOnce(&mut Credit, &MarketClock) -> Result<Change>) -> Result<()> {
        let clock = clock_of(&self.market)?;
        let mut credit = self.credit.load_mut()?;
        let change = action(&mut credit, &clock)?;
        record_and_emit(credit, self.credit.key(), clock.chain, change, &self.event_authority)
    }

    /// CAN restructure: lender and borrower together, before the first seizure.
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
        let schedule = schedule.expand().map_err(BlockableError::from)?;
        let bounds = ctx.accounts.market.load()?.bounds;
        ctx.accounts.act(|credit, clock| credit.restructure(terms, schedule, &limits, &bounds, clock))
    }
}
