use {crate::instructions::accounts::*, anchor_lang::prelude::*};

impl CreditMark<'_> {
    /// CAN pay the arrears from the borrower's reserve, where it reaches for all of them: anyone, from the due date to the mark of
    /// default. After the first seizure it pays the debt as far as it reaches.
    pub fn draw_reserve(ctx: Context<CreditMark>) -> Result<()> {
        ctx.accounts.act(&|credit, key, clock| credit.draw_reserve(key, clock))
    }
}
