use {
    crate::{
        errors::{BlockableError, ensure},
        units::{self, Overflow},
    },
    anchor_lang::prelude::*,
    bytemuck::{Pod, Zeroable},
};

/// Bounds that every loan of a market must keep.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct TermBounds {
    /// Smallest principal, in micro-USDC.
    pub min_principal: u64,
    /// Largest principal, in micro-USDC.
    pub max_principal: u64,
    /// Fewest seconds between due dates, and from issue to the first one.
    pub min_instalment_interval: u32,
    /// Most seconds from issue to the last due date.
    pub max_term: u32,
    /// Fewest seconds from a due date to delinquency.
    pub min_delinquency_grace: u32,
    /// Fewest seconds from a due date to default.
    pub min_default_grace: u32,
    /// Fewest seconds from default to seizure.
    pub min_cure_period: u32,
    /// Fewest seconds over which a lot's price may fall.
    pub min_lot_window: u32,
    /// Most seconds over which a lot's price may fall.
    pub max_lot_window: u32,
    /// Highest annual rate, in basis points.
    pub max_apr_bps: u16,
    /// Highest late fee, in basis points of the average instalment's principal.
    pub max_late_fee_bps: u16,
    /// Lowest start price of a lot, in basis points of what the loan paid per unit.
    pub min_start_price_bps: u16,
    /// Lowest floor price of a lot, in basis points of what the loan paid per unit.
    pub min_floor_price_bps: u16,
    /// Zero.
    pub reserved: [u8; 4],
}

const _: () = assert!(size_of::<TermBounds>() == 56);

const DAY: u32 = 86_400;

/// The largest principal that any market may allow, in micro-USDC: no interest or fee on it can leave 64 bits.
pub const MAX_PRINCIPAL: u64 = 1_000_000_000_000_000_000;

impl TermBounds {
    /// The loosest bounds that a market for real money may have.
    pub const PRODUCTION: TermBounds = TermBounds {
        min_principal: 1_000_000,
        max_principal: MAX_PRINCIPAL,
        min_instalment_interval: DAY,
        max_term: 3_660 * DAY,
        min_delinquency_grace: DAY,
        min_default_grace: 2 * DAY,
        min_cure_period: DAY,
        min_lot_window: 3_600,
        max_lot_window: 90 * DAY,
        max_apr_bps: 10_000,
        max_late_fee_bps: 1_000,
        min_start_price_bps: 5_000,
        min_floor_price_bps: 1_000,
        reserved: [0; 4],
    };

    /// Whether the bounds contradict none of their own.
    pub fn is_consistent(&self) -> bool {
        self.min_principal > 0
            && self.min_principal <= self.max_principal
            && self.max_principal <= MAX_PRINCIPAL
            && self.min_instalment_interval <= self.max_term
            && self.min_lot_window > 0
            && self.min_lot_window <= self.max_lot_window
            && self.min_floor_price_bps <= self.min_start_price_bps
            && u64::from(self.min_start_price_bps) <= units::BPS
            && self.reserved == [0; 4]
    }

    /// Whether these bounds allow nothing that `other` forbids.
    pub fn is_within(&self, other: &TermBounds) -> bool {
        self.min_principal >= other.min_principal
            && self.max_principal <= other.max_principal
            && self.min_instalment_interval >= other.min_instalment_interval
            && self.max_term <= other.max_term
            && self.min_delinquency_grace >= other.min_delinquency_grace
            && self.min_default_grace >= other.min_default_grace
            && self.min_cure_period >= other.min_cure_period
            && self.min_lot_window >= other.min_lot_window
            && self.max_lot_window <= other.max_lot_window
            && self.max_apr_bps <= other.max_apr_bps
            && self.max_late_fee_bps <= other.max_late_fee_bps
            && self.min_start_price_bps >= other.min_start_price_bps
            && self.min_floor_price_bps >= other.min_floor_price_bps
    }
}

/// What of a market can be changed: at once where it only tightens, else after the market's delay.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarketSettings {
    /// Fee on lot sales, in basis points.
    pub redistribution_fee_bps: u16,
    /// Seconds of market time that a loosening change waits.
    pub change_delay: u32,
    /// Token account that fees are paid to.
    pub treasury: Pubkey,
    /// Bounds on the terms of loans.
    pub bounds: TermBounds,
}

