//! Ed25519 verification of a 32-byte digest, in the program itself: the precompile is being removed from the network.

use {
    anchor_lang::prelude::Pubkey,
    brine_ed25519::{
        hasher::{FastSha512, Hasher},
        verify_prehashed_strict,
    },
};

/// Returns true when `signature` is that of `key` over `digest`. Small-order keys and points are refused.
///
/// The challenge `sha512(R | A | digest)` is hashed here from one buffer of fixed length, so that the compiler keeps
/// a single copy of the unrolled compression.
#[inline(never)]
pub fn verify(key: &Pubkey, signature: &[u8; 64], digest: &[u8; 32]) -> bool {
    let Some(commitment) = signature.first_chunk::<32>() else {
        return false;
    };
    let hashed = [*commitment, key.to_bytes(), *digest];
    let challenge = FastSha512::hash(hashed.as_flattened());
    verify_prehashed_strict(key, signature, &challenge).is_ok()
}
