use {crate::instructions::accounts::*, anchor_lang::prelude::*};

impl CreditMark<'_> {
    /// CAN record that an instalment is unpaid past the default grace period: anyone. The reserve pays first; the cure period
    /// starts now.
    pub fn mark_defaulted(ctx: Context<CreditMark>) -> Result<()> {
        ctx.accounts.act_after_draw(|credit, key, clock| credit.mark_defaulted(key, clock))
    }
}
