//! Keeps alerts open whose end may not last. Reports come one by one, so the readings of reporters agree for a moment and differ again:
//! without a pause each of them would end an alert and raise it anew.

use {
    super::{AlertRequest, Level, rules},
    crate::finding::Rule,
    blockable_sdk::Pubkey,
    std::collections::HashMap,
};

/// The times since which alerts could end, by this machine's clock. In memory alone: a restart begins each pause anew.
#[derive(Default)]
pub(super) struct Held(HashMap<(Rule, Pubkey), i64>);

impl Held {
    /// Takes the ends of alerts out of a request that have not lasted for the pause of their rule. `found` has every finding of the
    /// request, also those that change nothing.
    pub(super) fn keep(&mut self, request: &mut AlertRequest, found: &[((Rule, Pubkey), Level)], now: i64) {
        for (about, level) in found {
            if *level != Level::Clear {
                self.0.remove(about);
            }
        }
        request.evaluated.retain(|found| found.level != Level::Clear || self.has_lasted(found.key(), now));
        request.ended.retain(|about| self.has_lasted(*about, now));
    }

    fn has_lasted(&mut self, about: (Rule, Pubkey), now: i64) -> bool {
        let pause = rules::hold_of(about.0);
        if pause == 0 {
            return true;
        }
        let since = *self.0.entry(about).or_insert(now);
        // A clock that was set back begins the pause anew.
        if now < since {
            self.0.insert(about, now);
        }
        let has_lasted = now.saturating_sub(since) >= pause;
        if has_lasted {
            self.0.remove(&about);
        }
        has_lasted
    }
}
