use {
    crate::{
        actions::RestructureLimits,
        errors::BlockableError,
        instructions::accounts::clock_of,
        state::{Credit, Market, ScheduleRuns, Terms},
    },
    anchor_lang::prelude::*,
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
    /// most principal that may be outstanding; what has been repaid meanwhile is taken off the last of them. Interest and
    /// fees that are unpaid fall due with the first.
    pub fn handle(
        ctx: Context<CreditRestructure>,
        terms: Terms,
        schedule: ScheduleRuns,
        limits: RestructureLimits,
    ) -> Result<()> {
        let accounts = ctx.accounts;
        let clock = clock_of(&accounts.market)?;
        let schedule = schedule.expand().map_err(BlockableError::from)?;
        let bounds = accounts.market.load()?.bounds;
        let record = {
            let mut credit = accounts.credit.load_mut()?;
            let change = credit.restructure(terms, schedule, &limits, &bounds, &clock)?;
            credit.record(accounts.credit.key(), clock.chain, change)?
        };
        record.emit(&accounts.event_authority)
    }
}
