use {crate::instructions::ProviderUpdate, anchor_lang::prelude::*};

impl ProviderUpdate<'_> {
    /// CAN suspend: the provider's authority or the market's admin. No new credits are offered or issued; existing ones go on,
    /// and reports count as before. A change and a hand-over that wait are dropped, and the provider can only tighten its
    /// settings.
    pub fn suspend(ctx: Context<ProviderUpdate>) -> Result<()> {
        ctx.accounts.act(&|provider, signer, market, clock| provider.suspend(signer, market, clock))
    }

    /// CAN resume: the key that suspended. The provider cannot lift a suspension by the admin, nor the admin one by the
    /// provider.
    pub fn resume(ctx: Context<ProviderUpdate>) -> Result<()> {
        ctx.accounts.act(&|provider, signer, market, clock| provider.resume(signer, market, clock))
    }
}
