use {
    crate::{
        errors::BlockableError,
        instructions::{ProviderUpdate, ReportersArgs},
        units::Overflow,
    },
    anchor_lang::prelude::*,
};

impl ProviderUpdate<'_> {
    /// CAN replace reporters, quorum and chunk size: the provider's authority. Raises the epoch, which voids every older
    /// report; readings are cumulative, so the next reports in the new epoch carry on where they were.
    pub fn set_reporters(ctx: Context<ProviderUpdate>, reporters: ReportersArgs) -> Result<()> {
        ProviderUpdate::by_authority(ctx, |provider| {
            reporters.apply(provider)?;
            provider.epoch = provider.epoch.checked_add(1).ok_or(BlockableError::from(Overflow))?;
            Ok(())
        })
    }
}
