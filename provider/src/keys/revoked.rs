//! The keys that the provider's file revokes.

use {
    crate::config::{Revoked, RevokedKeys},
    blockable_sdk::Pubkey,
    std::collections::{HashMap, HashSet},
};

/// The keys that the provider's file revokes.
#[derive(Default)]
pub(super) struct RevokedByFile {
    /// The lowest generation that is good, by credit.
    below: HashMap<Pubkey, u32>,
    /// Sub-keys, by credit and name.
    named: HashSet<(Pubkey, String)>,
}

impl RevokedByFile {
    /// Takes the entries of a file.
    pub(super) fn new(revoked: &[Revoked]) -> RevokedByFile {
        let mut all = RevokedByFile::default();
        for Revoked { credit, keys } in revoked {
            match keys {
                RevokedKeys::Below(below) => {
                    let lowest = all.below.entry(*credit).or_default();
                    *lowest = (*lowest).max(*below);
                }
                RevokedKeys::Named(name) => drop(all.named.insert((*credit, name.clone()))),
            }
        }
        all
    }

    /// The lowest generation of a credit's keys that is good.
    pub(super) fn lowest(&self, credit: &Pubkey) -> u32 {
        self.below.get(credit).copied().unwrap_or(0)
    }

    /// True for the name of a sub-key that is revoked.
    pub(super) fn has_name(&self, credit: &Pubkey, name: &str) -> bool {
        self.named.contains(&(*credit, name.to_string()))
    }
}
