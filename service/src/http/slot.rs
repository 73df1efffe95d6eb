//! One connection as the others see it: the part of its life that it is in, and the time for which its client lets answers wait.

use {
    super::ClientNetwork,
    crate::lock::lock,
    std::{
        sync::{Mutex, atomic::AtomicUsize},
        time::Duration,
    },
    tokio::{sync::Notify, time::Instant},
};

/// Time after which a connection that is idle, or whose head is coming, gives way before all others.
///
/// A client that has just connected, or is about to ask again, is not closed for the next one while others keep answers waiting.
const LEAST_IDLE: Duration = Duration::from_secs(1);
/// Time for which an answer must have been kept waiting before its connection gives way.
const LEAST_STALL: Duration = Duration::from_secs(1);
/// Time for which a body must have been coming before its connection gives way.
const LEAST_RECEIVING: Duration = Duration::from_secs(5);

/// The part of a connection's life. A connection is idle in the first two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing has come yet.
    Silent,
    /// An answer has gone out and no byte of another request has come.
    Waiting,
    /// The head of a request is coming.
    Head,
    /// The body of a request is coming.
    Receiving,
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

/// Time for which a client has let written bytes wait, less the time that it has earned by the bytes that it took.
///
/// A client that takes a byte now and then does not start anew by it.
#[derive(Clone, Copy, Debug, Default)]
struct Stall {
    before: Duration,
    /// The time since which nothing can be written.
    since: Option<Instant>,
}

impl Stall {
    fn total(&self, now: Instant) -> Duration {
        let now = self.since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        self.before.saturating_add(now)
    }
}

/// The place of a connection among those that may give way: the least one does first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Yielding {
    /// Nothing has been asked since, for at least [`LEAST_IDLE`].
    Idle(Instant),
    /// A head has been coming since, for at least [`LEAST_IDLE`].
    Head(Instant),
    /// The answer has waited for its client, the longest time first.
    Stalled(std::cmp::Reverse<Duration>),
    /// A body has been coming since, for at least [`LEAST_RECEIVING`].
    Receiving(Instant),
    /// Nothing has been asked since, a short time ago.
    IdleShortly(Instant),
    /// A head has been coming since, a short time ago.
    HeadShortly(Instant),
    /// A body has been coming since, a short time ago. Only of a network that has more than its fair part of the places.
    ReceivingShortly(Instant),
}

/// One connection as the others see it. Its task, its service and its bodies move the phase on.
///
/// Its two locks are never held together, nor across an `await`.
pub(super) struct Slot {
    pub(super) network: Option<ClientNetwork>,
    state: Mutex<PhaseState>,
    stall: Mutex<Stall>,
    /// Bytes of a large answer that it has not taken.
    pub(super) sending: AtomicUsize,
    /// Notified where the connection is to be closed.
    pub(super) closed: Notify,
    /// Notified where an answer has gone out.
    flushed: Notify,
}

impl Slot {
    /// A new connection. A client without a network has no share to keep to.
    pub(super) fn new(network: Option<ClientNetwork>) -> Slot {
        let state = PhaseState { phase: Phase::Silent, since: Instant::now(), number: 0 };
        Slot {
            network,
            state: Mutex::new(state),
            stall: Mutex::default(),
            sending: AtomicUsize::new(0),
            closed: Notify::new(),
            flushed: Notify::new(),
        }
    }

    pub(super) fn state(&self) -> PhaseState {
        *lock(&self.state)
    }

    /// Moves on to a phase from one of several. Returns false where it is in another one.
    fn advance(&self, from: &[Phase], to: Phase) -> bool {
        let mut state = lock(&self.state);
        let may = from.contains(&state.phase);
        if may {
            // The body of a request belongs to its turn.
            let is_new_turn = state.phase != Phase::Receiving || to != Phase::Serving;
            *state = PhaseState {
                phase: to,
                since: Instant::now(),
                number: state.number + u64::from(is_new_turn),
            };
        }
        may
    }

