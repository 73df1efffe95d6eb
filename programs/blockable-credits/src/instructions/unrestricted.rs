//! Units without a lender: bought from a lot, or taken over by a lender.

use {
    crate::{
        actions::NewUnrestricted,
        events::Recorded,
        state::{Credit, MarketClock, Provider},
    },
    anchor_lang::prelude::*,
};

/// Units that go to an unrestricted credit.
pub struct Grant {
    /// The lot or the credit that they come from.
    pub from: Pubkey,
    /// The number of units.
    pub units: u64,
    /// Their new owner and its unrestricted credit.
    pub new: NewUnrestricted,
}

impl Grant {
    /// Puts the units of a credit into the owner's unrestricted credit with the same provider and expiry, which is set up
    /// the first time. Errors: the provider has issued 2^32 credits.
    pub fn make<'info>(
        self,
        source: &Credit,
        provider: &AccountLoader<'info, Provider>,
        to: &AccountLoader<'info, Credit>,
        clock: &MarketClock,
    ) -> Result<Recorded> {
        let is_new = to.load().is_err();
        let mut credit = if is_new { to.load_init()? } else { to.load_mut()? };
        if is_new {
            credit.open_unrestricted(source, self.new, &mut *provider.load_mut()?, clock)?;
        }
        let change = credit.receive_units(source, self.from, self.units)?;
        credit.record(to.key(), clock.chain, change)
    }
}
