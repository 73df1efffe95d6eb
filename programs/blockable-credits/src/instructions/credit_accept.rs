use {
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        instructions::accounts::*,
        transitions::Action,
    },
    anchor_lang::prelude::*,
};

impl CreditControl<'_> {
    /// CAN accept: the borrower the offer names, by the hash of the terms it has read.
    pub fn accept(ctx: Context<CreditControl>, terms_hash: [u8; 32]) -> Result<()> {
        let accounts = ctx.accounts;
        let clock = accounts.market.load()?.open_clock()?;
        let mut credit = accounts.credit.load_mut()?;
        ensure(credit.borrower == accounts.authority.key(), BlockableError::NotBorrower)?;
        credit.advance(Action::Accept)?;
        ensure(credit.terms_hash == terms_hash, BlockableError::TermsHashMismatch)?;
        ensure(!credit.offer_has_expired(&clock)?, BlockableError::OfferExpired)?;
        accounts.finish(credit, clock.chain, Change::Accepted)
    }
}
