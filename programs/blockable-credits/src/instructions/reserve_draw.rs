use {crate::instructions::accounts::*, anchor_lang::prelude::*};

impl CreditMark<'_> {
    /// CAN pay the arrears from the borrower's reserve: anyone, from the due date on. After the first seizure the whole debt is
    /// in arrears.
    pub fn draw_reserve(ctx: Context<CreditMark>) -> Result<()> {
        ctx.accounts.act(&|credit, key, clock| credit.draw_reserve(key, clock))
    }
}
