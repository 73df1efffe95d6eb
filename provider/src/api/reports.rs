//! Usage reports, for those who submit them to the chain. They are signed, so anyone may read them.

use {
    crate::{
        api::{
            openapi::{
                refusals::{Always, Malformed, Missing},
                words::{Address, AmountText, SignatureText},
            },
            require_place,
        },
        app::App,
        error::ApiError,
        http::Route,
        keep_alive::with_comments,
        shares::ReportStreamPlace,
    },
    axum::{
        Extension, Json,
        body::Body,
        extract::{Query, State, rejection::QueryRejection},
        http::{
            HeaderMap, HeaderValue,
            header::{CACHE_CONTROL, CONTENT_TYPE},
        },
        response::Response,
        routing::get,
    },
    blockable_gate::reporter::{Feed, Reporters},
    blockable_sdk::reports::{ReportPage, ReportRecord},
    blockable_service::http::{ClientAddress, ClientNetwork},
    bytes::Bytes,
    futures_util::{Stream, stream},
    serde::Deserialize,
    std::{convert::Infallible, sync::Arc, time::Duration},
    utoipa::{IntoParams, OpenApi, ToSchema},
};

/// Reports in an answer where the request names no number.
const PAGE: u32 = 100;

/// The routes of reports.
pub(super) fn routes() -> Vec<Route> {
    vec![("/v1/reports/latest", get(latest)), ("/v1/reports", get(after)), ("/v1/reports/stream", get(live))]
}

#[derive(OpenApi)]
#[openapi(paths(latest, after, live))]
pub(super) struct Paths;

fn reporters(app: &App) -> Result<&Reporters, ApiError> {
    app.parts.reporters.as_ref().ok_or_else(|| {
        ApiError::not_found(
            "no_reporter",
            "this server signs no reports; ask the provider where they are served",
        )
    })
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Latest {
    /// True for reports that are signed now.
    #[serde(default)]
    #[param(required = false)]
    fresh: bool,
}

/// Gives the latest report of each reporter and chunk of credits.
#[utoipa::path(
    get, path = "/v1/reports/latest", operation_id = "latest_reports", tag = "reports", params(Latest),
    responses((status = 200, body = ReportPageSchema), Malformed, Missing, Always)
)]
async fn latest(
    State(app): State<Arc<App>>,
    query: Result<Query<Latest>, QueryRejection>,
) -> Result<Json<ReportPage>, ApiError> {
    let wrong = |_| ApiError::param("fresh", "`fresh` must be true or false");
    let Query(query) = query.map_err(wrong)?;
    Ok(Json(reporters(&app)?.latest_page(query.fresh).await))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ReportsQuery {
    /// Reports after the one of this number.
    #[serde(default)]
    #[param(required = false, maximum = 9_223_372_036_854_775_807_u64)]
    after: u64,
    /// Most reports of the answer; 100 without it.
    #[param(value_type = Option<u64>, maximum = 4_294_967_295_u32)]
    most: Option<u32>,
}

/// Lists reports in the order of their numbers.
#[utoipa::path(
    get, path = "/v1/reports", operation_id = "list_reports", tag = "reports", params(ReportsQuery),
    responses((status = 200, body = ReportPageSchema), Malformed, Missing, Always)
)]
async fn after(
    State(app): State<Arc<App>>,
    query: Result<Query<ReportsQuery>, QueryRejection>,
) -> Result<Json<ReportPage>, ApiError> {
    let wrong = |_| ApiError::param("after", "`after` and `most` must be whole numbers");
    let Query(query) = query.map_err(wrong)?;
    let after = require_place("after", query.after)?;
    Ok(Json(reporters(&app)?.after(after, query.most.unwrap_or(PAGE)).await?))
}

