use {
    crate::{errors::BlockableError, instructions::ProviderUpdate, state::Provider},
    anchor_lang::prelude::*,
};

impl ProviderUpdate<'_> {
    /// CAN suspend: the provider's authority or the market's admin. No new credits; those there are go on.
    pub fn suspend(ctx: Context<ProviderUpdate>) -> Result<()> {
        ProviderUpdate::change(ctx, |provider, signer, admin| {
            provider.suspended |= flag_of(provider, signer, admin)?;
            Ok(())
        })
    }

    /// CAN resume: whoever suspended. What the admin has suspended the provider cannot resume, nor the other way round.
    pub fn resume(ctx: Context<ProviderUpdate>) -> Result<()> {
        ProviderUpdate::change(ctx, |provider, signer, admin| {
            provider.suspended &= !flag_of(provider, signer, admin)?;
            Ok(())
        })
    }
}

/// The flag that a signer may set and clear; both where the admin is the provider.
fn flag_of(provider: &Provider, signer: &Pubkey, admin: &Pubkey) -> Result<u8> {
    let own = if provider.authority == *signer { Provider::SUSPENDED_BY_ITSELF } else { 0 };
    let admins = if admin == signer { Provider::SUSPENDED_BY_ADMIN } else { 0 };
    if own | admins == 0 { Err(BlockableError::NotProvider.into()) } else { Ok(own | admins) }
}
