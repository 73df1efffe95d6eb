use {
    crate::{
        actions::BorrowerLimits,
        instructions::{CreditAgreement, accounts::*},
    },
    anchor_lang::prelude::*,
};

impl CreditAgreement<'_> {
    /// CAN offer the borrower's place to another key: lender and borrower together, for example where the borrower replaces
    /// its key. The market's delay begins now. To the zero key: withdraws the offer.
    ///
    /// - `offer_slot`: the slot of the loan's offer, the credit's `offer_slot`.
    /// - `to`: the key to offer the borrower's place to; zero withdraws the offer.
    pub fn offer_borrower(ctx: Context<CreditAgreement>, offer_slot: u64, to: Pubkey) -> Result<()> {
        let delay = ctx.accounts.market.load()?.change_delay;
        ctx.accounts.act(&mut |credit, clock| credit.offer_borrower(offer_slot, to, delay, clock))
    }
}

impl CreditControl<'_> {
    /// CAN withdraw the offer of the borrower's place: the lender and the borrower, each alone.
    pub fn withdraw_borrower(ctx: Context<CreditControl>) -> Result<()> {
        ctx.accounts.act(&|credit, signer, clock| credit.withdraw_borrower(signer, clock))
    }

    /// CAN take the borrower's place: the key it was offered to, once the market's delay has passed and where the loan is no
    /// worse than it has read. The credit keeps its address; the old borrower's claim must have been collected.
    pub fn accept_borrower(ctx: Context<CreditControl>, limits: BorrowerLimits) -> Result<()> {
        ctx.accounts.act(&|credit, signer, clock| credit.accept_borrower(signer, &limits, clock))
    }
}
