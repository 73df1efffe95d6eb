//! Tokens for each of many: a bound on how often each may do something.

use {
    crate::lock::lock,
    std::{
        collections::HashMap,
        hash::Hash,
        sync::{Mutex, MutexGuard},
        time::{Duration, Instant},
    },
};

/// Most buckets that are remembered; those that are full again are forgotten first.
const MOST_BUCKETS: usize = 20_000;

/// Tokens for each of many, which fill over time up to a burst.
pub struct Buckets<K> {
    burst: f64,
    per_second: f64,
    /// Tokens, and the time at which they were counted. A key that is not there has a full bucket.
    tokens: Mutex<HashMap<K, (f64, Instant)>>,
}

impl<K: Eq + Hash> Buckets<K> {
    /// Full buckets of so many tokens, one at least, that fill by so many in a second.
    pub fn new(burst: f64, per_second: f64) -> Buckets<K> {
        Buckets { burst: burst.max(1.0), per_second, tokens: Mutex::default() }
    }

    fn filled(&self, (tokens, at): (f64, Instant), now: Instant) -> f64 {
        (tokens + now.saturating_duration_since(at).as_secs_f64() * self.per_second).min(self.burst)
    }

    /// Finds a token, which is there until it is taken or let go. `None` where none is left.
    pub fn find(&self, key: K, now: Instant) -> Option<Token<'_, K>> {
        let mut all = lock(&self.tokens);
        if all.len() >= MOST_BUCKETS {
            all.retain(|_, bucket| self.filled(*bucket, now) < self.burst);
            // The bounds behind this one hold all the same.
            if all.len() >= MOST_BUCKETS {
                all.clear();
            }
        }
        let tokens = all.get(&key).map_or(self.burst, |bucket| self.filled(*bucket, now));
        (tokens >= 1.0).then_some(Token { all, key, left: (tokens - 1.0, now) })
    }

    /// Takes a token. Returns false where none is left.
    pub fn take(&self, key: K, now: Instant) -> bool {
        self.find(key, now).map(Token::take).is_some()
    }
}

impl<K: Eq + Hash> Buckets<K> {
    /// The time until there is a token.
    pub fn wait(&self, key: &K, now: Instant) -> Duration {
        let all = lock(&self.tokens);
        let tokens = all.get(key).map_or(self.burst, |bucket| self.filled(*bucket, now));
        let seconds = (1.0 - tokens).max(0.0) / self.per_second;
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    }
}

/// A token that was found. It keeps the buckets locked, so that nobody else takes it.
pub struct Token<'a, K> {
    all: MutexGuard<'a, HashMap<K, (f64, Instant)>>,
    key: K,
    /// The bucket once it is taken.
    left: (f64, Instant),
}

impl<K: Eq + Hash> Token<'_, K> {
    /// Takes it.
    pub fn take(mut self) {
        self.all.insert(self.key, self.left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_comes_as_often_as_it_may() {
        let buckets = Buckets::new(3.0, 10.0);
        let now = Instant::now();
        let taken = |key: u8, at: Instant| (0..10).filter(|_| buckets.take(key, at)).count();
        assert_eq!((taken(1, now), taken(2, now)), (3, 3));
        assert_eq!(taken(1, now + Duration::from_millis(250)), 2);
        assert_eq!(taken(1, now + Duration::from_secs(60)), 3);
        assert_eq!(taken(1, now), 0, "a time before changes nothing");
    }

    #[test]
    fn buckets_that_are_full_again_are_forgotten() {
        let buckets = Buckets::new(1.0, 1.0);
        let now = Instant::now();
        assert!((0..MOST_BUCKETS).all(|key| buckets.take(key, now)));
        let later = now + Duration::from_secs(2);
        assert!(buckets.take(0, later));
        assert_eq!(lock(&buckets.tokens).len(), 1);
        assert!(!buckets.take(0, later));
    }

    #[test]
    fn each_key_has_a_bucket_of_its_own_which_fills_again() {
        let (buckets, now) = (Buckets::new(3.0, 0.5), Instant::now());
        let taken = |key, now| (0..9).take_while(|_| buckets.take(key, now)).count();
        assert_eq!((taken(1, now), taken(2, now), taken(1, now)), (3, 3, 0));
        assert_eq!(buckets.wait(&1, now), Duration::from_secs(2));
        assert_eq!(buckets.wait(&3, now), Duration::ZERO);
        assert_eq!(taken(1, now + Duration::from_secs(4)), 2);
        assert_eq!(taken(1, now + Duration::from_secs(400)), 3);
    }

    #[test]
    fn the_number_of_buckets_is_bounded() {
        let (buckets, now) = (Buckets::new(2.0, 0.1), Instant::now());
        for key in 0..50_000_u32 {
            assert!(buckets.take(key, now));
        }
        assert!(lock(&buckets.tokens).len() <= MOST_BUCKETS);
    }
}
