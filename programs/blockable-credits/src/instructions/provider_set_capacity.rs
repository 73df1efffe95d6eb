use {
    crate::{
        errors::BlockableError,
        events::{ProviderChanged, emit},
        instructions::CapacityArgs,
        state::{Market, Provider},
    },
    anchor_lang::prelude::*,
};

/// CAN change a provider's settings: its authority alone.
#[event_cpi]
#[derive(Accounts)]
pub struct ProviderUpdate<'info> {
    pub authority: Signer<'info>,
    pub market: AccountLoader<'info, Market>,
    #[account(
        mut,
        has_one = market @ BlockableError::MarketMismatch,
        has_one = authority @ BlockableError::NotProvider,
    )]
    pub provider: AccountLoader<'info, Provider>,
}

impl ProviderUpdate<'_> {
    /// Sets what the provider commits to; never below what is outstanding.
    pub fn set_capacity(ctx: Context<ProviderUpdate>, capacity: CapacityArgs) -> Result<()> {
        let accounts = ctx.accounts;
        accounts.market.load()?.open_clock()?;
        let event = {
            let mut provider = accounts.provider.load_mut()?;
            capacity.apply(&mut provider)?;
            ProviderChanged::of(accounts.provider.key(), &provider)
        };
        emit(&accounts.event_authority, event)
    }
}
