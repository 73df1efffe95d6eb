//! The upstreams of one model, and the choice between them.

use {
    super::{
        fault::{Evidence, FaultClass, UpstreamFault},
        health::{Change, Health, Rank},
        server::UpstreamServer,
    },
    crate::limits::CreditPlace,
    blockable_sdk::Pubkey,
    blockable_service::lock::lock,
    std::{
        sync::{Arc, Mutex, atomic::Ordering},
        time::{Duration, Instant},
    },
};

/// The upstreams of one model.
///
/// Shared by all requests to the model and by the tasks that probe. The lock guards the turns and the health; it is never
/// held across an `await`. Running requests are counted by each upstream, since requests of an earlier list of models may still
/// run there. Nothing of it is kept over a restart, which begins with all upstreams up.
pub(crate) struct Pool {
    servers: Vec<Arc<UpstreamServer>>,
    seats: Mutex<Vec<Seat>>,
}

/// The health of an upstream, and its turn among equals.
#[derive(Clone, Copy, Debug, Default)]
struct Seat {
    /// Grows by the weight with every choice among equals; the highest one is taken, and pays for it.
    turn: i64,
    health: Health,
}

impl Pool {
    /// Upstreams in place of those of an earlier pool, if there was one. Those that are the same servers keep their health, unless
    /// their key is another one, and their running requests; the others are up.
    pub(crate) fn after(before: Option<&Pool>, mut servers: Vec<UpstreamServer>) -> Arc<Pool> {
        let mut seats = vec![Seat::default(); servers.len()];
        for (server, seat) in servers.iter_mut().zip(&mut seats) {
            let Some((known, health)) = before.and_then(|before| before.find(server)) else { continue };
            (server.running, server.credits) = (known.running.clone(), known.credits.clone());
            if server.authorisation == known.authorisation {
                seat.health = health;
            }
        }
        Arc::new(Pool { servers: servers.into_iter().map(Arc::new).collect(), seats: Mutex::new(seats) })
    }

    fn find(&self, server: &UpstreamServer) -> Option<(&UpstreamServer, Health)> {
        let place = self.servers.iter().position(|known| known.is_same_as(server))?;
        let health = lock(&self.seats).get(place)?.health;
        Some((self.servers.get(place)?, health))
    }

    /// The upstreams, in the order of the file.
    pub(crate) fn servers(&self) -> &[Arc<UpstreamServer>] {
        &self.servers
    }

    /// Takes the upstream for a credit's request that `tried` others before. `None` where none has room for the credit.
    pub(crate) fn take(self: &Arc<Pool>, credit: &Pubkey, tried: &[usize], now: Instant) -> Option<Slot> {
        let mut seats = lock(&self.seats);
        let place = choose(&self.servers, &mut seats, (credit, tried), now)?;
        let server = self.servers.get(place)?.clone();
        let counted = server.credits.enter(*credit, usize::MAX)?;
        server.running.fetch_add(1, Ordering::Relaxed);
        drop(seats);
        Some(Slot { pool: self.clone(), server, place, _counted: counted })
    }

    /// The upstreams that are down for all, by name.
    pub(crate) fn down(&self) -> Vec<&str> {
        let places = self.servers.iter().enumerate().filter(|(place, _)| !self.is_up(*place));
        places.map(|(_, server)| server.name.as_str()).collect()
    }

    /// True where an upstream is not down for all.
    pub(crate) fn is_up(&self, place: usize) -> bool {
        lock(&self.seats).get(place).is_some_and(|seat| !seat.health.is_down())
    }

    /// Running requests of an upstream.
    pub(crate) fn running(&self, place: usize) -> usize {
        self.servers.get(place).map_or(0, |server| server.running())
    }

    /// The time of the next probe of an upstream.
    pub(super) fn next_probe(&self, place: usize, last: Instant, interval: Duration) -> Instant {
        lock(&self.seats).get(place).map_or(last, |seat| seat.health.next_probe(last, interval))
    }

