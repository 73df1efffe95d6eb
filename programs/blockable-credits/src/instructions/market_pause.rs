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
        let clock = ctx.accounts.market.load()?.clock()?;
        MarketControl::change(ctx, clock, |market, signer, clock| {
            ensure(*signer == market.guardian || *signer == market.admin, BlockableError::NotGuardian)?;
            market.pause(clock.chain, seconds)?;
            Ok(MarketChange::Paused { until: market.pause_expires_at })
        })
    }

    /// CAN end a pause: the admin at any time, anyone once it has expired.
    pub fn unpause(ctx: Context<MarketControl>) -> Result<()> {
        let clock = ctx.accounts.market.load()?.clock()?;
        MarketControl::change(ctx, clock, |market, signer, clock| {
            ensure(market.paused_at != 0, BlockableError::NotPaused)?;
            let by_admin = *signer == market.admin;
            ensure(by_admin || !market.is_paused(clock.chain), BlockableError::PauseRunning)?;
            market.end_pause(clock.chain)?;
            Ok(MarketChange::Unpaused { paused_seconds: market.paused_seconds })
        })
    }
}
