use {
    crate::{actions::Notice, instructions::accounts::*},
    anchor_lang::prelude::*,
};

impl CreditControl<'_> {
    /// CAN give notice of default for a breach: the lender, where the rider says so. The cure period starts now; paying the
    /// whole debt or the lender's withdrawal ends it.
    pub fn give_notice(ctx: Context<CreditControl>, notice: Notice) -> Result<()> {
        ctx.accounts.act(|credit, signer, clock| credit.give_notice(signer, notice, clock))
    }

    /// CAN withdraw the notice that was given at the market time `given_at`: the lender. Instalments that are unpaid can be marked at once. Units that the policy would
    /// not let the lender freeze without the notice are thawed.
    pub fn withdraw_notice(ctx: Context<CreditControl>, given_at: i64) -> Result<()> {
        ctx.accounts.act(|credit, signer, clock| credit.withdraw_notice(signer, given_at, clock))
    }
}
