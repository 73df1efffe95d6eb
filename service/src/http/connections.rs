//! The open connections of one or more listeners, and who gives way when there are too many.

use {
    super::{
        ClientNetwork,
        slot::{Slot, Yielding},
    },
    crate::lock::lock,
    std::{
        collections::{HashMap, hash_map::Entry},
        sync::{
            Arc, Mutex,
            atomic::{AtomicUsize, Ordering},
        },
        time::Duration,
    },
    tokio::{
        sync::Notify,
        time::{Instant, timeout},
    },
};

/// Pause after which a connection that waits for a place looks again whether one may give way by now.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// A share of connections or requests that is used up.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ShareUsedUp;

/// The open connections of one or more listeners.
///
/// A new connection takes a place. Where all are taken, or all of its network's share, another one is closed for it: one of a
/// network that has more than its fair part of the places before one of any other; among these the one that has been idle for the longest time; where none is idle, the one whose head has been coming for the longest time, or whose
/// client has let its answer wait for the longest time, or whose body has been coming for the longest time; and only then one that
/// has been idle, or whose head has been coming, for less than a second. A connection whose
/// request is served is not closed while its client takes the answer as it comes; it ends with that answer where others wait.
/// The lock of `places` may be held while a slot's is taken, never the other way round, and neither across an `await`.
pub struct Connections {
    most: usize,
    most_per_network: usize,
    places: Mutex<Places>,
    /// Notified where a place becomes free, or a connection idle.
    freed: Notify,
    /// Connections that wait for a place.
    waiting: AtomicUsize,
    /// Most bytes of large answers in memory.
    pub(super) most_sending: usize,
    /// Bytes of large answers in memory, but for those whose connections were told to close. They are those of all slots, and of
    /// answers that are being made; it is raised before the slot's and lowered after it, so that it never is the lower one.
    pub(super) sending: AtomicUsize,
}

