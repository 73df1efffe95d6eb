use {
    crate::{actions::FreezeAmount, instructions::accounts::*, state::FreezeReason},
    anchor_lang::prelude::*,
};

impl CreditControl<'_> {
    /// CAN freeze, where the policy allows it: the lender or the freeze authority, by one signature; also while paused.
    /// CANNOT move value.
    pub fn freeze(ctx: Context<CreditControl>, amount: FreezeAmount, reason: FreezeReason) -> Result<()> {
        ctx.accounts.act(&|credit, signer, clock| credit.freeze(signer, amount, reason, clock))
    }
}
