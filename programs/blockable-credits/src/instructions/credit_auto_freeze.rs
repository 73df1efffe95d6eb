use {crate::instructions::accounts::*, anchor_lang::prelude::*};

impl CreditMark<'_> {
    /// CAN freeze in full: anyone, once the credit is in default and where the terms say so; also while paused.
    pub fn auto_freeze(ctx: Context<CreditMark>) -> Result<()> {
        ctx.accounts.act(&|credit, key, clock| credit.auto_freeze(key, clock))
    }
}
