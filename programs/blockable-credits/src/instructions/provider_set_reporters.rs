use {
    crate::{
        errors::BlockableError,
        events::{ProviderChanged, emit},
        instructions::{ProviderUpdate, ReportersArgs},
        units::Overflow,
    },
    anchor_lang::prelude::*,
};

impl ProviderUpdate<'_> {
    /// Replaces a provider's reporters, quorum and chunk size. Raises the epoch, which voids every older report.
    pub fn set_reporters(ctx: Context<ProviderUpdate>, reporters: ReportersArgs) -> Result<()> {
        let accounts = ctx.accounts;
        accounts.market.load()?.open_clock()?;
        let event = {
            let mut provider = accounts.provider.load_mut()?;
            reporters.apply(&mut provider)?;
            provider.epoch = provider.epoch.checked_add(1).ok_or(BlockableError::from(Overflow))?;
            ProviderChanged::of(accounts.provider.key(), &provider)
        };
        emit(&accounts.event_authority, event)
    }
}
