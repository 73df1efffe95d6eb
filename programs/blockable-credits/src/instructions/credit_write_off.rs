use {crate::instructions::accounts::*, anchor_lang::prelude::*};

impl CreditControl<'_> {
    /// CAN give up the rest of the debt: the lender, in default, once its lots are closed. The units that are left become the
    /// borrower's.
    pub fn write_off(ctx: Context<CreditControl>) -> Result<()> {
        ctx.accounts.act(|credit, signer, clock| credit.write_off(signer, clock))
    }
}
