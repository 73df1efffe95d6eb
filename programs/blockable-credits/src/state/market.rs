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
    /// Zero; kept for later versions.
    pub reserved: [u8; 256],
}

const _: () = assert!(size_of::<Market>() == 512);

impl Market {
    /// The layout this program writes.
    pub const VERSION: u8 = 1;

    /// Bytes of the account with its discriminator.
    pub const SPACE: usize = 8 + size_of::<Market>();

    /// Chain time less the seconds spent paused, in Unix seconds. Every due date, grace period, cure period and
    /// auction reads its clock here. Errors: [`Overflow`].
    pub fn market_time(&self, chain_time: i64) -> core::result::Result<i64, Overflow> {
        let paused = i64::try_from(self.paused_seconds).map_err(|_| Overflow)?;
        chain_time
            .checked_sub(paused)
            .and_then(|time| time.checked_sub(self.current_pause(chain_time)))
            .ok_or(Overflow)
    }

    /// Whether a pause stands at `chain_time`.
    pub fn is_paused(&self, chain_time: i64) -> bool {
        self.paused_at != 0 && chain_time < self.pause_expires_at
    }

    /// Seconds that the current pause, or one that has expired unnoticed, has lasted.
    fn current_pause(&self, chain_time: i64) -> i64 {
        if self.paused_at == 0 {
            return 0;
        }
        chain_time.min(self.pause_expires_at).saturating_sub(self.paused_at).max(0)
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

/// One instant on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarketClock {
    /// The chain's Unix time.
    pub chain: i64,
    /// Market time: the chain's time less the seconds spent paused.
    pub market: i64,
}
