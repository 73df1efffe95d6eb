use {
    crate::{
        actions::BorrowerLimits,
        errors::BlockableError,
        instructions::accounts::*,
        state::{Credit, Market},
    },
    anchor_lang::prelude::*,
};

/// CAN offer the borrower's place to another key: lender and borrower together, for example where the borrower replaces
/// its key. The market's delay begins now. To the zero key: withdraws the offer.
#[event_cpi]
#[derive(Accounts)]
pub struct CreditOfferBorrower<'info> {
    /// The lender.
    pub lender: Signer<'info>,
    /// The borrower.
    pub borrower: Signer<'info>,
    /// The credit's market.
    pub market: AccountLoader<'info, Market>,
    /// The credit.
    #[account(
        mut,
        has_one = market @ BlockableError::MarketMismatch,
        has_one = lender @ BlockableError::NotLender,
        has_one = borrower @ BlockableError::NotBorrower,
    )]
    pub credit: AccountLoader<'info, Credit>,
}

impl CreditOfferBorrower<'_> {
    /// Offers the borrower's place, or withdraws the offer.
    ///
    /// - `offer_slot`: the slot of the loan's offer, the credit's `offer_slot`.
    /// - `to`: the key to offer the borrower's place to; zero withdraws the offer.
    pub fn handle(ctx: Context<CreditOfferBorrower>, offer_slot: u64, to: Pubkey) -> Result<()> {
        let accounts = ctx.accounts;
        let (delay, clock) = (accounts.market.load()?.change_delay, clock_of(&accounts.market)?);
        let mut credit = accounts.credit.load_mut()?;
        let change = credit.offer_borrower(offer_slot, to, delay, &clock)?;
        record_and_emit(credit, accounts.credit.key(), clock.chain, change, &accounts.event_authority)
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
