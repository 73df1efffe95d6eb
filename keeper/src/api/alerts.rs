//! `/v1/alerts`: what the parties and the operator were told.

use {
    crate::{
        alert::{Alert, Filter, severity_name},
        api::{
            error::{ApiError, ErrorBody},
            query::{Asked, address, default_limit, flag, limit, place},
            state::ApiState,
            values::{Address, Time},
        },
    },
    axum::{Json, extract::State},
    blockable_sdk::Pubkey,
    serde::{Deserialize, Serialize},
    std::sync::Arc,
    utoipa::{IntoParams, ToSchema},
};

/// Which alerts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AlertsQuery {
    /// true for those that are open, false for those that are over.
    #[serde(default, deserialize_with = "flag")]
    #[param(value_type = Option<bool>)]
    open: Option<bool>,
    /// Those on this credit.
    #[serde(default, deserialize_with = "address")]
    #[param(value_type = Option<String>)]
    credit: Option<Pubkey>,
    /// Those on credits that this key lends or borrows on.
    #[serde(default, deserialize_with = "address")]
    #[param(value_type = Option<String>)]
    party: Option<Pubkey>,
    /// Those older than the one of this number: `next` of the page before.
    #[serde(default, deserialize_with = "place")]
    #[param(value_type = Option<u64>)]
    before: Option<i64>,
    /// How many at most, from 1 to 200.
    #[serde(default = "default_limit", deserialize_with = "limit")]
    #[param(value_type = u32, required = false, default = 50, minimum = 1, maximum = 200)]
    limit: usize,
}

/// A page of alerts, newest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AlertPage {
    /// The alerts.
    pub alerts: Vec<AlertView>,
    /// `before` of the next page; none on the last.
    pub next: Option<i64>,
}

/// Something that somebody was told.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AlertView {
    /// Its number.
    pub id: i64,
    /// The rule.
    #[schema(example = "payment_missed")]
    pub rule: String,
    /// The credit, provider, reporter or key it is about.
    pub subject: Address,
    /// Whether the subject is a credit.
    pub is_on_credit: bool,
    /// How much it matters: info, warning or critical.
    #[schema(value_type = String, example = "critical")]
    pub severity: &'static str,
    /// The lender whom it concerns; none where it concerns the operator alone.
    pub lender: Option<Address>,
    /// The borrower whom it concerns.
    pub borrower: Option<Address>,
    /// What happened.
    pub happened: String,
    /// What it means.
    pub means: String,
    /// What to do next.
    pub next: String,
    /// When it was raised.
    pub raised_at: Time,
    /// When it was over; none while it is open.
    pub cleared_at: Option<Time>,
}

impl AlertView {
    pub(super) fn of(alert: &Alert) -> AlertView {
        AlertView {
            id: alert.id,
            rule: alert.rule.name(),
            subject: Address(alert.subject),
            is_on_credit: alert.credit().is_some(),
            severity: severity_name(alert.severity),
            lender: alert.lender.map(Address),
            borrower: alert.borrower.map(Address),
            happened: alert.happened.clone(),
            means: alert.means.clone(),
            next: alert.next.clone(),
            raised_at: Time::of(alert.raised_at),
            cleared_at: Time::maybe(alert.cleared_at),
        }
    }
}

/// Lists alerts, newest first.
#[utoipa::path(
    get, path = "/v1/alerts", tag = "alerts", params(AlertsQuery), security(("token" = [])),
    responses((status = 200, body = AlertPage), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody))
)]
pub(super) async fn alerts(
    State(state): State<Arc<ApiState>>,
    Asked(query): Asked<AlertsQuery>,
) -> Result<Json<AlertPage>, ApiError> {
    // One more than asked for tells whether there is a further page.
    let count = u32::try_from(query.limit.saturating_add(1)).unwrap_or(u32::MAX);
    let (open, subject, party, before) = (query.open, query.credit, query.party, query.before);
    let found = state.alerts.list(Filter { open, subject, party, before, limit: count }).await?;
    let alerts: Vec<AlertView> = found.iter().take(query.limit).map(AlertView::of).collect();
    let next = alerts.last().filter(|_| found.len() > query.limit).map(|last| last.id);
    Ok(Json(AlertPage { alerts, next }))
}