    /// Notes that bytes have come.
    pub(super) fn received(&self) {
        self.advance(&[Phase::Silent, Phase::Waiting], Phase::Head);
    }

    /// Waits until the answer before has gone out. The next head may have come together with the last request.
    pub(super) async fn until_flushed(&self) {
        loop {
            // Taken before the look, so that nothing that happens in between is missed.
            let flushed = self.flushed.notified();
            if self.state().phase != Phase::Flushing {
                return;
            }
            flushed.await;
        }
    }

    /// Notes that a request's head is complete. Returns false where the connection has lost its place.
    pub(super) fn begin_request(&self, has_body: bool) -> bool {
        let from = [Phase::Silent, Phase::Waiting, Phase::Head];
        self.advance(&from, if has_body { Phase::Receiving } else { Phase::Serving })
    }

    /// Notes that a request's body has been read, or is not wanted.
    pub(super) fn end_body(&self) {
        self.advance(&[Phase::Receiving], Phase::Serving);
    }

    /// Notes that an answer is complete.
    pub(super) fn end_answer(&self) {
        self.advance(&[Phase::Receiving, Phase::Serving], Phase::Flushing);
    }

    /// Notes that all bytes have gone out. Returns true where the connection is idle from now on.
    pub(super) fn note_flushed(&self) -> bool {
        let is_idle = self.advance(&[Phase::Flushing], Phase::Waiting);
        if is_idle {
            self.flushed.notify_waiters();
        }
        is_idle
    }

    /// Notes that nothing can be written. Returns the time for which the client may let it wait yet, of `patience` in all.
    pub(super) fn note_stall(&self, patience: Duration, now: Instant) -> Duration {
        let mut stall = lock(&self.stall);
        stall.since.get_or_insert(now);
        patience.saturating_sub(stall.total(now))
    }

    /// Notes bytes that were written, at least so many of which should go out per second.
    pub(super) fn note_written(&self, bytes: usize, per_second: u64, now: Instant) {
        let earned = (bytes as u64).saturating_mul(1_000) / per_second.max(1);
        let mut stall = lock(&self.stall);
        let before = stall.total(now).saturating_sub(Duration::from_millis(earned));
        *stall = Stall { before, since: None };
    }

    /// The place among those that may give way to another connection; `None` where it may not. A connection of a network that
    /// has more than its fair part of the places gives way also while its body has just begun to come.
    pub(super) fn yielding(&self, is_above_fair: bool, now: Instant) -> Option<Yielding> {
        let state = self.state();
        let lasted = now.saturating_duration_since(state.since);
        match state.phase {
            Phase::Silent | Phase::Waiting if lasted >= LEAST_IDLE => {
                return Some(Yielding::Idle(state.since));
            }
            Phase::Silent | Phase::Waiting => return Some(Yielding::IdleShortly(state.since)),
            Phase::Head if lasted >= LEAST_IDLE => return Some(Yielding::Head(state.since)),
            Phase::Head => return Some(Yielding::HeadShortly(state.since)),
            Phase::Receiving if lasted >= LEAST_RECEIVING => return Some(Yielding::Receiving(state.since)),
            Phase::Receiving if is_above_fair => return Some(Yielding::ReceivingShortly(state.since)),
            Phase::Receiving | Phase::Closed => return None,
            Phase::Serving | Phase::Flushing => {}
        }
        let stall = *lock(&self.stall);
        let total = stall.total(now);
        (stall.since.is_some() && total >= LEAST_STALL).then_some(Yielding::Stalled(std::cmp::Reverse(total)))
    }

    /// Gives its place to another connection, where it still may. Returns false where it may not any more.
    pub(super) fn give_way(&self, is_above_fair: bool, now: Instant) -> bool {
        let open =
            [Phase::Silent, Phase::Waiting, Phase::Head, Phase::Receiving, Phase::Serving, Phase::Flushing];
        // A request may have begun, or bytes may have gone out, since it was chosen.
        self.yielding(is_above_fair, now).is_some() && self.advance(&open, Phase::Closed)
    }
}