/// A connection that waits for a place, until it is dropped.
struct Waiter<'a>(&'a AtomicUsize);

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
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

    /// The places that each network may have where all those that want some have as many: `most` by the networks that have some
    /// and the one that asks.
    fn fair_part(&self, most: usize, asks: Option<ClientNetwork>) -> usize {
        let new = asks.is_some_and(|network| !self.networks.contains_key(&network));
        (most / (self.networks.len() + usize::from(new)).max(1)).max(1)
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
    /// Makes room for so many connections in all and of one network, and for so many bytes of their answers.
    pub fn new(most: usize, most_per_network: usize, most_sending: usize) -> Arc<Connections> {
        let (most, most_per_network) = (most.max(1), most_per_network.max(1));
        Arc::new(Connections {
            most,
            most_per_network,
            places: Mutex::default(),
            freed: Notify::new(),
            waiting: AtomicUsize::new(0),
            most_sending,
            sending: AtomicUsize::new(0),
        })
    }

    /// The number of open connections.
    pub fn open(&self) -> usize {
        lock(&self.places).open.len()
    }

    /// True where a connection waits for a place.
    pub(super) fn is_waited_for(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    /// Takes a place, and waits while no connection may give way. A client without a network has no share to keep to.
    /// Errors: [`ShareUsedUp`].
    pub(super) async fn admit(
        self: &Arc<Self>,
        network: Option<ClientNetwork>,
    ) -> Result<Place, ShareUsedUp> {
        let mut waiter = None;
        loop {
            // Taken before the look, so that nothing that happens in between is missed.
            let freed = self.freed.notified();
            if let Some(place) = self.try_admit(network)? {
                return Ok(place);
            }
            waiter.get_or_insert_with(|| {
                self.waiting.fetch_add(1, Ordering::Relaxed);
                Waiter(&self.waiting)
            });
            // An answer may have been kept waiting for long enough by then.
            let _ = timeout(LOOK_EVERY, freed).await;
        }
    }

    fn try_admit(self: &Arc<Self>, network: Option<ClientNetwork>) -> Result<Option<Place>, ShareUsedUp> {
        let (mut places, now) = (lock(&self.places), Instant::now());
        let fair = places.fair_part(self.most, network);
        if let Some(network) = network {
            let used = places.networks.get(&network).copied().unwrap_or(0);
            // What it may close of its own does not depend on what others have.
            if used >= self.most_per_network && !self.close_one(&mut places, Some(network), usize::MAX, now) {
                return Err(ShareUsedUp);
            }
        }
        if places.open.len() >= self.most && !self.close_one(&mut places, None, fair, now) {
            return Ok(None);
        }
        if let Some(network) = network {
            *places.networks.entry(network).or_default() += 1;
        }
        let number = places.next;
        places.next += 1;
        let slot = Arc::new(Slot::new(network));
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

    /// Closes the connection that gives way to a new one of a network; of any where it is `None`. One of a network with more
    /// places than `fair` does before all others. Returns false where none may be closed.
    fn close_one(
        &self,
        places: &mut Places,
        network: Option<ClientNetwork>,
        fair: usize,
        now: Instant,
    ) -> bool {
        loop {
            let is_above = |slot: &Slot| {
                slot.network.and_then(|network| places.networks.get(&network)).is_some_and(|has| *has > fair)
            };
            let among = places.open.iter().filter(|(_, slot)| network.is_none() || slot.network == network);
            let first = among
                .filter_map(|(number, slot)| {
                    let is_above = is_above(slot);
                    Some((!is_above, slot.yielding(is_above, now)?, *number))
                })
                .min();
            let Some((is_within, _, number)) = first else { return false };
            if self.close(places, number, !is_within, now) {
                return true;
            }
        }
    }

    /// Tells a connection to close, whose answer no longer counts from now on: its task drops it soon. Returns false where it may
    /// not give way any more.
    fn close(&self, places: &mut Places, number: u64, is_above: bool, now: Instant) -> bool {
        if !places.open.get(&number).is_some_and(|slot| slot.give_way(is_above, now)) {
            return false;
        }
        if let Some(slot) = places.remove(number) {
            self.sending.fetch_sub(slot.sending.swap(0, Ordering::Relaxed), Ordering::Relaxed);
            slot.closed.notify_one();
        }
        true
    }

    /// True where so many more bytes of answers have room.
    fn has_room(&self, more: usize) -> bool {
        self.sending.load(Ordering::Relaxed).saturating_add(more) <= self.most_sending
    }

    /// Closes connections whose answers have waited for their clients for the longest time, until there is room for so many more
    /// bytes. Returns false where there is none.
    pub(super) fn make_room(&self, more: usize) -> bool {
        if self.has_room(more) {
            return true;
        }
        let (mut places, now) = (lock(&self.places), Instant::now());
        let mut stalled: Vec<_> = places
            .open
            .iter()
            .filter(|(_, slot)| slot.sending.load(Ordering::Relaxed) > 0)
            .filter_map(|(number, slot)| match slot.yielding(false, now)? {
                Yielding::Stalled(time) => Some((time, *number)),
                _ => None,
            })
            .collect();
        stalled.sort();
        for (_, number) in stalled {
            if self.has_room(more) {
                break;
            }
            self.close(&mut places, number, false, now);
        }
        self.has_room(more)
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
    use {super::*, crate::http::slot::Phase};

    fn network(last: u8) -> Option<ClientNetwork> {
        Some(ClientNetwork::new([10, 0, 0, last].into()))
    }

    async fn admit(connections: &Arc<Connections>, last: u8) -> Result<Place, ShareUsedUp> {
        timeout(Duration::from_secs(5), connections.admit(network(last))).await.unwrap()
    }

    #[tokio::test]
    async fn the_longest_idle_connection_gives_way_and_none_that_serves_does() {
        let connections = Connections::new(3, 3, usize::MAX);
        let (first, second, third) = (
            admit(&connections, 1).await.unwrap(),
            admit(&connections, 2).await.unwrap(),
            admit(&connections, 3).await.unwrap(),
        );
        assert!(first.slot.begin_request(false));
        second.slot.received();
        let fourth = admit(&connections, 4).await.unwrap();
        assert_eq!(third.slot.state().phase, Phase::Closed, "idle before one whose head is coming");
        assert!(fourth.slot.begin_request(false));
        let fifth = admit(&connections, 5).await.unwrap();
        assert_eq!(second.slot.state().phase, Phase::Closed);
        assert!(!second.slot.begin_request(false), "no request is served without a place");
        assert!(fifth.slot.begin_request(false));
        assert_eq!(connections.open(), 3);
        assert!(timeout(Duration::from_millis(20), connections.admit(network(6))).await.is_err());

        fifth.slot.end_answer();
        assert!(timeout(Duration::from_millis(20), connections.admit(network(6))).await.is_err());
        let waiting = {
            let connections = connections.clone();
            tokio::spawn(async move { connections.admit(network(6)).await.is_ok() })
        };
        tokio::task::yield_now().await;
        assert!(fifth.slot.note_flushed());
        connections.note_idle();
        assert!(timeout(Duration::from_secs(5), waiting).await.unwrap().unwrap());
        drop((first, second, third, fourth, fifth));
        assert_eq!(connections.open(), 0);
        assert!(lock(&connections.places).networks.is_empty());
    }

    #[tokio::test]
    async fn a_few_networks_with_slow_requests_shut_no_other_out() {
        let connections = Connections::new(8, 8, usize::MAX);
        let mut slow = Vec::new();
        for (number, has_body) in (0..8).zip([true, true, false, true].into_iter().cycle()) {
            let place = admit(&connections, 1 + number % 2).await.unwrap();
            if has_body {
                assert!(place.slot.begin_request(true));
            } else {
                place.slot.received();
            }
            slow.push(place);
        }
        // Two have all places. The third gets one at once, and keeps it before its first byte, whatever the others do.
        let customer = admit(&connections, 3).await.unwrap();
        for number in 0..20 {
            slow.push(admit(&connections, 1 + number % 2).await.unwrap());
        }
        assert_eq!(customer.slot.state().phase, Phase::Silent);
        assert!(customer.slot.begin_request(true));
        assert_eq!(connections.open(), 8);
    }

    #[tokio::test]
    async fn a_network_keeps_to_its_share() {
        let connections = Connections::new(8, 2, usize::MAX);
        let (busy, idle) = (admit(&connections, 1).await.unwrap(), admit(&connections, 1).await.unwrap());
        let other = admit(&connections, 2).await.unwrap();
        assert!(busy.slot.begin_request(false));
        let third = admit(&connections, 1).await.unwrap();
        assert_eq!(idle.slot.state().phase, Phase::Closed);
        assert!(third.slot.begin_request(false));
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
