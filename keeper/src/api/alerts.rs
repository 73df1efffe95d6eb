//! `/v1/alerts`: the alerts to the parties and the operator.

use {
    crate::{
        alerts::{Alert, AlertFilter},
        api::{
            access::{Caller, Party},
            deliveries::{self, DeliveryView},
            error::{ApiError, ErrorBody},
            query::{AddressParam, StrictQuery, default_limit, flag, limit, place},
            state::ApiState,
        },
        values::{Address, Time},
    },
    axum::{Json, extract::State},
    blockable_sdk::Pubkey,
    serde::{Deserialize, Serialize},
    std::sync::Arc,
    utoipa::{IntoParams, ToSchema},
};

/// Filters of alerts, and the page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AlertsQuery {
    /// true for alerts that are open, false for those that were cleared.
    #[serde(default, deserialize_with = "flag")]
    #[param(value_type = Option<bool>)]
    open: Option<bool>,
    /// Alerts on this credit.
    #[param(value_type = Option<Address>)]
    credit: Option<AddressParam>,
    /// Alerts on credits that this key lends or borrows on.
    #[param(value_type = Option<Address>)]
    party: Option<AddressParam>,
    /// Alerts older than the one of this number: `next` of the page before.
    #[serde(default, deserialize_with = "place")]
    #[param(value_type = Option<u64>)]
    before: Option<i64>,
    /// Most alerts of the page, from 1 to 200.
    #[serde(default = "default_limit", deserialize_with = "limit")]
    #[param(value_type = u32, required = false, default = 50, minimum = 1, maximum = 200)]
    limit: usize,
}

/// A page of alerts, newest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AlertPage {
    /// The alerts.
    pub(crate) alerts: Vec<AlertView>,
    /// `before` of the next page; none on the last.
    pub(crate) next: Option<i64>,
}

/// An alert.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AlertView {
    /// Its number.
    pub(crate) id: i64,
    /// The rule's name.
    #[schema(value_type = String, example = "payment_missed")]
    pub(crate) rule: String,
    /// False for a rule that this keeper does not know: a later version has written the alert.
    pub(crate) is_known: bool,
    /// The credit, provider, reporter or key that it is about.
    pub(crate) subject: Address,
    /// True where the subject is a credit.
    pub(crate) is_on_credit: bool,
    /// Its severity.
    #[schema(value_type = SeverityName)]
    pub(crate) severity: &'static str,
    /// The lender that it concerns; none where it concerns the operator alone.
    pub(crate) lender: Option<Address>,
    /// The borrower that it concerns; none where it concerns the operator alone.
    pub(crate) borrower: Option<Address>,
    /// The event.
    pub(crate) happened: String,
    /// Its meaning.
    pub(crate) meaning: String,
    /// The next step.
    pub(crate) next_step: String,
    /// The time at which it was raised.
    pub(crate) raised_at: Time,
    /// The time at which it was cleared; none while it is open.
    pub(crate) cleared_at: Option<Time>,
    /// Its deliveries: all of them for the operator, and for a party those to its own webhooks and addresses.
    pub(crate) deliveries: Vec<DeliveryView>,
}

impl AlertView {
    pub(super) fn new(alert: &Alert, deliveries: Vec<DeliveryView>) -> AlertView {
        AlertView {
            id: alert.id,
            rule: alert.rule.name().to_string(),
            is_known: alert.rule.known().is_some(),
            subject: Address(alert.subject),
            is_on_credit: alert.credit().is_some(),
            severity: alert.severity.name(),
            lender: alert.lender.map(Address),
            borrower: alert.borrower.map(Address),
            happened: alert.happened.clone(),
            meaning: alert.meaning.clone(),
            next_step: alert.next_step.clone(),
            raised_at: Time::from(alert.raised_at),
            cleared_at: alert.cleared_at.map(Time::from),
            deliveries,
        }
    }
}

/// The importance of an alert.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "it describes an answer and is never made")]
pub(crate) enum SeverityName {
    /// Good to know.
    Info,
    /// Something may go wrong.
    Warning,
    /// Money is at stake now.
    Critical,
}

/// Most open alerts on a credit that are named; there is at most one for each rule.
const ON_CREDIT: u32 = 100;

/// Lists the open alerts on a credit as a caller sees them.
pub(super) async fn open_on(
    state: &ApiState,
    caller: Caller,
    credit: Pubkey,
) -> Result<Vec<AlertView>, ApiError> {
    let filter =
        AlertFilter { open: Some(true), subject: Some(credit), limit: ON_CREDIT, ..AlertFilter::default() };
    list(state, caller, filter).await
}

/// Lists alerts with their deliveries as a caller sees them.
pub(super) async fn list(
    state: &ApiState,
    caller: Caller,
    filter: AlertFilter,
) -> Result<Vec<AlertView>, ApiError> {
    // A party sees alerts on its credits alone, whatever it asks for.
    let may_see = |alert: &Alert| match (alert.lender, alert.borrower) {
        (Some(lender), Some(borrower)) => caller.sees(lender, borrower),
        // For a lender alone, on all its loans.
        (Some(lender), None) => caller.sees(lender, lender),
        _ => caller == Caller::Operator,
    };
    let found: Vec<Alert> = state.alerts.list(filter).await?.into_iter().filter(may_see).collect();
    let ids = found.iter().map(|alert| alert.id).collect();
    let mut deliveries = deliveries::list(state, caller, ids).await?;
    let views = found.iter().map(|alert| {
        let deliveries = deliveries.remove(&alert.id).unwrap_or_default();
        AlertView::new(alert, deliveries)
    });
    Ok(views.collect())
}

/// Lists alerts, newest first: to the operator all of them, to a party those on its credits.
#[utoipa::path(
    get, path = "/v1/alerts", tag = "alerts", params(AlertsQuery), security(("token" = [])),
    responses(
        (status = 200, body = AlertPage), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 429, description = "The client asks too often", body = ErrorBody)
    )
)]
pub(super) async fn alerts(
    Party(caller): Party,
    State(state): State<Arc<ApiState>>,
    StrictQuery(query): StrictQuery<AlertsQuery>,
) -> Result<Json<AlertPage>, ApiError> {
    // One more than the page holds shows whether there is a further page.
    let count = u32::try_from(query.limit.saturating_add(1)).unwrap_or(u32::MAX);
    let key = |AddressParam(key)| key;
    let subject = query.credit.map(key);
    let party = match caller {
        Caller::Wallet(wallet) => match query.party.map(key) {
            Some(other) if other != wallet => return Ok(Json(AlertPage { alerts: Vec::new(), next: None })),
            _ => Some(wallet),
        },
        _ => query.party.map(key),
    };
    let (open, before) = (query.open, query.before);
    let mut alerts = list(&state, caller, AlertFilter { open, subject, party, before, limit: count }).await?;
    let is_more = alerts.len() > query.limit;
    alerts.truncate(query.limit);
    let next = alerts.last().filter(|_| is_more).map(|last| last.id);
    Ok(Json(AlertPage { alerts, next }))
}
