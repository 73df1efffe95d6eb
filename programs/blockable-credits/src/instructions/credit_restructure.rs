use {
    crate::{
        errors::BlockableError,
        instructions::accounts::clock_of,
        state::{Credit, Instalment, Market, Terms},
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
    /// principal outstanding; interest and fees that are unpaid fall due with the first of them.
    pub fn handle(ctx: Context<CreditRestructure>, terms: Terms, schedule: Vec<Instalment>) -> Result<()> {
        let accounts = ctx.accounts;
        let clock = clock_of(&accounts.market)?;
        let bounds = accounts.market.load()?.bounds;
        let record = {
            let mut credit = accounts.credit.load_mut()?;
            let change = credit.restructure(terms, schedule, &bounds, &clock)?;
            credit.record(accounts.credit.key(), clock.chain, change)?
        };
        record.emit(&accounts.event_authority)
    }
}
