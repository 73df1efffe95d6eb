//! Answers that are not streamed.

use {
    super::{
        HOLD_HEADER, RunningJob, UNITS_HEADER,
        client::Waiting,
        insert_headers,
        job::{Delivery, Settlement},
        large,
        stops::{late, stopped as stop_error},
        upstream::{UpstreamAnswer, UpstreamTime},
    },
    crate::{
        error::ApiError,
        limits::Permit,
        meter::{AnswerEnd, Outcome, Stop, read_whole, tokens_of_part},
        named::AnswerParts,
        upstreams::{self, UpstreamFault},
    },
    axum::{
        body::Body,
        http::{HeaderMap, HeaderValue, StatusCode, header::CONTENT_TYPE},
        response::Response,
    },
    blockable_service::http::AnswerBytes,
    bytes::BytesMut,
};

/// An answer that stopped before its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unfinished {
    stop: Stop,
    /// Tokens of the text that had come.
    generated: u64,
}

impl From<Stop> for Unfinished {
    fn from(stop: Stop) -> Unfinished {
        Unfinished { stop, generated: 0 }
    }
}

/// An answer that was read whole.
pub(super) struct GoodAnswer {
    outcome: Outcome,
    /// As the client gets it, without the job's figures.
    public: Vec<u8>,
    /// Its bytes among those of all answers.
    bytes: AnswerBytes,
}

/// The body of an upstream's answer, as it was read.
pub(super) enum WholeAnswer {
    /// An answer.
    Good(GoodAnswer),
    /// None, or one with an error.
    Bad {
        outcome: Outcome,
        fault: UpstreamFault,
        /// True where nothing was used, and another upstream may be asked.
        allows_another: bool,
    },
}

/// Reads an answer. Errors: the reason for which it stops before its end, and what had come.
pub(super) async fn read(
    job: &RunningJob,
    answer: &mut UpstreamAnswer,
    time: UpstreamTime,
    client: &mut Waiting,
    permit: &Permit,
) -> Result<WholeAnswer, Unfinished> {
    let (most, mut body) = (job.app.config.limits.answer_bytes, BytesMut::new());
    let mut bytes = job.app.connections.begin_answer();
    let read = tokio::select! {
        biased;
        stop = client.stop(permit) => Err(stop),
        read = answer.read(most, time, &mut body, &mut bytes) => read,
    };
    if let Err(stop) = read {
        let generated = large::work(body.len(), || tokens_of_part(body)).await;
        return Err(Unfinished { stop, generated });
    }
    Ok(large::work(body.len(), || evaluate(job, answer, &body, bytes)).await)
}

/// Reads the body of an answer that has come whole, and notes whether it is a good one.
fn evaluate(job: &RunningJob, answer: &UpstreamAnswer, body: &[u8], bytes: AnswerBytes) -> WholeAnswer {
    let rewrite =
        job.plan.rewrite(answer.public_names(&format!("{}-{}", job.plan.endpoint.name(), job.trace.id)));
    let read = read_whole(job.plan.endpoint.form(), &rewrite, body, || job.count_prompt());
    let Some((outcome, public)) = read else {
        let (fault, allows_another) = answer.without_answer(body);
        return WholeAnswer::Bad { outcome: Outcome::unused(AnswerEnd::CutShort), fault, allows_another };
    };
    if let Some(error) = &outcome.error {
        let fault = answer.fault(error);
        return WholeAnswer::Bad { outcome, fault, allows_another: false };
    }
    answer.note_end(AnswerEnd::Complete);
    WholeAnswer::Good(GoodAnswer { outcome, public, bytes })
}

/// Settles by an answer's usage and passes the answer on, with the figures of the job in it.
pub(super) async fn pass_on(
    job: RunningJob,
    answer: GoodAnswer,
    permit: Permit,
) -> Result<Response, ApiError> {
    let GoodAnswer { outcome, public, bytes } = answer;
    let hold = job.hold.id.0;
    let mut headers = HeaderMap::new();
    insert_headers(&mut headers, &job);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let body = |public, settlement: &Settlement| upstreams::with_member(public, &settlement.member(hold));
    let kept = headers.clone();
    let parts = |settlement: &Settlement| AnswerParts {
        status: StatusCode::OK,
        headers: kept,
        body: Some(body(public.clone(), settlement)),
    };
    let settlement = job.settle(&outcome, Delivery::After, parts).await?;
    headers.insert(UNITS_HEADER, HeaderValue::from(settlement.units.get()));
    let mut response = Response::new(Body::from(body(public, &settlement)));
    *response.headers_mut() = headers;
    // From here on they count as those of an answer that goes out.
    drop(bytes);
    Ok(permit.answer(response))
}

/// Settles a job that got no answer, and makes the error.
pub(super) async fn failed(job: RunningJob, fault: UpstreamFault) -> ApiError {
    let outcome = match late(&fault) {
        Some(stop) => Outcome::stopped(stop, 0, || job.count_prompt()),
        None => Outcome::unused(AnswerEnd::Error),
    };
    end(job, &outcome, fault.error).await
}

/// Settles a job that stopped before its answer was there, and makes the error.
pub(super) async fn stopped(job: RunningJob, unfinished: Unfinished) -> ApiError {
    let Unfinished { stop, generated } = unfinished;
    let generated = generated.min(job.most_generated());
    let outcome = Outcome::stopped(stop, generated, || job.count_prompt());
    end(job, &outcome, stop_error(stop)).await
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
