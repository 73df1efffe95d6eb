//! SHA-256 over parts: the syscall on chain, the same function in software elsewhere.

/// `sha256` of the concatenated parts.
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    solana_sha256_hasher::hashv(parts).to_bytes()
}
