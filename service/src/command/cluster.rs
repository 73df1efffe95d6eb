//! Names of clusters.

use blockable_sdk::Hash;

/// The public clusters by the hash of their first block.
const PUBLIC: [(&str, &str); 3] = [
    ("5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d", "mainnet-beta"),
    ("EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG", "devnet"),
    ("4uhcVJyU9pJkvQyS88uRDiswHXSCkY3zQawwpjk2NsNY", "testnet"),
];

/// A cluster's name by its genesis hash, which no node's address can feign: `mainnet-beta`, `devnet`, `testnet`, or
/// `a cluster of its own` with the hash.
pub fn cluster_name(genesis: &Hash) -> String {
    let hash = genesis.to_string();
    let public = PUBLIC.iter().find(|(known, _)| *known == hash).map(|(_, name)| (*name).to_string());
    public.unwrap_or_else(|| format!("a cluster of its own ({hash})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_clusters_are_known_by_their_first_block() {
        for (hash, name) in PUBLIC {
            assert_eq!(cluster_name(&hash.parse().unwrap()), name);
        }
        assert!(cluster_name(&Hash::default()).contains(&Hash::default().to_string()));
    }
}
