//! Calls of an upstream.

use {
    super::{PreparedRequest, RunningJob},
    crate::error::ApiError,
    axum::http::{
        HeaderValue, StatusCode,
        header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
    },
    bytes::{Bytes, BytesMut},
    tokio::time::{Instant, timeout_at},
};

/// Sends a request, limited as it was fitted. Errors: 504 where no answer begins in time, 502 where the upstream cannot be reached.
pub(super) async fn call(
    job: &RunningJob,
    plan: &PreparedRequest,
    deadline: Instant,
) -> Result<reqwest::Response, ApiError> {
    let url = format!("{}{}", plan.model.url, plan.endpoint.path());
    let accept = if plan.streamed { "text/event-stream" } else { "application/json" };
    let mut request = job
        .app
        .http
        .post(url)
        .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
        .header(ACCEPT, HeaderValue::from_static(accept))
        .body(plan.body(job.fitted)?);
    if let Some(authorisation) = &plan.model.authorisation {
        request = request.header(AUTHORIZATION, authorisation.clone());
    }
    match timeout_at(deadline, request.send()).await {
        Err(_) => Err(timed_out()),
        Ok(Err(error)) => Err(broken(job, error)),
        Ok(Ok(answer)) => Ok(answer),
    }
}

/// Reads an answer to its end. Errors: 502 where it breaks off or is too large, 504 where it comes too late.
pub(super) async fn read(
    job: &RunningJob,
    mut answer: reqwest::Response,
    deadline: Instant,
) -> Result<Bytes, ApiError> {
    let most = job.app.config.limits.answer_bytes;
    let mut whole = BytesMut::new();
    loop {
        match timeout_at(deadline, answer.chunk()).await {
            Err(_) => return Err(timed_out()),
            Ok(Err(error)) => return Err(broken(job, error)),
            Ok(Ok(None)) => return Ok(whole.freeze()),
            Ok(Ok(Some(piece))) if whole.len() + piece.len() > most => {
                let message = "the model's answer is too large; ask for less; nothing was charged";
                return Err(ApiError::upstream(StatusCode::BAD_GATEWAY, "upstream_too_large", message));
            }
            Ok(Ok(Some(piece))) => whole.extend_from_slice(&piece),
        }
    }
}

/// Makes the error for an upstream that took too long.
pub(super) fn timed_out() -> ApiError {
    let message = "the model did not answer in time; try again or ask for less; nothing was charged";
    ApiError::upstream(StatusCode::GATEWAY_TIMEOUT, "upstream_timeout", message)
}

/// Makes the error for an upstream that cannot be reached or broke off, and logs the reason.
pub(super) fn broken(job: &RunningJob, error: reqwest::Error) -> ApiError {
    // Without its URL, which may hold a secret.
    let error = error.without_url();
    let reason = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
    tracing::warn!(model = job.model.config.name, hold = %job.hold.id, %error, reason, "the upstream failed");
    let message = "the model cannot be reached or broke off; try again later; nothing was charged";
    ApiError::upstream(StatusCode::BAD_GATEWAY, "upstream_unreachable", message)
}
