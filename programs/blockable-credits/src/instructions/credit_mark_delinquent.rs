use {crate::instructions::accounts::*, anchor_lang::prelude::*};

impl CreditMarkUnpaid<'_> {
    /// CAN record that an instalment is unpaid past the delinquency grace period: anyone, where the reserve does not pay
    /// all arrears.
    pub fn mark_delinquent(ctx: Context<CreditMarkUnpaid>) -> Result<()> {
        ctx.accounts.act(&|credit, clock| credit.mark_delinquent(clock))
    }
}
