//! The chain as the gate last saw it, but for its credits, and the age of that view.

use {
    crate::{hold::Refusal, ledger::ChainClocks},
    blockable_sdk::{
        amounts::{ChainTime, MarketTime},
        program::state::{Market, Provider},
    },
    std::time::{Duration, Instant},
};

/// Time since the chain was last seen to move for which it is taken to go on.
const GOES_ON_FOR: Duration = Duration::from_secs(3);

/// Time for which the last reading of the chain's clock bounds what may land. Nodes that stream the clock show it more often.
const LAST_CLOCK_LIVES: Duration = Duration::from_secs(5);

/// Treatment of new jobs while the chain view is too old.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WhenStale {
    /// They are refused: no job starts on units that may be frozen.
    Refuse,
    /// They are admitted by the last view. Use after a freeze that was missed is the provider's loss.
    Admit,
}

/// Slot, clock, market and provider as last seen. Times are measured on the machine's monotonic clock, so a jump of its
/// calendar changes nothing.
///
/// | time | is | dates |
/// |---|---|---|
/// | [`ChainView::chain_time`] | the furthest reading of the chain's clock, and the time since | what is admitted |
/// | [`ChainView::confirmed_time`] | the same, but no further than three seconds past the last sign that the chain moves | reports |
/// | `last_clock` | the last reading as it is, for five seconds | reports are no later than two seconds before it |
pub struct ChainView {
    max_staleness: Duration,
    when_stale: WhenStale,
    slot: u64,
    moved_at: Option<Instant>,
    /// The reading of the chain's clock that puts it furthest ahead.
    furthest: Option<(ChainTime, Instant)>,
    /// The last reading of it.
    last: Option<(ChainTime, Instant)>,
    market: Option<(u64, Box<Market>)>,
    provider: Option<(u64, Box<Provider>)>,
}

impl ChainView {
    /// Nothing seen yet.
    pub fn new(max_staleness: Duration, when_stale: WhenStale) -> ChainView {
        ChainView {
            max_staleness,
            when_stale,
            slot: 0,
            moved_at: None,
            furthest: None,
            last: None,
            market: None,
            provider: None,
        }
    }

    /// The chain has reached a slot. Only a slot higher than any before counts as new: a node that answers with old slots is as
    /// good as none.
    pub fn observe_slot(&mut self, slot: u64) {
        if slot > self.slot {
            self.slot = slot;
            self.moved_at = Some(Instant::now());
        }
    }

    /// Takes the time that the chain's clock showed.
    pub fn observe_clock(&mut self, reading: ChainTime) {
        self.last = Some((reading, Instant::now()));
        // The clock moves in whole seconds and every slot: keep the reading that puts it furthest ahead, unless it jumped.
        let ahead = self.chain_time().is_some_and(|now| (0..=2).contains(&now.seconds_since(reading)));
        if !ahead {
            self.furthest = Some((reading, Instant::now()));
        }
    }

    /// The market as of a slot.
    pub fn observe_market(&mut self, slot: u64, market: &Market) {
        if self.market.as_ref().is_none_or(|(known, _)| slot >= *known) {
            self.market = Some((slot, Box::new(*market)));
        }
    }

    /// The provider as of a slot.
    pub fn observe_provider(&mut self, slot: u64, provider: &Provider) {
        if self.provider.as_ref().is_none_or(|(known, _)| slot >= *known) {
            self.provider = Some((slot, Box::new(*provider)));
        }
    }

    /// The highest slot seen.
    pub fn slot(&self) -> u64 {
        self.slot
    }

    /// Time since the chain was last seen to move, `None` before the first time.
    pub fn age(&self) -> Option<Duration> {
        self.moved_at.map(|at| at.elapsed())
    }

    /// True while the view is young enough.
    pub fn is_fresh(&self) -> bool {
        self.age().is_some_and(|age| age <= self.max_staleness)
    }

    /// Requires that new jobs may be admitted. Errors: [`Refusal::Stale`].
    pub fn require_fresh(&self) -> Result<(), Refusal> {
        let admit = self.when_stale == WhenStale::Admit && self.moved_at.is_some();
        if admit || self.is_fresh() { Ok(()) } else { Err(Refusal::Stale) }
    }

    /// The chain's clock now: the last time seen plus the time since.
    pub fn chain_time(&self) -> Option<ChainTime> {
        let (reading, at) = self.furthest?;
        Some(reading.plus_seconds(i64::try_from(at.elapsed().as_secs()).unwrap_or(i64::MAX)))
    }

    /// The chain's clock as far as the chain has been seen to move: a cluster that cannot be reached may be one that has halted, and
    /// a report dated ahead of it would rule out all others until it has come that far.
    pub fn confirmed_time(&self) -> Option<ChainTime> {
        let (reading, at) = self.furthest?;
        let moved = self.moved_at.map_or(at, |moved_at| moved_at.max(at)) + GOES_ON_FOR;
        let seen = moved.min(Instant::now()).saturating_duration_since(at);
        Some(reading.plus_seconds(i64::try_from(seen.as_secs()).unwrap_or(i64::MAX)))
    }

    /// The time that the chain's clock showed last, where that is a few seconds ago at most: what lands later is not dated before it.
    pub(crate) fn last_clock(&self) -> Option<ChainTime> {
        self.last.filter(|(_, at)| at.elapsed() <= LAST_CLOCK_LIVES).map(|(reading, _)| reading)
    }

    /// The market's clock now.
    pub fn market_time(&self) -> Option<MarketTime> {
        self.market.as_ref()?.1.market_time(self.chain_time()?.get()).ok().map(MarketTime)
    }

    /// The clocks of the chain now.
    pub fn clocks(&self) -> ChainClocks {
        let epoch_began_at = self.provider().map(|provider| ChainTime(provider.epoch_began_at));
        ChainClocks { chain: self.chain_time(), market: self.market_time(), epoch_began_at }
    }

    /// The market.
    pub fn market(&self) -> Option<&Market> {
        self.market.as_ref().map(|(_, market)| market.as_ref())
    }

    /// The provider.
    pub fn provider(&self) -> Option<&Provider> {
        self.provider.as_ref().map(|(_, provider)| provider.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_dated_no_later_than_the_chain_has_been_seen_to_move() {
        let ago = |seconds| Instant::now() - Duration::from_secs(seconds);
        let mut view = ChainView::new(Duration::from_secs(10), WhenStale::Admit);
        assert_eq!(view.confirmed_time(), None);
        let reading = ChainTime(1_800_000_000);
        // Neither clock nor slot for a minute: the node, or the whole cluster, stands still.
        view.furthest = Some((reading, ago(60)));
        for moved_at in [None, Some(ago(60)), Some(ago(90))] {
            view.moved_at = moved_at;
            assert_eq!(view.confirmed_time(), Some(reading.plus_seconds(3)));
            assert_eq!(view.chain_time(), Some(reading.plus_seconds(60)), "jobs are admitted as before");
        }
        // Slots show that it moves, though its clock was read a minute ago.
        view.moved_at = Some(ago(20));
        assert_eq!(view.confirmed_time(), Some(reading.plus_seconds(43)));
        view.observe_slot(7);
        assert_eq!(view.confirmed_time(), view.chain_time());
        // It goes on from where it stood.
        view.observe_clock(reading.plus_seconds(1));
        assert_eq!(
            (view.confirmed_time(), view.chain_time()),
            (Some(reading.plus_seconds(1)), Some(reading.plus_seconds(1)))
        );
    }
}
