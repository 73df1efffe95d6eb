//! Which credits must be fetched so that the gate's view is the chain's. No I/O.

use {
    crate::{accounts::BlockableAccount, program::state::Credit},
    anchor_lang::Discriminator,
    solana_sdk::pubkey::Pubkey,
    std::{
        collections::HashMap,
        mem::{offset_of, size_of},
    },
};

/// How far a credit has come: its number of events and their hash. Two views of a credit that agree in it are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) seq: u64,
    pub(super) hash: [u8; 32],
}

/// Where a stamp lies in a credit's account.
pub(super) const OFFSET: usize = Credit::DISCRIMINATOR.len() + offset_of!(Credit, event_seq);
/// Bytes of a stamp in a credit's account.
pub(super) const LENGTH: usize = size_of::<u64>() + size_of::<[u8; 32]>();
const _: () = assert!(offset_of!(Credit, event_hash) == offset_of!(Credit, event_seq) + size_of::<u64>());

impl Stamp {
    /// A credit's stamp.
    pub(super) fn of(credit: &Credit) -> Stamp {
        Stamp { seq: credit.event_seq, hash: credit.event_hash }
    }

    /// From the slice that was asked for, or from the whole account of a node that does not cut.
    pub(super) fn read(data: &[u8]) -> Option<Stamp> {
        if data.len() != LENGTH {
            return Credit::decode(data).ok().map(|credit| Stamp::of(&credit));
        }
        let (seq, hash) = data.split_first_chunk()?;
        Some(Stamp { seq: u64::from_le_bytes(*seq), hash: hash.try_into().ok()? })
    }
}

/// A credit as the gate knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known {
    /// The slot it was last seen at.
    pub(super) slot: u64,
    pub(super) stamp: Stamp,
}

/// The credits that differ between a listing as of `slot` and what is known, in the order of their addresses: changed,
/// new, or no longer listed.
pub(super) fn differing(
    listed: &HashMap<Pubkey, Stamp>,
    slot: u64,
    known: &HashMap<Pubkey, Known>,
) -> Vec<Pubkey> {
    let changed = listed.iter().filter(|(address, stamp)| {
        // A view from after the listing is not in doubt.
        known.get(*address).is_none_or(|known| known.stamp != **stamp && known.slot <= slot)
    });
    let unlisted =
        known.iter().filter(|(address, known)| !listed.contains_key(*address) && known.slot < slot);
    let mut differing: Vec<Pubkey> =
        changed.map(|(address, _)| *address).chain(unlisted.map(|(address, _)| *address)).collect();
    differing.sort_unstable();
    differing
}

#[cfg(test)]
mod tests {
    use {super::*, bytemuck::Zeroable};

    fn key(number: u8) -> Pubkey {
        Pubkey::new_from_array([number; 32])
    }

    fn stamp(seq: u64) -> Stamp {
        Stamp { seq, hash: [u8::try_from(seq).unwrap(); 32] }
    }

    #[test]
    fn what_changed_is_new_or_is_no_longer_listed_is_fetched() {
        let listed = HashMap::from([
            (key(1), stamp(5)),
            (key(2), stamp(6)),
            (key(3), stamp(1)),
            (key(4), Stamp { seq: 7, hash: [9; 32] }),
            (key(5), stamp(2)),
        ]);
        let known = |slot, stamp| Known { slot, stamp };
        let known = HashMap::from([
            (key(1), known(90, stamp(5))),
            (key(2), known(90, stamp(5))),
            (key(4), known(90, stamp(7))),
            (key(5), known(101, stamp(3))),
            (key(6), known(99, stamp(1))),
            (key(7), known(100, stamp(1))),
        ]);
        let expected = [key(2), key(3), key(4), key(6)];
        assert_eq!(differing(&listed, 100, &known), expected, "and nothing that was seen at a later slot");
        assert_eq!(differing(&listed, 0, &HashMap::new()).len(), 5, "at the start everything");
    }

    #[test]
    fn a_stamp_is_read_from_a_slice_and_from_a_whole_account() {
        let mut credit = Credit::zeroed();
        (credit.event_seq, credit.event_hash) = (77, [3; 32]);
        let mut data = Credit::DISCRIMINATOR.to_vec();
        data.extend_from_slice(bytemuck::bytes_of(&credit));
        let expected = Some(Stamp { seq: 77, hash: [3; 32] });
        assert_eq!(Stamp::read(&data), expected);
        assert_eq!(Stamp::read(&data[OFFSET..OFFSET + LENGTH]), expected);
        assert_eq!(Stamp::read(&data[..LENGTH - 1]), None);
    }
}
