use {crate::instructions::accounts::*, anchor_lang::prelude::*};

impl CreditControl<'_> {
    /// CAN give notice of default for a breach: the lender, where the rider says so. The cure period starts now; paying the
    /// whole debt or the lender's withdrawal ends it. `document` is the hash of the document that states the breach.
    pub fn give_notice(ctx: Context<CreditControl>, document: [u8; 32]) -> Result<()> {
        ctx.accounts.act(|credit, signer, clock| credit.give_notice(signer, document, clock))
    }

    /// CAN withdraw the notice: the lender. Instalments that are unpaid can be marked at once. Units that the policy would
    /// not let the lender freeze without the notice are thawed.
    pub fn withdraw_notice(ctx: Context<CreditControl>) -> Result<()> {
        ctx.accounts.act(|credit, signer, clock| credit.withdraw_notice(signer, clock))
    }
}
