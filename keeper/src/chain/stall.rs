//! Times at which the cluster stood still. Nobody can pay while it does, so nobody is marked late for it.
//!
//! The chain's clock and its slots go on together: a clock that has moved by much more than the slots between two looks
//! can account for has jumped over a stall. This is read off the chain alone, so it is found also by a keeper that was
//! down at the time.

use {
    serde::{Deserialize, Serialize},
    std::time::Instant,
};

/// Longest time that a slot takes on a cluster that moves, in milliseconds.
const SLOT_MS: i64 = 600;

/// One look at the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// A slot.
    pub slot: u64,
    /// The chain's clock at it, in Unix seconds.
    pub clock: i64,
}

/// A time at which the cluster stood still, in the chain's Unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stall {
    /// Not before this.
    pub from: i64,
    /// Over by this.
    pub until: i64,
    /// Seconds of it that no slots account for.
    pub lost: i64,
}

/// The stalls that are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stalls(pub Vec<Stall>);

/// The stall between two looks, where there was one of at least `least` seconds.
pub fn between(before: Sighting, after: Sighting, least: i64) -> Option<Stall> {
    let slots = i64::try_from(after.slot.saturating_sub(before.slot)).unwrap_or(i64::MAX);
    let explained = slots.saturating_mul(SLOT_MS) / 1_000;
    let lost = after.clock.saturating_sub(before.clock).saturating_sub(explained);
    (lost >= least.max(1)).then_some(Stall { from: before.clock, until: after.clock, lost })
}

/// Notices stalls as the chain is looked at.
#[derive(Debug, Default)]
pub struct StallWatch {
    /// The latest look at which the chain had moved, and when that was on this machine's monotonic clock.
    last: Option<(Sighting, Option<Instant>)>,
}

impl StallWatch {
    /// Goes on from what an earlier process saw last.
    pub fn from(last: Option<Sighting>) -> StallWatch {
        StallWatch { last: last.map(|sighting| (sighting, None)) }
    }

    /// Takes in a look at `now` on the monotonic clock. Returns the stall that it shows to be over: one that the chain's
    /// clock has jumped, or one during which this process has waited for a further slot.
    pub fn see(&mut self, sighting: Sighting, now: Instant, least: i64) -> Option<Stall> {
        let Some((before, at)) = self.last else {
            self.last = Some((sighting, Some(now)));
            return None;
        };
        if sighting.slot <= before.slot {
            return None;
        }
        self.last = Some((sighting, Some(now)));
        let jumped = between(before, sighting, least);
        let waited = at.map_or(0, |at| i64::try_from(now.duration_since(at).as_secs()).unwrap_or(i64::MAX));
        let slots = sighting.slot.saturating_sub(before.slot);
        // Many slots between two looks mean that it was this process that did not look.
        let stood_still = waited >= least.max(1) && i64::try_from(slots).unwrap_or(i64::MAX) < waited;
        let lost = jumped.map_or(0, |stall| stall.lost).max(if stood_still { waited } else { 0 });
        (lost > 0).then(|| Stall { from: before.clock, until: sighting.clock.max(before.clock), lost })
    }
}

impl Stalls {
    /// Seconds lost to stalls that were not over before `since`, a Unix time of the chain. Each counts in full: it makes
    /// the grace longer, never shorter.
    pub fn lost_since(&self, since: i64) -> i64 {
        self.0.iter().filter(|stall| stall.until > since).fold(0, |sum, stall| sum.saturating_add(stall.lost))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(slot: u64, clock: i64) -> Sighting {
        Sighting { slot, clock }
    }

    #[test]
    fn a_clock_that_outruns_its_slots_has_jumped_a_stall() {
        let stall = between(at(1_000, 50_000), at(1_010, 53_606), 60);
        assert_eq!(stall, Some(Stall { from: 50_000, until: 53_606, lost: 3_600 }));
        assert_eq!(between(at(1_000, 50_000), at(10_000, 53_600), 60), None, "an hour of 400 ms slots");
        assert_eq!(between(at(1_000, 50_000), at(1_001, 50_040), 60), None, "less than counts");
        assert_eq!(between(at(1_000, 50_000), at(1_000, 40_000), 60), None, "a clock that went back");
    }

    #[test]
    fn a_chain_that_stands_still_while_it_is_looked_at_has_stalled() {
        let (start, mut watch) = (Instant::now(), StallWatch::default());
        let after = |seconds| start + std::time::Duration::from_secs(seconds);
        assert_eq!(watch.see(at(100, 5_000), after(0), 60), None);
        assert_eq!(watch.see(at(125, 5_010), after(10), 60), None);
        for seconds in [20, 60, 600] {
            assert_eq!(watch.see(at(125, 5_010), after(seconds), 60), None, "not over yet");
        }
        let stall = watch.see(at(126, 5_011), after(900), 60);
        assert_eq!(stall, Some(Stall { from: 5_010, until: 5_011, lost: 890 }));
        // A process that slept for an hour while the cluster moved.
        assert_eq!(watch.see(at(9_126, 8_611), after(4_500), 60), None);
        // One that comes back after a restart of its own, and finds that the clock has jumped.
        let mut watch = StallWatch::from(Some(at(9_126, 8_611)));
        assert_eq!(watch.see(at(9_130, 9_000), start, 60).map(|stall| stall.lost), Some(387));
    }

    #[test]
    fn only_stalls_after_a_date_make_its_grace_longer() {
        let stall = |from, until| Stall { from, until, lost: until - from };
        let stalls = Stalls(vec![stall(100, 200), stall(300, 350), stall(900, 1_000)]);
        assert_eq!(stalls.lost_since(0), 250);
        assert_eq!(stalls.lost_since(200), 150);
        assert_eq!(stalls.lost_since(320), 150, "one that was not over yet counts in full");
        assert_eq!(stalls.lost_since(1_000), 0);
    }
}
