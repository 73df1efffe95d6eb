//! The settings of a market, and the change of them that waits.

use {
    crate::{
        errors::{BlockableError, ensure},
        state::{Market, TermBounds},
        units::DAY,
    },
    anchor_lang::prelude::*,
    bytemuck::Zeroable,
};

/// Fewest seconds that a loosening change waits, outside tests: two days.
pub const MIN_CHANGE_DELAY: u32 = 2 * DAY;
/// Seconds for which a change that is ready may be applied, 14 days: an old proposal cannot be kept for later.
pub const CHANGE_LIFETIME: u32 = 14 * DAY;
/// Most seconds that a loosening change waits: 60 days.
pub const MAX_CHANGE_DELAY: u32 = 60 * DAY;
/// Highest redistribution fee a market may take, in basis points.
pub const MAX_REDISTRIBUTION_FEE_BPS: u16 = 1_000;

/// Fewest seconds that a provider's change waits, outside tests: six hours.
pub const MIN_PROVIDER_DELAY: u32 = DAY / 4;
/// Most seconds that a provider's change waits: 14 days.
pub const MAX_PROVIDER_DELAY: u32 = 14 * DAY;

/// Fewest seconds for which the admin must have suspended a provider before covered units of a loan that is not in default
/// can be cancelled, outside tests: two days.
pub const MIN_SUSPENSION: u32 = 2 * DAY;
/// Most seconds that a market may ask for before such a cancel: 60 days.
pub const MAX_SUSPENSION: u32 = 60 * DAY;

/// Fewest seconds that a loosening change waits.
pub fn shortest_delay(is_test: bool) -> u32 {
    if is_test { 1 } else { MIN_CHANGE_DELAY }
}

/// Fewest seconds that a provider's change waits.
pub fn shortest_provider_delay(is_test: bool) -> u32 {
    if is_test { 1 } else { MIN_PROVIDER_DELAY }
}

/// Fewest seconds that the admin's suspension of a provider must have lasted before a cancel.
pub fn shortest_suspension(is_test: bool) -> u32 {
    if is_test { 1 } else { MIN_SUSPENSION }
}

/// The part of a market that can be changed: at once where a change only tightens, else after the market's delay.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarketSettings {
    /// Fee on lot sales, in basis points.
    pub redistribution_fee_bps: u16,
    /// Seconds of market time that a loosening change waits.
    pub change_delay: u32,
    /// Seconds of market time that a change of a provider's settings, or of its authority, waits.
    pub provider_delay: u32,
    /// Seconds of market time that the admin's suspension of a provider must have lasted before covered units of a loan that
    /// is not in default can be cancelled.
    pub min_suspension: u32,
    /// The key that may pause and halt the market, and nothing else.
    pub guardian: Pubkey,
    /// Token account that fees are paid to.
    pub treasury: Pubkey,
    /// Bounds on the terms of loans.
    pub bounds: TermBounds,
}

impl MarketSettings {
    /// Returns true when these settings allow nobody more than `current` does.
    ///
    /// A change of the bounds on lots never counts as tightening, because whichever way it moves the price of collateral, it
    /// hurts lenders or borrowers. Nor does a change of the time before a cancel, which hurts providers or lenders. Neither
    /// does another treasury, nor another guardian: the present guardian can halt the market against its admin until it is
    /// replaced.
    pub fn is_tightening(&self, current: &MarketSettings) -> bool {
        let lots = |bounds: &TermBounds| {
            let windows = (bounds.min_lot_window, bounds.max_lot_window);
            let starts = (bounds.min_start_price_bps, bounds.max_start_price_bps);
            (windows, starts, bounds.min_floor_price_bps)
        };
        self.bounds.is_within(&current.bounds)
            && lots(&self.bounds) == lots(&current.bounds)
            && self.redistribution_fee_bps <= current.redistribution_fee_bps
            && self.change_delay >= current.change_delay
            && self.provider_delay >= current.provider_delay
            && self.min_suspension == current.min_suspension
            && self.guardian == current.guardian
            && self.treasury == current.treasury
    }

