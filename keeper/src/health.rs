//! Progress of the keeper: each loop reports every round, and each part whether it can do its work.

use {
    blockable_service::lock::lock,
    std::{
        collections::BTreeMap,
        sync::{Arc, Mutex, MutexGuard},
        time::{Duration, Instant},
    },
};

/// Progress of loops and state of parts. Clones share it. Nothing of it is stored: after a start every loop and part reports
/// anew.
#[derive(Clone, Default)]
pub(crate) struct Health {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    loops: BTreeMap<&'static str, WatchedLoop>,
    parts: BTreeMap<&'static str, Result<(), String>>,
}

struct WatchedLoop {
    limit: Duration,
    last: Instant,
}

/// A loop's own handle. When it is dropped, the loop has ended and is not watched any more.
pub(crate) struct Beat {
    name: &'static str,
    health: Health,
}

impl Health {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }

    /// Watches a loop that makes a round at least once in `limit`, from now on.
    pub(crate) fn watch(&self, name: &'static str, limit: Duration) -> Beat {
        self.lock().loops.insert(name, WatchedLoop { limit, last: Instant::now() });
        Beat { name, health: self.clone() }
    }

    /// Records whether a part can do its work; an error is the reason and the next step.
    pub(crate) fn set(&self, part: &'static str, state: Result<(), String>) {
        self.lock().parts.insert(part, state);
    }

    /// Lists the loops that have made no round in time, with the time since their last.
    pub(crate) fn stalled(&self) -> Vec<(&'static str, Duration)> {
        let inner = self.lock();
        let ages = inner.loops.iter().map(|(name, watched)| (*name, watched.last.elapsed(), watched.limit));
        ages.filter(|(_, age, limit)| age > limit).map(|(name, age, _)| (name, age)).collect()
    }

    /// Lists every part and its state.
    pub(crate) fn parts(&self) -> BTreeMap<&'static str, Result<(), String>> {
        self.lock().parts.clone()
    }

    /// Returns whether every part can do its work.
    pub(crate) fn is_ready(&self) -> bool {
        self.lock().parts.values().all(Result::is_ok)
    }
}

impl Beat {
    /// Reports a round of the loop.
    pub(crate) fn beat(&self) {
        metrics::counter!("blockable_keeper_loop_iterations_total", "loop" => self.name).increment(1);
        if let Some(watched) = self.health.lock().loops.get_mut(self.name) {
            watched.last = Instant::now();
        }
    }
}

impl Drop for Beat {
    fn drop(&mut self) {
        // A loop that ends in a panic is watched on: nobody does its work, and it counts as stalled once its time is up.
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
    fn a_loop_without_a_round_in_time_is_stalled_until_it_ends() {
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
