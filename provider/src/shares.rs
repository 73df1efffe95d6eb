//! Shares of credits and networks in what all of them use.

use {
    crate::config::Limits,
    blockable_service::{http::ClientNetwork, lock::lock},
    std::{
        cmp::Reverse,
        collections::HashMap,
        hash::Hash,
        sync::{Arc, Mutex},
        time::{Duration, Instant},
    },
    tokio::sync::oneshot,
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

/// Time for which a stream of reports keeps its place in any case.
const KEPT_FOR: Duration = Duration::from_secs(10);

/// Bounds the open streams of reports, which anyone may read.
///
/// Where all places are taken, a stream of the network that has the most of them gives way to one of a network that has fewer, the
/// oldest one first: so no number of networks keeps others out for long, and whoever is cut off reads on after its last report. The
/// lock is held for single steps.
pub(crate) struct ReportStreams {
    /// The open streams, the oldest first.
    open: Arc<Mutex<Vec<OpenStream>>>,
    most: usize,
    most_per_network: usize,
}

struct OpenStream {
    network: ClientNetwork,
    began: Instant,
    /// Its end is the signal to give way.
    gives_way: oneshot::Sender<()>,
}

/// An open stream of reports. It counts until it is dropped, or gives way.
pub(crate) struct ReportStreamPlace {
    open: Arc<Mutex<Vec<OpenStream>>>,
    given: oneshot::Receiver<()>,
}

impl ReportStreams {
    /// Starts with none.
    pub(crate) fn new(limits: &Limits) -> ReportStreams {
        let (most, most_per_network) = (limits.report_streams, limits.report_streams_per_address);
        ReportStreams { open: Arc::default(), most, most_per_network }
    }

    /// Begins a stream of a network. `None` at a bound.
    pub(crate) fn enter(&self, network: ClientNetwork) -> Option<ReportStreamPlace> {
        self.enter_at(network, Instant::now())
    }

    fn enter_at(&self, network: ClientNetwork, now: Instant) -> Option<ReportStreamPlace> {
        let mut open = lock(&self.open);
        let count = |network: ClientNetwork| open.iter().filter(|stream| stream.network == network).count();
        let own = count(network);
        if own >= self.most_per_network {
            return None;
        }
        if open.len() >= self.most {
            let old = |stream: &OpenStream| now.saturating_duration_since(stream.began) >= KEPT_FOR;
            let places = open.iter().enumerate().filter(|(_, stream)| old(stream));
            let of_network = places.map(|(place, stream)| (count(stream.network), place));
            let (taken, place) = of_network.max_by_key(|(taken, place)| (*taken, Reverse(*place)))?;
            if taken <= own {
                return None;
            }
            open.remove(place);
        }
        let (gives_way, given) = oneshot::channel();
        open.push(OpenStream { network, began: now, gives_way });
        Some(ReportStreamPlace { open: self.open.clone(), given })
    }
}

impl ReportStreamPlace {
    /// Returns once another stream has its place.
    pub(crate) async fn given_up(&mut self) {
        // Nothing is ever sent.
        let _ = (&mut self.given).await;
    }
}

impl Drop for ReportStreamPlace {
    fn drop(&mut self) {
        self.given.close();
        lock(&self.open).retain(|stream| !stream.gives_way.is_closed());
    }
}

#[cfg(test)]
mod tests {
    use {super::*, tokio::sync::oneshot::error::TryRecvError};

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
        assert!(lock(&streams.open).is_empty());
    }

    #[tokio::test]
    async fn many_networks_keep_no_other_one_out_of_the_streams_of_reports() {
        let limits = Limits { report_streams: 6, report_streams_per_address: 2, ..Limits::default() };
        let streams = ReportStreams::new(&limits);
        let network = |last| ClientNetwork::new([10, 0, 0, last].into());
        let (began, later) = (Instant::now(), Instant::now() + KEPT_FOR);
        let enter = |last| streams.enter_at(network(last), began).unwrap();
        let mut all = [enter(1), enter(2), enter(2), enter(3), enter(3), enter(4)];
        assert!(streams.enter_at(network(9), began).is_none(), "each has its time");
        let mut mine = streams.enter_at(network(9), later).unwrap();
        all[1].given_up().await;
        let ended = |place: &mut ReportStreamPlace| place.given.try_recv() == Err(TryRecvError::Closed);
        assert!(!ended(&mut mine) && all.iter_mut().enumerate().all(|(at, place)| at == 1 || !ended(place)));
        assert_eq!(lock(&streams.open).len(), 6);
        // Where all have one, the oldest gives way to a network without any, and to no second one.
        drop(all);
        let places = [5, 6, 7, 8, 10].map(|last| streams.enter_at(network(last), later));
        assert_eq!(places.iter().flatten().count(), 5);
        assert!(streams.enter_at(network(5), later + KEPT_FOR).is_none());
        let last = streams.enter_at(network(12), later + KEPT_FOR);
        assert!(last.is_some() && ended(&mut mine));
        drop((mine, places, last));
        assert!(lock(&streams.open).is_empty());
    }
}
