use {
    crate::{
        errors::BlockableError,
        instructions::provider_set_capacity::change_provider,
        state::{Market, Provider},
    },
    anchor_lang::prelude::*,
    anchor_spl::token_interface::TokenAccount,
};

/// CAN name another payout account: the provider's authority. It applies to units issued from then on.
#[event_cpi]
#[derive(Accounts)]
pub struct ProviderSetPayout<'info> {
    pub authority: Signer<'info>,
    pub market: AccountLoader<'info, Market>,
    #[account(
        mut,
        has_one = market @ BlockableError::MarketMismatch,
        has_one = authority @ BlockableError::NotProvider,
    )]
    pub provider: AccountLoader<'info, Provider>,
    #[account(constraint = payout.mint == market.load()?.payment_mint @ BlockableError::TokenAccountMint)]
    pub payout: Box<InterfaceAccount<'info, TokenAccount>>,
}

impl ProviderSetPayout<'_> {
    /// Sets where principal is paid to.
    pub fn handle(ctx: Context<ProviderSetPayout>) -> Result<()> {
        let accounts = ctx.accounts;
        change_provider(
            &accounts.market,
            &accounts.provider,
            &accounts.event_authority,
            |provider, _, clock| provider.set_payout(accounts.payout.key(), clock),
        )
    }
}
