//! The health of an upstream, from its answers and from probes. Nothing here does I/O or reads a clock.

use {
    super::fault::FaultClass,
    std::time::{Duration, Instant},
};

/// Failures in a row after which an upstream is down. A connection that is refused, and a key that is, count as so many.
const FAILURES: u32 = 3;
/// Pause before the first probe of an upstream that is down; doubles with each further failure.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Longest pause before a probe of an upstream that is down.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The health of an upstream. It is up until it has failed, so that a server that starts serves at once.
///
/// It goes down by failures, and up by a probe or a request that is answered. A probe forgives none of the failures: an
/// upstream that answers probes and refuses requests goes down at its next failure, for a longer pause.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Health {
    /// Failures since the last request that was answered.
    failures: u32,
    /// The time of the next probe, while it is down.
    down_until: Option<Instant>,
    /// The time until which it has no room by its own word.
    busy_until: Option<Instant>,
}

/// The place of an upstream in the choice: the lower, the sooner it is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// It works.
    Up,
    /// It has said that it has no room.
    Busy,
    /// It has failed.
    Down,
}

impl Health {
    /// Its rank at a time.
    pub(super) fn rank(&self, now: Instant) -> Rank {
        match (self.down_until, self.busy_until) {
            (Some(_), _) => Rank::Down,
            (None, Some(until)) if now < until => Rank::Busy,
            _ => Rank::Up,
        }
    }

    /// Notes a request that was answered. Returns true where it was down.
    pub(super) fn note_answer(&mut self) -> bool {
        let was_down = self.down_until.is_some();
        *self = Health::default();
        was_down
    }

    /// Notes that it has no room for a time.
    pub(super) fn note_busy(&mut self, now: Instant, wait: Duration) {
        self.busy_until = now.checked_add(wait.min(LONGEST_PAUSE));
    }

    /// Notes a failure of a request or a probe. Returns true where it goes down by it.
    pub(super) fn note_failure(&mut self, class: FaultClass, now: Instant) -> bool {
        // Requests that are tried in spite of a failure say nothing new before the next probe.
        if self.down_until.is_some_and(|until| now < until) {
            return false;
        }
        let counts_as = match class {
            FaultClass::Unreachable | FaultClass::Refused => FAILURES,
            _ => 1,
        };
        self.failures = self.failures.saturating_add(1).max(counts_as);
        if self.failures < FAILURES {
            return false;
        }
        let doubled = self.failures.saturating_sub(FAILURES).min(6);
        let pause = FIRST_PAUSE.saturating_mul(1 << doubled).min(LONGEST_PAUSE);
        let was_up = self.down_until.is_none();
        self.down_until = now.checked_add(pause);
        was_up
    }

    /// Notes a probe that was answered. Returns true where it was down.
    pub(super) fn note_probe(&mut self) -> bool {
        self.down_until.take().is_some()
    }

    /// The time of its next probe, which is `interval` after the last one while it is up.
    pub(super) fn next_probe(&self, last: Instant, interval: Duration) -> Instant {
        let regular = last.checked_add(interval).unwrap_or(last);
        self.down_until.map_or(regular, |until| until.max(last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upstream_goes_down_by_failures_and_up_by_an_answer_or_a_probe() {
        let now = Instant::now();
        let mut health = Health::default();
        assert_eq!(health.rank(now), Rank::Up);
        assert!(
            !health.note_failure(FaultClass::Failed, now) && !health.note_failure(FaultClass::Broken, now)
        );
        assert_eq!(health.rank(now), Rank::Up);
        assert!(health.note_failure(FaultClass::TimedOut, now));
        assert_eq!(health.rank(now + LONGEST_PAUSE), Rank::Down, "time alone does not bring it up");
        assert!(health.note_probe() && !health.note_probe());
        assert_eq!(health.rank(now), Rank::Up);
        assert!(health.note_failure(FaultClass::Failed, now), "a probe forgives nothing");
        assert!(health.note_answer());
        assert!(!health.note_failure(FaultClass::Failed, now), "an answer forgives all");
        for class in [FaultClass::Unreachable, FaultClass::Refused] {
            assert!(Health::default().note_failure(class, now));
        }
    }

    #[test]
    fn pauses_double_up_to_a_minute() {
        let mut now = Instant::now();
        let (mut health, mut pauses) = (Health::default(), Vec::new());
        for _ in 0..8 {
            health.note_failure(FaultClass::Unreachable, now);
            // Requests that fail before the next probe change nothing.
            health.note_failure(FaultClass::Unreachable, now);
            let next = health.next_probe(now, Duration::from_secs(10));
            pauses.push((next - now).as_secs());
            now = next;
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert!(health.note_probe());
        assert_eq!(health.next_probe(now, Duration::from_secs(10)), now + Duration::from_secs(10));
    }

    #[test]
    fn a_busy_upstream_is_taken_last_for_as_long_as_it_says() {
        let now = Instant::now();
        let mut health = Health::default();
        health.note_busy(now, Duration::from_secs(7));
        assert_eq!(health.rank(now + Duration::from_secs(6)), Rank::Busy);
        assert_eq!(health.rank(now + Duration::from_secs(7)), Rank::Up);
        health.note_busy(now, Duration::from_secs(1 << 40));
        assert_eq!(health.rank(now + LONGEST_PAUSE), Rank::Up);
    }
}
