use {crate::instructions::accounts::*, anchor_lang::prelude::*};

impl CreditUpkeep<'_> {
    /// CAN freeze in full: anyone, from the mark that the terms name; also while paused.
    pub fn auto_freeze(ctx: Context<CreditUpkeep>) -> Result<()> {
        ctx.accounts.act(&|credit, key, clock| credit.auto_freeze(key, clock))
    }
}
