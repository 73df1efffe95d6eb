//! Pages of other origins: what browsers ask before and after their requests.

use {
    super::AllowedOrigins,
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

/// The rights of pages of other origins.
pub struct CrossOrigin {
    /// The origins whose pages may call the server.
    pub origins: AllowedOrigins,
    /// Every method that the server's routes have, separated by commas.
    pub methods: &'static str,
    /// Headers that a page may read, separated by commas.
    pub exposed: String,
    /// The answer to the question of a page that may not call the server. The browser hides it from the page, and shows its
    /// developer the message.
    pub not_allowed: fn() -> Response,
}

/// Answers the questions of browsers whose pages may call the server, and lets those pages read the answers. All answers vary with
/// the origin, so that a copy for one page is not given to another.
pub async fn allow_origins(
    State(allowed): State<Arc<CrossOrigin>>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = answer(&allowed, request, next).await;
    response.headers_mut().append(VARY, HeaderValue::from_static("origin"));
    response
}

async fn answer(allowed: &CrossOrigin, request: Request, next: Next) -> Response {
    let Some(origin) = request.headers().get(ORIGIN).cloned() else { return next.run(request).await };
    let allows = origin.to_str().is_ok_and(|origin| allowed.origins.allows(origin));
    let asks =
        request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match (asks, allows) {
        (true, true) => preflight(request.headers(), allowed.methods),
        (true, false) => (allowed.not_allowed)(),
        (false, _) => next.run(request).await,
    };
    if !allows {
        return response;
    }
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    if let Ok(exposed) = HeaderValue::from_str(&allowed.exposed) {
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
    response
}

/// Allows all methods and headers that the page asks for: keys are sent by pages that have them, and never by the browser
/// itself.
fn preflight(asked: &HeaderMap, methods: &'static str) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
    if let Some(names) = asked.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
    }
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE));
    headers.append(VARY, HeaderValue::from_static("access-control-request-headers"));
    response
}
