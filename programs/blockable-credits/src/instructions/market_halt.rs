use {crate::instructions::MarketControl, anchor_lang::prelude::*};

impl MarketControl<'_> {
    /// CAN halt: the guardian or the admin, also while the market is paused. Offers, acceptances, issues, assignments of loans
    /// and purchases by lenders from their own lots stop without an end; everything else goes on.
    pub fn halt(ctx: Context<MarketControl>) -> Result<()> {
        ctx.accounts.act(&|market, signer, clock| market.halt(signer, clock))
    }

    /// CAN lift the halt that began at the market time `halted_at`: the admin. CANNOT end it at once: it ends when the
    /// market's delay has passed, and until then the guardian can halt again.
    ///
    /// - `halted_at`: market time of the halt, the market's `halted_at`.
    pub fn lift_halt(ctx: Context<MarketControl>, halted_at: i64) -> Result<()> {
        ctx.accounts.act(&|market, signer, clock| market.lift_halt(signer, halted_at, clock))
    }
}
