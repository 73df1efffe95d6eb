use {crate::instructions::accounts::*, anchor_lang::prelude::*};

impl CreditUpkeep<'_> {
    /// CAN pay the arrears from the borrower's reserve, where it reaches for all of them: anyone, from the due date to the mark of
    /// default. It pays the debt as far as it reaches after the first seizure, and where nothing is left to seize once the cure
    /// period has passed. No unit that the holdback covers is left then.
    pub fn draw_reserve(ctx: Context<CreditUpkeep>) -> Result<()> {
        ctx.accounts.act(&|credit, key, clock| credit.draw_reserve(key, clock))
    }
}
