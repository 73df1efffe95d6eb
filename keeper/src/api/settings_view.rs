//! Settings of markets and providers as JSON.

use {
    crate::values::{Address, Time, UnitCount, UsdAmount},
    blockable_sdk::{
        amounts::{Bps, ChainTime, MicroUsd, Units},
        program::state::{MarketSettings, ProviderSettings, TermBounds},
    },
    blockable_service::hex,
    serde::Serialize,
    utoipa::ToSchema,
};

/// Settings of a provider, on which loans depend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ProviderSettingsView {
    /// The reporters, in their order.
    reporters: Vec<ReporterView>,
    /// Reporters that must agree.
    quorum: u8,
    /// Credits per chunk of a report.
    chunk_size: u8,
    /// Highest rate bound that a new loan may have, in units per second.
    max_units_per_second: UnitCount,
    /// Longest job that a new loan may allow for, in seconds.
    longest_job_seconds: u32,
    /// Token account that principal is paid to.
    payout: Address,
    /// Hash of the price list, in hexadecimal; zeros where it has published none.
    price_list_hash: String,
}

/// A reporter of a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ReporterView {
    /// Its key.
    key: Address,
    /// The time from which its reports are refused.
    expires_at: Time,
}

/// Settings of a market.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct MarketSettingsView {
    /// Fee on sales of lots, in basis points.
    #[schema(value_type = u64)]
    redistribution_fee_bps: Bps,
    /// Seconds of market time that a change that is no tightening waits.
    change_delay_seconds: u32,
    /// Seconds that a change of a provider waits.
    provider_delay_seconds: u32,
    /// Seconds for which the admin must have suspended a provider until lender and borrower may together cancel units under the
    /// holdback.
    min_suspension_seconds: u32,
    /// The key that may pause and halt the market.
    guardian: Address,
    /// Token account that fees are paid to.
    treasury: Address,
    /// Bounds on the terms of loans.
    bounds: BoundsView,
}

/// Bounds on the terms of loans.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct BoundsView {
    /// Smallest principal.
    min_principal: UsdAmount,
    /// Largest principal.
    max_principal: UsdAmount,
    /// Fewest seconds between due dates.
    min_instalment_interval_seconds: u32,
    /// Most seconds from issue to the last due date.
    max_term_seconds: u32,
    /// Fewest seconds from a due date to delinquency.
    min_delinquency_grace_seconds: u32,
    /// Fewest seconds from a due date to default.
    min_default_grace_seconds: u32,
    /// Fewest seconds from default to seizure.
    min_cure_period_seconds: u32,
    /// Fewest seconds over which a lot's price may fall.
    min_lot_window_seconds: u32,
    /// Most seconds over which a lot's price may fall.
    max_lot_window_seconds: u32,
    /// Highest annual rate, in basis points.
    #[schema(value_type = u64)]
    max_apr_bps: Bps,
    /// Highest late fee, in basis points of the average instalment's principal.
    #[schema(value_type = u64)]
    max_late_fee_bps: Bps,
    /// Lowest start price of a lot, in basis points of the price that the loan paid.
    #[schema(value_type = u64)]
    min_start_price_bps: Bps,
    /// Highest start price of a lot, in basis points of the price that the loan paid.
    #[schema(value_type = u64)]
    max_start_price_bps: Bps,
    /// Lowest floor price of a lot, in basis points of the price that the loan paid.
    #[schema(value_type = u64)]
    min_floor_price_bps: Bps,
}

impl ProviderSettingsView {
    pub(super) fn new(settings: &ProviderSettings) -> ProviderSettingsView {
        let reporter = |reporter: &blockable_sdk::program::state::Reporter| ReporterView {
            key: Address(reporter.key),
            expires_at: ChainTime(reporter.expires_at).into(),
        };
        ProviderSettingsView {
            reporters: settings.reporters().iter().map(reporter).collect(),
            quorum: settings.quorum,
            chunk_size: settings.chunk_size,
            max_units_per_second: UnitCount(Units(settings.max_units_per_second)),
            longest_job_seconds: settings.longest_job,
            payout: Address(settings.payout),
            price_list_hash: hex::encode(settings.price_list_hash),
        }
    }
}

impl MarketSettingsView {
    pub(super) fn new(settings: &MarketSettings) -> MarketSettingsView {
        MarketSettingsView {
            redistribution_fee_bps: bps(settings.redistribution_fee_bps),
            change_delay_seconds: settings.change_delay,
            provider_delay_seconds: settings.provider_delay,
            min_suspension_seconds: settings.min_suspension,
            guardian: Address(settings.guardian),
            treasury: Address(settings.treasury),
            bounds: BoundsView::new(&settings.bounds),
        }
    }
}

impl BoundsView {
    fn new(bounds: &TermBounds) -> BoundsView {
        BoundsView {
            min_principal: UsdAmount(MicroUsd(bounds.min_principal)),
            max_principal: UsdAmount(MicroUsd(bounds.max_principal)),
            min_instalment_interval_seconds: bounds.min_instalment_interval,
            max_term_seconds: bounds.max_term,
            min_delinquency_grace_seconds: bounds.min_delinquency_grace,
            min_default_grace_seconds: bounds.min_default_grace,
            min_cure_period_seconds: bounds.min_cure_period,
            min_lot_window_seconds: bounds.min_lot_window,
            max_lot_window_seconds: bounds.max_lot_window,
            max_apr_bps: bps(bounds.max_apr_bps),
            max_late_fee_bps: bps(bounds.max_late_fee_bps),
            min_start_price_bps: bps(bounds.min_start_price_bps),
            max_start_price_bps: bps(bounds.max_start_price_bps),
            min_floor_price_bps: bps(bounds.min_floor_price_bps),
        }
    }
}

/// Wraps basis points as accounts hold them.
fn bps(number: u16) -> Bps {
    Bps(u64::from(number))
}
