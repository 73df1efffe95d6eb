//! The layer around every request: its id, a log line, metrics, and answers for unknown paths.

use {
    crate::{
        app::App,
        error::{ApiError, ErrorCode},
    },
    axum::{
        extract::{Request, State},
        http::{HeaderMap, HeaderValue, Method},
        middleware::Next,
        response::Response,
    },
    std::{sync::Arc, time::Instant},
    tracing::{Instrument, field::Empty},
};

/// Header of a request's id.
const ID_HEADER: &str = "x-request-id";

/// A request's id, also in its answer, its log lines and its hold's reference.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub String);

/// Serves a request with an id, and logs and counts it. Headers and bodies are never logged.
pub(crate) async fn track(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let id = request_id(request.headers());
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

/// Takes the client's id for its request where it is plain enough for logs and the ledger, and a random one otherwise.
fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(ID_HEADER).and_then(|id| id.to_str().ok());
    let plain = |id: &&str| {
        let mut characters = id.bytes();
        (1..=64).contains(&id.len())
            && characters.all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    given.filter(plain).map_or_else(|| format!("{:016x}", rand::random::<u64>()), str::to_string)
}

/// Finds the route of a path, for metrics: paths have ids in them, and each would make metrics of its own. A route that begins
/// with another one comes before it.
fn route(path: &str) -> &'static str {
    const ROUTES: &[&str] = &[
        "/admin/usage",
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
        "/v1/prices",
        "/v1/reports/latest",
        "/v1/reports/stream",
        "/v1/reports",
        "/v1/usage",
    ];
    let inside = |route: &&&str| {
        path.strip_prefix(**route).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    ROUTES.iter().find(inside).copied().unwrap_or("other")
}

/// Answers a path that is not served.
pub(crate) async fn no_such_path(method: Method) -> ApiError {
    ApiError::not_found(
        "no_such_path",
        format!("no route serves {method} at this path; see docs/provider.md"),
    )
}

/// Answers a method that a path does not take.
pub(crate) async fn no_such_method(method: Method) -> ApiError {
    let status = axum::http::StatusCode::METHOD_NOT_ALLOWED;
    let message = format!("this path does not take {method}; see docs/provider.md");
    ApiError::new(status, "invalid_request_error", "method_not_allowed", message)
}

#[cfg(test)]
mod tests {
    use super::{HeaderMap, HeaderValue, ID_HEADER, request_id, route};

    #[test]
    fn a_clients_id_for_its_request_is_kept_where_it_is_plain() {
        let id = |text: &str| {
            let headers =
                HeaderMap::from_iter([(ID_HEADER.parse().unwrap(), HeaderValue::from_str(text).unwrap())]);
            request_id(&headers)
        };
        assert_eq!(id("run-7_a.b"), "run-7_a.b");
        for odd in ["", "a/b", "a b", "x\"y", &"a".repeat(65)] {
            let random = id(odd);
            assert!(random.len() == 16 && random != odd, "{odd}: {random}");
        }
        assert_ne!(request_id(&HeaderMap::new()), request_id(&HeaderMap::new()));
    }

    #[test]
    fn every_path_has_one_of_a_few_routes() {
        assert_eq!(route("/v1/leases"), "/v1/leases");
        assert_eq!(route("/v1/leases/abc/heartbeat"), "/v1/leases");
        assert_eq!(route("/v1/leasesabc"), "other");
        assert_eq!(route("/v1/reports/stream"), "/v1/reports/stream");
        assert_eq!(route("/%2e%2e/etc"), "other");
    }
}
