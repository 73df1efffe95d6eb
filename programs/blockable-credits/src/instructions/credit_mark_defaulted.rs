use {crate::instructions::accounts::*, anchor_lang::prelude::*};

impl CreditMarkUnpaid<'_> {
    /// CAN record that an instalment is unpaid past the default grace period: anyone, where the reserve does not pay all arrears.
    /// The cure period starts now.
    pub fn mark_defaulted(ctx: Context<CreditMarkUnpaid>) -> Result<()> {
        ctx.accounts.act(&|credit, clock| credit.mark_defaulted(clock))
    }
}
