//! The clocks of a snapshot, and conversions between them.
//!
//! Due dates and graces are market time, which stops in pauses; stalls, reports and covenants are in the chain's
//! time. An account has the length of all pauses, not their dates: where that leaves a choice, the one that marks nobody too
//! early is taken.

use {
    crate::{chain::Snapshot, plan::PlanSettings},
    blockable_sdk::{
        amounts::{ChainTime, MarketTime},
        program::state::{Credit, MarketClock},
    },
};

/// A snapshot with its clocks read once.
pub(super) struct Now<'a> {
    pub snapshot: &'a Snapshot,
    pub settings: &'a PlanSettings,
    /// The chain's clock.
    pub chain: ChainTime,
    /// The market's clock.
    pub market: MarketTime,
    /// Both, as the program reads them, with pause and halt.
    pub clock: MarketClock,
}

impl<'a> Now<'a> {
    /// Reads the clocks. `None` for a market whose clock is out of range, in which the program does nothing.
    pub(super) fn new(snapshot: &'a Snapshot, settings: &'a PlanSettings) -> Option<Now<'a>> {
        let chain = snapshot.clock;
        let clock = snapshot.market.clock_at(chain.get()).ok()?;
        Some(Now { snapshot, settings, chain, market: MarketTime(clock.market), clock })
    }

    /// Seconds of all pauses.
    fn paused_seconds(&self) -> i64 {
        self.chain.get().saturating_sub(self.market.get())
    }

    /// Converts a market time to the latest that the chain's clock can have shown then, or the earliest that it will.
    pub(super) fn chain_time(&self, time: MarketTime) -> ChainTime {
        let market = &self.snapshot.market;
        let earlier_pauses = i64::try_from(market.paused_seconds).unwrap_or(i64::MAX);
        let latest_pause = MarketTime(market.paused_at.saturating_sub(earlier_pauses));
        let before_latest_pause = market.paused_at != 0 && time <= latest_pause;
        let paused = if before_latest_pause { earlier_pauses } else { self.paused_seconds() };
        ChainTime(time.plus_seconds(paused).get())
    }

    /// Adds up the seconds of stalls since a market time in a credit's life: a stall that might count, counts. The pauses before
    /// the offer are known to lie before it.
    pub(super) fn stalled_since(&self, credit: &Credit, time: MarketTime) -> i64 {
        let before_offer = i64::try_from(credit.paused_at_offer).unwrap_or(i64::MAX);
        let earliest = time.plus_seconds(before_offer.min(self.paused_seconds()));
        self.snapshot.stalls.lost_since(ChainTime(earliest.get()))
    }

    /// Returns whether something due since a time is for this keeper to do: a backup leaves it to others at first.
    pub(super) fn is_mine(&self, due_at: ChainTime) -> bool {
        self.mine_at(due_at) <= self.chain
    }

    /// The time from which something due since a time is for this keeper to do.
    pub(super) fn mine_at(&self, due_at: ChainTime) -> ChainTime {
        due_at.plus_seconds(self.settings.backup_delay_seconds)
    }
}