impl MarketSettings {
    /// Whether these settings give nobody more than `current` does.
    ///
    /// What decides the price of collateral is no looser one way than the other, since lenders and borrowers stand
    /// against each other there: such a change always waits, and so does one of where fees go.
    pub fn is_tightening(&self, current: &MarketSettings) -> bool {
        let lots = |bounds: &TermBounds| {
            let windows = (bounds.min_lot_window, bounds.max_lot_window);
            (windows, bounds.min_start_price_bps, bounds.min_floor_price_bps)
        };
        self.bounds.is_within(&current.bounds)
            && lots(&self.bounds) == lots(&current.bounds)
            && self.redistribution_fee_bps <= current.redistribution_fee_bps
            && self.change_delay >= current.change_delay
            && self.treasury == current.treasury
    }
}

/// Fewest seconds that a loosening change waits, outside tests: two days.
pub const MIN_CHANGE_DELAY: u32 = 2 * DAY;
/// Seconds for which a change that is ready may be applied: 14 days. Nobody keeps an old one in hand.
pub const CHANGE_LIFETIME: u32 = 14 * DAY;
/// Most seconds that a loosening change waits: 60 days.
pub const MAX_CHANGE_DELAY: u32 = 60 * DAY;
/// Most seconds by which a market can be paused within one UTC day.
pub const MAX_PAUSE_PER_DAY: u32 = 21_600;

/// Highest redistribution fee a market may take, in basis points.
pub const MAX_REDISTRIBUTION_FEE_BPS: u16 = 1_000;

/// One lending market: a payment token, its bounds and its clock.
#[account(zero_copy)]
pub struct Market {
    /// Layout version, [`Market::VERSION`].
    pub version: u8,
    /// Bump of the market's address.
    pub bump: u8,
    /// 1 for a market whose bounds may be looser than [`TermBounds::PRODUCTION`], for tests alone.
    pub is_test: u8,
    /// Decimals of the payment mint.
    pub decimals: u8,
    /// Fee on lot sales, in basis points.
    pub redistribution_fee_bps: u16,
    /// Zero.
    pub padding: [u8; 2],
    /// The number in the market's address.
    pub id: u64,
    /// May change the market.
    pub admin: Pubkey,
    /// May only pause.
    pub guardian: Pubkey,
    /// The token that loans are made and repaid in.
    pub payment_mint: Pubkey,
    /// The program that owns the payment mint: SPL Token or Token-2022.
    pub token_program: Pubkey,
    /// Token account that fees are paid to.
    pub treasury: Pubkey,
    /// Seconds spent paused in all pauses that have ended.
    pub paused_seconds: u64,
    /// Unix time at which the current pause began; 0 when there is none.
    pub paused_at: i64,
    /// Unix time at which the current pause ends by itself.
    pub pause_expires_at: i64,
    /// Bounds on the terms of loans.
    pub bounds: TermBounds,
    /// Offered the admin's place; zero when nobody is.
    pub pending_admin: Pubkey,
    /// Treasury of the change that waits.
    pub proposed_treasury: Pubkey,
    /// Bounds of the change that waits.
    pub proposed_bounds: TermBounds,
    /// Market time from which the waiting change may be applied; 0 when none waits.
    pub change_ready_at: i64,
    /// Seconds that a loosening change waits; see [`Market::settings`].
    pub change_delay: u32,
    /// Delay of the change that waits.
    pub proposed_delay: u32,
    /// Day of the latest pause, in days since 1970.
    pub pause_day: u32,
    /// Seconds paused, or set aside for the current pause, on that day.
    pub paused_that_day: u32,
    /// Redistribution fee of the change that waits, in basis points.
    pub proposed_fee_bps: u16,
    /// Zero.
    pub padding2: [u8; 2],
    /// Seconds of the latest pause that fall on the day after.
    pub paused_day_after: u32,
    /// Zero; kept for later versions.
    pub reserved: [u8; 104],
}

const _: () = assert!(size_of::<Market>() == 512);

impl Market {
    /// The layout this program writes.
    pub const VERSION: u8 = 1;

    /// Bytes of the account with its discriminator.
    pub const SPACE: usize = 8 + size_of::<Market>();

    /// The settings in force. A delay below the shortest allowed, as in a market of an earlier version, counts as that.
    pub fn settings(&self) -> MarketSettings {
        MarketSettings {
            redistribution_fee_bps: self.redistribution_fee_bps,
            change_delay: self.change_delay.max(shortest_delay(self.is_test == 1)),
            treasury: self.treasury,
            bounds: self.bounds,
        }
    }

