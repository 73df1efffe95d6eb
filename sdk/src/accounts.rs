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
