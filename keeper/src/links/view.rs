//! The accounts that a link is about, as of one slot.

use blockable_sdk::{
    Pubkey,
    instructions::{LotKeys, MarketKeys},
    program::state::{Credit, Lot, Market, MarketClock},
};

/// The accounts that a link is about.
pub(crate) struct View {
    /// The market and its payment token.
    pub(crate) keys: MarketKeys,
    /// The market's account.
    pub(crate) market: Market,
    /// The credit's address.
    pub(crate) credit_key: Pubkey,
    /// The credit.
    pub(crate) credit: Credit,
    /// The lot and its address, for a purchase.
    pub(crate) lot: Option<(Pubkey, Lot)>,
    /// One instant on the market's clocks.
    pub(crate) clock: MarketClock,
}

impl View {
    /// The accounts of the lot; `None` where the link is about a credit alone.
    pub(crate) fn lot_keys(&self) -> Option<LotKeys> {
        let (_, lot) = self.lot.as_ref()?;
        Some(LotKeys {
            credit: self.credit_key,
            index: lot.index,
            provider: self.credit.provider,
            units_expire_at: self.credit.units_expire_at,
        })
    }
}