    /// The settings of the change that waits; meaningful while `change_ready_at` is not 0.
    pub fn proposed_settings(&self) -> MarketSettings {
        MarketSettings {
            redistribution_fee_bps: self.proposed_fee_bps,
            change_delay: self.proposed_delay,
            treasury: self.proposed_treasury,
            bounds: self.proposed_bounds,
        }
    }

    /// Puts settings in force.
    pub fn apply(&mut self, settings: &MarketSettings) {
        self.redistribution_fee_bps = settings.redistribution_fee_bps;
        self.change_delay = settings.change_delay;
        self.treasury = settings.treasury;
        self.bounds = settings.bounds;
    }

    /// Lets settings wait until `ready_at`, in market time.
    pub fn propose(&mut self, settings: &MarketSettings, ready_at: i64) {
        self.proposed_fee_bps = settings.redistribution_fee_bps;
        self.proposed_delay = settings.change_delay;
        self.proposed_treasury = settings.treasury;
        self.proposed_bounds = settings.bounds;
        self.change_ready_at = ready_at;
    }

    /// Drops the change that waits.
    pub fn drop_proposal(&mut self) {
        let none = MarketSettings {
            redistribution_fee_bps: 0,
            change_delay: 0,
            treasury: Pubkey::default(),
            bounds: TermBounds::zeroed(),
        };
        self.propose(&none, 0);
    }

    /// Begins a pause of `seconds`. Errors: [`BlockableError::AmountZero`], [`BlockableError::AlreadyPaused`],
    /// [`BlockableError::PauseBudgetExceeded`].
    pub fn pause(&mut self, chain_time: i64, seconds: u32) -> Result<()> {
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

    /// Ends the pause, if one stands or has expired unnoticed, and gives what it did not use back to the day's budget.
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
    /// auction reads its clock here. Errors: [`Overflow`].
    pub fn market_time(&self, chain_time: i64) -> core::result::Result<i64, Overflow> {
        chain_time.checked_sub_unsigned(self.seconds_paused(chain_time)?).ok_or(Overflow)
    }

    /// Whether a pause stands at `chain_time`.
    pub fn is_paused(&self, chain_time: i64) -> bool {
        self.paused_at != 0 && chain_time < self.pause_expires_at
    }

    /// Seconds spent paused in all pauses, with the current one or one that has expired unnoticed. Errors: [`Overflow`].
    fn seconds_paused(&self, chain_time: i64) -> core::result::Result<u64, Overflow> {
        if self.paused_at == 0 {
            return Ok(self.paused_seconds);
        }
        let current = units::elapsed(self.paused_at, chain_time.min(self.pause_expires_at))?;
        units::add(self.paused_seconds, current)
    }

    /// The market's clock right now, from the clock sysvar. Errors: a sysvar that cannot be read, [`Overflow`].
    pub fn clock(&self) -> Result<MarketClock> {
        let chain = Clock::get()?.unix_timestamp;
        Ok(MarketClock { chain, market: self.market_time(chain)? })
    }

    /// The clock, where the market is not paused. Errors: [`BlockableError::MarketPaused`], as [`Market::clock`].
    pub fn open_clock(&self) -> Result<MarketClock> {
        let clock = self.clock()?;
        ensure(!self.is_paused(clock.chain), BlockableError::MarketPaused)?;
        Ok(clock)
    }

    /// Lowest price a lot may start at or fall to, in micro-USDC per `PRICE_SCALE` units, given what the loan paid.
    /// Errors: [`Overflow`].
    pub fn least_price(&self, price_paid: u64, share_bps: u16) -> core::result::Result<u64, Overflow> {
        units::mul_div_ceil(price_paid, u64::from(share_bps), units::BPS)
    }
}

/// Fewest seconds that a loosening change waits.
pub fn shortest_delay(is_test: bool) -> u32 {
    if is_test { 1 } else { MIN_CHANGE_DELAY }
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

/// One instant on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarketClock {
    /// The chain's Unix time.
    pub chain: i64,
    /// Market time: the chain's time less the seconds spent paused.
    pub market: i64,
}

impl MarketClock {
    /// Seconds that the market has been paused for in all. Errors: [`Overflow`].
    pub fn paused(&self) -> core::result::Result<u64, Overflow> {
        units::elapsed(self.market, self.chain)
    }
}
