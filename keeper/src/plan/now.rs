//! The clocks of a snapshot, and times between them.
//!
//! Due dates and graces are market time, which stands still in pauses; stalls, reports and covenants are in the chain's
//! time. An account says how long the market has been paused for in all, not when: where that leaves a choice, the one
//! that marks nobody too early is taken.

use {
    crate::{chain::Snapshot, plan::PlanSettings},
    blockable_sdk::program::state::{Credit, MarketClock},
};

/// A snapshot with its clocks read once.
pub(super) struct Now<'a> {
    pub snapshot: &'a Snapshot,
    pub settings: &'a PlanSettings,
    /// Both clocks, in Unix seconds.
    pub clock: MarketClock,
    /// Whether a pause stands.
    pub is_paused: bool,
}

impl<'a> Now<'a> {
    /// `None` for a market whose clock is out of range, in which the program does nothing.
    pub fn of(snapshot: &'a Snapshot, settings: &'a PlanSettings) -> Option<Now<'a>> {
        let clock = snapshot.market.clock_at(snapshot.clock).ok()?;
        Some(Now { snapshot, settings, clock, is_paused: snapshot.is_paused() })
    }

    /// Seconds of all pauses.
    fn paused(&self) -> i64 {
        self.clock.chain.saturating_sub(self.clock.market)
    }

    /// The latest that the chain's clock can have shown a market time, or the earliest that it will.
    pub fn chain_time(&self, market_time: i64) -> i64 {
        let market = &self.snapshot.market;
        let earlier_pauses = i64::try_from(market.paused_seconds).unwrap_or(i64::MAX);
        let before_latest_pause =
            market.paused_at != 0 && market_time <= market.paused_at.saturating_sub(earlier_pauses);
        let paused = if before_latest_pause { earlier_pauses } else { self.paused() };
        market_time.saturating_add(paused)
    }

    /// Seconds that the cluster may have stood still since a market time in a credit's life: a stall that might count,
    /// counts. The pauses before the offer are known to lie before it.
    pub fn lost_since(&self, credit: &Credit, market_time: i64) -> i64 {
        let paused_before = i64::try_from(credit.paused_at_offer).unwrap_or(i64::MAX).min(self.paused());
        self.snapshot.stalls.lost_since(market_time.saturating_add(paused_before))
    }

    /// Whether something due in chain time since `at` is for this keeper to do: a backup leaves it to others at first.
    pub fn is_mine(&self, at: i64) -> bool {
        self.mine_at(at) <= self.clock.chain
    }

    /// From when on something due since `at` is for this keeper to do.
    pub fn mine_at(&self, at: i64) -> i64 {
        at.saturating_add(self.settings.backup_delay_seconds)
    }
}
