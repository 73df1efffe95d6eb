//! Decides which slots can be believed where nodes disagree. Pure.
//!
//! A node may stop for an hour, and one may answer with a slot that the cluster has not reached. So a slot counts where a
//! further node shows one near it, or where a cluster could have reached it by now from the last trusted slot.

use std::{
    ops::RangeInclusive,
    time::{Duration, Instant},
};

/// Most slots in a second, with much to spare: no cluster makes half as many.
const SLOTS_PER_SECOND: u64 = 20;
/// Time for which a trusted slot counts. Without an end, one wrong answer would count for ever.
pub(super) const REMEMBERED: Duration = Duration::from_secs(300);

/// A slot that could be trusted, and the moment at which it was first shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TrustedSlot {
    /// The slot.
    pub slot: u64,
    /// The moment.
    pub at: Instant,
}

/// The rule by which slots are evaluated.
#[derive(Clone, Copy, Debug)]
pub(super) struct SlotRule {
    /// The number of nodes, whether they answer or not.
    pub nodes: usize,
    /// Slots that a node may lag.
    pub lag: u64,
    /// The last trusted slot.
    pub last: Option<TrustedSlot>,
}

impl SlotRule {
    fn remembered(&self, now: Instant) -> Option<TrustedSlot> {
        self.last.filter(|last| now.saturating_duration_since(last.at) < REMEMBERED)
    }

    /// The highest slot that another supports or that can have come about by now.
    fn highest(&self, slots: &[u64], now: Instant) -> Option<u64> {
        let reachable = self.remembered(now).map(|last| {
            let seconds = now.saturating_duration_since(last.at).as_secs().saturating_add(1);
            let passed = seconds.saturating_mul(SLOTS_PER_SECOND);
            last.slot.saturating_add(self.lag).saturating_add(passed)
        });
        let counts = |(place, slot): (usize, &u64)| {
            let is_near = |(other, near): (usize, &u64)| other != place && near.abs_diff(*slot) <= self.lag;
            reachable.is_some_and(|reachable| *slot <= reachable) || slots.iter().enumerate().any(is_near)
        };
        slots.iter().enumerate().filter(|one| counts(*one)).map(|(_, slot)| *slot).max()
    }

    /// Evaluates the slots that nodes have just shown. Returns the range of those that can be believed, and the trusted slot to
    /// remember.
    pub(super) fn evaluate(&self, slots: &[u64], now: Instant) -> (RangeInclusive<u64>, Option<TrustedSlot>) {
        let last = self.remembered(now);
        let any = slots.iter().copied().max();
        let (highest, is_certain) = match self.highest(slots, now) {
            Some(highest) => (Some(highest), true),
            // No other node could contradict it.
            None if self.nodes == 1 => (any, true),
            None if last.is_some() => (None, false),
            // Lagging is by far the most common fault, so the highest counts. Where nodes disagree it is not trusted.
            None => (any, slots.len() == 1),
        };
        let Some(reference) = highest.max(last.map(|last| last.slot)) else { return (0..=0, None) };
        let believable = self.up_to(reference);
        let contradicted = slots.len() >= self.nodes && !slots.iter().any(|slot| believable.contains(slot));
        if let Some(any) = any.filter(|any| contradicted && *any > reference) {
            // Every node contradicts the last trusted slot, and no two of them agree.
            return (self.up_to(any), last);
        }
        let is_new = is_certain && last.is_none_or(|last| reference > last.slot);
        (believable, if is_new { Some(TrustedSlot { slot: reference, at: now }) } else { last })
    }

    /// Evaluates finalized slots, which are older than the last trusted one.
    pub(super) fn evaluate_finalized(&self, slots: &[u64], now: Instant) -> RangeInclusive<u64> {
        let is_open = slots.len() >= self.nodes || self.remembered(now).is_none();
        let any = || slots.iter().copied().max().filter(|_| is_open);
        self.highest(slots, now).or_else(any).map_or(0..=0, |highest| self.up_to(highest))
    }

