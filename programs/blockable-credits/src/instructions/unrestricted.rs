//! Units without a lender: bought from a lot, or taken over by a lender.

use {
    crate::{
        events::{Change, Recorded},
        state::{Credit, MarketClock, Provider},
        transitions::Status,
    },
    anchor_lang::prelude::*,
};

/// Units on their way to an owner.
pub struct Grant {
    /// The lot or the credit that they come from.
    pub from: Pubkey,
    /// How many.
    pub units: u64,
    /// Who gets them.
    pub owner: Pubkey,
    /// Bump of the owner's unrestricted credit.
    pub bump: u8,
}

impl Grant {
    /// Puts the units of a credit into the owner's unrestricted credit with the same provider and expiry, which is set up
    /// the first time. Errors: the provider has issued 2^32 credits.
    pub fn make<'info>(
        self,
        source: &Credit,
        provider: &AccountLoader<'info, Provider>,
        to: &AccountLoader<'info, Credit>,
        clock: MarketClock,
    ) -> Result<Recorded> {
        let is_new = to.load().is_err();
        let mut credit = if is_new { to.load_init()? } else { to.load_mut()? };
        if is_new {
            credit.version = Credit::VERSION;
            credit.status = Status::Repaid.byte();
            credit.bump = self.bump;
            credit.lender = source.provider;
            credit.borrower = self.owner;
            credit.provider = source.provider;
            credit.market = source.market;
            credit.nonce = source.unrestricted_nonce();
            credit.units_expire_at = source.units_expire_at;
            credit.issued_at = clock.market;
            credit.debt.accrued_at = clock.market;
            let index = provider.load_mut()?.take_index()?;
            credit.set_index(index, clock.chain);
        }
        credit.collateral.grant_unrestricted(self.units)?;
        let change = Change::Granted { from: self.from, units: self.units };
        credit.record(to.key(), clock.chain, change)
    }
}
