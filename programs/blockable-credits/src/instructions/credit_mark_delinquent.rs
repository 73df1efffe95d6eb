use {crate::instructions::accounts::*, anchor_lang::prelude::*};

impl CreditMarkUnpaid<'_> {
    /// CAN record that an instalment is unpaid past the delinquency grace period: anyone. The reserve pays first.
    pub fn mark_delinquent(ctx: Context<CreditMarkUnpaid>) -> Result<()> {
        ctx.accounts.act(&|credit, key, clock| credit.mark_delinquent(key, clock))
    }
}
