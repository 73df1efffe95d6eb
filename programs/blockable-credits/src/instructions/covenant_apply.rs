use {crate::instructions::accounts::*, anchor_lang::prelude::*};

impl CreditUpkeep<'_> {
    /// CAN apply the covenant on utilisation: anyone, once usage reports reach the end of its window. It moves the rate by one
    /// step per window. It is not applied while something is in arrears. Neither a freeze nor a lack of reports raises the
    /// rate.
    pub fn apply_covenant(ctx: Context<CreditUpkeep>) -> Result<()> {
        ctx.accounts.act(&|credit, _, clock| credit.apply_covenant(clock))
    }
}
