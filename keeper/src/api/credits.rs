//! `/v1/credits`: all credits, in a line each.

use {
    crate::{
        api::{
            condition::{Condition, is_unrestricted},
            error::{ApiError, ErrorBody},
            query::{Asked, address, default_limit, limit, status},
            state::{ApiState, AsOf},
            values::{Address, Amount, Time, exact, maybe_status_name},
        },
        watch::{Measure, Payment},
    },
    axum::{Json, extract::State},
    blockable_sdk::{Pubkey, program::transitions::Status},
    serde::{Deserialize, Serialize},
    std::{
        ops::Bound::{Excluded, Unbounded},
        sync::Arc,
    },
    utoipa::{IntoParams, ToSchema},
};

const DAY: f64 = 86_400.0;

/// Which credits.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CreditsQuery {
    /// Those of this lender.
    #[serde(default, deserialize_with = "address")]
    #[param(value_type = Option<String>)]
    lender: Option<Pubkey>,
    /// Those of this borrower.
    #[serde(default, deserialize_with = "address")]
    #[param(value_type = Option<String>)]
    borrower: Option<Pubkey>,
    /// Those at this provider's account.
    #[serde(default, deserialize_with = "address")]
    #[param(value_type = Option<String>)]
    provider: Option<Pubkey>,
    /// Those in this status: offered, accepted, active, delinquent, defaulted, seizing, repaid or closed.
    #[serde(default, deserialize_with = "status")]
    #[param(value_type = Option<String>)]
    status: Option<Status>,
    /// Those whose address comes after this one: `next` of the page before.
    #[serde(default, deserialize_with = "address")]
    #[param(value_type = Option<String>)]
    after: Option<Pubkey>,
    /// How many at most, from 1 to 200.
    #[serde(default = "default_limit", deserialize_with = "limit")]
    #[param(value_type = u32, required = false, default = 50, minimum = 1, maximum = 200)]
    limit: usize,
}

impl CreditsQuery {
    fn takes(&self, measure: &Measure) -> bool {
        is(self.lender, measure.lender)
            && is(self.borrower, measure.borrower)
            && is(self.provider, measure.provider)
            && self.status.is_none_or(|status| measure.status == Some(status))
    }
}

/// Whether a key is the one asked for, where one is.
pub(super) fn is(asked: Option<Pubkey>, key: Pubkey) -> bool {
    asked.is_none_or(|asked| asked == key)
}

/// A page of credits, in the order of their addresses.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CreditPage {
    /// What the page is as of.
    pub as_of: AsOf,
    /// The credits.
    pub credits: Vec<CreditLine>,
    /// `after` of the next page; none on the last.
    pub next: Option<Address>,
}

/// A credit in a line.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CreditLine {
    /// Its address.
    pub credit: Address,
    /// The lender; the provider's account for units without a loan.
    pub lender: Address,
    /// The borrower.
    pub borrower: Address,
    /// The provider's account.
    pub provider: Address,
    /// Its status: offered, accepted, active, delinquent, defaulted, seizing, repaid, closed or unknown.
    #[schema(value_type = String, example = "active")]
    pub status: &'static str,
    /// Whether there is a loan on it.
    pub is_loan: bool,
    /// Its health.
    pub health: Condition,
    /// Principal owed.
    pub principal: Amount,
    /// Everything owed, interest up to now included.
    pub debt: Amount,
    /// What must be paid now to be current.
    pub arrears: Amount,
    /// What falls due next.
    pub next_payment: Option<PaymentView>,
    /// Units left.
    pub remaining: Amount,
    /// Units that secure the debt.
    pub lien: Amount,
    /// Units that no new job may draw on.
    pub frozen: Amount,
    /// Units that new jobs may draw on.
    pub available: Amount,
    /// The collateral against the debt.
    pub coverage: Coverage,
    /// How fast units are used.
    pub burn: Burn,
}

/// Collateral against debt, at the price that the loan paid, less the haircut of the keeper's settings.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Coverage {
    /// What the units under lien are worth.
    pub lien_value: Amount,
    /// What all units left are worth.
    pub remaining_value: Amount,
    /// The lien's value against the debt, in basis points; none without a debt.
    pub bps: Option<u64>,
    /// The value of all units left against the debt, in basis points; none without a debt.
    pub remaining_bps: Option<u64>,
}

