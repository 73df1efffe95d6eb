//! Decodes the program's accounts, and filters them on an RPC node by the offsets the layout fixes.

mod condition;
#[cfg(feature = "client")]
mod filter;

pub use condition::{CreditCondition, matures_at};
#[cfg(feature = "client")]
pub use filter::{CreditFilter, LotFilter, provider_market_filter, type_filter};

use {
    anchor_lang::Discriminator,
    blockable_credits::state::{Credit, Lot, Market, Provider},
    bytemuck::Pod,
    solana_clock::Clock,
    std::mem::{offset_of, size_of},
};

/// Reasons for which bytes are not the account that was asked for.
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

/// The number of a credit's events and their hash. Two views of a credit that agree in it are the same, so
/// a follower of many credits lists the stamps alone and fetches the credits that differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreditStamp {
    /// [`Credit::event_seq`].
    pub seq: u64,
    /// [`Credit::event_hash`].
    pub hash: [u8; 32],
}

const _: () = assert!(offset_of!(Credit, event_hash) == offset_of!(Credit, event_seq) + size_of::<u64>());

impl CreditStamp {
    /// Offset of a stamp in a credit's account, for a slice of it.
    pub const OFFSET: usize = Credit::DISCRIMINATOR.len() + offset_of!(Credit, event_seq);
    /// Bytes of a stamp.
    pub const LENGTH: usize = size_of::<u64>() + size_of::<[u8; 32]>();

    /// A credit's stamp.
    pub fn new(credit: &Credit) -> CreditStamp {
        CreditStamp { seq: credit.event_seq, hash: credit.event_hash }
    }

    /// From the slice that was asked for, or from the whole account of a node that does not cut.
    pub fn read(data: &[u8]) -> Option<CreditStamp> {
        if data.len() != CreditStamp::LENGTH {
            return Credit::decode(data).ok().map(|credit| CreditStamp::new(&credit));
        }
        let (seq, hash) = data.split_first_chunk()?;
        Some(CreditStamp { seq: u64::from_le_bytes(*seq), hash: hash.try_into().ok()? })
    }
}

/// Reads the clock sysvar's account, at [`crate::addresses::CLOCK`]; `None` where the data is not a clock.
pub fn decode_clock(data: &[u8]) -> Option<Clock> {
    bincode::deserialize(data).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

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
