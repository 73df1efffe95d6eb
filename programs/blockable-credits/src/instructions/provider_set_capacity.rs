use {
    crate::{
        errors::BlockableError,
        events::{ProviderChanged, emit},
        instructions::accounts::clock_of,
        state::{Market, MarketClock, Provider},
    },
    anchor_lang::prelude::*,
};

/// A provider and the key that acts on it; each action checks that the key may do so.
#[event_cpi]
#[derive(Accounts)]
pub struct ProviderUpdate<'info> {
    /// The key that acts on the provider; each instruction says which it must be.
    pub authority: Signer<'info>,
    /// The provider's market.
    pub market: AccountLoader<'info, Market>,
    /// The provider.
    #[account(mut, has_one = market @ BlockableError::MarketMismatch)]
    pub provider: AccountLoader<'info, Provider>,
}

impl ProviderUpdate<'_> {
    /// Acts on the provider, given the signer, the market and the time; emits its new values.
    #[inline(never)]
    pub(super) fn act(
        &self,
        action: &dyn Fn(&mut Provider, &Pubkey, &Market, &MarketClock) -> Result<()>,
    ) -> Result<()> {
        let signer = self.authority.key;
        change_provider(&self.market, &self.provider, &self.event_authority, &|provider, market, clock| {
            action(provider, signer, market, clock)
        })
    }

    /// CAN set the units that the provider commits to, never fewer than are outstanding: its authority.
    ///
    /// - `capacity_units`: units that the provider commits to serve.
    pub fn set_capacity(ctx: Context<ProviderUpdate>, capacity_units: u64) -> Result<()> {
        ctx.accounts.act(&|provider, signer, _, clock| provider.set_capacity(signer, capacity_units, clock))
    }
}

/// Acts on a provider, given its market and the time; emits its new values.
#[inline(never)]
pub(super) fn change_provider(
    market: &AccountLoader<Market>,
    provider: &AccountLoader<Provider>,
    event_authority: &AccountInfo,
    action: &dyn Fn(&mut Provider, &Market, &MarketClock) -> Result<()>,
) -> Result<()> {
    let clock = clock_of(market)?;
    let event = {
        let mut stored = provider.load_mut()?;
        action(&mut stored, &*market.load()?, &clock)?;
        ProviderChanged::new(provider.key(), &stored, clock.chain)
    };
    emit(event_authority, event)
}