    /// Checks the settings against the limits for every market. Errors: [`BlockableError::FeeTooHigh`],
    /// [`BlockableError::ChangeDelayOutOfRange`], [`BlockableError::ProviderDelayOutOfRange`],
    /// [`BlockableError::SuspensionOutOfRange`], [`BlockableError::BoundsInconsistent`], [`BlockableError::BoundsTooLoose`].
    pub fn validate(&self, is_test: bool) -> Result<()> {
        ensure(self.redistribution_fee_bps <= MAX_REDISTRIBUTION_FEE_BPS, BlockableError::FeeTooHigh)?;
        ensure(
            (shortest_delay(is_test)..=MAX_CHANGE_DELAY).contains(&self.change_delay),
            BlockableError::ChangeDelayOutOfRange,
        )?;
        ensure(
            (shortest_provider_delay(is_test)..=MAX_PROVIDER_DELAY).contains(&self.provider_delay),
            BlockableError::ProviderDelayOutOfRange,
        )?;
        ensure(
            (shortest_suspension(is_test)..=MAX_SUSPENSION).contains(&self.min_suspension),
            BlockableError::SuspensionOutOfRange,
        )?;
        ensure(self.bounds.is_consistent(), BlockableError::BoundsInconsistent)?;
        ensure(is_test || self.bounds.is_within(&TermBounds::PRODUCTION), BlockableError::BoundsTooLoose)
    }
}

impl Market {
    /// The settings in force.
    pub fn settings(&self) -> MarketSettings {
        MarketSettings {
            redistribution_fee_bps: self.redistribution_fee_bps,
            change_delay: self.change_delay,
            provider_delay: self.provider_delay,
            min_suspension: self.min_suspension,
            guardian: self.guardian,
            treasury: self.treasury,
            bounds: self.bounds,
        }
    }

    /// The settings of the proposed change; meaningful while `change_ready_at` is not 0.
    pub fn proposed_settings(&self) -> MarketSettings {
        MarketSettings {
            redistribution_fee_bps: self.proposed_fee_bps,
            change_delay: self.proposed_delay,
            provider_delay: self.proposed_provider_delay,
            min_suspension: self.proposed_min_suspension,
            guardian: self.proposed_guardian,
            treasury: self.proposed_treasury,
            bounds: self.proposed_bounds,
        }
    }

    /// Puts settings in force.
    pub fn apply(&mut self, settings: &MarketSettings) {
        self.redistribution_fee_bps = settings.redistribution_fee_bps;
        self.change_delay = settings.change_delay;
        self.provider_delay = settings.provider_delay;
        self.min_suspension = settings.min_suspension;
        self.guardian = settings.guardian;
        self.treasury = settings.treasury;
        self.bounds = settings.bounds;
    }

    /// Stores settings as the proposed change, to be applied from `ready_at` on, in market time.
    pub fn set_proposal(&mut self, settings: &MarketSettings, ready_at: i64) {
        self.proposed_fee_bps = settings.redistribution_fee_bps;
        self.proposed_delay = settings.change_delay;
        self.proposed_provider_delay = settings.provider_delay;
        self.proposed_min_suspension = settings.min_suspension;
        self.proposed_guardian = settings.guardian;
        self.proposed_treasury = settings.treasury;
        self.proposed_bounds = settings.bounds;
        self.change_ready_at = ready_at;
    }

    /// Drops the proposed change.
    pub fn drop_proposal(&mut self) {
        let none = MarketSettings {
            redistribution_fee_bps: 0,
            change_delay: 0,
            provider_delay: 0,
            min_suspension: 0,
            guardian: Pubkey::default(),
            treasury: Pubkey::default(),
            bounds: TermBounds::zeroed(),
        };
        self.set_proposal(&none, 0);
    }
}
