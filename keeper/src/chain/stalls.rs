//! Stalls: times at which the cluster produced no blocks. Nobody can pay during one, so nobody is marked late for it.
//!
//! The chain's clock and its slots go on together: where the clock has moved by much more than the slots between two readings
//! account for, there was a stall. This is read off the chain alone, so a keeper that was down at the time finds it too.

use {
    blockable_sdk::amounts::ChainTime,
    serde::{Deserialize, Serialize},
    std::time::Instant,
};

/// Longest time that a slot takes on a cluster that moves, in milliseconds.
const SLOT_MS: i64 = 600;

/// A slot with the chain's clock at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SlotTime {
    /// The slot.
    pub slot: u64,
    /// The chain's clock.
    pub clock: ChainTime,
}

/// A stall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stall {
    /// The last time seen before it.
    pub from: ChainTime,
    /// The first time seen after it.
    pub until: ChainTime,
    /// Seconds between the two that no slots account for.
    pub lost: i64,
}

/// The known stalls, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stalls(pub Vec<Stall>);

impl Stalls {
    /// Adds up the seconds of the stalls that ended after a time. Each counts in full: it makes a grace longer, never shorter.
    pub fn lost_since(&self, since: ChainTime) -> i64 {
        self.0.iter().filter(|stall| stall.until > since).fold(0, |sum, stall| sum.saturating_add(stall.lost))
    }
}

/// Finds the stall of at least `least` seconds between two readings, by the chain's clock.
fn stall_between(before: SlotTime, after: SlotTime, least: i64) -> Option<Stall> {
    let slots = i64::try_from(after.slot.saturating_sub(before.slot)).unwrap_or(i64::MAX);
    let explained = slots.saturating_mul(SLOT_MS) / 1_000;
    let lost = after.clock.seconds_since(before.clock).saturating_sub(explained);
    (lost >= least.max(1)).then_some(Stall { from: before.clock, until: after.clock, lost })
}

/// Detects stalls from one reading of the chain to the next.
#[derive(Clone, Debug, Default)]
pub(super) struct StallDetector {
    /// The latest reading at which the chain had moved, with its moment on this machine's monotonic clock.
    last: Option<(SlotTime, Option<Instant>)>,
}

impl StallDetector {
    /// Goes on from the last reading of an earlier process.
    pub(super) fn resume(last: Option<SlotTime>) -> StallDetector {
        StallDetector { last: last.map(|reading| (reading, None)) }
    }

    /// Takes in a reading made at `now` on the monotonic clock. Returns the stall of at least `least` seconds that it shows to
    /// have ended: one that the chain's clock has jumped, or one during which this process has waited for a further slot.
    pub(super) fn advance(&mut self, reading: SlotTime, now: Instant, least: i64) -> Option<Stall> {
        let Some((before, at)) = self.last else {
            self.last = Some((reading, Some(now)));
            return None;
        };
        if reading.slot <= before.slot {
            return None;
        }
        self.last = Some((reading, Some(now)));
        let jumped = stall_between(before, reading, least).map_or(0, |stall| stall.lost);
        let waited = at.map_or(0, |at| i64::try_from(now.duration_since(at).as_secs()).unwrap_or(i64::MAX));
        let slots = i64::try_from(reading.slot.saturating_sub(before.slot)).unwrap_or(i64::MAX);
        // Many slots between two readings mean that it was this process that did not read.
        let has_stalled = waited >= least.max(1) && slots < waited;
        let lost = jumped.max(if has_stalled { waited } else { 0 });
        (lost > 0).then(|| Stall { from: before.clock, until: reading.clock.max(before.clock), lost })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(slot: u64, clock: i64) -> SlotTime {
        SlotTime { slot, clock: ChainTime(clock) }
    }

    fn stall(from: i64, until: i64, lost: i64) -> Stall {
        Stall { from: ChainTime(from), until: ChainTime(until), lost }
    }

    #[test]
    fn a_clock_that_outruns_its_slots_has_jumped_a_stall() {
        let found = stall_between(at(1_000, 50_000), at(1_010, 53_606), 60);
        assert_eq!(found, Some(stall(50_000, 53_606, 3_600)));
        assert_eq!(stall_between(at(1_000, 50_000), at(10_000, 53_600), 60), None, "an hour of 400 ms slots");
        assert_eq!(stall_between(at(1_000, 50_000), at(1_001, 50_040), 60), None, "less than counts");
        assert_eq!(stall_between(at(1_000, 50_000), at(1_000, 40_000), 60), None, "a clock that went back");
    }

    #[test]
    fn a_chain_that_makes_no_slot_while_it_is_read_has_stalled() {
        let (start, mut detector) = (Instant::now(), StallDetector::default());
        let after = |seconds| start + std::time::Duration::from_secs(seconds);
        assert_eq!(detector.advance(at(100, 5_000), after(0), 60), None);
        assert_eq!(detector.advance(at(125, 5_010), after(10), 60), None);
        for seconds in [20, 60, 600] {
            assert_eq!(detector.advance(at(125, 5_010), after(seconds), 60), None, "not over yet");
        }
        let found = detector.advance(at(126, 5_011), after(900), 60);
        assert_eq!(found, Some(stall(5_010, 5_011, 890)));
        // A process that slept for an hour while the cluster moved.
        assert_eq!(detector.advance(at(9_126, 8_611), after(4_500), 60), None);
        // One that comes back after a restart of its own, and finds that the clock has jumped.
        let mut detector = StallDetector::resume(Some(at(9_126, 8_611)));
        assert_eq!(detector.advance(at(9_130, 9_000), start, 60).map(|stall| stall.lost), Some(387));
    }

    #[test]
    fn only_stalls_after_a_date_make_its_grace_longer() {
        let stall = |from, until| stall(from, until, until - from);
        let stalls = Stalls(vec![stall(100, 200), stall(300, 350), stall(900, 1_000)]);
        let lost_since = |since| stalls.lost_since(ChainTime(since));
        assert_eq!(lost_since(0), 250);
        assert_eq!(lost_since(200), 150);
        assert_eq!(lost_since(320), 150, "one that was not over yet counts in full");
        assert_eq!(lost_since(1_000), 0);
    }
}
