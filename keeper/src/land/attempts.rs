//! Transactions in a row that died, by lane: the next one with the same work pays more.

use {
    crate::plan::Intent,
    std::collections::{HashMap, HashSet},
};

/// Deaths in a row by lane. Counted by lane, because intents change with every report. In memory alone: a restart begins with
/// the lowest fee again.
#[derive(Default)]
pub(crate) struct Attempts {
    deaths: HashMap<String, u32>,
}

impl Attempts {
    /// Counts how often the work of a transaction has died in a row: the highest count of its intents.
    pub(crate) fn died(&self, intents: &[Intent]) -> u32 {
        intents.iter().filter_map(|intent| self.deaths.get(&intent.lane())).copied().max().unwrap_or(0)
    }

    /// Adds a death.
    pub(crate) fn add_death(&mut self, lane: &str) {
        let count = self.deaths.entry(lane.to_string()).or_insert(0);
        *count = count.saturating_add(1);
    }

    /// Forgets a lane whose transaction reached a block.
    pub(crate) fn forget(&mut self, lane: &str) {
        self.deaths.remove(lane);
    }

    /// Forgets lanes whose work is not due any more.
    pub(crate) fn keep_due(&mut self, intents: &[Intent]) {
        if !self.deaths.is_empty() {
            let due: HashSet<String> = intents.iter().map(Intent::lane).collect();
            self.deaths.retain(|lane, _| due.contains(lane));
        }
    }
}
