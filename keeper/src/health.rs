//! Whether the keeper makes progress: every loop says when it has gone round, every part whether it can do its work.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// What the loops and parts have said. Clones share it.
#[derive(Clone, Default)]
pub struct Health {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    loops: BTreeMap<&'static str, Loop>,
    parts: BTreeMap<&'static str, Result<(), String>>,
}

struct Loop {
    limit: Duration,
    last: Instant,
}

/// A loop's own handle. Dropped, the loop has ended and is no longer waited for.
pub struct Beat {
    name: &'static str,
    health: Health,
}

impl Health {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A loop that goes round at least once in `limit`, from now on.
    pub fn watch(&self, name: &'static str, limit: Duration) -> Beat {
        self.lock().loops.insert(name, Loop { limit, last: Instant::now() });
        Beat { name, health: self.clone() }
    }

    /// Whether a part can do its work, and if not why and what to do.
    pub fn set(&self, part: &'static str, state: Result<(), String>) {
        self.lock().parts.insert(part, state);
    }

    /// The loops that have not gone round in time, and for how long they have not.
    pub fn stalled(&self) -> Vec<(&'static str, Duration)> {
        let inner = self.lock();
        let ages = inner.loops.iter().map(|(name, looped)| (*name, looped.last.elapsed(), looped.limit));
        ages.filter(|(_, age, limit)| age > limit).map(|(name, age, _)| (name, age)).collect()
    }

    /// Every part and what it has said.
    pub fn parts(&self) -> BTreeMap<&'static str, Result<(), String>> {
        self.lock().parts.clone()
    }

    /// Whether every part can do its work.
    pub fn is_ready(&self) -> bool {
        self.lock().parts.values().all(Result::is_ok)
    }
}

impl Beat {
    /// The loop has gone round.
    pub fn beat(&self) {
        metrics::counter!("blockable_keeper_loop_iterations_total", "loop" => self.name).increment(1);
        if let Some(looped) = self.health.lock().loops.get_mut(self.name) {
            looped.last = Instant::now();
        }
    }
}

impl Drop for Beat {
    fn drop(&mut self) {
        // A loop that ends in a panic has not ended: nobody does its work, and once its time is up that is told.
        if std::thread::panicking() {
            return;
        }
        self.health.lock().loops.remove(self.name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_that_does_not_go_round_is_stalled_until_it_does_or_ends() {
        let health = Health::default();
        let beat = health.watch("quick", Duration::ZERO);
        let _slow = health.watch("slow", Duration::from_secs(3_600));
        std::thread::sleep(Duration::from_millis(1));
        assert_eq!(health.stalled().iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["quick"]);
        drop(beat);
        assert!(health.stalled().is_empty());
    }

    #[test]
    fn a_loop_that_panics_counts_as_stalled() {
        let health = Health::default();
        let beat = health.watch("short lived", Duration::ZERO);
        let thread = std::thread::spawn(move || {
            let _beat = beat;
            panic!("on purpose");
        });
        assert!(thread.join().is_err());
        std::thread::sleep(Duration::from_millis(1));
        assert_eq!(health.stalled().iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["short lived"]);
    }

    #[test]
    fn ready_is_when_every_part_says_so() {
        let health = Health::default();
        assert!(health.is_ready());
        health.set("rpc", Err("no node answers; check rpc.url".to_string()));
        assert!(!health.is_ready());
        health.set("rpc", Ok(()));
        assert!(health.is_ready());
    }
}