#[cfg(test)]
mod tests {
    use {super::*, std::cmp::Reverse};

    const PATIENCE: Duration = Duration::from_secs(30);
    const SECOND: Duration = Duration::from_secs(1);

    fn serving(has_body: bool) -> Slot {
        let slot = Slot::new(None);
        assert!(slot.begin_request(has_body));
        slot
    }

    #[test]
    fn an_answer_gives_way_once_its_client_has_let_it_wait() {
        let (slot, now) = (serving(false), Instant::now());
        assert_eq!(slot.note_stall(PATIENCE, now), PATIENCE);
        assert_eq!(slot.yielding(false, now + SECOND / 2), None);
        assert_eq!(slot.yielding(false, now + SECOND * 2), Some(Yielding::Stalled(Reverse(SECOND * 2))));
        // A byte earns next to nothing, and an answer that is being taken does not give way.
        slot.note_written(1, 1_000, now + SECOND * 2);
        assert_eq!(slot.yielding(false, now + SECOND * 9), None);
        let left = slot.note_stall(PATIENCE, now + SECOND * 9);
        assert_eq!(left, PATIENCE - SECOND * 2 + Duration::from_millis(1));
        slot.end_answer();
        assert!(slot.yielding(false, now + SECOND * 9).is_some(), "nor does its end change anything");
        assert_eq!(slot.note_stall(PATIENCE, now + SECOND * 60), Duration::ZERO);
        // Bytes that are taken earn the time back.
        slot.note_written(1 << 20, 1_000, now + SECOND * 60);
        assert_eq!(slot.note_stall(PATIENCE, now + SECOND * 60), PATIENCE);
    }

    #[test]
    fn a_body_gives_way_after_a_while_and_after_all_others() {
        let (slot, now) = (serving(true), Instant::now());
        assert_eq!(slot.yielding(false, now + SECOND * 4), None);
        assert!(matches!(slot.yielding(true, now), Some(Yielding::ReceivingShortly(_))));
        let body = slot.yielding(false, now + SECOND * 6).unwrap();
        assert!(matches!(body, Yielding::Receiving(_)));
        let turn = slot.state().number;
        slot.end_body();
        assert_eq!((slot.state().phase, slot.state().number), (Phase::Serving, turn));
        assert_eq!(slot.yielding(false, now + SECOND * 60), None, "a request that is served");
        let order = [
            Yielding::Idle(now),
            Yielding::Head(now),
            Yielding::Stalled(Reverse(SECOND * 9)),
            Yielding::Stalled(Reverse(SECOND)),
            body,
            Yielding::IdleShortly(now),
            Yielding::HeadShortly(now),
            Yielding::ReceivingShortly(now),
        ];
        assert!(order.is_sorted());
    }

    #[test]
    fn a_client_that_has_just_connected_gives_way_last() {
        let (silent, now) = (Slot::new(None), Instant::now());
        let stalled = serving(false);
        stalled.note_stall(PATIENCE, now);
        assert!(silent.yielding(false, now) > stalled.yielding(false, now + SECOND));
        silent.received();
        assert!(silent.yielding(false, now) > stalled.yielding(false, now + SECOND));
        assert!(silent.yielding(false, now + SECOND * 3) < stalled.yielding(false, now + SECOND * 3));
    }

    #[test]
    fn a_place_is_given_away_once() {
        let (slot, now) = (serving(false), Instant::now());
        slot.note_stall(PATIENCE, now);
        assert!(
            !slot.give_way(false, now)
                && slot.give_way(false, now + SECOND)
                && !slot.give_way(false, now + SECOND)
        );
        assert!(!slot.begin_request(false), "no request is served without a place");
    }
}
