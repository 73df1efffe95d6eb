use {
    crate::{
        actions::{CapacityArgs, NewProvider, ReportersArgs},
        errors::BlockableError,
        events::{ProviderChanged, emit},
        instructions::accounts::clock_of,
        state::{Market, Provider, seeds},
    },
    anchor_lang::prelude::*,
    anchor_spl::token_interface::TokenAccount,
};

/// CAN register: anyone, for itself; lenders choose the providers whose units they accept.
#[event_cpi]
#[derive(Accounts)]
pub struct ProviderRegister<'info> {
    /// Will sign for the provider.
    pub authority: Signer<'info>,
    /// Pays the rent; a provider's account is never removed.
    #[account(mut)]
    pub rent_payer: Signer<'info>,
    pub market: AccountLoader<'info, Market>,
    #[account(
        init,
        payer = rent_payer,
        space = Provider::SPACE,
        seeds = [seeds::PROVIDER, market.key().as_ref(), authority.key().as_ref()],
        bump,
    )]
    pub provider: AccountLoader<'info, Provider>,
    #[account(constraint = payout.mint == market.load()?.payment_mint @ BlockableError::TokenAccountMint)]
    pub payout: Box<InterfaceAccount<'info, TokenAccount>>,
    pub system_program: Program<'info, System>,
}

impl ProviderRegister<'_> {
    /// Registers the provider; its reporters' epoch is 1.
    pub fn handle(
        ctx: Context<ProviderRegister>,
        capacity: CapacityArgs,
        reporters: ReportersArgs,
    ) -> Result<()> {
        let accounts = ctx.accounts;
        let clock = clock_of(&accounts.market)?;
        let new = NewProvider {
            bump: ctx.bumps.provider,
            market: accounts.market.key(),
            authority: accounts.authority.key(),
            payout: accounts.payout.key(),
        };
        let event = {
            let mut provider = accounts.provider.load_init()?;
            provider.register(new, &capacity, &reporters, &clock)?;
            ProviderChanged::new(accounts.provider.key(), &provider)
        };
        emit(&accounts.event_authority, event)
    }
}
