//! The health of an upstream, from its answers and from probes. Nothing here does I/O or reads a clock.

use {
    super::fault::Evidence,
    blockable_sdk::Pubkey,
    std::time::{Duration, Instant},
};

/// Failures in a row after which an upstream is down. A connection that is refused, and a key that is, count as so many.
const FAILURES: u32 = 3;
/// Pause before the first probe of an upstream that is down; doubles with each further failure.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Longest pause before a probe of an upstream that is down.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Borrowers whose requests must fail, without an answered probe or request meanwhile, before an upstream is down for all.
const ACCUSERS: usize = 3;

/// The health of an upstream. It is up until it has failed, so that a server that starts serves at once.
///
/// It goes down by failures, and up by a probe or a request that is answered. A probe forgives none of the failures: an
/// upstream that answers probes and refuses requests goes down at its next failure, for a longer pause.
///
/// Requests may fail by their content. So an upstream that is down by the failures of requests alone is doubted: it is taken last,
/// and is down only once a probe fails, or requests of three borrowers since the last probe that was answered. Refusals are
/// never among these: a filter before an upstream says nothing about its health.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Health {
    /// Failures since the last request that was answered.
    failures: u32,
    /// The time of the next probe, while it is down.
    down_until: Option<Instant>,
    /// The time until which it has no room by its own word.
    busy_until: Option<Instant>,
    /// The borrowers whose requests have failed since the last probe or request that was answered.
    accusers: [Option<Pubkey>; ACCUSERS],
    /// True where so many borrowers' requests have failed, or what no request can bring about.
    is_confirmed: bool,
}

/// A change of an upstream's health, for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// It stays as it was.
    None,
    /// It is doubted: requests have failed, at last one of this borrower, perhaps by their content.
    Doubted(Pubkey),
    /// It goes down.
    Down,
    /// It comes up.
    Up,
}

/// The place of an upstream in the choice: the lower, the sooner it is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// It works.
    Up,
    /// It has said that it has no room.
    Busy,
    /// It has failed, but perhaps by the content of a few borrowers' requests.
    Doubted,
    /// It has failed.
    Down,
}

impl Health {
    /// Its rank at a time.
    pub(super) fn rank(&self, now: Instant) -> Rank {
        match self.busy_until {
            Some(until) if now < until => self.rank_by_failures().max(Rank::Busy),
            _ => self.rank_by_failures(),
        }
    }

    fn rank_by_failures(&self) -> Rank {
        match self.down_until {
            Some(_) if self.is_confirmed => Rank::Down,
            Some(_) => Rank::Doubted,
            None => Rank::Up,
        }
    }

    /// The change from an earlier state to this one, by a borrower's request or by a probe.
    fn change_from(&self, before: Health, borrower: Option<&Pubkey>) -> Change {
        match (self.rank_by_failures(), borrower) {
            (now, _) if now == before.rank_by_failures() => Change::None,
            (Rank::Doubted, Some(borrower)) => Change::Doubted(*borrower),
            (Rank::Doubted | Rank::Down, _) => Change::Down,
            (Rank::Up | Rank::Busy, _) => Change::Up,
        }
    }

    /// Notes a request that was answered. It may have run for long: an upstream that has said meanwhile that it has no room has
    /// none yet.
    pub(super) fn note_answer(&mut self) -> Change {
        let before = *self;
        *self = Health { busy_until: before.busy_until, ..Health::default() };
        self.change_from(before, None)
    }

    /// Notes that it has no room for a time.
    pub(super) fn note_busy(&mut self, now: Instant, wait: Duration) {
        self.busy_until = now.checked_add(wait.min(LONGEST_PAUSE));
    }

    /// True while it is down for all.
    pub(super) fn is_down(&self) -> bool {
        self.down_until.is_some() && self.is_confirmed
    }

    /// Notes a failure of a borrower's request, or of a probe.
    pub(super) fn note_failure(
        &mut self,
        evidence: Evidence,
        borrower: Option<&Pubkey>,
        now: Instant,
    ) -> Change {
        let before = *self;
        if evidence != Evidence::None {
            self.count_failure(evidence, borrower, now);
        }
        self.change_from(before, borrower)
    }

    fn count_failure(&mut self, evidence: Evidence, borrower: Option<&Pubkey>, now: Instant) {
        self.is_confirmed |= match (evidence, borrower) {
            (Evidence::Certain, _) | (_, None) => true,
            (Evidence::Failure, Some(borrower)) => self.note_accuser(borrower),
            (Evidence::None | Evidence::Refusal, Some(_)) => false,
        };
        // Requests that are tried in spite of a failure say nothing else that is new before the next probe.
        if self.down_until.is_some_and(|until| now < until) {
            return;
        }
        let counts_as = if evidence == Evidence::Certain { FAILURES } else { 1 };
        self.failures = self.failures.saturating_add(1).max(counts_as);
        if self.failures < FAILURES {
            return;
        }
        let doubled = self.failures.saturating_sub(FAILURES).min(6);
        let pause = FIRST_PAUSE.saturating_mul(1 << doubled).min(LONGEST_PAUSE);
        self.down_until = now.checked_add(pause);
    }

    /// Notes a borrower whose request has failed. Returns true once these are so many that it is not their content.
    fn note_accuser(&mut self, borrower: &Pubkey) -> bool {
        if !self.accusers.contains(&Some(*borrower))
            && let Some(free) = self.accusers.iter_mut().find(|accuser| accuser.is_none())
        {
            *free = Some(*borrower);
        }
        self.accusers.iter().all(Option::is_some)
    }

