//! The open connections of one or more listeners, and who gives way when there are too many.

use {
    super::ClientNetwork,
    crate::lock::lock,
    std::{
        collections::{HashMap, hash_map::Entry},
        sync::{Arc, Mutex},
    },
    tokio::{sync::Notify, time::Instant},
};

/// The part of a connection's life. A connection is idle in the first two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing has come yet.
    Silent,
    /// An answer has gone out and no byte of another request has come.
    Waiting,
    /// The head of a request is coming.
    Head,
    /// A request is served.
    Serving,
    /// The answer is complete, and a part of it has not gone out.
    Flushing,
    /// Its place was given to another connection.
    Closed,
}

/// A phase, the time of its beginning, and the number of phases before it.
#[derive(Clone, Copy, Debug)]
pub(super) struct PhaseState {
    pub(super) phase: Phase,
    pub(super) since: Instant,
    pub(super) number: u64,
}

/// One connection as the others see it. Its task, its service and its bodies move the phase on.
pub(super) struct Slot {
    network: Option<ClientNetwork>,
    state: Mutex<PhaseState>,
    /// Notified where the connection is to be closed.
    pub(super) closed: Notify,
}

impl Slot {
    pub(super) fn state(&self) -> PhaseState {
        *lock(&self.state)
    }

    /// Moves on to a phase from one of several. Returns false where it is in another one.
    fn advance(&self, from: &[Phase], to: Phase) -> bool {
        let mut state = lock(&self.state);
        let may = from.contains(&state.phase);
        if may {
            *state = PhaseState { phase: to, since: Instant::now(), number: state.number + 1 };
        }
        may
    }

    /// Notes that bytes have come.
    pub(super) fn received(&self) {
        self.advance(&[Phase::Silent, Phase::Waiting], Phase::Head);
    }

    /// Notes that a request's head is complete. Returns false where the connection has lost its place.
    pub(super) fn begin_request(&self) -> bool {
        // The next head may have come together with the last request.
        let from = [Phase::Silent, Phase::Waiting, Phase::Head, Phase::Serving, Phase::Flushing];
        self.advance(&from, Phase::Serving)
    }

    /// Notes that an answer is complete.
    pub(super) fn end_answer(&self) {
        self.advance(&[Phase::Serving], Phase::Flushing);
    }

    /// Notes that all bytes have gone out. Returns true where the connection is idle from now on.
    pub(super) fn flushed(&self) -> bool {
        self.advance(&[Phase::Flushing], Phase::Waiting)
    }
}

/// A share of connections or requests that is used up.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ShareUsedUp;

/// The open connections of one or more listeners.
///
/// A new connection takes a place. Where all are taken, or all of its network's share, the connection that has been idle for
/// the longest time is closed for it; where none is idle, the one whose head has been coming for the longest time. A
/// connection that serves a request is never closed for another one. The lock of `places` may be held while a slot's is taken,
/// never the other way round, and neither across an `await`.
pub struct Connections {
    most: usize,
    most_per_network: usize,
    places: Mutex<Places>,
    /// Notified where a place becomes free, or a connection idle.
    freed: Notify,
}

#[derive(Default)]
struct Places {
    next: u64,
    open: HashMap<u64, Arc<Slot>>,
    networks: HashMap<ClientNetwork, usize>,
    /// Requests through trusted proxies that are served, by their clients' networks.
    requests: HashMap<ClientNetwork, usize>,
}

impl Places {
    /// Removes a connection. Returns its slot where it was still there.
    fn remove(&mut self, number: u64) -> Option<Arc<Slot>> {
        let slot = self.open.remove(&number)?;
        if let Some(network) = slot.network {
            decrement(&mut self.networks, network);
        }
        Some(slot)
    }

    /// Closes the connection that gives way to a new one of a network; of any where it is `None`. Returns false where each
    /// serves a request.
    fn close_one(&mut self, network: Option<ClientNetwork>) -> bool {
        let among = self.open.iter().filter(|(_, slot)| network.is_none() || slot.network == network);
        let oldest = among
            .filter_map(|(number, slot)| {
                let state = slot.state();
                match state.phase {
                    Phase::Silent | Phase::Waiting => Some((false, state.since, *number)),
                    Phase::Head => Some((true, state.since, *number)),
                    Phase::Serving | Phase::Flushing | Phase::Closed => None,
                }
            })
            .min();
        let Some((_, _, number)) = oldest else { return false };
        let idle = [Phase::Silent, Phase::Waiting, Phase::Head];
        // A request may have begun in between.
        if !self.open.get(&number).is_some_and(|slot| slot.advance(&idle, Phase::Closed)) {
            return self.close_one(network);
        }
        if let Some(slot) = self.remove(number) {
            slot.closed.notify_one();
        }
        true
    }
}

fn decrement(counts: &mut HashMap<ClientNetwork, usize>, network: ClientNetwork) {
    if let Entry::Occupied(mut entry) = counts.entry(network) {
        match *entry.get() {
            0 | 1 => drop(entry.remove()),
            count => *entry.get_mut() = count - 1,
        }
    }
}

impl Connections {
    /// Makes room for so many connections in all and of one network.
    pub fn new(most: usize, most_per_network: usize) -> Arc<Connections> {
        let (most, most_per_network) = (most.max(1), most_per_network.max(1));
        Arc::new(Connections { most, most_per_network, places: Mutex::default(), freed: Notify::new() })
    }

    /// The number of open connections.
    pub fn open(&self) -> usize {
        lock(&self.places).open.len()
    }

