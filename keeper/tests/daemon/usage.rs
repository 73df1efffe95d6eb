//! Use of credits that grows with the chain's clock, as honest reporters read it.

use {
    crate::setup::Setup,
    rand::{Rng, SeedableRng, rngs::StdRng},
    std::collections::BTreeSet,
};

/// Most units that a credit uses in a second: half of what the provider's rate bound lets through.
const PER_SECOND: u64 = 5_000;
/// Seconds that use may grow for at once: when the clock jumps, no time has passed for jobs.
const LONGEST: i64 = 5;

/// Units that credits have used.
pub struct Usage {
    random: StdRng,
    used: Vec<u64>,
    idle: BTreeSet<usize>,
    reported_at: i64,
}

impl Usage {
    /// Begins without use, on so many credits.
    pub fn new(seed: u64, credits: usize) -> Usage {
        let random = StdRng::seed_from_u64(seed);
        Usage { random, used: vec![0; credits], idle: BTreeSet::new(), reported_at: 0 }
    }

    /// Stops the use of these credits.
    pub fn stop(&mut self, credits: impl IntoIterator<Item = usize>) {
        self.idle.extend(credits);
    }

    /// Starts the use of these credits again.
    pub fn start(&mut self, credits: impl IntoIterator<Item = usize>) {
        for credit in credits {
            self.idle.remove(&credit);
        }
    }

    /// Units that a credit has used.
    pub fn used(&self, credit: usize) -> u64 {
        self.used[credit]
    }

    /// Time of the latest reports, in Unix seconds of the chain.
    pub fn reported_at(&self) -> i64 {
        self.reported_at
    }

    /// Has the reporters sign what was used by now, once in a second of the chain's clock: two readings of one second would
    /// contradict each other.
    pub async fn go_on(&mut self, setup: &mut Setup) {
        let now = setup.cluster.chain.client.chain_time().await.unwrap();
        if now <= self.reported_at {
            return;
        }
        let seconds = (now - self.reported_at).clamp(1, LONGEST).unsigned_abs();
        self.reported_at = now;
        for (number, used) in self.used.iter_mut().enumerate() {
            if !self.idle.contains(&number) {
                *used += self.random.random_range(0..=PER_SECOND * seconds);
            }
            setup.reporters.set(setup.indices[number], setup.credits[number], *used, 0);
        }
        setup.reporters.report(now);
    }

    /// Returns true once all use of these credits is metered. More must never be metered.
    pub async fn is_metered(&self, setup: &Setup, credits: impl IntoIterator<Item = usize>) -> bool {
        let mut all = true;
        for number in credits {
            let consumed = setup.consumed(number).await;
            assert!(consumed <= self.used[number], "credit {number}: {consumed} of {}", self.used[number]);
            all &= consumed == self.used[number];
        }
        all
    }
}
