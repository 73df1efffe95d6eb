//! Decodes the program's accounts, and filters them on an RPC node by the offsets the layout fixes.

use {
    anchor_lang::Discriminator,
    blockable_credits::{
        state::{Credit, Lot, Market, Provider},
        transitions::Status,
    },
    bytemuck::Pod,
    solana_client::rpc_filter::{Memcmp, RpcFilterType},
    solana_sdk::pubkey::Pubkey,
    std::mem::{offset_of, size_of},
};

/// Why bytes are not the account that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Fewer bytes than the layout has.
    #[error("the account has {found} bytes and a {name} needs {needed}; pass an account of this program")]
    TooShort {
        /// The type asked for.
        name: &'static str,
        /// Bytes the layout needs.
        needed: usize,
        /// Bytes there are.
        found: usize,
    },
    /// Another type's discriminator.
    #[error("the account is not a {name}; check the address")]
    WrongType {
        /// The type asked for.
        name: &'static str,
    },
}

/// An account type of the program.
pub trait BlockableAccount: Pod + Discriminator {
    /// The type's name in errors.
    const NAME: &'static str;

    /// Reads the account from its data. Errors: [`DecodeError`].
    fn decode(data: &[u8]) -> Result<Self, DecodeError> {
        let disc = Self::DISCRIMINATOR;
        let needed = disc.len() + size_of::<Self>();
        if data.len() < needed {
            return Err(DecodeError::TooShort { name: Self::NAME, needed, found: data.len() });
        }
        if !data.starts_with(disc) {
            return Err(DecodeError::WrongType { name: Self::NAME });
        }
        Ok(bytemuck::pod_read_unaligned(&data[disc.len()..needed]))
    }
}

impl BlockableAccount for Market {
    const NAME: &'static str = "market";
}

impl BlockableAccount for Provider {
    const NAME: &'static str = "provider";
}

impl BlockableAccount for Credit {
    const NAME: &'static str = "credit";
}

impl BlockableAccount for Lot {
    const NAME: &'static str = "lot";
}

/// How far a credit has come: its number of events and their hash. Two views of a credit that agree in it are the same, so
/// whoever follows many credits lists these alone and fetches what differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreditStamp {
    /// [`Credit::event_seq`].
    pub seq: u64,
    /// [`Credit::event_hash`].
    pub hash: [u8; 32],
}

const _: () = assert!(offset_of!(Credit, event_hash) == offset_of!(Credit, event_seq) + size_of::<u64>());

impl CreditStamp {
    /// Where a stamp lies in a credit's account, for a slice of it.
    pub const OFFSET: usize = Credit::DISCRIMINATOR.len() + offset_of!(Credit, event_seq);
    /// Bytes of a stamp.
    pub const LENGTH: usize = size_of::<u64>() + size_of::<[u8; 32]>();

    /// A credit's stamp.
    pub fn of(credit: &Credit) -> CreditStamp {
        CreditStamp { seq: credit.event_seq, hash: credit.event_hash }
    }

    /// From the slice that was asked for, or from the whole account of a node that does not cut.
    pub fn read(data: &[u8]) -> Option<CreditStamp> {
        if data.len() != CreditStamp::LENGTH {
            return Credit::decode(data).ok().map(|credit| CreditStamp::of(&credit));
        }
        let (seq, hash) = data.split_first_chunk()?;
        Some(CreditStamp { seq: u64::from_le_bytes(*seq), hash: hash.try_into().ok()? })
    }
}

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

/// The filter that selects a market's providers, beside [`type_filter`].
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
    }

    #[test]
    fn a_stamp_is_read_from_a_slice_and_from_a_whole_account() {
        let mut credit: Credit = bytemuck::Zeroable::zeroed();
        (credit.event_seq, credit.event_hash) = (77, [3; 32]);
        let mut data = Credit::DISCRIMINATOR.to_vec();
        data.extend_from_slice(bytemuck::bytes_of(&credit));
        let expected = Some(CreditStamp { seq: 77, hash: [3; 32] });
        let slice = &data[CreditStamp::OFFSET..CreditStamp::OFFSET + CreditStamp::LENGTH];
        assert_eq!((CreditStamp::read(&data), CreditStamp::read(slice)), (expected, expected));
        assert_eq!(CreditStamp::read(&slice[1..]), None);
    }

    #[test]
    fn bytes_that_are_not_the_account_are_refused() {
        assert!(matches!(Credit::decode(&[0; 10]), Err(DecodeError::TooShort { found: 10, .. })));
        let zeros = vec![0; Credit::SPACE];
        assert_eq!(Credit::decode(&zeros).err(), Some(DecodeError::WrongType { name: "credit" }));
        let mut lot = Lot::DISCRIMINATOR.to_vec();
        lot.resize(Lot::SPACE, 0);
        assert!(Lot::decode(&lot).is_ok());
        lot.resize(Market::SPACE, 0);
        assert_eq!(Market::decode(&lot).err(), Some(DecodeError::WrongType { name: "market" }));
    }
}
