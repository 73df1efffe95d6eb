use {crate::instructions::MarketControl, anchor_lang::prelude::*};

impl MarketControl<'_> {
    /// CAN pause: the guardian or the admin, for at most six hours per UTC day and 24 hours in any 30 days. The pause ends by
    /// itself.
    ///
    /// - `seconds`: seconds until the pause ends by itself.
    pub fn pause(ctx: Context<MarketControl>, seconds: u32) -> Result<()> {
        ctx.accounts.act(&|market, signer, clock| market.pause(signer, seconds, clock))
    }

    /// CAN end the pause that began at the Unix time `began_at`: the admin at any time, anyone once it has expired.
    ///
    /// - `began_at`: Unix time at which the pause began, the market's `paused_at`.
    pub fn unpause(ctx: Context<MarketControl>, began_at: i64) -> Result<()> {
        ctx.accounts.act(&|market, signer, clock| market.unpause(signer, began_at, clock))
    }
}
