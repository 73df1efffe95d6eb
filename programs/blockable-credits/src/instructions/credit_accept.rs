use {
    crate::{
        errors::{BlockableError, ensure},
        events::{Change, CreditChanged, emit},
        state::{Credit, Market},
        transitions::Action,
    },
    anchor_lang::prelude::*,
};

/// CAN accept: the borrower the offer names, by the hash of the terms it has read.
#[event_cpi]
#[derive(Accounts)]
pub struct CreditAccept<'info> {
    pub borrower: Signer<'info>,
    pub market: AccountLoader<'info, Market>,
    #[account(
        mut,
        has_one = market @ BlockableError::MarketMismatch,
        has_one = borrower @ BlockableError::NotBorrower,
    )]
    pub credit: AccountLoader<'info, Credit>,
}

impl CreditAccept<'_> {
    /// Binds the borrower to the terms.
    pub fn handle(ctx: Context<CreditAccept>, terms_hash: [u8; 32]) -> Result<()> {
        let accounts = ctx.accounts;
        let clock = accounts.market.load()?.open_clock()?;
        let record = {
            let mut credit = accounts.credit.load_mut()?;
            credit.advance(Action::Accept)?;
            ensure(credit.terms_hash == terms_hash, BlockableError::TermsHashMismatch)?;
            ensure(!credit.terms.offer_has_expired(clock.chain), BlockableError::OfferExpired)?;
            credit.record(accounts.credit.key(), clock.chain, Change::Accepted)?
        };
        emit(&accounts.event_authority, CreditChanged { record })
    }
}
