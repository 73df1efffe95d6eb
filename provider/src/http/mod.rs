//! What all requests have in common: a number, a line in the log, figures.

mod listener;

pub(crate) use listener::Bounded;
use {
    crate::{
        app::App,
        error::{ApiError, ErrorCode},
    },
    axum::{
        extract::{Request, State},
        http::{HeaderValue, Method},
        middleware::Next,
        response::Response,
    },
    std::{sync::Arc, time::Instant},
    tracing::{Instrument, field::Empty},
};

/// The header that carries a request's number.
const ID_HEADER: &str = "x-request-id";

/// A request's number, also in its answer, its log lines and its hold's reference.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub String);

/// Numbers a request, serves it and writes it down. Headers and bodies are never written down.
pub(crate) async fn track(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let id = format!("{:016x}", rand::random::<u64>());
    let began = Instant::now();
    let (method, route) = (request.method().clone(), route(request.uri().path()));
    let span = tracing::info_span!("request", id, %method, route, credit = Empty);
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut response = next.run(request).instrument(span.clone()).await;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(ID_HEADER, value);
    }
    let (status, took) = (response.status().as_u16(), began.elapsed());
    let code = response.extensions().get::<ErrorCode>().map(|ErrorCode(code)| *code);
    app.metrics.request(route.to_string(), status, took);
    if let Some(code) = code {
        app.metrics.count("blockable_refusals_total", "code", code);
    }
    span.in_scope(|| tracing::info!(status, code, ms = took.as_secs_f64() * 1e3, "answered"));
    response
}

/// A path's route: paths with addresses in them would make figures without end.
fn route(path: &str) -> &'static str {
    const ROUTES: &[&str] = &[
        "/livez",
        "/metrics",
        "/readyz",
        "/v1/chat/completions",
        "/v1/completions",
        "/v1/credits",
        "/v1/freezes",
        "/v1/leases",
        "/v1/models",
        "/v1/notices",
        "/v1/reports/latest",
        "/v1/reports/stream",
        "/v1/reports",
    ];
    let inside = |route: &&&str| {
        path.strip_prefix(**route).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    ROUTES.iter().find(inside).copied().unwrap_or("other")
}

/// The answer to a path that is not served.
pub(crate) async fn no_such_path(method: Method) -> ApiError {
    ApiError::not_found("no_such_path", format!("there is nothing to {method} here; see docs/provider.md"))
}

/// The answer to a method that a path does not take.
pub(crate) async fn no_such_method(method: Method) -> ApiError {
    let status = axum::http::StatusCode::METHOD_NOT_ALLOWED;
    let message = format!("this path does not take {method}; see docs/provider.md");
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
        assert_eq!(route("/v1/reports/stream"), "/v1/reports/stream");
        assert_eq!(route("/%2e%2e/etc"), "other");
    }
}
