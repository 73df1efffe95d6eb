use {
    crate::{
        errors::{BlockableError, ensure},
        events::MarketChange,
        instructions::MarketControl,
    },
    anchor_lang::prelude::*,
};

impl MarketControl<'_> {
    /// CAN pause: the guardian or the admin, for at most six hours per UTC day. The pause ends by itself.
    pub fn pause(ctx: Context<MarketControl>, seconds: u32) -> Result<()> {
        let accounts = ctx.accounts;
        let now = accounts.market.load()?.clock()?.chain;
        let until = {
            let mut market = accounts.market.load_mut()?;
            let by = accounts.authority.key();
            ensure(by == market.guardian || by == market.admin, BlockableError::NotGuardian)?;
            market.pause(now, seconds)?;
            market.pause_expires_at
        };
        let change = MarketChange::Paused { until };
        change.emit(&accounts.event_authority, accounts.market.key(), now)
    }

    /// CAN end a pause: the admin at any time, anyone once it has expired.
    pub fn unpause(ctx: Context<MarketControl>) -> Result<()> {
        let accounts = ctx.accounts;
        let now = accounts.market.load()?.clock()?.chain;
        let paused_seconds = {
            let mut market = accounts.market.load_mut()?;
            ensure(market.paused_at != 0, BlockableError::NotPaused)?;
            let by_admin = accounts.authority.key() == market.admin;
            ensure(by_admin || !market.is_paused(now), BlockableError::PauseRunning)?;
            market.end_pause(now)?;
            market.paused_seconds
        };
        let change = MarketChange::Unpaused { paused_seconds };
        change.emit(&accounts.event_authority, accounts.market.key(), now)
    }
}
