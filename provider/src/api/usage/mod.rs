//! The usage log: `/v1/usage` for a credit's own key, `/admin/usage` for the operator.

mod answer;
mod query;
mod schemas;

use {
    crate::{
        admin,
        api::openapi::{
            refusals::{Always, Keyless, Malformed, Missing},
            words::{Cursor, Moment},
        },
        app::App,
        error::ApiError,
        http::Route,
        limits::Permit,
    },
    answer::{records_answer, totals_answer},
    axum::{
        extract::{Query, State, rejection::QueryRejection},
        http::HeaderMap,
        response::Response,
        routing::get,
    },
    query::{Format, UsageQuery, UsageRequest},
    schemas::{RecordPage, TotalPage},
    std::sync::Arc,
    utoipa::OpenApi,
};

/// The routes of customers.
pub(super) fn routes() -> Vec<Route> {
    vec![("/v1/usage", get(records)), ("/v1/usage/totals", get(totals))]
}

/// The routes of the operator, served with health and metrics.
pub(super) fn admin_routes() -> Vec<Route> {
    vec![("/admin/usage", get(all_records)), ("/admin/usage/totals", get(all_totals))]
}

#[derive(OpenApi)]
#[openapi(paths(records, totals, all_records, all_totals), components(schemas(Cursor, Format, Moment)))]
pub(super) struct Paths;

type QueryResult = Result<Query<UsageQuery>, QueryRejection>;

/// Lists the use of the API key's credit, the oldest first. A sub-key sees its own records alone.
#[utoipa::path(
    get, path = "/v1/usage", operation_id = "list_usage", tag = "credits", security(("api_key" = [])), params(UsageQuery),
    responses((status = 200, content((RecordPage = "application/json"), (String = "text/csv"))), Malformed, Keyless, Always)
)]
async fn records(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    query: QueryResult,
) -> Result<Response, ApiError> {
    let (request, _permit) = own(&app, &headers, query).await?;
    answer_records(&app, request).await
}

/// Sums the use of the API key's credit by day, API key and model.
#[utoipa::path(
    get, path = "/v1/usage/totals", operation_id = "sum_usage", tag = "credits", security(("api_key" = [])), params(UsageQuery),
    responses((status = 200, content((TotalPage = "application/json"), (String = "text/csv"))), Malformed, Keyless, Always)
)]
async fn totals(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    query: QueryResult,
) -> Result<Response, ApiError> {
    let (request, _permit) = own(&app, &headers, query).await?;
    answer_totals(&app, request).await
}

/// Lists the use of all credits, the oldest first.
#[utoipa::path(
    get, path = "/admin/usage", operation_id = "list_all_usage", tag = "operations", security(("operator_token" = [])), params(UsageQuery),
    responses((status = 200, content((RecordPage = "application/json"), (String = "text/csv"))), Malformed, Keyless, Missing, Always)
)]
async fn all_records(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    query: QueryResult,
) -> Result<Response, ApiError> {
    admin::require(app.admin.as_ref(), &headers)?;
    answer_records(&app, UsageRequest::for_all(query)?).await
}

/// Sums the use of all credits by day, credit, API key and model.
#[utoipa::path(
    get, path = "/admin/usage/totals", operation_id = "sum_all_usage", tag = "operations", security(("operator_token" = [])), params(UsageQuery),
    responses((status = 200, content((TotalPage = "application/json"), (String = "text/csv"))), Malformed, Keyless, Missing, Always)
)]
async fn all_totals(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    query: QueryResult,
) -> Result<Response, ApiError> {
    admin::require(app.admin.as_ref(), &headers)?;
    answer_totals(&app, UsageRequest::for_all(query)?).await
}

/// Reads the request of an API key's holder, and leaves out the use of a borrower whose place that one has taken. It counts
/// among the running requests of the credit until the permit is dropped: no credit reads the log without bound.
async fn own(app: &App, headers: &HeaderMap, query: QueryResult) -> Result<(UsageRequest, Permit), ApiError> {
    let caller = app.authorise_caller(headers)?;
    let permit = app.running.enter(caller.credit)?;
    let mut request = UsageRequest::from_caller(query, &caller)?;
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
