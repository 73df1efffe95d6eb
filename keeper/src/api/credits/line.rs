//! A credit in a line.

use {
    crate::{
        api::{
            credit::PaymentView,
            credit_health::{CreditHealth, is_unrestricted},
        },
        values::{Address, StatusName, Time, UnitCount, UsdAmount, exact_bps},
        watch::Measure,
    },
    blockable_sdk::amounts::Bps,
    serde::Serialize,
    utoipa::ToSchema,
};

/// Seconds of a day.
const DAY: f64 = 86_400.0;

/// A credit in a line.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CreditLine {
    /// Its address.
    pub(crate) credit: Address,
    /// The lender; the provider's account for units without a loan.
    pub(crate) lender: Address,
    /// The borrower.
    pub(crate) borrower: Address,
    /// The provider's account.
    pub(crate) provider: Address,
    /// Its status.
    pub(crate) status: StatusName,
    /// True where there is a loan on it.
    pub(crate) is_loan: bool,
    /// Its health.
    pub(crate) health: CreditHealth,
    /// Principal owed.
    pub(crate) principal: UsdAmount,
    /// The annual interest rate now.
    #[schema(value_type = u64)]
    pub(crate) apr_bps: Bps,
    /// The due date of the last instalment; none before issue.
    pub(crate) matures_at: Option<Time>,
    /// Everything owed, interest up to now included.
    pub(crate) debt: UsdAmount,
    /// Payment that would make the loan current now.
    pub(crate) arrears: UsdAmount,
    /// The payment that falls due next; none where nothing does.
    pub(crate) next_payment: Option<PaymentView>,
    /// Units left.
    pub(crate) remaining: UnitCount,
    /// Units that secure the debt.
    pub(crate) lien: UnitCount,
    /// Units that no new job may draw on.
    pub(crate) frozen: UnitCount,
    /// Units of the lien that no payment has opened yet.
    pub(crate) locked: UnitCount,
    /// Units that new jobs may draw on.
    pub(crate) available: UnitCount,
    /// Part of the principal that is still held back from the provider.
    pub(crate) held_back: UsdAmount,
    /// The collateral against the debt.
    pub(crate) coverage: CoverageView,
    /// The rate of use.
    pub(crate) burn: BurnView,
}

/// Collateral against debt, at the price that the loan paid, less the haircut of the keeper's settings.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CoverageView {
    /// Value of the units under lien.
    pub(crate) lien_value: UsdAmount,
    /// Value of all units left.
    pub(crate) remaining_value: UsdAmount,
    /// The lien's value against the debt, in basis points; none without a debt.
    #[schema(value_type = Option<u64>)]
    pub(crate) bps: Option<Bps>,
    /// The value of all units left against the debt, in basis points; none without a debt.
    #[schema(value_type = Option<u64>)]
    pub(crate) remaining_bps: Option<Bps>,
}

/// The rate at which units are used.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct BurnView {
    /// Units per day in the short term.
    pub(crate) units_per_day: f64,
    /// Units per day in the long term.
    pub(crate) long_units_per_day: f64,
    /// The short-term rate divided by the long-term rate; none without use or while the record is short.
    pub(crate) ratio: Option<f64>,
    /// True where the record of use is long enough to project from.
    pub(crate) is_settled: bool,
    /// The time at which the units that are not frozen are used up at the short-term rate; none for never.
    pub(crate) exhausted_at: Option<Time>,
    /// The time at which use last rose, or at which this keeper began to watch it.
    pub(crate) used_at: Time,
    /// Time of the latest usage report applied.
    pub(crate) reported_at: Option<Time>,
}

impl CreditLine {
    pub(crate) fn new(measure: &Measure) -> CreditLine {
        let (usd, units) = (UsdAmount, UnitCount);
        CreditLine {
            credit: Address(measure.credit),
            lender: Address(measure.lender),
            borrower: Address(measure.borrower),
            provider: Address(measure.provider),
            status: StatusName(measure.status),
            is_loan: !is_unrestricted(measure),
            health: CreditHealth::new(measure),
            principal: usd(measure.principal),
            apr_bps: measure.apr_bps,
            matures_at: measure.matures_at.map(Time::from),
            debt: usd(measure.debt),
            arrears: usd(measure.arrears),
            next_payment: measure.next_payment.as_ref().map(PaymentView::new),
            remaining: units(measure.remaining),
            lien: units(measure.lien),
            frozen: units(measure.frozen),
            locked: units(measure.locked),
            held_back: usd(measure.held_back),
            available: units(measure.available),
            coverage: CoverageView::new(measure),
            burn: BurnView::new(measure),
        }
    }
}

impl CoverageView {
    pub(crate) fn new(measure: &Measure) -> CoverageView {
        CoverageView {
            lien_value: UsdAmount(measure.lien_value),
            remaining_value: UsdAmount(measure.remaining_value),
            bps: measure.coverage_bps.map(|share| exact_bps(share.get())),
            remaining_bps: measure.remaining_coverage_bps.map(|share| exact_bps(share.get())),
        }
    }
}

impl BurnView {
    pub(crate) fn new(measure: &Measure) -> BurnView {
        BurnView {
            units_per_day: measure.burn_rate * DAY,
            long_units_per_day: measure.long_burn_rate * DAY,
            ratio: measure.burn_ratio,
            is_settled: measure.burn_is_settled,
            exhausted_at: measure.exhausted_at.map(Time::from),
            used_at: Time::from(measure.used_at),
            reported_at: measure.reported_at.map(Time::from),
        }
    }
}
