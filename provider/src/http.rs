//! The layer around every request: its id, a log line, metrics, and answers for unknown paths.

use {
    crate::{
        app::App,
        error::{ApiError, ErrorShape},
        trace::Trace,
    },
    axum::{
        extract::{Request, State},
        http::{HeaderName, HeaderValue, Method, header::CONNECTION},
        middleware::Next,
        response::{IntoResponse, Response},
        routing::MethodRouter,
    },
    blockable_gate::Refusal,
    std::{sync::Arc, time::Instant},
    tracing::{Instrument, field::Empty},
};

/// The header in which Anthropic's clients look for a request's id.
const ANTHROPIC_ID: HeaderName = HeaderName::from_static("request-id");

/// A path, as axum writes it, and its handlers by method.
pub(crate) type Route = (&'static str, MethodRouter<Arc<App>>);

/// Serves a request with an id and answers errors in the shape that its client reads, and logs and counts it. Headers and bodies are
/// never logged.
pub(crate) async fn track(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let trace = Trace::from_headers(request.headers());
    let began = Instant::now();
    let (method, route) = (request.method().clone(), route(request.uri().path()));
    let shape = ErrorShape::from_path(request.uri().path());
    let span = tracing::info_span!("request", id = trace.id, trace = trace.trace_id(), %method, route, credit = Empty, model = Empty, hold = Empty, upstream = Empty);
    request.extensions_mut().insert(trace.clone());
    let mut response = next.run(request).instrument(span.clone()).await;
    let error = response.extensions().get::<Arc<ApiError>>().cloned();
    if let Some(error) = &error {
        response = shape.answer(response, error, &trace.id);
    }
    trace.answer(response.headers_mut());
    if shape == ErrorShape::Anthropic
        && let Ok(id) = HeaderValue::from_str(&trace.id)
    {
        response.headers_mut().insert(ANTHROPIC_ID, id);
    }
    let (status, took) = (response.status().as_u16(), began.elapsed());
    let code = error.map(|error| error.code);
    app.metrics.request(route, status, took);
    if let Some(code) = code {
        app.metrics.count("blockable_provider_refusals_total", "code", code);
    }
    let ms = took.as_secs_f64() * 1e3;
    // Probes come every few seconds.
    match matches!(route, "/livez" | "/readyz" | "/metrics") && status < 400 {
        true => span.in_scope(|| tracing::debug!(status, ms, "answered")),
        false => span.in_scope(|| tracing::info!(status, code, ms, "answered")),
    }
    response
}

/// Refuses requests that come once the server shuts down, and closes their connections: another server takes them.
pub(crate) async fn refuse_while_stopping(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Response {
    if !*app.stopping.borrow() {
        return next.run(request).await;
    }
    let mut response = ApiError::from(Refusal::ShuttingDown).into_response();
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// The routes in metrics, and [`OTHER`] for all paths that are not served. One that begins with another one comes before it.
pub(crate) const ROUTES: &[&str] = &[
    "/admin/usage",
    "/livez",
    "/metrics",
    "/openapi.json",
    "/readyz",
    "/v1/chat/completions",
    "/v1/completions",
    "/v1/credits",
    "/v1/embeddings",
    "/v1/freezes",
    "/v1/keys",
    "/v1/leases",
    "/v1/messages",
    "/v1/models",
    "/v1/notices",
    "/v1/prices",
    "/v1/reports/latest",
    "/v1/reports/stream",
    "/v1/reports",
    "/v1/responses",
    "/v1/usage",
];
/// The route of paths that are not served.
pub(crate) const OTHER: &str = "other";

/// Finds the route of a path, for metrics: paths have ids in them, and each would make metrics of its own.
pub(crate) fn route(path: &str) -> &'static str {
    let inside = |route: &&&str| {
        path.strip_prefix(**route).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    ROUTES.iter().find(inside).copied().unwrap_or(OTHER)
}

/// Answers a path that is not served.
pub(crate) async fn no_such_path(method: Method) -> ApiError {
    ApiError::not_found(
        "no_such_path",
        format!("no route serves {method} at this path; GET /openapi.json lists all paths"),
    )
}

/// Answers a method that a path does not take.
pub(crate) async fn no_such_method(method: Method) -> ApiError {
    let status = axum::http::StatusCode::METHOD_NOT_ALLOWED;
    let message =
        format!("this path does not take {method}; GET /openapi.json lists the methods of each path");
    ApiError::new(status, "invalid_request_error", "method_not_allowed", message)
}

#[cfg(test)]
mod tests {
    use super::route;

    #[test]
    fn every_path_has_one_of_a_few_routes() {
        assert_eq!(route("/v1/leases"), "/v1/leases");
        assert_eq!(route("/v1/leases/abc/heartbeat"), "/v1/leases");
        assert_eq!(route("/v1/leasesabc"), "other");
        assert_eq!(route("/v1/messages/count_tokens"), "/v1/messages");
        assert_eq!(route("/v1/reports/stream"), "/v1/reports/stream");
        assert_eq!(route("/%2e%2e/etc"), "other");
    }
}
