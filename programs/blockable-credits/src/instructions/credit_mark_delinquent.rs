use {crate::instructions::accounts::*, anchor_lang::prelude::*};

impl CreditMark<'_> {
    /// CAN record that an instalment is unpaid past the delinquency grace period: anyone. The reserve pays first.
    pub fn mark_delinquent(ctx: Context<CreditMark>) -> Result<()> {
        ctx.accounts.act_after_draw(|credit, key, clock| credit.mark_delinquent(key, clock))
    }
}
