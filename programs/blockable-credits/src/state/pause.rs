use {
    crate::{
        errors::{BlockableError, ensure},
        state::Market,
        units::{self, DAY, Overflow},
    },
    anchor_lang::prelude::*,
};

/// Most seconds by which a market can be paused within one UTC day.
pub const MAX_PAUSE_PER_DAY: u32 = 21_600;

/// One instant on both clocks of a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarketClock {
    /// The chain's Unix time.
    pub chain: i64,
    /// Market time: the chain's time less the seconds spent paused.
    pub market: i64,
    /// True while the market is paused.
    pub is_paused: bool,
}

impl MarketClock {
    /// Requires that the market is not paused. Errors: [`BlockableError::MarketPaused`].
    pub fn require_open(&self) -> Result<()> {
        ensure(!self.is_paused, BlockableError::MarketPaused)
    }

    /// Seconds for which the market has been paused in all. Errors: [`Overflow`].
    pub fn seconds_paused(&self) -> core::result::Result<u64, Overflow> {
        units::elapsed(self.market, self.chain)
    }
}

impl Market {
    /// Both clocks at `chain_time`, in Unix seconds. Errors: [`Overflow`].
    pub fn clock_at(&self, chain_time: i64) -> core::result::Result<MarketClock, Overflow> {
        let market = self.market_time(chain_time)?;
        Ok(MarketClock { chain: chain_time, market, is_paused: self.is_paused(chain_time) })
    }

    /// Begins a pause of `seconds`. Errors: [`BlockableError::AmountZero`], [`BlockableError::AlreadyPaused`],
    /// [`BlockableError::PauseBudgetExceeded`].
    pub fn begin_pause(&mut self, chain_time: i64, seconds: u32) -> Result<()> {
        ensure(seconds > 0, BlockableError::AmountZero)?;
        ensure(!self.is_paused(chain_time), BlockableError::AlreadyPaused)?;
        self.end_pause(chain_time)?;
        let until = units::after(chain_time, seconds)?;
        let today = day_of(chain_time)?;
        let (spent, ahead) = self.pause_budget_spent(today);
        let (first, second) = split_at_midnight(chain_time, until)?;
        let first = spent.checked_add(first).ok_or(Overflow)?;
        let second = ahead.checked_add(second).ok_or(Overflow)?;
        ensure(first.max(second) <= MAX_PAUSE_PER_DAY, BlockableError::PauseBudgetExceeded)?;
        self.pause_day = today;
        self.paused_that_day = first;
        self.paused_day_after = second;
        self.paused_at = chain_time;
        self.pause_expires_at = until;
        Ok(())
    }

    /// Ends the pause that is in force or has expired, and gives the seconds it did not use back to the day's budget.
    /// Errors: [`Overflow`].
    #[inline(never)]
    pub fn end_pause(&mut self, chain_time: i64) -> core::result::Result<(), Overflow> {
        if self.is_paused(chain_time) {
            let (first, second) = split_at_midnight(self.paused_at, self.pause_expires_at)?;
            let (used_first, used_second) = split_at_midnight(self.paused_at, chain_time)?;
            let unused = |all: u32, used: u32| all.saturating_sub(used);
            self.paused_that_day = self.paused_that_day.saturating_sub(unused(first, used_first));
            self.paused_day_after = self.paused_day_after.saturating_sub(unused(second, used_second));
        }
        self.paused_seconds = self.seconds_paused(chain_time)?;
        self.paused_at = 0;
        self.pause_expires_at = 0;
        Ok(())
    }

    /// Seconds of a day's and of the following day's budget that earlier pauses have used.
    fn pause_budget_spent(&self, today: u32) -> (u32, u32) {
        match today.checked_sub(self.pause_day) {
            Some(0) => (self.paused_that_day, self.paused_day_after),
            Some(1) => (self.paused_day_after, 0),
            _ => (0, 0),
        }
    }

    /// Chain time less the seconds spent paused, in Unix seconds. Every due date, grace period, cure period and
    /// auction is measured in it. Errors: [`Overflow`].
    pub fn market_time(&self, chain_time: i64) -> core::result::Result<i64, Overflow> {
        chain_time.checked_sub_unsigned(self.seconds_paused(chain_time)?).ok_or(Overflow)
    }

    /// Returns true when a pause is in force at `chain_time`.
    pub fn is_paused(&self, chain_time: i64) -> bool {
        self.paused_at != 0 && chain_time < self.pause_expires_at
    }

    /// Seconds spent paused in all pauses, with the current one and one that expired since the last change. Errors: [`Overflow`].
    fn seconds_paused(&self, chain_time: i64) -> core::result::Result<u64, Overflow> {
        if self.paused_at == 0 {
            return Ok(self.paused_seconds);
        }
        let current = units::elapsed(self.paused_at, chain_time.min(self.pause_expires_at))?;
        units::add(self.paused_seconds, current)
    }
}

/// The seconds between two times on the day of the first, and those after it. Errors: [`Overflow`].
#[inline(never)]
fn split_at_midnight(from: i64, until: i64) -> core::result::Result<(u32, u32), Overflow> {
    let next_day = i64::from(day_of(from)?).checked_add(1).ok_or(Overflow)?;
    let midnight = next_day.checked_mul(i64::from(DAY)).ok_or(Overflow)?;
    let first = units::elapsed(from, until.min(midnight))?;
    let second = units::elapsed(midnight, until)?;
    let seconds = |seconds: u64| u32::try_from(seconds).map_err(|_| Overflow);
    Ok((seconds(first)?, seconds(second)?))
}

/// Days since 1970. Errors: [`Overflow`] for a time before that.
fn day_of(chain_time: i64) -> core::result::Result<u32, Overflow> {
    let day = chain_time.checked_div(i64::from(DAY)).ok_or(Overflow)?;
    u32::try_from(day).map_err(|_| Overflow)
}
