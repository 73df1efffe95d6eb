//! The node's slots and answers, and the trust that they deserve. No I/O.

use {
    super::{FollowStatus, fault::Fault},
    std::time::{Duration, Instant},
};

/// The stream that is open.
#[derive(Clone, Copy)]
struct OpenStream {
    /// The first slot it reported.
    first_slot: Option<u64>,
    caught_up: bool,
}

/// The node's slots and answers so far.
///
/// Shared by the follower's tasks behind a lock. `highest` never falls. A stream is caught up only by a reconcile that began
/// under it and reaches back to its first slot; until then changes may have been missed. Nothing here outlives the process.
pub(super) struct SlotProgress {
    lag_slots: u64,
    trust_stream_for: Duration,
    stream: Option<OpenStream>,
    /// Streams opened so far, so that a reconcile can be matched with the stream that it began under.
    opened: u64,
    highest: u64,
    reconciled_at: Option<Instant>,
    /// The last attempt to reconcile failed.
    failing: bool,
    counts: FollowStatus,
}

/// The stream that was open when a reconcile began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StreamAtStart(u64);

impl SlotProgress {
    /// Nothing heard yet.
    pub(super) fn new(lag_slots: u64, trust_stream_for: Duration) -> SlotProgress {
        SlotProgress {
            lag_slots,
            trust_stream_for,
            stream: None,
            opened: 0,
            highest: 0,
            reconciled_at: None,
            failing: false,
            counts: FollowStatus::default(),
        }
    }

    /// Notes that a stream has been opened.
    pub(super) fn note_stream_opened(&mut self) {
        self.opened += 1;
        self.counts.reconnects = self.opened - 1;
        self.stream = Some(OpenStream { first_slot: None, caught_up: false });
    }

    /// Notes that the stream is gone.
    pub(super) fn note_stream_lost(&mut self) {
        self.stream = None;
    }

    /// Counts an update that the stream has brought.
    pub(super) fn count_update(&mut self) {
        self.counts.updates += 1;
    }

    /// Takes a slot that the stream reports. Returns whether it is the stream's first, and whether the gate may rely on it.
    pub(super) fn take_stream_slot(&mut self, slot: u64) -> (bool, bool) {
        self.highest = self.highest.max(slot);
        let trusted = self.reconciled_at.is_some_and(|at| at.elapsed() <= self.trust_stream_for);
        let Some(stream) = &mut self.stream else { return (false, false) };
        let first = stream.first_slot.is_none();
        stream.first_slot.get_or_insert(slot);
        (first, stream.caught_up && trusted)
    }

    /// Requires that an answer is not from too far back, and takes note of its slot. Errors: [`Fault::Stale`].
    pub(super) fn accept(&mut self, slot: u64) -> Result<(), Fault> {
        if slot.saturating_add(self.lag_slots) < self.highest {
            return Err(Fault::Stale { slot, highest: self.highest });
        }
        self.highest = self.highest.max(slot);
        Ok(())
    }

    /// The stream that a reconcile which begins now is under.
    pub(super) fn stream_now(&self) -> StreamAtStart {
        StreamAtStart(self.opened)
    }

    /// Notes that a reconcile has succeeded: the gate has seen every credit as of `slot` at least.
    pub(super) fn note_reconciled(&mut self, stream_at_start: StreamAtStart, slot: u64, missed: u64) {
        // The first one finds everything, and nothing was missed.
        if self.reconciled_at.replace(Instant::now()).is_some() {
            self.counts.missed += missed;
        }
        self.failing = false;
        self.counts.reconciles += 1;
        if let Some(stream) = &mut self.stream {
            // A stream reports a slot when it begins: what happened before is in the slot below it.
            let covers = |first: u64| slot.saturating_add(1) >= first;
            stream.caught_up |= stream_at_start.0 == self.opened && stream.first_slot.is_some_and(covers);
        }
    }

    /// Counts a request that has failed or whose answer was not used.
    pub(super) fn count_failure(&mut self, fault: &Fault) {
        match fault {
            Fault::Stale { .. } => self.counts.stale_answers += 1,
            _ => self.counts.rpc_errors += 1,
        }
    }

    /// Notes that the attempt to reconcile has failed.
    pub(super) fn note_reconcile_failed(&mut self) {
        self.failing = true;
    }

    /// True while the view must be compared often: the stream cannot be relied on, or the last comparison failed.
    pub(super) fn is_behind(&self) -> bool {
        self.failing || !self.stream.is_some_and(|stream| stream.caught_up)
    }

    /// The figures.
    pub(super) fn status(&self) -> FollowStatus {
        FollowStatus {
            stream_up: self.stream.is_some_and(|stream| stream.first_slot.is_some()),
            caught_up: self.stream.is_some_and(|stream| stream.caught_up),
            reconcile_age: self.reconciled_at.map(|at| at.elapsed()),
            slot: self.highest,
            ..self.counts
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_stream_counts_only_after_a_reconcile_that_began_under_it() {
        let mut progress = SlotProgress::new(20, MINUTE);
        let early = progress.stream_now();
        progress.note_stream_opened();
        assert_eq!(progress.take_stream_slot(100), (true, false));
        progress.note_reconciled(early, 100, 1_000);
        assert_eq!(progress.take_stream_slot(101), (false, false), "it began before the stream was opened");
        let stream_at_start = progress.stream_now();
        progress.note_reconciled(stream_at_start, 98, 0);
        assert_eq!(progress.take_stream_slot(102), (false, false), "slot 99 may have been missed");
        progress.note_reconciled(stream_at_start, 99, 3);
        assert_eq!(progress.take_stream_slot(103), (false, true));
        assert!(!progress.is_behind());
        assert_eq!(progress.status().missed, 3);

        progress.note_stream_lost();
        assert!(progress.is_behind());
        assert_eq!(progress.take_stream_slot(104), (false, false));
        progress.note_stream_opened();
        assert_eq!(progress.take_stream_slot(105), (true, false), "the new stream starts over");
        progress.note_reconciled(stream_at_start, 110, 0);
        assert_eq!(progress.take_stream_slot(111), (false, false), "it began under the stream before");
        let status = progress.status();
        assert_eq!(
            (status.stream_up, status.caught_up, status.reconnects, status.slot),
            (true, false, 1, 111)
        );
    }

    #[test]
    fn a_stream_is_not_believed_for_ever() {
        let mut progress = SlotProgress::new(20, Duration::ZERO);
        progress.note_stream_opened();
        progress.take_stream_slot(100);
        progress.note_reconciled(progress.stream_now(), 100, 0);
        std::thread::sleep(Duration::from_millis(2));
        assert_eq!(progress.take_stream_slot(101), (false, false));
        progress.note_reconcile_failed();
        assert!(progress.is_behind());
    }

    #[test]
    fn an_answer_may_lag_a_little_and_never_lowers_what_was_seen() {
        let mut progress = SlotProgress::new(20, MINUTE);
        assert_eq!(progress.accept(100), Ok(()));
        assert_eq!(progress.accept(80), Ok(()));
        let fault = progress.accept(79).unwrap_err();
        assert_eq!(fault, Fault::Stale { slot: 79, highest: 100 });
        progress.count_failure(&fault);
        progress.count_failure(&Fault::Timeout);
        let status = progress.status();
        assert_eq!((status.slot, status.stale_answers, status.rpc_errors), (100, 1, 1));
    }
}
