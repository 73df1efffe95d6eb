//! Random values that often lie at an edge: where arithmetic goes wrong.

use {
    blockable_sdk::Pubkey,
    rand::{Rng, rngs::StdRng},
};

/// A random key.
pub(crate) fn key(rng: &mut StdRng) -> Pubkey {
    Pubkey::new_from_array(rng.random())
}

/// An integer of a random number of bits, or one of the largest.
pub(crate) fn wild(rng: &mut StdRng) -> u64 {
    match rng.random_range(0..12) {
        0 => 0,
        1 => u64::MAX.saturating_sub(rng.random_range(0..3)),
        _ => rng.random::<u64>() >> rng.random_range(0..64),
    }
}

/// A time: most often one of today's, else any.
pub(crate) fn wild_time(rng: &mut StdRng) -> i64 {
    match rng.random_range(0..10) {
        0 => 0,
        1 => rng.random(),
        _ => rng.random_range(1_700_000_000..1_900_000_000),
    }
}

/// A share of a whole, often none or all of it.
pub(crate) fn part(rng: &mut StdRng, whole: u64) -> u64 {
    match rng.random_range(0..6) {
        0 => 0,
        1 => whole,
        _ => rng.random_range(0..=whole),
    }
}

/// True with a chance of one in `n`.
pub(crate) fn one_in(rng: &mut StdRng, n: u32) -> bool {
    rng.random_range(0..n) == 0
}