    fn up_to(&self, reference: u64) -> RangeInclusive<u64> {
        reference.saturating_sub(self.lag)..=reference
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAG: u64 = 30;

    fn rule(nodes: usize, last: Option<(u64, Instant)>) -> SlotRule {
        SlotRule { nodes, lag: LAG, last: last.map(|(slot, at)| TrustedSlot { slot, at }) }
    }

    /// The slots that can be believed, and the slot that is remembered.
    fn believed(rule: SlotRule, slots: &[u64], now: Instant) -> (Vec<u64>, Option<u64>) {
        let (range, remember) = rule.evaluate(slots, now);
        let sound = slots.iter().copied().filter(|slot| range.contains(slot)).collect();
        (sound, remember.map(|trusted| trusted.slot))
    }

    #[test]
    fn a_node_that_lags_is_passed_over_and_one_at_the_limit_is_not() {
        let now = Instant::now();
        assert_eq!(believed(rule(2, None), &[1_000, 970], now), (vec![1_000, 970], Some(1_000)));
        let last = Some((1_000, now));
        assert_eq!(believed(rule(2, last), &[1_001, 970], now), (vec![1_001], Some(1_001)));
        assert_eq!(believed(rule(2, last), &[970], now), (vec![970], Some(1_000)), "the other is silent");
        assert_eq!(believed(rule(2, last), &[969], now), (vec![], Some(1_000)), "and was seen to be further");
        assert_eq!(believed(rule(3, last), &[5, 5], now).0, Vec::<u64>::new(), "two that stand still");
        assert_eq!(believed(rule(3, last), &[1_001, 5, 5], now).0, [1_001], "and one that does not");
        let later = now + REMEMBERED;
        assert_eq!(believed(rule(2, last), &[969], later), (vec![969], Some(969)), "not for ever");
    }

    #[test]
    fn a_slot_that_cannot_have_come_about_counts_for_nothing_and_is_not_remembered() {
        let now = Instant::now();
        let absurd = u64::MAX;
        let last = Some((1_000, now));
        for nodes in [2, 3] {
            assert_eq!(believed(rule(nodes, last), &[1_002, absurd], now), (vec![1_002], Some(1_002)));
        }
        assert_eq!(believed(rule(2, last), &[absurd], now), (vec![], Some(1_000)), "the other is silent");
        assert_eq!(believed(rule(3, None), &[1_000, absurd, 990], now), (vec![1_000, 990], Some(1_000)));
        let (sound, remembered) = believed(rule(2, None), &[1_000, absurd], now);
        assert_eq!((sound, remembered), (vec![absurd], None), "nothing says which is right");
    }

    #[test]
    fn a_cluster_may_go_on_as_fast_as_it_can_and_faster_where_two_say_so() {
        let now = Instant::now();
        let last = Some((1_000, now));
        let later = now + Duration::from_secs(60);
        assert_eq!(believed(rule(2, last), &[1_600], later), (vec![1_600], Some(1_600)));
        assert_eq!(believed(rule(2, last), &[9_000], later).0, Vec::<u64>::new());
        assert_eq!(believed(rule(2, last), &[9_000, 9_005], later), (vec![9_000, 9_005], Some(9_005)));
        assert_eq!(believed(rule(1, last), &[9_000], later), (vec![9_000], Some(9_000)), "the only one");
        assert_eq!(believed(rule(2, last), &[9_000], now + REMEMBERED).0, [9_000], "not for ever");
    }

    #[test]
    fn where_all_nodes_contradict_what_is_remembered_the_highest_goes_on_and_is_not_remembered() {
        let last = Some((1_000, Instant::now()));
        let now = Instant::now() + Duration::from_secs(1);
        assert_eq!(believed(rule(2, last), &[90_000, 500], now), (vec![90_000], Some(1_000)));
        assert_eq!(believed(rule(3, last), &[90_000, 500], now), (vec![], Some(1_000)), "one is silent");
        assert_eq!(believed(rule(2, last), &[600, 500], now), (vec![], Some(1_000)), "both lag");
        assert_eq!(believed(rule(2, last), &[90_000, 90_001], now).1, Some(90_001), "two that agree");
    }

    #[test]
    fn no_answers_say_nothing() {
        let now = Instant::now();
        assert_eq!(believed(rule(2, None), &[], now), (vec![], None));
        assert_eq!(believed(rule(2, Some((7, now))), &[], now), (vec![], Some(7)));
    }

    #[test]
    fn finalized_slots_are_evaluated_by_each_other_alone() {
        let now = Instant::now();
        let range = |nodes, last, slots: &[u64]| rule(nodes, last).evaluate_finalized(slots, now);
        let last = Some((1_000, now));
        assert_eq!(range(2, last, &[960, 955]), 930..=960);
        assert_eq!(range(3, last, &[960, 5, 5]), 930..=960);
        assert_eq!(range(3, last, &[960, u64::MAX, 955]), 930..=960);
        assert_eq!(range(2, last, &[960, u64::MAX]), 930..=960);
        assert_eq!(range(2, last, &[u64::MAX]), 0..=0);
        assert_eq!(range(1, None, &[960]), 930..=960);
    }
}
