//! Filters for `getProgramAccounts`, by the offsets the layout fixes.

use {
    super::BlockableAccount,
    crate::rpc::{Memcmp, RpcFilterType},
    anchor_lang::Discriminator,
    blockable_credits::{
        state::{Credit, Lot, Provider},
        transitions::Status,
    },
    solana_pubkey::Pubkey,
    std::mem::offset_of,
};

/// A condition on credits that an RPC node can evaluate by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreditFilter {
    /// Credits in a status.
    Status(Status),
    /// Credits whose lien can (or cannot) be frozen.
    Blockable(bool),
    /// A lender's credits.
    Lender(Pubkey),
    /// A borrower's credits.
    Borrower(Pubkey),
    /// A provider's credits.
    Provider(Pubkey),
    /// A market's credits.
    Market(Pubkey),
}

impl CreditFilter {
    /// The filter for `getProgramAccounts`.
    pub fn to_rpc(self) -> RpcFilterType {
        let (field, bytes) = match self {
            CreditFilter::Status(status) => (offset_of!(Credit, status), vec![status.byte()]),
            CreditFilter::Blockable(flag) => (offset_of!(Credit, blockable), vec![u8::from(flag)]),
            CreditFilter::Lender(key) => (offset_of!(Credit, lender), key.to_bytes().to_vec()),
            CreditFilter::Borrower(key) => (offset_of!(Credit, borrower), key.to_bytes().to_vec()),
            CreditFilter::Provider(key) => (offset_of!(Credit, provider), key.to_bytes().to_vec()),
            CreditFilter::Market(key) => (offset_of!(Credit, market), key.to_bytes().to_vec()),
        };
        RpcFilterType::Memcmp(Memcmp::new_raw_bytes(Credit::DISCRIMINATOR.len() + field, bytes))
    }
}

/// A condition on lots that an RPC node can evaluate by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LotFilter {
    /// A market's lots.
    Market(Pubkey),
    /// The lots of units that were seized from a credit.
    Credit(Pubkey),
    /// Lots of a provider's units.
    Provider(Pubkey),
    /// The lots that a lender opened.
    Lender(Pubkey),
}

impl LotFilter {
    /// The filter for `getProgramAccounts`.
    pub fn to_rpc(self) -> RpcFilterType {
        let (field, key) = match self {
            LotFilter::Market(key) => (offset_of!(Lot, market), key),
            LotFilter::Credit(key) => (offset_of!(Lot, credit), key),
            LotFilter::Provider(key) => (offset_of!(Lot, provider), key),
            LotFilter::Lender(key) => (offset_of!(Lot, lender), key),
        };
        RpcFilterType::Memcmp(Memcmp::new_raw_bytes(
            Lot::DISCRIMINATOR.len() + field,
            key.to_bytes().to_vec(),
        ))
    }
}

/// The filter that selects a market's providers, besides [`type_filter`].
pub fn provider_market_filter(market: &Pubkey) -> RpcFilterType {
    let at = Provider::DISCRIMINATOR.len() + offset_of!(Provider, market);
    RpcFilterType::Memcmp(Memcmp::new_raw_bytes(at, market.to_bytes().to_vec()))
}

/// The filter that selects an account type by its discriminator.
pub fn type_filter<T: BlockableAccount>() -> RpcFilterType {
    RpcFilterType::Memcmp(Memcmp::new_raw_bytes(0, T::DISCRIMINATOR.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offsets_that_filters_use_are_fixed() {
        let at = |offset: usize| offset + Credit::DISCRIMINATOR.len();
        assert_eq!(at(offset_of!(Credit, status)), 9);
        assert_eq!(at(offset_of!(Credit, blockable)), 10);
        assert_eq!(at(offset_of!(Credit, lender)), 16);
        assert_eq!(at(offset_of!(Credit, borrower)), 48);
        assert_eq!(at(offset_of!(Credit, provider)), 80);
        assert_eq!(at(offset_of!(Credit, market)), 112);
        let places = [
            offset_of!(Lot, market),
            offset_of!(Lot, credit),
            offset_of!(Lot, provider),
            offset_of!(Lot, lender),
        ];
        assert_eq!(places.map(|place| place + Lot::DISCRIMINATOR.len()), [16, 48, 80, 112]);
    }
}
