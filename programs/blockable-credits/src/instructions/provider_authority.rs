use {
    crate::{
        errors::{BlockableError, ensure},
        instructions::ProviderUpdate,
    },
    anchor_lang::prelude::*,
};

impl ProviderUpdate<'_> {
    /// CAN offer the authority's place: the authority. To the zero key: withdraws the offer.
    pub fn offer_authority(ctx: Context<ProviderUpdate>, to: Pubkey) -> Result<()> {
        ProviderUpdate::by_authority(ctx, |provider| {
            provider.pending_authority = to;
            Ok(())
        })
    }

    /// CAN take the authority's place: the key it was offered to. The provider keeps its address.
    pub fn accept_authority(ctx: Context<ProviderUpdate>) -> Result<()> {
        ProviderUpdate::change(ctx, |provider, signer, _| {
            ensure(provider.pending_authority == *signer, BlockableError::NotOffered)?;
            provider.authority = *signer;
            provider.pending_authority = Pubkey::default();
            Ok(())
        })
    }
}
