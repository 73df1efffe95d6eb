use {crate::instructions::ProviderUpdate, anchor_lang::prelude::*};

impl ProviderUpdate<'_> {
    /// CAN offer the authority role: the authority. To the zero key: withdraws the offer.
    pub fn offer_authority(ctx: Context<ProviderUpdate>, to: Pubkey) -> Result<()> {
        ctx.accounts.act(|provider, signer, _, clock| provider.offer_authority(signer, to, clock))
    }

    /// CAN take the authority role: the key it was offered to. The provider keeps its address.
    pub fn accept_authority(ctx: Context<ProviderUpdate>) -> Result<()> {
        ctx.accounts.act(|provider, signer, _, clock| provider.accept_authority(signer, clock))
    }
}
