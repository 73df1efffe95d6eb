//! Answers that are not streamed.

use {
    super::{
        HOLD_HEADER, RunningJob, UNITS_HEADER,
        client::Waiting,
        insert_headers,
        job::{Delivery, Settlement},
        upstream::{self, UpstreamAnswer, UpstreamTime},
    },
    crate::{
        error::ApiError,
        limits::Permit,
        meter::{AnswerEnd, Outcome, Stop, read_whole},
        named::AnswerParts,
        upstreams::{self, UpstreamFault},
    },
    axum::{
        body::Body,
        http::{HeaderMap, HeaderValue, StatusCode, header::CONTENT_TYPE},
        response::Response,
    },
};

/// The body of an upstream's answer, as it was read.
pub(super) enum WholeAnswer {
    /// An answer, as the client gets it.
    Good(Outcome, Vec<u8>),
    /// None, or one with an error.
    Bad {
        outcome: Outcome,
        fault: UpstreamFault,
        /// True where nothing was used, and another upstream may be asked.
        allows_another: bool,
    },
}

/// Reads an answer. Errors: the reason for which it stops before its end.
pub(super) async fn read(
    job: &RunningJob,
    answer: &mut UpstreamAnswer,
    time: UpstreamTime,
    client: &mut Waiting,
    permit: &Permit,
) -> Result<WholeAnswer, Stop> {
    let most = job.app.config.limits.answer_bytes;
    let body = tokio::select! {
        biased;
        stop = client.stop(permit) => return Err(stop),
        body = answer.read(most, time) => body?,
    };
    let rewrite =
        job.plan.rewrite(answer.public_names(&format!("{}-{}", job.plan.endpoint.name(), job.trace.id)));
    let read = read_whole(job.plan.endpoint.form(), &rewrite, &body, || job.count_prompt());
    let Some((outcome, public)) = read else {
        let (fault, allows_another) = answer.without_usage(&body);
        return Ok(WholeAnswer::Bad { outcome: Outcome::unused(AnswerEnd::CutShort), fault, allows_another });
    };
    if let Some(error) = &outcome.error {
        let fault = answer.fault(error);
        return Ok(WholeAnswer::Bad { outcome, fault, allows_another: false });
    }
    answer.note_end(AnswerEnd::Complete);
    Ok(WholeAnswer::Good(outcome, public))
}

/// Settles by an answer's usage and passes the answer on, with the figures of the job in it.
pub(super) async fn pass_on(
    job: RunningJob,
    outcome: Outcome,
    public: Vec<u8>,
) -> Result<Response, ApiError> {
    let hold = job.hold.id.0;
    let mut headers = HeaderMap::new();
    insert_headers(&mut headers, &job);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let body = |settlement: &Settlement| upstreams::with_member(public.clone(), &settlement.member(hold));
    let kept = headers.clone();
    let parts = |settlement: &Settlement| AnswerParts {
        status: StatusCode::OK,
        headers: kept,
        body: Some(body(settlement).to_vec()),
    };
    let settlement = job.settle(&outcome, Delivery::After, parts).await?;
    headers.insert(UNITS_HEADER, HeaderValue::from(settlement.units.get()));
    let mut response = Response::new(Body::from(body(&settlement)));
    *response.headers_mut() = headers;
    Ok(response)
}

/// Settles a job that got no answer, and makes the error.
pub(super) async fn failed(job: RunningJob, fault: UpstreamFault) -> ApiError {
    end(job, &Outcome::unused(AnswerEnd::Error), fault.error).await
}

/// Settles a job that stopped before its answer was there, and makes the error.
pub(super) async fn stopped(job: RunningJob, stop: Stop) -> ApiError {
    let outcome = match stop {
        // What the upstream has generated until then is not known; it has read the prompt.
        Stop::ClientLeft => Outcome::left(job.count_prompt()),
        stop => Outcome::unused(AnswerEnd::Stopped(stop)),
    };
    end(job, &outcome, upstream::stopped(stop)).await
}

/// Settles a job whose client gets an error. The error says what was charged.
pub(super) async fn end(job: RunningJob, outcome: &Outcome, error: ApiError) -> ApiError {
    let (hold, kept) = (job.hold.id.0, error.clone());
    let (shape, id) = (job.plan.endpoint.error_shape(), job.trace.id.clone());
    let parts =
        |settlement: &Settlement| AnswerParts::from_error(&kept.charged(settlement.units), shape, &id);
    match job.settle(outcome, Delivery::Before, parts).await {
        Ok(settlement) => {
            let headers = [(HOLD_HEADER, hold), (UNITS_HEADER, settlement.units.get())];
            ApiError { job: Some(Box::new(headers)), ..error.charged(settlement.units) }
        }
        Err(error) => error,
    }
}
