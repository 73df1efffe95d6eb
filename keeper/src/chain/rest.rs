//! Rests for nodes that do not answer: a request to such a node costs its whole deadline, and everything behind it waits. Pure.

use std::time::{Duration, Instant};

/// The first rest; it doubles with each further request without an answer.
const FIRST: Duration = Duration::from_secs(2);
/// The longest rest.
const LONGEST: Duration = Duration::from_secs(60);

/// The recent failures of one node. A node that rests is asked nothing that somebody waits for, until it has answered a request in
/// the background.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rest {
    /// Requests without an answer in a row.
    unanswered: u32,
    /// The moment from which it may be asked in the background.
    until: Option<Instant>,
    /// Set while it is asked in the background.
    is_asked: bool,
}

impl Rest {
    /// Notes an answer, whatever it says: the node is there.
    pub(super) fn note_answer(&mut self) {
        *self = Rest::default();
    }

    /// Notes a request that was not answered in time.
    pub(super) fn note_silence(&mut self, now: Instant) {
        // Requests that ran at once count as one.
        if self.until.is_none_or(|until| until <= now) {
            let pause = FIRST.saturating_mul(1_u32.checked_shl(self.unanswered).unwrap_or(u32::MAX));
            self.until = now.checked_add(pause.min(LONGEST));
            self.unanswered = self.unanswered.saturating_add(1).min(16);
        }
        self.is_asked = false;
    }

    /// True for a node that rests.
    pub(super) fn is_resting(&self) -> bool {
        self.unanswered > 0
    }

    /// Begins a request in the background where one is due; returns whether it is.
    pub(super) fn begin_asking(&mut self, now: Instant) -> bool {
        let is_due = self.is_resting() && !self.is_asked && self.until.is_none_or(|until| until <= now);
        self.is_asked |= is_due;
        is_due
    }

    /// Ends a request in the background that failed otherwise than by silence.
    pub(super) fn end_asking(&mut self) {
        self.is_asked = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_node_rests_ever_longer_and_one_answer_ends_that() {
        let (mut rest, mut now) = (Rest::default(), Instant::now());
        assert!(!rest.is_resting() && !rest.begin_asking(now));
        let mut pauses = Vec::new();
        for _ in 0..8 {
            rest.note_silence(now);
            // Another request that was under way at the time.
            rest.note_silence(now + Duration::from_secs(1));
            assert!(rest.is_resting());
            let began = now;
            while !rest.begin_asking(now) {
                now += Duration::from_millis(500);
            }
            assert!(!rest.begin_asking(now), "one request at a time");
            pauses.push((now - began).as_secs());
        }
        assert_eq!(pauses, [2, 4, 8, 16, 32, 60, 60, 60]);
        rest.note_answer();
        assert!(!rest.is_resting());
        rest.note_silence(now);
        assert!(rest.begin_asking(now + FIRST), "from the beginning");
        rest.end_asking();
        assert!(rest.begin_asking(now + FIRST), "an error is no answer to when it is asked again");
    }
}