/// Streams reports as server-sent events. The id of an event is its report's number.
#[utoipa::path(
    get, path = "/v1/reports/stream", operation_id = "stream_reports", tag = "reports",
    params(("Last-Event-ID" = Option<u64>, Header, description = "Reports after the one of this number")),
    responses((status = 200, content_type = "text/event-stream", body = String), Malformed, Missing, Always)
)]
async fn live(
    State(app): State<Arc<App>>,
    Extension(client): Extension<ClientAddress>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let reporters = reporters(&app)?;
    let last = match headers.get("last-event-id") {
        None => None,
        Some(value) => {
            let number = value.to_str().ok().and_then(|text| text.parse::<u64>().ok());
            let wrong = || ApiError::param("Last-Event-ID", "`Last-Event-ID` must be a report's number");
            Some(require_place("Last-Event-ID", number.ok_or_else(wrong)?)?)
        }
    };
    let place = app.report_streams.enter(ClientNetwork::new(client.0)).ok_or_else(|| {
        ApiError::too_many(
            "too_many_streams",
            "too many streams of reports are open; poll GET /v1/reports instead",
        )
    })?;
    let pause = Duration::from_secs(app.config.limits.stream_comment_seconds);
    let events = with_comments(events(reporters.feed(last), place), pause);
    let mut response = Response::new(Body::from_stream(events));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

/// Turns reports into events, until the stream gives way to another one.
fn events(
    feed: Feed,
    place: ReportStreamPlace,
) -> impl Stream<Item = Result<Bytes, Infallible>> + Send + use<> {
    stream::unfold((feed, place), |(mut feed, mut place)| async move {
        let report = tokio::select! {
            biased;
            () = place.given_up() => return None,
            report = feed.next() => report?,
        };
        Some((Ok(event(report.as_ref())), (feed, place)))
    })
}

fn event(report: &ReportRecord) -> Bytes {
    match serde_json::to_string(report) {
        Ok(text) => Bytes::from(format!("id: {}\nevent: report\ndata: {text}\n\n", report.seq)),
        Err(error) => {
            tracing::error!(%error, "a report could not be written");
            Bytes::from_static(b": a report could not be written\n\n")
        }
    }
}

/// A page of reports; docs/reports.md has the format and the verification.
#[derive(ToSchema)]
#[schema(as = ReportPage)]
#[expect(dead_code, reason = "it describes a type of the SDK")]
struct ReportPageSchema {
    /// The reports.
    reports: Vec<ReportSchema>,
    /// `after` of the next page.
    next: u64,
}

/// One reporter's signed report on one chunk of credits.
#[derive(ToSchema)]
#[schema(as = Report)]
#[expect(dead_code, reason = "it describes a type of the SDK")]
struct ReportSchema {
    /// Its number, rising, with gaps. Not signed.
    seq: u64,
    /// The hash that names the provider's cluster.
    #[schema(value_type = Address)]
    cluster_tag: String,
    /// The market.
    #[schema(value_type = Address)]
    market: String,
    /// The provider.
    #[schema(value_type = Address)]
    provider: String,
    /// Epoch of the provider's reporters.
    epoch: u32,
    /// The chunk of credits.
    chunk: u32,
    /// Credits per chunk. Not signed.
    chunk_size: u8,
    /// The reporter.
    #[schema(value_type = Address)]
    reporter: String,
    /// The reporter's index in the provider's list.
    reporter_index: u8,
    /// The chain's clock at the readings, in Unix seconds.
    reported_at: i64,
    /// Bit n stands for the credit with index `chunk * chunk_size + n`.
    bitmap: u32,
    /// One reading per set bit, from the lowest.
    readings: Vec<ReadingSchema>,
    /// The reporter's signature.
    #[schema(value_type = SignatureText)]
    signature: String,
}

/// The reading of one credit.
#[derive(ToSchema)]
#[schema(as = Reading)]
#[expect(dead_code, reason = "it describes a type of the SDK")]
struct ReadingSchema {
    /// The credit's bit in the chunk.
    bit: u32,
    /// The credit. Not signed.
    #[schema(value_type = Address)]
    credit: String,
    /// Units used since issue.
    #[schema(value_type = AmountText)]
    cumulative: String,
    /// Units that running jobs hold.
    #[schema(value_type = AmountText)]
    in_flight: String,
}
