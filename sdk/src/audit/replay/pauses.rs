//! The pauses of a market: as its own events have them, or found by the debts that a credit's events carry.

use {
    super::{Replay, redo::State},
    crate::events::{CreditRecord, MarketChange, MarketChanged},
    blockable_credits::events::Change,
    bytemuck::bytes_of,
};

/// The pauses of a market, in which its clock stands still.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pauses {
    /// Begin and end of each, in Unix seconds of the chain, in order. Only where they are exact.
    spans: Vec<(i64, i64)>,
    /// True where no other pause can have been.
    is_exact: bool,
    /// Seconds of all pauses.
    seconds: i64,
}

impl Pauses {
    /// Pauses of which nothing but the sum is known, in seconds.
    pub fn in_all(seconds: u64) -> Pauses {
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        Pauses { spans: Vec::new(), is_exact: seconds == 0, seconds }
    }

    /// The pauses that a market's events show, in the order of the chain. `now` is the chain's Unix time; `seconds` is the sum of all
    /// pauses until then, by the market's account. Returns `None` where the events show another sum: some are missing.
    pub fn from_events<'a>(
        events: impl IntoIterator<Item = &'a MarketChanged>,
        now: i64,
        seconds: u64,
    ) -> Option<Pauses> {
        let mut spans: Vec<(i64, i64)> = Vec::new();
        for event in events {
            match event.change {
                MarketChange::Paused { until } => spans.push((event.at, until)),
                MarketChange::Unpaused { .. } => {
                    let last = spans.last_mut()?;
                    last.1 = last.1.min(event.at);
                }
                _ => {}
            }
        }
        let pauses = Pauses { spans, is_exact: true, seconds: i64::try_from(seconds).ok()? };
        (pauses.until(now) == pauses.seconds).then_some(pauses)
    }

    /// Returns true where the length of all pauses is known at every time.
    pub fn is_exact(&self) -> bool {
        self.is_exact
    }

    /// Seconds of pauses until a Unix time of the chain.
    fn until(&self, chain: i64) -> i64 {
        let spent = |(from, to): &(i64, i64)| chain.min(*to).saturating_sub(*from).max(0);
        self.spans.iter().map(spent).fold(0, i64::saturating_add)
    }
}

/// The sum in a change that grows with market time, in micro-USDC; `None` for a change without one.
fn owed(change: &Change) -> Option<u64> {
    match change {
        Change::Paid { debt, .. }
        | Change::MarkedDefaulted { debt, .. }
        | Change::Sold { debt, .. }
        | Change::FeeWaived { debt, .. }
        | Change::NoticeGiven { debt, .. }
        | Change::TakenOver { debt, .. }
        | Change::LockedCancelled { debt, .. }
        | Change::WrittenOff { debt, .. }
        | Change::Expired { debt, .. } => Some(*debt),
        Change::MarkedDelinquent { arrears } => Some(*arrears),
        _ => None,
    }
}

/// Lengths of a pause that are tried where no debt shows it.
const TRIED: i64 = 8;

impl Replay {
    /// A state with the pauses until a Unix time of the chain, where they are exact.
    pub(super) fn at_time(&self, state: &State, chain: i64) -> State {
        let mut state = state.clone();
        if self.pauses.is_exact {
            state.paused = self.pauses.until(chain);
        }
        state
    }

    /// Returns true where the market may have been paused since the first event at times that nobody knows.
    pub fn was_paused(&self) -> bool {
        !self.pauses.is_exact && self.pauses.seconds > self.origin.paused
    }

    /// Adds the states after an event that follows on a pause of the market. Its length is found by the debt in the event. Where
    /// the event has none, it only has to be possible at all, and later debts show the length.
    pub(super) fn follow_paused(
        &self,
        state: &State,
        record: &CreditRecord,
        following: &mut Vec<State>,
        fault: &mut Option<Result<Change, String>>,
    ) {
        if owed(&record.change).is_some() {
            if let Some(paused) = self.after_pause(state, record) {
                self.follow(&paused, record, following, fault);
            }
            return;
        }
        let most = self.pauses.seconds.saturating_sub(state.paused);
        for part in 1..=TRIED {
            let paused = state.paused.saturating_add(most.saturating_mul(part) / TRIED);
            let before = following.len();
            self.follow(&State { paused, ..state.clone() }, record, following, fault);
            for found in following.iter_mut().skip(before) {
                // An issue shows its pauses exactly.
                if !matches!(record.change, Change::Issued { .. }) {
                    found.paused = state.paused;
                }
            }
        }
        following.dedup_by(|one, other| {
            bytes_of(&one.credit) == bytes_of(&other.credit) && one.paused == other.paused
        });
    }

    /// The state before an event once the market has been paused for the fewest seconds that explain the event's debt: less
    /// interest has accrued by then. `None` where the event has no debt, or where no pause explains it.
    fn after_pause(&self, state: &State, record: &CreditRecord) -> Option<State> {
        let recorded = owed(&record.change)?;
        let (mut fewest, mut most) = (state.paused, self.pauses.seconds);
        while fewest < most {
            let middle = fewest.midpoint(most);
            if self.owes_more(state, middle, record, recorded) {
                fewest = middle.saturating_add(1);
            } else {
                most = middle;
            }
        }
        (fewest > state.paused).then(|| State { paused: fewest, ..state.clone() })
    }

    /// Returns true where the event would carry a larger debt after that many seconds of pauses. A payment of all that is owed
    /// leaves nothing in any case: it is compared by its parts.
    fn owes_more(&self, state: &State, paused: i64, record: &CreditRecord, recorded: u64) -> bool {
        let state = State { paused, ..state.clone() };
        let attempts = state.redo(record, &self.origin);
        let changes: Vec<Change> = attempts.into_iter().flatten().map(|(_, change)| change).collect();
        if changes.contains(&record.change) {
            return false;
        }
        changes.iter().filter_map(owed).any(|debt| debt > recorded)
    }
}
