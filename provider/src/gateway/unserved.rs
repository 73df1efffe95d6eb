//! Paths of the newer APIs that this server does not serve, with the reason.

use {
    crate::{error::ApiError, http::Route},
    axum::{http::Uri, routing::any},
};

/// Paths below `/v1/responses` and `/v1/messages`.
pub(super) fn routes() -> Vec<Route> {
    vec![("/v1/responses/{*rest}", any(refuse_response)), ("/v1/messages/{*rest}", any(refuse_message))]
}

async fn refuse_response(uri: Uri) -> ApiError {
    match uri.path() {
        "/v1/responses/input_tokens" => tokens_are_not_counted(),
        "/v1/responses/compact" => {
            let message = "conversations are not compacted here; send a shorter `input`";
            ApiError::not_found("not_served", message)
        }
        _ => {
            let message = "responses are not stored here, so none can be read, cancelled or removed; keep the answer, and send what \
                           came before as `input`";
            ApiError::not_found("responses_not_stored", message)
        }
    }
}

async fn refuse_message(uri: Uri) -> ApiError {
    match uri.path() {
        "/v1/messages/count_tokens" => tokens_are_not_counted(),
        _ => ApiError::not_found(
            "not_served",
            "batches are not served here; send each request to /v1/messages",
        ),
    }
}

fn tokens_are_not_counted() -> ApiError {
    let message = "tokens are not counted ahead of a request here; the `usage` of each answer has them";
    ApiError::not_found("tokens_not_counted", message)
}
