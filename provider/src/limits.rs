//! Bounds on the requests that run at once, in all and of each credit, and on streams of reports.

use {
    crate::{config::Limits, error::ApiError},
    blockable_sdk::Pubkey,
    blockable_service::{http::ClientNetwork, lock::lock},
    std::{
        collections::HashMap,
        hash::Hash,
        sync::{Arc, Mutex},
        time::Duration,
    },
    tokio::sync::{OwnedSemaphorePermit, Semaphore, watch},
};

/// Places that are taken of each of many. The map holds only keys with some; its lock is never held across an `await`.
#[derive(Debug)]
pub(crate) struct Shares<K>(Arc<Mutex<HashMap<K, usize>>>);

/// Requests or bodies of each credit.
pub(crate) type CreditCounts = Shares<Pubkey>;
/// The place of one request or body in its credit's share, until it is dropped.
pub(crate) type CreditPlace = SharePlace<Pubkey>;

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

/// Counts running requests, and bodies that are received.
///
/// A request runs once its body is there: who sends slowly keeps a place among its own credit's bodies, and none of those that
/// run. Nothing of it is kept over a restart, which ends all requests.
#[derive(Clone)]
pub(crate) struct Running {
    all: Arc<Semaphore>,
    most: u32,
    most_per_credit: usize,
    credits: CreditCounts,
    receiving: CreditCounts,
    /// True once the requests that run must end.
    cut: watch::Sender<bool>,
}

/// A running request. It counts until the permit is dropped.
pub(crate) struct Permit {
    _credit: CreditPlace,
    _all: OwnedSemaphorePermit,
    cut: watch::Receiver<bool>,
}

impl Permit {
    /// Returns once the request must end, since the server stops.
    pub(crate) async fn was_cut(&self) {
        if self.cut.clone().wait_for(|cut| *cut).await.is_err() {
            // The server that would cut it is gone.
            std::future::pending().await
        }
    }
}

impl Running {
    /// Starts with no running request.
    pub(crate) fn new(limits: &Limits) -> Running {
        let most = u32::try_from(limits.requests).unwrap_or(u32::MAX);
        Running {
            all: Arc::new(Semaphore::new(limits.requests)),
            most,
            most_per_credit: limits.requests_per_credit,
            credits: CreditCounts::default(),
            receiving: CreditCounts::default(),
            cut: watch::Sender::new(false),
        }
    }

    /// Begins to receive the body of a credit's request. Errors: 429 where as many of the credit's are coming as may run.
    pub(crate) fn receive(&self, credit: Pubkey) -> Result<CreditPlace, ApiError> {
        self.receiving.enter(credit, self.most_per_credit).ok_or_else(|| {
            let most = self.most_per_credit;
            let message =
                format!("{most} requests of this credit are being sent; wait until one has arrived");
            ApiError::too_many("too_many_requests", message)
        })
    }

    /// Begins a request of a credit, whose body is there. Errors: 429 at a bound.
    pub(crate) fn enter(&self, credit: Pubkey) -> Result<Permit, ApiError> {
        let all = self.all.clone().try_acquire_owned().map_err(|_| {
            ApiError::too_many("server_busy", "the server runs as many requests as it may; try again shortly")
        })?;
        let place = self.credits.enter(credit, self.most_per_credit).ok_or_else(|| {
            let most = self.most_per_credit;
            let message = format!("{most} requests of this credit are running; wait until one ends");
            ApiError::too_many("too_many_requests", message)
        })?;
        Ok(Permit { _credit: place, _all: all, cut: self.cut.subscribe() })
    }

    /// Number of running requests.
    pub(crate) fn count(&self) -> usize {
        (self.most as usize).saturating_sub(self.all.available_permits())
    }

    /// Lets the requests that run end now, with what they have.
    pub(crate) fn cut(&self) {
        self.cut.send_replace(true);
    }

    /// Waits until no request runs. Returns false where that takes longer than `within`.
    pub(crate) async fn ended(&self, within: Duration) -> bool {
        tokio::time::timeout(within, self.all.acquire_many(self.most)).await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn requests_are_bounded_in_all_and_per_credit() {
        let limits = Limits { requests: 3, requests_per_credit: 2, ..Limits::default() };
        let running = Running::new(&limits);
        let (one, other) = (Pubkey::new_unique(), Pubkey::new_unique());
        let first = running.enter(one).ok().unwrap();
        let second = running.enter(one).ok().unwrap();
        assert_eq!(running.enter(one).err().unwrap().code, "too_many_requests");
        let third = running.enter(other).ok().unwrap();
        assert_eq!(running.enter(other).err().unwrap().code, "server_busy");
        assert_eq!(running.count(), 3);
        assert!(!running.ended(Duration::from_millis(1)).await);
        drop((first, second, third));
        assert!(running.ended(Duration::from_secs(5)).await);
        assert!(running.enter(one).is_ok());
        assert!(running.credits.0.lock().unwrap().is_empty());
    }

    #[test]
    fn bodies_that_come_take_no_place_of_requests_that_run() {
        let limits = Limits { requests: 2, requests_per_credit: 1, ..Limits::default() };
        let running = Running::new(&limits);
        let credits: [Pubkey; 4] = std::array::from_fn(|_| Pubkey::new_unique());
        let coming: Vec<_> = credits.iter().map(|credit| running.receive(*credit).ok().unwrap()).collect();
        assert_eq!((running.count(), coming.len()), (0, 4));
        assert_eq!(running.receive(credits[0]).err().unwrap().code, "too_many_requests");
        assert!(running.enter(credits[0]).is_ok());
        drop(coming);
        assert!(running.receive(credits[0]).is_ok());
    }

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
        assert!(streams.networks.0.lock().unwrap().is_empty());
    }
}
