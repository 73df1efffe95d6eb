//! `/v1/credits`: all credits, in a line each.

use {
    crate::{
        api::{
            credit::PaymentView,
            credit_health::{CreditHealth, is_unrestricted},
            error::{ApiError, MarketRefusals},
            query::{AddressParam, StrictQuery, default_limit, limit, status},
            state::{ApiState, AsOf},
        },
        values::{Address, Time, UnitCount, UsdAmount, exact_bps, status_name_or_unknown},
        watch::Measure,
    },
    axum::{Json, extract::State},
    blockable_sdk::{amounts::Bps, program::transitions::Status},
    serde::{Deserialize, Serialize},
    std::{
        ops::Bound::{Excluded, Unbounded},
        sync::Arc,
    },
    utoipa::{IntoParams, ToSchema},
};

/// Seconds of a day.
const DAY: f64 = 86_400.0;

/// Filters of credits, and the page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CreditsQuery {
    /// Credits of this lender.
    #[param(value_type = Option<String>)]
    lender: Option<AddressParam>,
    /// Credits of this borrower.
    #[param(value_type = Option<String>)]
    borrower: Option<AddressParam>,
    /// Credits at this provider's account.
    #[param(value_type = Option<String>)]
    provider: Option<AddressParam>,
    /// Credits in this status: offered, accepted, active, delinquent, defaulted, seizing, repaid or closed.
    #[serde(default, deserialize_with = "status")]
    #[param(value_type = Option<String>)]
    status: Option<Status>,
    /// Credits whose address comes after this one: `next` of the page before.
    #[param(value_type = Option<String>)]
    after: Option<AddressParam>,
    /// Most credits of the page, from 1 to 200.
    #[serde(default = "default_limit", deserialize_with = "limit")]
    #[param(value_type = u32, required = false, default = 50, minimum = 1, maximum = 200)]
    limit: usize,
}

impl CreditsQuery {
    fn matches(&self, measure: &Measure) -> bool {
        self.lender.is_none_or(|lender| lender.is(measure.lender))
            && self.borrower.is_none_or(|borrower| borrower.is(measure.borrower))
            && self.provider.is_none_or(|provider| provider.is(measure.provider))
            && self.status.is_none_or(|status| measure.status == Some(status))
    }
}

/// A page of credits, in the order of their addresses.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CreditPage {
    /// The state of the chain that the page is as of.
    pub(crate) as_of: AsOf,
    /// The credits.
    pub(crate) credits: Vec<CreditLine>,
    /// `after` of the next page; none on the last.
    pub(crate) next: Option<Address>,
}

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
    /// Its status: offered, accepted, active, delinquent, defaulted, seizing, repaid, closed or unknown.
    #[schema(value_type = String, example = "active")]
    pub(crate) status: &'static str,
    /// True where there is a loan on it.
    pub(crate) is_loan: bool,
    /// Its health.
    pub(crate) health: CreditHealth,
    /// Principal owed.
    pub(crate) principal: UsdAmount,
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
    pub(super) fn new(measure: &Measure) -> CreditLine {
        let (usd, units) = (UsdAmount, UnitCount);
        CreditLine {
            credit: Address(measure.credit),
            lender: Address(measure.lender),
            borrower: Address(measure.borrower),
            provider: Address(measure.provider),
            status: status_name_or_unknown(measure.status),
            is_loan: !is_unrestricted(measure),
            health: CreditHealth::new(measure),
            principal: usd(measure.principal),
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
    pub(super) fn new(measure: &Measure) -> CoverageView {
        CoverageView {
            lien_value: UsdAmount(measure.lien_value),
            remaining_value: UsdAmount(measure.remaining_value),
            bps: measure.coverage_bps.map(|share| exact_bps(share.get())),
            remaining_bps: measure.remaining_coverage_bps.map(|share| exact_bps(share.get())),
        }
    }
}

impl BurnView {
    pub(super) fn new(measure: &Measure) -> BurnView {
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

/// Lists credits with their health, in the order of their addresses.
#[utoipa::path(
    get, path = "/v1/credits", tag = "credits", params(CreditsQuery), security(("token" = [])),
    responses((status = 200, body = CreditPage), MarketRefusals)
)]
pub(super) async fn credits(
    State(state): State<Arc<ApiState>>,
    StrictQuery(query): StrictQuery<CreditsQuery>,
) -> Result<Json<CreditPage>, ApiError> {
    let snapshot = state.require_snapshot()?;
    let measures = state.watch.measures();
    let from = query.after.map_or(Unbounded, |AddressParam(last)| Excluded(last));
    let mut found = measures.range((from, Unbounded)).map(|(_, measure)| measure);
    let mut found = found.by_ref().filter(|measure| query.matches(measure));
    let credits: Vec<CreditLine> = found.by_ref().take(query.limit).map(CreditLine::new).collect();
    let next = found.next().and(credits.last()).map(|last| last.credit);
    Ok(Json(CreditPage { as_of: AsOf::new(&snapshot), credits, next }))
}
