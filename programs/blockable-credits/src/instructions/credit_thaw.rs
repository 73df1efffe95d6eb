use {
    crate::{actions::ThawBounds, instructions::accounts::*},
    anchor_lang::prelude::*,
};

impl CreditControl<'_> {
    /// CAN thaw frozen units: the same keys that freeze; also while paused.
    pub fn thaw(ctx: Context<CreditControl>, bounds: ThawBounds) -> Result<()> {
        ctx.accounts.act(&|credit, signer, _| credit.thaw(signer, bounds))
    }
}
