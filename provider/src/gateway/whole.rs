//! Answers that are not streamed.

use {
    super::{
        RunningJob, UNITS_HEADER,
        client::Waiting,
        insert_headers,
        upstream::{self, UpstreamTime},
    },
    crate::{
        error::{ApiError, ErrorCode},
        meter::{AnswerEnd, Outcome, Stop, read_whole},
    },
    axum::{
        body::Body,
        http::{
            HeaderMap, HeaderValue, StatusCode,
            header::{CONTENT_TYPE, RETRY_AFTER},
        },
        response::Response,
    },
    blockable_sdk::amounts::Units,
};

/// Settles by an answer's usage and passes the answer on. Errors of the upstream are passed on and charge nothing.
pub(super) async fn answer(
    job: RunningJob,
    answer: reqwest::Response,
    time: UpstreamTime,
    client: &mut Waiting,
) -> Result<Response, ApiError> {
    let (status, answered) = (answer.status(), answer.headers().clone());
    let read = tokio::select! {
        biased;
        () = client.left() => Err(Stop::ClientLeft),
        read = upstream::read(&job, answer, time) => read,
    };
    let body = match read {
        Ok(body) => body,
        Err(stop) => return Err(stopped(job, stop).await),
    };
    let mut headers = HeaderMap::new();
    insert_headers(&mut headers, &job);
    for name in [CONTENT_TYPE, RETRY_AFTER] {
        if let Some(value) = answered.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    let (units, body) = match status.is_success() {
        true => {
            let form = job.plan.endpoint.form();
            match read_whole(form, &job.plan.rewrite(), &body, || job.count_prompt()) {
                Some((outcome, rewritten)) => {
                    (job.settle(&outcome).await?.units, rewritten.map_or(body, Into::into))
                }
                None => return Err(no_answer(job, status).await),
            }
        }
        false if status.is_client_error() || status.is_server_error() => {
            job.settle(&Outcome::unused(AnswerEnd::Error)).await?;
            (Units::ZERO, body)
        }
        false => return Err(no_answer(job, status).await),
    };
    headers.insert(UNITS_HEADER, HeaderValue::from(units.get()));
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    if !status.is_success() {
        response.extensions_mut().insert(ErrorCode("upstream_error"));
    }
    Ok(response)
}

/// Settles a job that stopped before its answer was there, and makes the error.
pub(super) async fn stopped(job: RunningJob, stop: Stop) -> ApiError {
    let outcome = match stop {
        // What the upstream has generated until then is not known; it has read the prompt.
        Stop::ClientLeft => Outcome::left(job.count_prompt()),
        stop => Outcome::unused(AnswerEnd::Stopped(stop)),
    };
    match job.settle(&outcome).await {
        Ok(settlement) => upstream::stopped(stop).charged(settlement.units),
        Err(error) => error,
    }
}

/// Settles a job whose upstream sent something else than an answer.
async fn no_answer(job: RunningJob, status: StatusCode) -> ApiError {
    let model = job.plan.model.config.name.clone();
    tracing::error!(model, %status, "the upstream's answer is none and states no usage");
    match job.settle(&Outcome::unused(AnswerEnd::CutShort)).await {
        Ok(settlement) => {
            let message = "the model's answer states no usage, so it cannot be served; write to the provider";
            ApiError::upstream(StatusCode::BAD_GATEWAY, "upstream_without_usage", message)
                .charged(settlement.units)
        }
        Err(error) => error,
    }
}
