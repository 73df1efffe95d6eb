use {
    crate::{
        errors::BlockableError,
        instructions::accounts::clock_of,
        state::{Credit, Market, Provider},
    },
    anchor_lang::prelude::*,
};

/// CAN remove a credit: anyone once it holds no units, the borrower also before. Its rent goes back to the key that paid it.
#[event_cpi]
#[derive(Accounts)]
pub struct CreditClose<'info> {
    /// Anyone once the credit holds no units, else the borrower.
    pub closer: Signer<'info>,
    /// CHECK: gets the rent back; checked to be the one that paid it.
    #[account(
        mut,
        constraint = credit.load()?.rent_payer == receiver.key() @ BlockableError::ReceiverMismatch,
    )]
    pub receiver: UncheckedAccount<'info>,
    /// The credit's market.
    pub market: AccountLoader<'info, Market>,
    /// The credit, which is removed.
    #[account(
        mut,
        has_one = market @ BlockableError::MarketMismatch,
        has_one = provider @ BlockableError::ProviderMismatch,
    )]
    pub credit: AccountLoader<'info, Credit>,
    /// The credit's provider.
    #[account(mut)]
    pub provider: AccountLoader<'info, Provider>,
}

impl CreditClose<'_> {
    /// Removes the credit and gives up the units that are left in it, at most `most_units`. Its units no longer count against
    /// the provider's capacity.
    ///
    /// - `most_units`: the most unused units to give up; 0 to fail where any are left.
    pub fn handle(ctx: Context<CreditClose>, most_units: u64) -> Result<()> {
        let accounts = ctx.accounts;
        let clock = clock_of(&accounts.market)?;
        let record = {
            let mut credit = accounts.credit.load_mut()?;
            let mut provider = accounts.provider.load_mut()?;
            let change = credit.close(accounts.closer.key, most_units, &mut provider, &clock)?;
            credit.record(accounts.credit.key(), clock.chain, change)?
        };
        accounts.credit.close(accounts.receiver.to_account_info())?;
        record.emit(&accounts.event_authority)
    }
}
