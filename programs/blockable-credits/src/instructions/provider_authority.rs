use {crate::instructions::ProviderUpdate, anchor_lang::prelude::*};

impl ProviderUpdate<'_> {
    /// CAN offer the authority role: the authority, while the provider is not suspended. To the zero key: withdraws the
    /// offer. A suspension withdraws it as well.
    ///
    /// - `to`: the key to offer the role to; zero withdraws the offer.
    pub fn offer_authority(ctx: Context<ProviderUpdate>, to: Pubkey) -> Result<()> {
        ctx.accounts
            .act(&|provider, signer, market, clock| provider.offer_authority(signer, to, market, clock))
    }

    /// CAN take the authority role: the key it was offered to, where the provider owes at most the units it has read,
    /// once the market's delay for providers has passed and for 14 days. The provider keeps its address; a proposed
    /// change is dropped.
    ///
    /// - `most_outstanding`: the most units that the provider may owe.
    pub fn accept_authority(ctx: Context<ProviderUpdate>, most_outstanding: u64) -> Result<()> {
        ctx.accounts
            .act(&|provider, signer, _, clock| provider.accept_authority(signer, most_outstanding, clock))
    }
}
