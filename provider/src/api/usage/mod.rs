//! The usage log: `/v1/usage` for a credit's own key, `/admin/usage` for the operator.

mod answer;
mod query;

use {
    crate::{admin, app::App, error::ApiError, limits::Permit},
    answer::{records_answer, totals_answer},
    axum::{
        Router,
        extract::{Query, State, rejection::QueryRejection},
        http::HeaderMap,
        response::Response,
        routing::get,
    },
    query::{UsageQuery, UsageRequest},
    std::sync::Arc,
};

/// The routes of customers.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/v1/usage", get(records)).route("/v1/usage/totals", get(totals))
}

/// The routes of the operator, served with health and metrics.
pub(super) fn admin_routes() -> Router<Arc<App>> {
    Router::new().route("/admin/usage", get(all_records)).route("/admin/usage/totals", get(all_totals))
}

type QueryResult = Result<Query<UsageQuery>, QueryRejection>;

async fn records(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    query: QueryResult,
) -> Result<Response, ApiError> {
    let (request, _permit) = own(&app, &headers, query).await?;
    answer_records(&app, request).await
}

async fn totals(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    query: QueryResult,
) -> Result<Response, ApiError> {
    let (request, _permit) = own(&app, &headers, query).await?;
    answer_totals(&app, request).await
}

async fn all_records(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    query: QueryResult,
) -> Result<Response, ApiError> {
    admin::require(app.admin.as_ref(), &headers)?;
    answer_records(&app, UsageRequest::of_all(query)?).await
}

async fn all_totals(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    query: QueryResult,
) -> Result<Response, ApiError> {
    admin::require(app.admin.as_ref(), &headers)?;
    answer_totals(&app, UsageRequest::of_all(query)?).await
}

/// Reads the request of an API key's holder, and leaves out the use of a borrower whose place that one has taken. It counts
/// among the running requests of the credit until the permit is dropped: no credit reads the log without bound.
async fn own(app: &App, headers: &HeaderMap, query: QueryResult) -> Result<(UsageRequest, Permit), ApiError> {
    let caller = app.authorise_caller(headers)?;
    let permit = app.running.enter(caller.credit)?;
    let mut request = UsageRequest::of_caller(query, &caller)?;
    let since = app.gate.used_by_borrower_since(&caller.credit).await?;
    request.filter.from_us = request.filter.from_us.max(since);
    Ok((request, permit))
}

async fn answer_records(app: &App, request: UsageRequest) -> Result<Response, ApiError> {
    let page = app.gate.usage_page(request.filter, request.cursor, request.limit).await?;
    Ok(records_answer(&page, request.format))
}

async fn answer_totals(app: &App, request: UsageRequest) -> Result<Response, ApiError> {
    // One more than is shown says whether some are left out.
    let most = u32::try_from(request.limit).unwrap_or(u32::MAX).saturating_add(1);
    let totals = app.gate.usage_totals(request.filter, most).await?;
    Ok(totals_answer(&totals, request.limit, request.format))
}
