use {crate::instructions::accounts::*, anchor_lang::prelude::*};

impl CreditMarkUnpaid<'_> {
    /// CAN record that an instalment is unpaid past the default grace period: anyone. The reserve pays first; the cure period
    /// starts now.
    pub fn mark_defaulted(ctx: Context<CreditMarkUnpaid>) -> Result<()> {
        ctx.accounts.act(&|credit, key, clock| credit.mark_defaulted(key, clock))
    }
}
