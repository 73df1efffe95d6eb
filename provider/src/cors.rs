//! Pages of other origins: what browsers ask before and after their requests.

use {
    crate::{
        app::App,
        error::ApiError,
        gateway::{HOLD_HEADER, MAX_TOKENS_HEADER, UNITS_HEADER},
        trace::ID_HEADER,
    },
    axum::{
        extract::{Request, State},
        http::{
            HeaderMap, HeaderValue, Method, StatusCode,
            header::{
                ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
                ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
                ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
            },
        },
        middleware::Next,
        response::{IntoResponse, Response},
    },
    std::sync::Arc,
};

/// Seconds for which a browser may keep the answer to its question.
const MAX_AGE: &str = "600";

/// Every method that the server's routes have.
const METHODS: &str = "GET, POST, PUT, DELETE";

/// Headers that a page may read, of all routes together.
const EXPOSED: [&str; 10] = [
    ID_HEADER,
    HOLD_HEADER,
    UNITS_HEADER,
    MAX_TOKENS_HEADER,
    "x-blockable-next",
    "x-blockable-more",
    "idempotent-replayed",
    "request-id",
    "retry-after",
    "traceparent",
];

/// Answers the questions of browsers whose pages may call the server, and lets those pages read the answers.
pub(crate) async fn allow_origins(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let Some(origin) = request.headers().get(ORIGIN).cloned() else { return next.run(request).await };
    let allows = origin.to_str().is_ok_and(|origin| app.config.http.allow_origins.allows(origin));
    let asks =
        request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match (asks, allows) {
        (true, true) => preflight(request.headers()),
        (true, false) => not_allowed().into_response(),
        (false, _) => next.run(request).await,
    };
    if !allows {
        return response;
    }
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.append(VARY, HeaderValue::from_static("origin"));
    if let Ok(exposed) = HeaderValue::from_str(&EXPOSED.join(", ")) {
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
    response
}

/// Refuses the question of a page that may not call the server. The browser hides the answer from the page, and shows its
/// developer the message.
fn not_allowed() -> ApiError {
    let message = "pages of this origin may not call the server; its operator lists those that may in `[http] allow_origins`";
    ApiError::new(StatusCode::FORBIDDEN, "permission_error", "origin_not_allowed", message)
}

/// Allows all methods and headers that the page asks for: keys are sent by pages that have them, and never by the browser
/// itself.
fn preflight(asked: &HeaderMap) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
    if let Some(names) = asked.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
    }
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE));
    headers.append(VARY, HeaderValue::from_static("access-control-request-headers"));
    response
}
