use {
    crate::{actions::OfferRead, instructions::accounts::*},
    anchor_lang::prelude::*,
};

impl CreditControl<'_> {
    /// CAN accept: the borrower the offer names, by the hash and the slot of the offer it has read.
    pub fn accept(ctx: Context<CreditControl>, read: OfferRead) -> Result<()> {
        let read = read.in_slot(Clock::get()?.slot);
        ctx.accounts.act(&|credit, signer, clock| credit.accept(signer, read, clock))
    }
}
