//! Units without a lender: bought from a lot, or taken over by a lender.

use {
    crate::{
        events::Change,
        state::{Credit, MarketClock, Provider},
        transitions::Status,
    },
    anchor_lang::prelude::*,
};

impl Credit {
    /// Sets up a zeroed credit as an owner's unrestricted one, with the provider and the expiry of `source`. `bump` is that of
    /// its address. Errors: the provider has issued 2^32 credits.
    pub fn open_unrestricted(
        &mut self,
        source: &Credit,
        owner: Pubkey,
        bump: u8,
        provider: &mut Provider,
        clock: &MarketClock,
    ) -> Result<()> {
        self.version = Credit::VERSION;
        self.status = Status::Repaid.byte();
        self.bump = bump;
        self.lender = source.provider;
        self.borrower = owner;
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

    /// Adds units to an unrestricted credit; `from` is the lot or the credit that they come from.
    /// Errors: [`crate::units::Overflow`].
    pub fn receive_units(&mut self, from: Pubkey, units: u64) -> Result<Change> {
        self.collateral.grant_unrestricted(units)?;
        Ok(Change::Granted { from, units })
    }
}