/// How fast units are used.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Burn {
    /// Units per day of late.
    pub units_per_day: f64,
    /// Units per day in the long term.
    pub long_units_per_day: f64,
    /// How many times the long-term rate the rate of late is; none without use or while the record is short.
    pub ratio: Option<f64>,
    /// Whether the record of use is long enough to project from.
    pub is_settled: bool,
    /// When the units available are used up at the rate of late; none for never.
    pub exhausted_at: Option<Time>,
    /// When use was last seen to rise, or the watch began.
    pub used_at: Time,
    /// Time of the latest usage report applied.
    pub reported_at: Option<Time>,
}

/// A payment that falls due, as it will be if nothing is paid or used before.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PaymentView {
    /// When; later where the market is paused in between.
    pub due_at: Time,
    /// All that must have been paid by then to be current.
    pub amount: Amount,
    /// Principal in it.
    pub principal: Amount,
    /// Interest in it.
    pub interest: Amount,
    /// Late fees in it.
    pub late_fees: Amount,
}

impl CreditLine {
    pub(super) fn of(measure: &Measure) -> CreditLine {
        CreditLine {
            credit: Address(measure.credit),
            lender: Address(measure.lender),
            borrower: Address(measure.borrower),
            provider: Address(measure.provider),
            status: maybe_status_name(measure.status),
            is_loan: !is_unrestricted(measure),
            health: Condition::of(measure),
            principal: Amount(measure.principal),
            debt: Amount(measure.debt),
            arrears: Amount(measure.arrears),
            next_payment: measure.next_payment.as_ref().map(PaymentView::of),
            remaining: Amount(measure.remaining),
            lien: Amount(measure.lien),
            frozen: Amount(measure.frozen),
            available: Amount(measure.available),
            coverage: Coverage::of(measure),
            burn: Burn::of(measure),
        }
    }
}

impl Coverage {
    pub(super) fn of(measure: &Measure) -> Coverage {
        Coverage {
            lien_value: Amount(measure.lien_value),
            remaining_value: Amount(measure.remaining_value),
            bps: measure.coverage_bps.map(exact),
            remaining_bps: measure.remaining_coverage_bps.map(exact),
        }
    }
}

impl Burn {
    pub(super) fn of(measure: &Measure) -> Burn {
        Burn {
            units_per_day: measure.burn_rate * DAY,
            long_units_per_day: measure.long_burn_rate * DAY,
            ratio: measure.burn_ratio,
            is_settled: measure.burn_is_settled,
            exhausted_at: Time::maybe(measure.exhausted_at),
            used_at: Time::of(measure.used_at),
            reported_at: Time::maybe(measure.reported_at),
        }
    }
}

impl PaymentView {
    pub(super) fn of(payment: &Payment) -> PaymentView {
        PaymentView {
            due_at: Time::of(payment.due_at),
            amount: Amount(payment.amount),
            principal: Amount(payment.principal),
            interest: Amount(payment.interest),
            late_fees: Amount(payment.late_fees),
        }
    }
}

/// Lists credits with their health, in the order of their addresses.
#[utoipa::path(
    get, path = "/v1/credits", tag = "credits", params(CreditsQuery), security(("token" = [])),
    responses(
        (status = 200, body = CreditPage), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 503, description = "The market has not been read yet", body = ErrorBody)
    )
)]
pub(super) async fn credits(
    State(state): State<Arc<ApiState>>,
    Asked(query): Asked<CreditsQuery>,
) -> Result<Json<CreditPage>, ApiError> {
    let snapshot = state.snapshot()?;
    let measures = state.watch.measures();
    let from = query.after.map_or(Unbounded, Excluded);
    let mut found = measures.range((from, Unbounded)).map(|(_, measure)| measure);
    let mut found = found.by_ref().filter(|measure| query.takes(measure));
    let credits: Vec<CreditLine> = found.by_ref().take(query.limit).map(CreditLine::of).collect();
    let next = found.next().and(credits.last()).map(|last| last.credit);
    Ok(Json(CreditPage { as_of: AsOf::of(&snapshot), credits, next }))
}
