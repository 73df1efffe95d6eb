//! Calls of an upstream.

use {
    super::RunningJob,
    crate::{app::ServedModel, config::ModelConfig, error::ApiError, meter::Stop},
    axum::http::{
        HeaderValue, StatusCode,
        header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
    },
    bytes::{Bytes, BytesMut},
    std::time::Duration,
    tokio::time::{Instant, timeout_at},
};

/// The time that an upstream has for one answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct UpstreamTime {
    deadline: Instant,
    /// Longest time without a byte.
    silence: Duration,
}

impl UpstreamTime {
    /// Begins now with a model's limits.
    pub(super) fn begin(model: &ModelConfig) -> UpstreamTime {
        UpstreamTime { deadline: Instant::now() + model.timeout(), silence: model.silence() }
    }

    /// The time by which the next bytes must have come, and the reason to stop then.
    pub(super) fn next(&self) -> (Instant, Stop) {
        let silent = Instant::now() + self.silence;
        if silent < self.deadline { (silent, Stop::Silent) } else { (self.deadline, Stop::TookTooLong) }
    }

    /// Gives it more time in all.
    pub(super) fn extend(&mut self, more: Duration) {
        self.deadline += more;
    }

    /// Lets it end by a time at the latest.
    pub(super) fn end_by(&mut self, time: Instant) {
        self.deadline = self.deadline.min(time);
    }
}

/// Sends a request, limited as it was fitted. Errors: the reason for which no answer begins.
pub(super) async fn call(
    job: &RunningJob,
    body: Bytes,
    time: UpstreamTime,
) -> Result<reqwest::Response, Stop> {
    let plan = &job.plan;
    let url = format!("{}{}", plan.model.url, plan.endpoint.path());
    let accept = if plan.streamed { "text/event-stream" } else { "application/json" };
    let mut request = job
        .app
        .http
        .post(url)
        .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
        .header(ACCEPT, HeaderValue::from_static(accept))
        .body(body);
    if let Some(authorisation) = &plan.model.authorisation {
        request = request.header(AUTHORIZATION, authorisation.clone());
    }
    // An answer that is not streamed begins once it is complete.
    let (until, late) = if plan.streamed { time.next() } else { (time.deadline, Stop::TookTooLong) };
    match timeout_at(until, request.send()).await {
        Err(_) => Err(late),
        Ok(Err(error)) => Err(broke(job, error)),
        Ok(Ok(answer)) => Ok(answer),
    }
}

/// Reads an answer to its end. Errors: the reason for which it stops before.
pub(super) async fn read(
    job: &RunningJob,
    mut answer: reqwest::Response,
    time: UpstreamTime,
) -> Result<Bytes, Stop> {
    let most = job.app.config.limits.answer_bytes;
    let mut whole = BytesMut::new();
    loop {
        let (until, late) = time.next();
        match timeout_at(until, answer.chunk()).await {
            Err(_) => return Err(late),
            Ok(Err(error)) => return Err(broke(job, error)),
            Ok(Ok(None)) => return Ok(whole.freeze()),
            Ok(Ok(Some(piece))) if whole.len() + piece.len() > most => return Err(Stop::TooLarge),
            Ok(Ok(Some(piece))) => whole.extend_from_slice(&piece),
        }
    }
}

/// Logs the reason for which an upstream cannot be reached or broke off.
pub(super) fn broke(job: &RunningJob, error: reqwest::Error) -> Stop {
    // Without its URL, which may hold a secret.
    let error = error.without_url();
    let reason = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
    tracing::warn!(model = job.plan.model.config.name, hold = %job.hold.id, %error, reason, "the upstream failed");
    Stop::Broke
}

/// Makes the error for an answer that stopped.
pub(super) fn stopped(stop: Stop) -> ApiError {
    let (status, code, message) = match stop {
        Stop::TookTooLong | Stop::Silent => (
            StatusCode::GATEWAY_TIMEOUT,
            "upstream_timeout",
            "the model did not answer in time; try again or ask for less",
        ),
        Stop::Broke => (
            StatusCode::BAD_GATEWAY,
            "upstream_unreachable",
            "the model cannot be reached or broke off; try again later",
        ),
        Stop::TooLarge => {
            (StatusCode::BAD_GATEWAY, "upstream_too_large", "the model's answer is too large; ask for less")
        }
        Stop::Ended => return cut_short(),
        // Nobody reads it but the log.
        Stop::ClientLeft => (StatusCode::BAD_REQUEST, "client_left", "the client left before its answer"),
    };
    ApiError::upstream(status, code, message)
}

/// Makes the error for a stream that its upstream ended too early.
pub(super) fn cut_short() -> ApiError {
    let message = "the model ended its stream before the answer was complete; try again";
    ApiError::upstream(StatusCode::BAD_GATEWAY, "upstream_incomplete", message)
}

/// Makes the event by which a client learns of an error in a stream.
pub(super) fn error_event(model: &ServedModel, data: &[u8]) -> Vec<u8> {
    tracing::warn!(model = model.config.name, bytes = data.len(), "the upstream failed in its stream");
    let mut event = b"data: ".to_vec();
    event.extend(data.iter().map(|byte| if *byte == b'\n' { b' ' } else { *byte }));
    event.extend_from_slice(b"\n\n");
    event
}
