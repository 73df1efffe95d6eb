//! Usage reports, for those who submit them to the chain. They are signed, so anyone may read them.

use {
    crate::{app::App, error::ApiError, keep_alive::with_comments},
    axum::{
        Json, Router,
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
    bytes::Bytes,
    futures_util::{Stream, stream},
    serde::Deserialize,
    std::{convert::Infallible, sync::Arc, time::Duration},
    tokio::sync::OwnedSemaphorePermit,
};

/// Reports in an answer where the request names no number.
const PAGE: u32 = 100;

/// The routes of reports.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/reports/latest", get(latest))
        .route("/v1/reports", get(after))
        .route("/v1/reports/stream", get(live))
}

fn reporters(app: &App) -> Result<&Reporters, ApiError> {
    app.parts.reporters.as_ref().ok_or_else(|| {
        ApiError::not_found(
            "no_reporter",
            "this server signs no reports; ask the provider where they are served",
        )
    })
}

#[derive(Deserialize)]
struct Latest {
    #[serde(default)]
    fresh: bool,
}

async fn latest(
    State(app): State<Arc<App>>,
    query: Result<Query<Latest>, QueryRejection>,
) -> Result<Json<ReportPage>, ApiError> {
    let wrong = |_| ApiError::param("fresh", "`fresh` must be true or false");
    let Query(query) = query.map_err(wrong)?;
    Ok(Json(reporters(&app)?.latest_page(query.fresh).await))
}

#[derive(Deserialize)]
struct ReportsQuery {
    #[serde(default)]
    after: u64,
    most: Option<u32>,
}

async fn after(
    State(app): State<Arc<App>>,
    query: Result<Query<ReportsQuery>, QueryRejection>,
) -> Result<Json<ReportPage>, ApiError> {
    let wrong = |_| ApiError::param("after", "`after` and `most` must be whole numbers");
    let Query(query) = query.map_err(wrong)?;
    Ok(Json(reporters(&app)?.after(query.after, query.most.unwrap_or(PAGE)).await?))
}

async fn live(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, ApiError> {
    let reporters = reporters(&app)?;
    let last = match headers.get("last-event-id") {
        None => None,
        Some(value) => {
            let number = value.to_str().ok().and_then(|text| text.parse::<u64>().ok());
            let wrong = || ApiError::param("Last-Event-ID", "`Last-Event-ID` must be a report's number");
            Some(number.ok_or_else(wrong)?)
        }
    };
    let permit = app.report_streams.clone().try_acquire_owned().map_err(|_| {
        ApiError::too_many(
            "too_many_streams",
            "too many streams of reports are open; poll GET /v1/reports instead",
        )
    })?;
    let pause = Duration::from_secs(app.config.limits.stream_comment_seconds);
    let events = with_comments(events(reporters.feed(last), permit), pause);
    let mut response = Response::new(Body::from_stream(events));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

/// Turns reports into events.
fn events(
    feed: Feed,
    permit: OwnedSemaphorePermit,
) -> impl Stream<Item = Result<Bytes, Infallible>> + Send + use<> {
    stream::unfold((feed, permit), |(mut feed, permit)| async move {
        let report = feed.next().await?;
        Some((Ok(event(report.as_ref())), (feed, permit)))
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
