//! The terms of a credit, its rider and the covenant on utilisation.

use {
    crate::{
        values::{
            Time, UnitCount, UsdAmount, auto_freeze_byte_name, exact, exact_bps, freeze_policy_byte_name,
        },
        watch::Measure,
    },
    blockable_sdk::{
        amounts::{Bps, ChainTime, MarketTime, MicroUsd, Units},
        program::state::{Credit, Rider, Terms},
    },
    blockable_service::hex,
    serde::Serialize,
    utoipa::ToSchema,
};

/// The terms of a loan.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TermsView {
    /// Amount lent.
    principal: UsdAmount,
    /// Units granted for it.
    units: UnitCount,
    /// Units that may be used ahead of payment; all for no lock.
    unlocked_ahead: UnitCount,
    /// Part of the principal that is held back from the provider at issue.
    holdback: UsdAmount,
    /// Simple annual interest rate on what is held back, in basis points.
    #[schema(value_type = u64)]
    holdback_apr_bps: Bps,
    /// Simple annual interest rate at offer, in basis points.
    #[schema(value_type = u64)]
    apr_bps: Bps,
    /// Fee per instalment that is unpaid past the delinquency grace.
    late_fee: UsdAmount,
    /// The end of the offer by the market's clock; none for never.
    offer_expires_at: Option<Time>,
    /// Seconds from a due date until the credit may be marked delinquent.
    delinquency_grace_seconds: u32,
    /// Seconds from a due date until the credit may be marked defaulted.
    default_grace_seconds: u32,
    /// Seconds from the mark of default until collateral may be seized.
    cure_period_seconds: u32,
    /// Seconds from issue until unused units expire; 0 for never.
    unit_lifetime_seconds: u32,
    /// The policy on the lender's freezes: at_will, on_delinquency, on_default or unknown.
    #[schema(value_type = String, example = "on_delinquency")]
    freeze_policy: &'static str,
    /// The mark from which anyone may freeze the collateral in full: never, from_delinquency, from_default or unknown.
    #[schema(value_type = String, example = "from_default")]
    auto_freeze: &'static str,
    /// Most units per second that reports count.
    max_units_per_second: UnitCount,
    /// Longest job, in seconds: with the rate it bounds the units that running jobs can hold at a freeze.
    longest_job_seconds: u32,
    /// Hash of the provider's reporters that the lender has agreed to, in hexadecimal.
    reporters_hash: String,
}

/// The rider: reserve, covenant, pay-in-kind and notice of default.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct RiderView {
    /// Cash that the borrower keeps in the vault.
    reserve: UsdAmount,
    /// Share of the coupon on unused units that is added to the principal, in basis points.
    #[schema(value_type = u64)]
    pay_in_kind_bps: Bps,
    /// True where the lender may give notice of default for a breach.
    breach_notice: bool,
    /// True where the lender may freeze for the default of another credit of the same parties.
    cross_default: bool,
    /// Seconds over which the covenant measures utilisation; 0 for no covenant.
    covenant_window_seconds: u32,
    /// Units that the borrower plans to use per window.
    planned_units: UnitCount,
    /// Utilisation from which on the APR falls by a step, in basis points of the plan.
    #[schema(value_type = u64)]
    high_bps: Bps,
    /// Utilisation below which the APR rises by a step and a top-up falls due, in basis points of the plan.
    #[schema(value_type = u64)]
    low_bps: Bps,
    /// The step, in basis points.
    #[schema(value_type = u64)]
    apr_step_bps: Bps,
    /// Lowest APR, in basis points.
    #[schema(value_type = u64)]
    apr_floor_bps: Bps,
    /// Highest APR, in basis points.
    #[schema(value_type = u64)]
    apr_ceiling_bps: Bps,
    /// The top-up as a share of the principal, in basis points.
    #[schema(value_type = u64)]
    top_up_bps: Bps,
}

/// The covenant on utilisation, measured up to the latest report.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CovenantView {
    /// The APR in force, in basis points.
    #[schema(value_type = u64)]
    apr_bps: Bps,
    /// Time of the usage reading that the window began with; none before the first.
    began_at: Option<Time>,
    /// Seconds of the window.
    window_seconds: u32,
    /// Seconds of the window that reports cover; none without a report in it.
    covered_seconds: Option<u64>,
    /// Use as a share of the plan for the time so far, in basis points; none without a report in the window.
    #[schema(value_type = Option<u64>)]
    utilisation_bps: Option<Bps>,
}

impl TermsView {
    pub(crate) fn new(terms: &Terms) -> TermsView {
        TermsView {
            principal: UsdAmount(MicroUsd(terms.principal)),
            units: UnitCount(Units(terms.units)),
            unlocked_ahead: UnitCount(Units(terms.unlocked_ahead)),
            holdback: UsdAmount(MicroUsd(terms.holdback)),
            holdback_apr_bps: bps(terms.holdback_apr_bps),
            apr_bps: bps(terms.apr_bps),
            late_fee: UsdAmount(MicroUsd(terms.late_fee)),
            offer_expires_at: Time::unless_zero(MarketTime(terms.offer_expires_at)),
            delinquency_grace_seconds: terms.delinquency_grace,
            default_grace_seconds: terms.default_grace,
            cure_period_seconds: terms.cure_period,
            unit_lifetime_seconds: terms.unit_lifetime,
            freeze_policy: freeze_policy_byte_name(terms.freeze_policy),
            auto_freeze: auto_freeze_byte_name(terms.auto_freeze),
            max_units_per_second: UnitCount(Units(terms.max_units_per_second)),
            longest_job_seconds: terms.longest_job,
            reporters_hash: hex::encode(terms.reporters_hash),
        }
    }
}

impl RiderView {
    pub(crate) fn new(rider: &Rider) -> RiderView {
        RiderView {
            reserve: UsdAmount(MicroUsd(rider.reserve)),
            pay_in_kind_bps: bps(rider.pay_in_kind_bps),
            breach_notice: rider.breach_notice == 1,
            cross_default: rider.cross_default == 1,
            covenant_window_seconds: rider.covenant_window,
            planned_units: UnitCount(Units(rider.planned_units)),
            high_bps: bps(rider.high_bps),
            low_bps: bps(rider.low_bps),
            apr_step_bps: bps(rider.apr_step_bps),
            apr_floor_bps: bps(rider.apr_floor_bps),
            apr_ceiling_bps: bps(rider.apr_ceiling_bps),
            top_up_bps: bps(rider.top_up_bps),
        }
    }
}

impl CovenantView {
    /// Describes the covenant of a credit; none where none was agreed.
    pub(super) fn new(accrued: &Credit, measure: Option<&Measure>) -> Option<CovenantView> {
        let used = measure.and_then(|measure| measure.utilisation);
        accrued.rider.has_covenant().then(|| CovenantView {
            apr_bps: bps(accrued.apr_bps()),
            began_at: Time::unless_zero(ChainTime(accrued.covenant.measured_at)),
            window_seconds: accrued.rider.covenant_window,
            covered_seconds: used.map(|used| exact(used.seconds)),
            utilisation_bps: used.map(|used| exact_bps(used.bps.get())),
        })
    }
}

/// Wraps basis points as accounts hold them.
pub(super) fn bps(number: u16) -> Bps {
    Bps(u64::from(number))
}