    /// Notes a probe that was answered.
    pub(super) fn note_probe(&mut self) -> Change {
        let before = *self;
        (self.is_confirmed, self.down_until) = (false, None);
        self.accusers = [None; ACCUSERS];
        self.change_from(before, None)
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
        let fail = |health: &mut Health| health.note_failure(Evidence::Failure, None, now);
        assert_eq!(health.rank(now), Rank::Up);
        assert_eq!((fail(&mut health), fail(&mut health)), (Change::None, Change::None));
        assert_eq!(health.rank(now), Rank::Up);
        assert_eq!(fail(&mut health), Change::Down);
        assert_eq!(health.rank(now + LONGEST_PAUSE), Rank::Down, "time alone does not bring it up");
        assert_eq!((health.note_probe(), health.note_probe()), (Change::Up, Change::None));
        assert_eq!(health.rank(now), Rank::Up);
        assert_eq!(fail(&mut health), Change::Down, "a probe forgives nothing");
        assert_eq!(health.note_answer(), Change::Up);
        assert_eq!(fail(&mut health), Change::None, "an answer forgives all");
        assert_eq!(health.note_failure(Evidence::None, None, now), Change::None);
        assert_eq!(Health::default().note_failure(Evidence::Certain, None, now), Change::Down);
    }

    /// The content of a few customers' requests may be all that fails.
    #[test]
    fn few_borrowers_make_an_upstream_doubted_and_not_down() {
        let now = Instant::now();
        let [one, other, third] = [(); 3].map(|()| Pubkey::new_unique());
        let by_one = || {
            let mut health = Health::default();
            let changes = [(); 9].map(|()| health.note_failure(Evidence::Failure, Some(&one), now));
            assert_eq!(changes[..4], [Change::None, Change::None, Change::Doubted(one), Change::None]);
            assert!(changes[4..].iter().all(|change| *change == Change::None));
            assert_eq!((health.rank(now), health.is_down()), (Rank::Doubted, false), "it is taken last");
            health
        };
        for [second, last] in [[Some(&other), Some(&third)], [Some(&other), None]] {
            let mut health = by_one();
            assert_eq!(health.note_failure(Evidence::Failure, second, now), Change::None);
            assert!(!health.is_down(), "two may have the same content");
            assert_eq!(health.note_failure(Evidence::Failure, last, now), Change::Down, "the real one");
            assert!(health.is_down());
            assert_eq!(health.note_failure(Evidence::Failure, last, now), Change::None, "and once");
            assert!(health.note_answer() == Change::Up && !health.is_down());
            for _ in 0..FAILURES {
                health.note_failure(Evidence::Failure, Some(&other), now);
            }
            assert!(!health.is_down(), "an answer forgets who has failed");
        }
        let mut health = by_one();
        health.note_failure(Evidence::Certain, Some(&one), now);
        assert!(health.is_down(), "no request can bring that about");
    }

    /// A filter before an upstream refuses content with 403, while probes are answered.
    #[test]
    fn refusals_of_requests_confirm_nothing_from_however_many_borrowers() {
        let mut now = Instant::now();
        let mut health = Health::default();
        for _ in 0..50 {
            now += FIRST_PAUSE;
            health.note_failure(Evidence::Refusal, Some(&Pubkey::new_unique()), now);
            assert!(!health.is_down());
        }
        assert_eq!(health.rank(now), Rank::Doubted, "it is taken last");
        health.note_failure(Evidence::Failure, Some(&Pubkey::new_unique()), now);
        assert!(!health.is_down(), "one failure beside them is of one borrower");
        health.note_failure(Evidence::Failure, None, now);
        assert!(health.is_down(), "a probe fails");
    }

    /// One borrower has many credits, and failures between which probes are answered do not add up.
    #[test]
    fn an_answered_probe_forgets_whose_requests_have_failed() {
        let mut now = Instant::now();
        let borrowers: Vec<Pubkey> = (0..ACCUSERS).map(|_| Pubkey::new_unique()).collect();
        let mut health = Health::default();
        for round in 0..20 {
            now += LONGEST_PAUSE;
            for borrower in &borrowers[1..] {
                health.note_failure(Evidence::Failure, Some(borrower), now);
                assert!(!health.is_down(), "round {round}");
            }
            health.note_probe();
        }
        for (place, borrower) in borrowers.iter().enumerate() {
            health.note_failure(Evidence::Failure, Some(borrower), now);
            assert_eq!(health.is_down(), place == ACCUSERS - 1);
        }
    }

    #[test]
    fn pauses_double_up_to_a_minute() {
        let mut now = Instant::now();
        let (mut health, mut pauses) = (Health::default(), Vec::new());
        for _ in 0..8 {
            health.note_failure(Evidence::Certain, None, now);
            // Requests that fail before the next probe change nothing.
            health.note_failure(Evidence::Certain, None, now);
            let next = health.next_probe(now, Duration::from_secs(10));
            pauses.push((next - now).as_secs());
            now = next;
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(health.note_probe(), Change::Up);
        assert_eq!(health.next_probe(now, Duration::from_secs(10)), now + Duration::from_secs(10));
    }

    #[test]
    fn a_busy_upstream_is_taken_last_for_as_long_as_it_says() {
        let now = Instant::now();
        let mut health = Health::default();
        health.note_busy(now, Duration::from_secs(7));
        assert_eq!(health.rank(now + Duration::from_secs(6)), Rank::Busy);
        assert_eq!(health.rank(now + Duration::from_secs(7)), Rank::Up);
        assert_eq!(health.note_answer(), Change::None);
        assert_eq!(health.rank(now), Rank::Busy, "a request that ran already says nothing of its room");
        health.note_busy(now, Duration::from_secs(1 << 40));
        assert_eq!(health.rank(now + LONGEST_PAUSE), Rank::Up);
    }
}