    /// Notes the result of a probe.
    pub(super) fn note_probe(&self, place: usize, result: Result<(), Evidence>, now: Instant) -> Change {
        self.change(place, |health| match result {
            Ok(()) => health.note_probe(),
            Err(evidence) => health.note_failure(evidence, None, now),
        })
    }

    fn change(&self, place: usize, change: impl FnOnce(&mut Health) -> Change) -> Change {
        let mut seats = lock(&self.seats);
        let changed = seats.get_mut(place).map_or(Change::None, |seat| change(&mut seat.health));
        drop(seats);
        // Its next probe is sooner than it was.
        if matches!(changed, Change::Doubted(_) | Change::Down)
            && let Some(server) = self.servers.get(place)
        {
            server.failed.notify_one();
        }
        changed
    }
}

/// Chooses the best rank, among those the fewest running requests for the weight, among those by turns. An upstream that is
/// down is taken only where no other one is left: health never makes it worse than without it.
fn choose(
    servers: &[Arc<UpstreamServer>],
    seats: &mut [Seat],
    (credit, tried): (&Pubkey, &[usize]),
    now: Instant,
) -> Option<usize> {
    let left: Vec<usize> = (0..seats.len()).filter(|place| !tried.contains(place)).collect();
    let rank = |place: &usize| seats.get(*place).map_or(Rank::Down, |seat| seat.health.rank(now));
    let any_works = left.iter().any(|place| rank(place) < Rank::Down);
    let mut best: Vec<(usize, u32)> = Vec::new();
    let mut best_load = None;
    for place in left {
        let (Some(server), Some(seat)) = (servers.get(place), seats.get(place)) else { continue };
        let rank = seat.health.rank(now);
        let running = server.running();
        if !server.has_room(credit) || (any_works && rank == Rank::Down) {
            continue;
        }
        // Running requests for the weight, compared without a fraction.
        let load = (rank, (running as u128).saturating_mul(1_000_000_000) / u128::from(server.weight.max(1)));
        if best_load.is_none_or(|best| load < best) {
            (best_load, best) = (Some(load), Vec::new());
        }
        if best_load == Some(load) {
            best.push((place, server.weight));
        }
    }
    let total: i64 = best.iter().map(|(_, weight)| i64::from(*weight)).sum();
    for (place, weight) in &best {
        if let Some(seat) = seats.get_mut(*place) {
            seat.turn = seat.turn.saturating_add(i64::from(*weight));
        }
    }
    let turn = |place: usize| seats.get(place).map_or(i64::MIN, |seat| seat.turn);
    let taken = best.iter().map(|(place, _)| *place).reduce(|a, b| if turn(b) > turn(a) { b } else { a })?;
    if let Some(seat) = seats.get_mut(taken) {
        seat.turn = seat.turn.saturating_sub(total);
    }
    Some(taken)
}

/// A request at an upstream. It counts until it is dropped.
pub(crate) struct Slot {
    pool: Arc<Pool>,
    server: Arc<UpstreamServer>,
    /// The upstream's place in the file.
    pub place: usize,
    _counted: CreditPlace,
}

impl Slot {
    /// The upstream.
    pub(crate) fn server(&self) -> &UpstreamServer {
        &self.server
    }

    /// Notes that the upstream has answered.
    pub(crate) fn note_answer(&self) -> Change {
        self.pool.change(self.place, Health::note_answer)
    }

