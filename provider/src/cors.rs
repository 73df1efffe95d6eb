//! Pages of other origins: which may call the server, and what they may read of its answers.

use {
    crate::{
        error::ApiError,
        gateway::{HOLD_HEADER, MAX_TOKENS_HEADER, UNITS_HEADER},
        trace::ID_HEADER,
    },
    axum::{
        http::StatusCode,
        response::{IntoResponse, Response},
    },
    blockable_service::http::{AllowedOrigins, CrossOrigin},
    std::sync::Arc,
};

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

/// The rights of pages of some origins.
pub(crate) fn cross_origin(origins: &AllowedOrigins) -> Arc<CrossOrigin> {
    Arc::new(CrossOrigin {
        origins: origins.clone(),
        methods: METHODS,
        exposed: EXPOSED.join(", "),
        not_allowed,
    })
}

/// Refuses the question of a page that may not call the server.
fn not_allowed() -> Response {
    let message = "pages of this origin may not call the server; its operator lists those that may in `[http] allow_origins`";
    ApiError::new(StatusCode::FORBIDDEN, "permission_error", "origin_not_allowed", message).into_response()
}
