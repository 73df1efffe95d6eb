//! Pauses between attempts: each twice the last, up to a limit, and shortened at random so that the clients of a failed
//! server do not all come back at once.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

/// A pause that grows with each failure.
#[derive(Clone, Debug)]
pub struct Backoff {
    least: Duration,
    most: Duration,
    next: Duration,
}

impl Backoff {
    /// Pauses from `least` to `most`; `least` alone where `most` is shorter.
    pub fn new(least: Duration, most: Duration) -> Backoff {
        Backoff { least, most: most.max(least), next: least }
    }

    /// Starts over with the shortest pause. To be called after a success.
    pub fn reset(&mut self) {
        self.next = self.least;
    }

    /// Returns the pause before the next attempt, between half and all of the present length, and doubles the length.
    pub fn next_pause(&mut self) -> Duration {
        let whole = self.next;
        self.next = whole.saturating_mul(2).min(self.most);
        // The standard library seeds each of these at random; nothing here needs better.
        let thousandths = u32::try_from(RandomState::new().hash_one(0) % 501).unwrap_or(0);
        whole.saturating_sub(whole.saturating_mul(thousandths) / 1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_limit_and_start_over() {
        let (least, most) = (Duration::from_millis(100), Duration::from_millis(700));
        let mut backoff = Backoff::new(least, most);
        for whole in [100, 200, 400, 700, 700].map(Duration::from_millis) {
            let pause = backoff.next_pause();
            assert!(pause <= whole && pause >= whole / 2, "{pause:?} of {whole:?}");
        }
        backoff.reset();
        assert!(backoff.next_pause() <= least);
    }
}
