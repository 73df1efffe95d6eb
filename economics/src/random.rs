//! Random numbers of a path: a seed and the number of a path give the same path on any machine and with any threads.

use {
    rand::{Rng, SeedableRng},
    rand_distr::{Distribution, StandardNormal},
    rand_xoshiro::Xoshiro256PlusPlus,
};

/// The generator: fast, small, and the same on every platform.
pub type Random = Xoshiro256PlusPlus;

/// The generators of one path. Each part of the world has one of its own, so that terms which make one part draw more
/// numbers leave the others as they are: presets are compared on the same borrowers, days, prices and buyers.
#[derive(Clone, Debug)]
pub struct Streams {
    /// The borrower's kind, its default and its punctuality.
    pub borrower: Random,
    /// Days of use.
    pub usage: Random,
    /// Prices, crashes and the provider's failure.
    pub price: Random,
    /// Buyers of lots.
    pub buyers: Random,
}

impl Streams {
    /// The generators of the path numbered `path` under a seed.
    pub fn new(seed: u64, path: u64) -> Streams {
        let stream = |part: u64| Random::seed_from_u64(mix(mix(seed) ^ mix(path.wrapping_mul(4) | part)));
        Streams { borrower: stream(0), usage: stream(1), price: stream(2), buyers: stream(3) }
    }
}

/// Spreads the bits of a number; the finaliser of SplitMix64 (Steele, Lea and Flood, 2014).
pub fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// Draws from the standard normal distribution.
pub fn normal(random: &mut Random) -> f64 {
    StandardNormal.sample(random)
}

/// Draws uniformly from 0 up to 1.
pub fn uniform(random: &mut Random) -> f64 {
    random.random::<f64>()
}

/// Draws uniformly between two ends.
pub fn between(random: &mut Random, ends: [f64; 2]) -> f64 {
    ends[0] + (ends[1] - ends[0]) * uniform(random)
}

/// Draws an exponential waiting time with a mean of `1 / rate`; infinite for a rate of 0.
pub fn exponential(random: &mut Random, rate: f64) -> f64 {
    let draw = 1.0 - uniform(random);
    if rate > 0.0 { -draw.ln() / rate } else { f64::INFINITY }
}

/// Draws a Poisson count; `exp_of_minus_mean` is e to the power of the mean with its sign turned. Knuth's method, for means
/// of a few.
pub fn poisson(random: &mut Random, exp_of_minus_mean: f64) -> u32 {
    let mut count = 0;
    let mut product = uniform(random);
    while product > exp_of_minus_mean && count < 1_000 {
        product *= uniform(random);
        count += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_and_a_path_give_the_same_numbers_and_others_give_others() {
        let first = |seed, path| {
            let mut streams = Streams::new(seed, path);
            [&mut streams.borrower, &mut streams.usage, &mut streams.price, &mut streams.buyers].map(uniform)
        };
        assert_eq!(first(7, 3), first(7, 3));
        let numbers = [first(7, 3), first(7, 4), first(8, 3)].concat();
        let distinct: std::collections::BTreeSet<u64> =
            numbers.iter().map(|number| number.to_bits()).collect();
        assert_eq!(distinct.len(), numbers.len());
    }

    #[test]
    fn draws_have_their_means() {
        let mut random = Random::seed_from_u64(1);
        let count = 40_000;
        let mean = |draw: &mut dyn FnMut() -> f64| (0..count).map(|_| draw()).sum::<f64>() / f64::from(count);
        assert!((mean(&mut || exponential(&mut random, 4.0)) - 0.25).abs() < 0.005);
        let floor = (-1.5f64).exp();
        assert!((mean(&mut || f64::from(poisson(&mut random, floor))) - 1.5).abs() < 0.03);
        assert!(mean(&mut || normal(&mut random)).abs() < 0.02);
        assert!((mean(&mut || between(&mut random, [2.0, 4.0])) - 3.0).abs() < 0.02);
        assert_eq!(exponential(&mut random, 0.0), f64::INFINITY);
    }
}
