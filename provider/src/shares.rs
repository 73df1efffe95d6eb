//! Shares of credits and networks in what all of them use.

use {
    crate::config::Limits,
    blockable_service::{http::ClientNetwork, lock::lock},
    std::{
        collections::HashMap,
        hash::Hash,
        sync::{Arc, Mutex},
    },
    tokio::sync::{OwnedSemaphorePermit, Semaphore},
};

/// Places that are taken of each of many. The map holds only keys with some; its lock is never held across an `await`.
#[derive(Debug)]
pub(crate) struct Shares<K>(Arc<Mutex<HashMap<K, usize>>>);

/// A place in a share, until it is dropped.
pub(crate) struct SharePlace<K: Eq + Hash> {
    key: K,
    shares: Shares<K>,
}

impl<K> Clone for Shares<K> {
    fn clone(&self) -> Shares<K> {
        Shares(self.0.clone())
    }
}

impl<K> Default for Shares<K> {
    fn default() -> Shares<K> {
        Shares(Arc::default())
    }
}

impl<K: Copy + Eq + Hash> Shares<K> {
    /// True where no place is taken.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        lock(&self.0).is_empty()
    }

    /// Number of places that are taken of a key.
    pub(crate) fn count(&self, key: &K) -> usize {
        lock(&self.0).get(key).copied().unwrap_or_default()
    }

    /// Takes a place. `None` where as many are taken as may be.
    pub(crate) fn enter(&self, key: K, most: usize) -> Option<SharePlace<K>> {
        let mut places = lock(&self.0);
        let taken = places.get(&key).copied().unwrap_or(0);
        if taken >= most {
            return None;
        }
        places.insert(key, taken + 1);
        Some(SharePlace { key, shares: self.clone() })
    }
}

impl<K: Eq + Hash> Drop for SharePlace<K> {
    fn drop(&mut self) {
        let mut places = lock(&self.shares.0);
        if let Some(taken) = places.get_mut(&self.key) {
            *taken -= 1;
            if *taken == 0 {
                places.remove(&self.key);
            }
        }
    }
}

/// Bounds the open streams of reports, which anyone may read.
pub(crate) struct ReportStreams {
    all: Arc<Semaphore>,
    networks: Shares<ClientNetwork>,
    most_per_network: usize,
}

/// An open stream of reports. It counts until it is dropped.
pub(crate) struct ReportStreamPlace {
    _network: SharePlace<ClientNetwork>,
    _all: OwnedSemaphorePermit,
}

impl ReportStreams {
    /// Starts with none.
    pub(crate) fn new(limits: &Limits) -> ReportStreams {
        ReportStreams {
            all: Arc::new(Semaphore::new(limits.report_streams)),
            networks: Shares::default(),
            most_per_network: limits.report_streams_per_address,
        }
    }

    /// Begins a stream of a network. `None` at a bound.
    pub(crate) fn enter(&self, network: ClientNetwork) -> Option<ReportStreamPlace> {
        let _network = self.networks.enter(network, self.most_per_network)?;
        let _all = self.all.clone().try_acquire_owned().ok()?;
        Some(ReportStreamPlace { _network, _all })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_a_share_of_the_streams_of_reports() {
        let limits = Limits { report_streams: 3, report_streams_per_address: 2, ..Limits::default() };
        let streams = ReportStreams::new(&limits);
        let network = |last| ClientNetwork::new([10, 0, 0, last].into());
        let (first, second) = (streams.enter(network(1)), streams.enter(network(1)));
        assert!(first.is_some() && second.is_some() && streams.enter(network(1)).is_none());
        let other = streams.enter(network(2));
        assert!(other.is_some() && streams.enter(network(3)).is_none(), "all of them");
        drop(first);
        assert!(streams.enter(network(3)).is_some());
        drop((second, other));
        assert!(streams.networks.is_empty());
    }
}
