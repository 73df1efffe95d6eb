use {crate::instructions::accounts::*, anchor_lang::prelude::*};

impl CreditUpkeep<'_> {
    /// CAN expire unused units: anyone, once their lifetime has passed. Running jobs keep the units they hold.
    pub fn expire_units(ctx: Context<CreditUpkeep>) -> Result<()> {
        ctx.accounts.act(&|credit, _, clock| credit.expire_units(clock))
    }
}
