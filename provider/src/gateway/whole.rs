//! Answers that are not streamed.

use {
    super::{RunningJob, UNITS_HEADER, insert_headers, upstream, usage},
    crate::error::{ApiError, ErrorCode},
    axum::{
        body::Body,
        http::{
            HeaderValue, StatusCode,
            header::{CONTENT_TYPE, RETRY_AFTER},
        },
        response::Response,
    },
    blockable_sdk::amounts::Units,
    tokio::time::Instant,
};

/// Settles by an answer's usage and passes the answer on. Errors of the upstream are passed on and charge nothing.
pub(super) async fn answer(
    job: RunningJob,
    answer: reqwest::Response,
    deadline: Instant,
) -> Result<Response, ApiError> {
    let (status, headers) = (answer.status(), answer.headers().clone());
    let good = status.is_success();
    let body = match upstream::read(&job, answer, deadline).await {
        Ok(body) => body,
        Err(error) => {
            job.release().await;
            return Err(error);
        }
    };
    let used = if good { usage::find(&body) } else { None };
    let units = match used {
        Some((usage, _)) => job.settle(usage).await?,
        None => {
            job.release().await;
            Units::ZERO
        }
    };
    if used.is_none() && (good || !(status.is_client_error() || status.is_server_error())) {
        tracing::error!(model = job.model.config.name, %status, "the upstream's answer states no usage");
        let message = "the model's answer states no usage, so it cannot be served; write to the provider; nothing was charged";
        return Err(ApiError::upstream(StatusCode::BAD_GATEWAY, "upstream_without_usage", message));
    }
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    if !good {
        response.extensions_mut().insert(ErrorCode("upstream_error"));
    }
    for name in [CONTENT_TYPE, RETRY_AFTER] {
        if let Some(value) = headers.get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    insert_headers(response.headers_mut(), &job);
    response.headers_mut().insert(UNITS_HEADER, HeaderValue::from(units.get()));
    Ok(response)
}