    /// Takes a place, and waits while every connection serves a request. A client without a network has no share to keep to.
    /// Errors: [`ShareUsedUp`].
    pub(super) async fn admit(
        self: &Arc<Self>,
        network: Option<ClientNetwork>,
    ) -> Result<Place, ShareUsedUp> {
        loop {
            // Taken before the look, so that nothing that happens in between is missed.
            let freed = self.freed.notified();
            if let Some(place) = self.try_admit(network)? {
                return Ok(place);
            }
            freed.await;
        }
    }

    fn try_admit(self: &Arc<Self>, network: Option<ClientNetwork>) -> Result<Option<Place>, ShareUsedUp> {
        let mut places = lock(&self.places);
        if let Some(network) = network {
            let used = places.networks.get(&network).copied().unwrap_or(0);
            if used >= self.most_per_network && !places.close_one(Some(network)) {
                return Err(ShareUsedUp);
            }
        }
        if places.open.len() >= self.most && !places.close_one(None) {
            return Ok(None);
        }
        if let Some(network) = network {
            *places.networks.entry(network).or_default() += 1;
        }
        let number = places.next;
        places.next += 1;
        let state = PhaseState { phase: Phase::Silent, since: Instant::now(), number: 0 };
        let slot = Arc::new(Slot { network, state: Mutex::new(state), closed: Notify::new() });
        places.open.insert(number, slot.clone());
        Ok(Some(Place { connections: self.clone(), number, slot }))
    }

    /// Begins a request that a trusted proxy passes on. Errors: [`ShareUsedUp`].
    pub(super) fn enter_request(
        self: &Arc<Self>,
        network: ClientNetwork,
    ) -> Result<RequestPlace, ShareUsedUp> {
        let mut places = lock(&self.places);
        let requests = places.requests.entry(network).or_default();
        if *requests >= self.most_per_network {
            return Err(ShareUsedUp);
        }
        *requests += 1;
        Ok(RequestPlace { connections: self.clone(), network })
    }

    /// Notes that a connection has become idle, and so may give way to one that waits.
    pub(super) fn note_idle(&self) {
        self.freed.notify_waiters();
    }
}

/// The place of an open connection, until it is dropped.
pub(super) struct Place {
    pub(super) connections: Arc<Connections>,
    number: u64,
    pub(super) slot: Arc<Slot>,
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(lock(&self.connections.places).remove(self.number));
        self.connections.freed.notify_waiters();
    }
}

/// The place of a request in its network's share, until it is dropped.
pub(super) struct RequestPlace {
    connections: Arc<Connections>,
    network: ClientNetwork,
}

impl Drop for RequestPlace {
    fn drop(&mut self) {
        decrement(&mut lock(&self.connections.places).requests, self.network);
    }
}

#[cfg(test)]
mod tests {
    use {super::*, std::time::Duration, tokio::time::timeout};

    fn network(last: u8) -> Option<ClientNetwork> {
        Some(ClientNetwork::new([10, 0, 0, last].into()))
    }

    async fn admit(connections: &Arc<Connections>, last: u8) -> Result<Place, ShareUsedUp> {
        timeout(Duration::from_secs(5), connections.admit(network(last))).await.unwrap()
    }

    #[tokio::test]
    async fn the_longest_idle_connection_gives_way_and_none_that_serves_does() {
        let connections = Connections::new(3, 3);
        let (first, second, third) = (
            admit(&connections, 1).await.unwrap(),
            admit(&connections, 1).await.unwrap(),
            admit(&connections, 2).await.unwrap(),
        );
        assert!(first.slot.begin_request());
        second.slot.received();
        let fourth = admit(&connections, 3).await.unwrap();
        assert_eq!(third.slot.state().phase, Phase::Closed, "idle before one whose head is coming");
        assert!(fourth.slot.begin_request());
        let fifth = admit(&connections, 3).await.unwrap();
        assert_eq!(second.slot.state().phase, Phase::Closed);
        assert!(!second.slot.begin_request(), "no request is served without a place");
        assert!(fifth.slot.begin_request());
        assert_eq!(connections.open(), 3);
        assert!(timeout(Duration::from_millis(20), connections.admit(network(4))).await.is_err());

        fifth.slot.end_answer();
        assert!(timeout(Duration::from_millis(20), connections.admit(network(4))).await.is_err());
        let waiting = {
            let connections = connections.clone();
            tokio::spawn(async move { connections.admit(network(4)).await.is_ok() })
        };
        tokio::task::yield_now().await;
        assert!(fifth.slot.flushed());
        connections.note_idle();
        assert!(timeout(Duration::from_secs(5), waiting).await.unwrap().unwrap());
        drop((first, second, third, fourth, fifth));
        assert_eq!(connections.open(), 0);
        assert!(lock(&connections.places).networks.is_empty());
    }

    #[tokio::test]
    async fn a_network_keeps_to_its_share() {
        let connections = Connections::new(8, 2);
        let (busy, idle) = (admit(&connections, 1).await.unwrap(), admit(&connections, 1).await.unwrap());
        let other = admit(&connections, 2).await.unwrap();
        assert!(busy.slot.begin_request());
        let third = admit(&connections, 1).await.unwrap();
        assert_eq!(idle.slot.state().phase, Phase::Closed);
        assert!(third.slot.begin_request());
        assert_eq!(admit(&connections, 1).await.err(), Some(ShareUsedUp));
        assert_eq!(other.slot.state().phase, Phase::Silent, "others keep their connections");
        let unbounded = connections.admit(None).await.unwrap();
        drop((busy, idle, third, other, unbounded));

        let of = |last| connections.enter_request(network(last).unwrap());
        let (one, two) = (of(1).unwrap(), of(1).unwrap());
        assert_eq!((of(1).err(), of(2).is_ok()), (Some(ShareUsedUp), true));
        drop(one);
        assert!(of(1).is_ok());
        drop(two);
        assert!(lock(&connections.places).requests.is_empty());
    }
}
