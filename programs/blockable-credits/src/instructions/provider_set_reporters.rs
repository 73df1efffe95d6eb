use {
    crate::{actions::ReportersArgs, instructions::ProviderUpdate},
    anchor_lang::prelude::*,
};

impl ProviderUpdate<'_> {
    /// CAN replace reporters, quorum and chunk size: the provider's authority. Raises the epoch, which voids every older
    /// report; readings are cumulative, so the next reports in the new epoch carry on where they were.
    pub fn set_reporters(ctx: Context<ProviderUpdate>, reporters: ReportersArgs) -> Result<()> {
        ctx.accounts.act(|provider, signer, _, clock| provider.set_reporters(signer, &reporters, clock))
    }
}
