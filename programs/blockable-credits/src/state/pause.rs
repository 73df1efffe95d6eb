//! The pause clock of a market: pauses, their budgets, and market time.

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
/// Most seconds by which a market can be paused within any 30 days: 24 hours. It is counted over 31 UTC days in a row,
/// because any 30 days lie within 31 of them.
pub const MAX_PAUSE_PER_30_DAYS: u32 = 86_400;
/// UTC days whose pauses a market remembers: today, the day after, and 30 days back.
pub const PAUSE_DAYS: usize = 32;

/// One instant on both clocks of a market, and whether the market is paused or halted at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarketClock {
    /// The chain's Unix time.
    pub chain: i64,
    /// Market time: the chain's time less the seconds spent paused.
    pub market: i64,
    /// True while the market is paused.
    pub is_paused: bool,
    /// True while the market is halted: it takes no new business, and all that exists goes on.
    pub is_halted: bool,
}

impl MarketClock {
    /// Requires that the market is not paused. Errors: [`BlockableError::MarketPaused`].
    pub fn require_open(&self) -> Result<()> {
        ensure(!self.is_paused, BlockableError::MarketPaused)
    }

    /// Requires that the market takes new business: it is neither paused nor halted. Errors:
    /// [`BlockableError::MarketPaused`], [`BlockableError::MarketHalted`].
    pub fn require_new_business(&self) -> Result<()> {
        self.require_open()?;
        ensure(!self.is_halted, BlockableError::MarketHalted)
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
        let (is_paused, is_halted) = (self.is_paused(chain_time), self.is_halted(market));
        Ok(MarketClock { chain: chain_time, market, is_paused, is_halted })
    }

    /// Begins a pause of `seconds`. Errors: [`BlockableError::AmountZero`], [`BlockableError::AlreadyPaused`],
    /// [`BlockableError::PauseBudgetExceeded`], [`BlockableError::PauseMonthExceeded`].
    pub fn begin_pause(&mut self, chain_time: i64, seconds: u32) -> Result<()> {
        ensure(seconds > 0, BlockableError::AmountZero)?;
        ensure(!self.is_paused(chain_time), BlockableError::AlreadyPaused)?;
        self.end_pause(chain_time)?;
        let until = units::after(chain_time, seconds)?;
        let today = day_of(chain_time)?;
        let (first, second) = split_at_midnight(chain_time, until)?;
        self.forget_old_days(today)?;
        self.spend_pause(today, first)?;
        self.spend_pause(today.saturating_add(1), second)?;
        ensure(self.most_paused_in_30_days() <= MAX_PAUSE_PER_30_DAYS, BlockableError::PauseMonthExceeded)?;
        self.paused_at = chain_time;
        self.pause_expires_at = until;
        Ok(())
    }

    /// Ends the pause that is in force or has expired, and gives the seconds it did not use back to the days they were set
    /// aside on. Errors: [`Overflow`].
    #[inline(never)]
    pub fn end_pause(&mut self, chain_time: i64) -> core::result::Result<(), Overflow> {
        if self.is_paused(chain_time) {
            let (first, second) = split_at_midnight(self.paused_at, self.pause_expires_at)?;
            let (used_first, used_second) = split_at_midnight(self.paused_at, chain_time)?;
            let today = self.pause_day;
            self.give_back_pause(today, first.saturating_sub(used_first))?;
            self.give_back_pause(today.saturating_add(1), second.saturating_sub(used_second))?;
        }
        self.paused_seconds = self.seconds_paused(chain_time)?;
        self.paused_at = 0;
        self.pause_expires_at = 0;
        Ok(())
    }

    /// Makes `today` the day of the latest pause, and sets the days that are new in the ring to zero. Errors: [`Overflow`].
    fn forget_old_days(&mut self, today: u32) -> core::result::Result<(), Overflow> {
        let tomorrow = today.saturating_add(1);
        for back in 0..today.saturating_sub(self.pause_day).min(PAUSE_DAYS as u32) {
            *self.paused_on_mut(tomorrow.saturating_sub(back))? = 0;
        }
        self.pause_day = today;
        Ok(())
    }

    /// Sets seconds of a day aside. Errors: [`BlockableError::PauseBudgetExceeded`].
    fn spend_pause(&mut self, day: u32, seconds: u32) -> Result<()> {
        let spent = self.paused_on_mut(day)?;
        let total = u32::from(*spent).saturating_add(seconds);
        ensure(total <= MAX_PAUSE_PER_DAY, BlockableError::PauseBudgetExceeded)?;
        *spent = u16::try_from(total).map_err(|_| BlockableError::PauseBudgetExceeded)?;
        Ok(())
    }

    /// Gives unused seconds of a day back. Errors: [`Overflow`].
    fn give_back_pause(&mut self, day: u32, seconds: u32) -> core::result::Result<(), Overflow> {
        let spent = self.paused_on_mut(day)?;
        *spent = spent.saturating_sub(u16::try_from(seconds).map_err(|_| Overflow)?);
        Ok(())
    }

    /// Seconds paused, or set aside, in 31 UTC days in a row: those that end with the day of the latest pause or those that
    /// end with the day after, whichever is more.
    fn most_paused_in_30_days(&self) -> u32 {
        let kept: u32 = self.paused_on.iter().map(|seconds| u32::from(*seconds)).sum();
        let tomorrow = self.paused_on(self.pause_day.saturating_add(1));
        // The oldest day, 30 days before the latest pause, has the place in the ring after tomorrow's.
        let oldest = self.paused_on(self.pause_day.saturating_add(2));
        kept.saturating_sub(u32::from(tomorrow.min(oldest)))
    }

    /// Seconds paused, or set aside, on a UTC day that the market remembers; `day` counts from 1970.
    pub fn paused_on(&self, day: u32) -> u16 {
        self.paused_on.get(day as usize % PAUSE_DAYS).copied().unwrap_or_default()
    }

    fn paused_on_mut(&mut self, day: u32) -> core::result::Result<&mut u16, Overflow> {
        self.paused_on.get_mut(day as usize % PAUSE_DAYS).ok_or(Overflow)
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

    /// Returns true while a halt is in force at a market time: from the halt until the end that the admin has set.
    pub fn is_halted(&self, market_time: i64) -> bool {
        self.halted_at != 0 && (self.halt_lifts_at == 0 || market_time < self.halt_lifts_at)
    }

    /// Seconds spent paused in all pauses, including one that is in force or has expired and is not cleared yet. Errors:
    /// [`Overflow`].
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
