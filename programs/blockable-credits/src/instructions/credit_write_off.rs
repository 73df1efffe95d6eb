use {crate::instructions::accounts::*, anchor_lang::prelude::*};

impl CreditControl<'_> {
    /// CAN give up the rest of the debt: the lender, in default, once its lots are closed, and where the debt is at most
    /// `most_debt`. The units that are left become the borrower's.
    ///
    /// - `offer_slot`: the slot of the loan's offer, the credit's `offer_slot`.
    /// - `most_debt`: the most debt to give up, in micro-USDC.
    pub fn write_off(ctx: Context<CreditControl>, offer_slot: u64, most_debt: u64) -> Result<()> {
        ctx.accounts.act(&|credit, signer, clock| credit.write_off(signer, offer_slot, most_debt, clock))
    }
}
