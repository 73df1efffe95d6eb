use {crate::instructions::accounts::*, anchor_lang::prelude::*};

impl CreditMark<'_> {
    /// CAN move a credit of an earlier version to this one: anyone. Repaying, freezing, marking and metering work before it
    /// as well; instructions that read the fields of version 2 require it.
    pub fn migrate(ctx: Context<CreditMark>) -> Result<()> {
        ctx.accounts.act(|credit, _, clock| credit.migrate(clock))
    }
}