    /// Notes a failure of a borrower's request.
    pub(crate) fn note_fault(&self, fault: &UpstreamFault, borrower: &Pubkey, now: Instant) -> Change {
        self.pool.change(self.place, |health| {
            if let (FaultClass::Busy, Some(seconds)) = (fault.class, fault.error.retry_after) {
                health.note_busy(now, Duration::from_secs(u64::from(seconds)));
            }
            health.note_failure(fault.evidence(), Some(borrower), now)
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.server.running.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        crate::{
            config::{ModelConfig, UpstreamConfig},
            price::Price,
        },
    };

    const ONE: Pubkey = Pubkey::new_from_array([1; 32]);
    const OTHER: Pubkey = Pubkey::new_from_array([2; 32]);

    fn pool(weights: &[(u32, usize)]) -> Arc<Pool> {
        Pool::after(None, servers(weights))
    }

    fn servers(weights: &[(u32, usize)]) -> Vec<UpstreamServer> {
        let model = ModelConfig::echo("m", Price::default());
        let server = |(place, (weight, connections)): (usize, &(u32, usize))| {
            let upstream =
                UpstreamConfig { weight: *weight, connections: *connections, ..UpstreamConfig::at("") };
            UpstreamServer::new(&model, &upstream, place.to_string()).unwrap()
        };
        weights.iter().enumerate().map(server).collect()
    }

    fn places(pool: &Arc<Pool>, count: usize) -> Vec<usize> {
        (0..count).map(|_| pool.take(&ONE, &[], Instant::now()).unwrap().place).collect()
    }

    #[test]
    fn requests_after_each_other_are_shared_by_weight_in_turns() {
        assert_eq!(places(&pool(&[(1, 9), (1, 9), (1, 9)]), 6), [0, 1, 2, 0, 1, 2]);
        let taken = places(&pool(&[(5, 9), (1, 9), (1, 9)]), 14);
        assert_eq!(taken, [0, 0, 1, 0, 2, 0, 0, 0, 0, 1, 0, 2, 0, 0]);
    }

    #[test]
    fn requests_at_once_go_where_the_fewest_run_for_the_weight() {
        let pool = pool(&[(2, 9), (1, 9)]);
        let slots: Vec<Slot> = (0..6).map(|_| pool.take(&ONE, &[], Instant::now()).unwrap()).collect();
        assert_eq!((pool.running(0), pool.running(1)), (4, 2));
        drop(slots);
        assert_eq!((pool.running(0), pool.running(1)), (0, 0));
    }

    #[test]
    fn an_upstream_serves_no_more_at_once_than_it_may() {
        let pool = pool(&[(100, 1), (1, 2)]);
        let slots: Vec<Slot> = (0..3).map(|_| pool.take(&ONE, &[], Instant::now()).unwrap()).collect();
        assert_eq!(slots.iter().map(|slot| slot.place).collect::<Vec<_>>(), [0, 1, 1]);
        assert!(pool.take(&ONE, &[], Instant::now()).is_none());
        drop(slots);
        assert!(pool.take(&ONE, &[], Instant::now()).is_some());
    }

    /// The places that a credit can take.
    fn fill(pool: &Arc<Pool>, credit: &Pubkey) -> Vec<Slot> {
        std::iter::from_fn(|| pool.take(credit, &[], Instant::now())).collect()
    }

    #[test]
    fn no_credit_alone_takes_all_places_of_an_upstream() {
        for (connections, first) in [(1, 1), (2, 2), (4, 3), (8, 6), (256, 192)] {
            assert_eq!(fill(&pool(&[(1, connections)]), &ONE).len(), first, "of {connections}");
        }
        let pool = pool(&[(1, 64)]);
        let mut one = fill(&pool, &ONE);
        let mut other = fill(&pool, &OTHER);
        assert_eq!((one.len(), other.len()), (48, 12), "the next one finds places");
        // As requests end, both come to the same share.
        for _ in 0..200 {
            one.pop();
            one.extend(pool.take(&ONE, &[], Instant::now()));
            other.extend(pool.take(&OTHER, &[], Instant::now()));
        }
        assert!(
            one.len().abs_diff(other.len()) <= 3 && one.len() + other.len() < 64,
            "{} {}",
            one.len(),
            other.len()
        );
    }

    #[test]
    fn one_that_is_down_is_taken_where_no_other_is_left() {
        let (pool, now) = (pool(&[(1, 1), (1, 1)]), Instant::now());
        let fault = UpstreamFault::failed("gone");
        let slot = pool.take(&ONE, &[], now).unwrap();
        for expected in [Change::None, Change::None, Change::Doubted(ONE), Change::None] {
            assert_eq!(slot.note_fault(&fault, &ONE, now), expected);
        }
        drop(slot);
        for (borrower, change) in [(OTHER, Change::None), (Pubkey::new_from_array([3; 32]), Change::Down)] {
            assert!(pool.is_up(0), "few borrowers alone name none as down");
            let slot = pool.take(&OTHER, &[1], now).unwrap();
            assert_eq!(slot.note_fault(&fault, &borrower, now), change);
        }
        assert!(!pool.is_up(0) && pool.is_up(1));
        assert_eq!(places(&pool, 3), [1, 1, 1]);
        let other = pool.take(&ONE, &[], now).unwrap();
        assert!(
            pool.take(&ONE, &[], now).is_none(),
            "one without room is no reason to take one that is down"
        );
        assert_eq!(pool.take(&ONE, &[1], now).unwrap().place, 0, "the other has been tried");
        assert!(pool.take(&ONE, &[0, 1], now).is_none());
        for _ in 0..3 {
            other.note_fault(&fault, &ONE, now);
        }
        assert!(pool.take(&ONE, &[], now).is_none(), "one that is doubted may still work");
        pool.note_probe(1, Err(Evidence::Failure), now);
        assert_eq!(pool.take(&ONE, &[], now).unwrap().place, 0, "all are down");
        assert_eq!(pool.note_probe(0, Ok(()), now), Change::Up);
        assert_eq!(other.note_answer(), Change::Up);
        assert!(pool.is_up(0) && pool.is_up(1));
    }

    #[test]
    fn a_pool_that_replaces_another_takes_over_health_and_running_requests() {
        let (before, now) = (pool(&[(1, 9), (1, 9), (1, 9)]), Instant::now());
        let slots: Vec<Slot> = (0..3).map(|_| before.take(&ONE, &[], now).unwrap()).collect();
        for _ in 0..3 {
            slots[1].note_fault(&UpstreamFault::failed("gone"), &ONE, now);
            slots[2].note_fault(&UpstreamFault::failed("gone"), &ONE, now);
        }
        for place in [1, 2] {
            before.note_probe(place, Err(Evidence::Failure), now);
        }
        let mut next = servers(&[(1, 1), (1, 9), (1, 9), (1, 9)]);
        next[2].authorisation = Some(axum::http::HeaderValue::from_static("Bearer another"));
        let next = Pool::after(Some(&before), next);
        assert_eq!(
            [0, 1, 2, 3].map(|place| next.is_up(place)),
            [true, false, true, true],
            "2 has another key"
        );
        assert_eq!([0, 1, 2, 3].map(|place| next.running(place)), [1, 1, 1, 0]);
        assert!(next.take(&ONE, &[1, 2, 3], now).is_none(), "0 has the one request that it may have");
        drop(slots);
        assert_eq!([0, 1, 2, 3].map(|place| next.running(place)), [0, 0, 0, 0]);
    }

    #[test]
    fn a_busy_one_is_taken_after_the_others() {
        let (pool, now) = (pool(&[(1, 9), (1, 1)]), Instant::now());
        let slot = pool.take(&ONE, &[], now).unwrap();
        let answer = axum::http::StatusCode::TOO_MANY_REQUESTS;
        let names = super::super::Names { public: "", internal: "", key: None };
        let fault = UpstreamFault::from_answer(answer, &Default::default(), b"", names);
        assert_eq!(slot.note_fault(&fault, &ONE, now), Change::None);
        drop(slot);
        let one = pool.take(&ONE, &[], now).unwrap();
        assert_eq!((one.place, pool.take(&ONE, &[], now).unwrap().place), (1, 0));
    }
}
