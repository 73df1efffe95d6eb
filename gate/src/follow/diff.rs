//! Selects the credits that must be fetched so that the gate's view is the chain's. No I/O.

use {
    blockable_sdk::{Pubkey, accounts::CreditStamp},
    std::collections::HashMap,
};

/// A credit as the gate knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KnownCredit {
    /// The slot it was last seen at.
    pub(super) slot: u64,
    pub(super) stamp: CreditStamp,
}

/// The credits that differ between a listing as of `slot` and what is known, in the order of their addresses: changed,
/// new, or no longer listed.
pub(super) fn differing(
    listed: &HashMap<Pubkey, CreditStamp>,
    slot: u64,
    known: &HashMap<Pubkey, KnownCredit>,
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
    use super::*;

    fn key(number: u8) -> Pubkey {
        Pubkey::new_from_array([number; 32])
    }

    fn stamp(seq: u64) -> CreditStamp {
        CreditStamp { seq, hash: [u8::try_from(seq).unwrap(); 32] }
    }

    #[test]
    fn what_changed_is_new_or_is_no_longer_listed_is_fetched() {
        let listed = HashMap::from([
            (key(1), stamp(5)),
            (key(2), stamp(6)),
            (key(3), stamp(1)),
            (key(4), CreditStamp { seq: 7, hash: [9; 32] }),
            (key(5), stamp(2)),
        ]);
        let known = |slot, stamp| KnownCredit { slot, stamp };
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
}
