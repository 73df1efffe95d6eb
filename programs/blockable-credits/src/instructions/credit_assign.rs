use {
    crate::{actions::PurchaseLimits, instructions::accounts::*},
    anchor_lang::prelude::*,
};

impl CreditControl<'_> {
    /// CAN offer the loan to another lender: the lender. To the zero key: withdraws the offer.
    ///
    /// - `offer_slot`: the slot of the loan's offer, the credit's `offer_slot`.
    /// - `to`: the key to offer the loan to; zero withdraws the offer.
    pub fn offer_lender(ctx: Context<CreditControl>, offer_slot: u64, to: Pubkey) -> Result<()> {
        ctx.accounts.act(&|credit, signer, clock| credit.offer_lender(signer, offer_slot, to, clock))
    }

    /// CAN take the loan over: the key it was offered to, where the loan is no worse than it has read. It becomes the
    /// freeze authority as well; the seller's claim must have been collected.
    pub fn accept_lender(ctx: Context<CreditControl>, limits: PurchaseLimits) -> Result<()> {
        ctx.accounts.act(&|credit, signer, clock| credit.accept_lender(signer, &limits, clock))
    }

    /// CAN name the freeze authority: the lender.
    ///
    /// - `offer_slot`: the slot of the loan's offer, the credit's `offer_slot`.
    /// - `to`: the key that may freeze and thaw.
    pub fn set_freeze_authority(ctx: Context<CreditControl>, offer_slot: u64, to: Pubkey) -> Result<()> {
        ctx.accounts.act(&|credit, signer, clock| credit.set_freeze_authority(signer, offer_slot, to, clock))
    }
}
