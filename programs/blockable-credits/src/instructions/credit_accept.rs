use {crate::instructions::accounts::*, anchor_lang::prelude::*};

impl CreditControl<'_> {
    /// CAN accept: the borrower the offer names, by the hash of the terms it has read.
    pub fn accept(ctx: Context<CreditControl>, terms_hash: [u8; 32]) -> Result<()> {
        ctx.accounts.act(|credit, signer, clock| credit.accept(signer, terms_hash, clock))
    }
}
