use {
    crate::{
        errors::BlockableError,
        events::{ProviderChanged, emit},
        instructions::CapacityArgs,
        state::{Market, Provider},
    },
    anchor_lang::prelude::*,
};

/// A provider and who wants to change it; each handler says who that may be.
#[event_cpi]
#[derive(Accounts)]
pub struct ProviderUpdate<'info> {
    pub authority: Signer<'info>,
    pub market: AccountLoader<'info, Market>,
    #[account(mut, has_one = market @ BlockableError::MarketMismatch)]
    pub provider: AccountLoader<'info, Provider>,
}

impl ProviderUpdate<'_> {
    /// Changes a provider of a market that is not paused; the change is given the signer and the market's admin.
    pub(super) fn change(
        ctx: Context<ProviderUpdate>,
        change: impl FnOnce(&mut Provider, &Pubkey, &Pubkey) -> Result<()>,
    ) -> Result<()> {
        let accounts = ctx.accounts;
        let signer = accounts.authority.key;
        change_provider(&accounts.market, &accounts.provider, &accounts.event_authority, |provider, admin| {
            change(provider, signer, admin)
        })
    }

    /// As [`ProviderUpdate::change`], by the signature of the provider's authority.
    pub(super) fn by_authority(
        ctx: Context<ProviderUpdate>,
        change: impl FnOnce(&mut Provider) -> Result<()>,
    ) -> Result<()> {
        ProviderUpdate::change(ctx, |provider, signer, _| {
            provider.require_authority(signer)?;
            change(provider)
        })
    }

    /// CAN set what the provider commits to, never below what is outstanding: its authority.
    pub fn set_capacity(ctx: Context<ProviderUpdate>, capacity: CapacityArgs) -> Result<()> {
        ProviderUpdate::by_authority(ctx, |provider| capacity.apply(provider))
    }
}

/// Changes a provider of a market that is not paused, and emits what it is then; the change is given the market's admin.
pub(super) fn change_provider(
    market: &AccountLoader<Market>,
    provider: &AccountLoader<Provider>,
    event_authority: &AccountInfo,
    change: impl FnOnce(&mut Provider, &Pubkey) -> Result<()>,
) -> Result<()> {
    let admin = {
        let market = market.load()?;
        market.open_clock()?;
        market.admin
    };
    let event = {
        let mut stored = provider.load_mut()?;
        change(&mut stored, &admin)?;
        ProviderChanged::of(provider.key(), &stored)
    };
    emit(event_authority, event)
}
