use {crate::instructions::accounts::*, anchor_lang::prelude::*};

impl CreditControl<'_> {
    /// CAN waive up to `amount` micro-USDC of late fees: the lender.
    ///
    /// - `amount`: the most to waive, in micro-USDC.
    pub fn waive_fee(ctx: Context<CreditControl>, amount: u64) -> Result<()> {
        ctx.accounts.act(&|credit, signer, clock| credit.waive_fee(signer, amount, clock))
    }
}
