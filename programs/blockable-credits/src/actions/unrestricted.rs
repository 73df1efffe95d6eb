//! Units without a lender: bought from a lot, or taken over by a lender.

use {
    crate::{
        events::Change,
        state::{Credit, MarketClock, Provider},
        transitions::Status,
    },
    anchor_lang::prelude::*,
};

/// The owner of a new unrestricted credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewUnrestricted {
    /// The owner of the units.
    pub owner: Pubkey,
    /// The key that paid the account's rent.
    pub rent_payer: Pubkey,
    /// Bump of the account's address.
    pub bump: u8,
}

impl Credit {
    /// Sets up a zeroed credit as an owner's unrestricted one, with the provider and the expiry of `source`.
    /// Errors: the provider has issued 2^32 credits.
    pub fn open_unrestricted(
        &mut self,
        source: &Credit,
        new: NewUnrestricted,
        provider: &mut Provider,
        clock: &MarketClock,
    ) -> Result<()> {
        self.version = Credit::VERSION;
        self.status = Status::Repaid.byte();
        self.bump = new.bump;
        self.lender = source.provider;
        self.borrower = new.owner;
        self.rent_payer = new.rent_payer;
        self.provider = source.provider;
        self.market = source.market;
        self.nonce = source.unrestricted_nonce();
        self.units_expire_at = source.units_expire_at;
        self.issued_at = clock.market;
        self.debt.accrued_at = clock.market;
        let index = provider.take_index()?;
        self.set_index(index, clock.chain);
        Ok(())
    }

    /// Adds units of `source` to an unrestricted credit; `from` is the lot or the credit that they come from. They keep the
    /// rate bound and the longest job of their loan; where units come from several loans, the widest bounds hold for all.
    /// Errors: [`crate::units::Overflow`].
    pub fn receive_units(&mut self, source: &Credit, from: Pubkey, units: u64) -> Result<Change> {
        self.collateral.grant_unrestricted(units)?;
        let (terms, others) = (&mut self.terms, &source.terms);
        terms.max_units_per_second = terms.max_units_per_second.max(others.max_units_per_second);
        terms.longest_job = terms.longest_job.max(others.longest_job);
        Ok(Change::Granted { from, units })
    }
}
