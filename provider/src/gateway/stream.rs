//! Answers that are streamed.

use {
    super::{
        RunningJob,
        client::StreamClient,
        insert_headers,
        job::{Delivery, Settlement},
        upstream::{self, Tried, UpstreamAnswer, UpstreamTime},
    },
    crate::{
        config::Endpoint,
        error::ApiError,
        keep_alive::with_comments,
        limits::Permit,
        meter::{AnswerEnd, Meter, Outcome, Stop},
        named::{AnswerParts, NamedRequest},
        price::Tokens,
        upstreams::{self, UpstreamFault},
    },
    axum::{
        body::Body,
        http::{
            HeaderMap, HeaderValue, StatusCode,
            header::{CACHE_CONTROL, CONTENT_TYPE},
        },
        response::Response,
    },
    std::time::Duration,
    tokio::time::Instant,
    tokio_stream::wrappers::ReceiverStream,
    tracing::Instrument,
};

/// Time that an upstream may take to end its answer after the last event, or after an error.
const TAIL: Duration = Duration::from_secs(1);

/// Passes an upstream's events on as they come, and settles before the last one.
pub(super) fn answer(
    job: RunningJob,
    answer: UpstreamAnswer,
    (time, tried): (UpstreamTime, Tried),
    permit: Permit,
) -> Response {
    let limits = &job.app.config.limits;
    let patience = Duration::from_secs(limits.client_patience_seconds);
    let pause = Duration::from_secs(limits.stream_comment_seconds);
    let (client, receiver) = StreamClient::new(patience, job.named.as_ref().map(NamedRequest::most));
    let mut headers = HeaderMap::new();
    insert_headers(&mut headers, &job);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    let meter = new_meter(&job, &answer);
    let pump = Pump { meter, client, time, tried, headers: headers.clone() };
    tokio::spawn(pump.run(job, answer, permit).in_current_span());
    let mut response = Response::new(Body::from_stream(with_comments(ReceiverStream::new(receiver), pause)));
    *response.headers_mut() = headers;
    response
}

/// Makes the meter of an upstream's answer.
fn new_meter(job: &RunningJob, answer: &UpstreamAnswer) -> Meter {
    let names = answer.public_names(&format!("{}-{}", job.plan.endpoint.name(), job.trace.id));
    Meter::new(job.plan.endpoint.form(), job.plan.rewrite(names))
}

/// Notes the way in which an upstream's stream ended. Returns its failure, where it has stated one or has ended without any text.
fn note_end(answer: &UpstreamAnswer, outcome: &Outcome) -> Option<UpstreamFault> {
    if let Some(error) = &outcome.error {
        return Some(answer.fault(error));
    }
    if outcome.end == AnswerEnd::CutShort && outcome.tokens == Tokens::default() {
        return Some(answer.without_text());
    }
    answer.note_end(outcome.end);
    None
}

/// Passes events from an upstream to a client, or from another one where that fails before its first text. The job is settled before the stream's end is passed on. Where the client leaves
/// first, the upstream's answer is dropped, which ends its work, and what has come so far is settled.
struct Pump {
    meter: Meter,
    client: StreamClient,
    time: UpstreamTime,
    tried: Tried,
    headers: HeaderMap,
}

impl Pump {
    async fn run(mut self, job: RunningJob, mut answer: UpstreamAnswer, permit: Permit) {
        let (stop, outcome, fault, rest) = loop {
            let time = self.time;
            let stop = self.read(&mut answer, &permit).await;
            let (has_begun, mut rest) = (self.meter.has_begun(), Vec::new());
            let outcome = self.meter.finish(stop, || job.count_prompt(), &mut rest);
            let fault = note_end(&answer, &outcome);
            let may_fail_over = !has_begun && fault.as_ref().is_some_and(UpstreamFault::allows_another);
            let next = if may_fail_over { self.another(&job, time, &permit).await } else { None };
            match next {
                Some(next) => answer = next,
                None => break (stop, outcome, fault, rest),
            }
        };
        let drained = match stop {
            Stop::Ended => Some(answer),
            _ => None,
        };
        self.client.send(rest).await;
        self.end(job, &outcome, fault).await;
        // The client has its end now; the connection is good for another request once its own end is read.
        drop((self.client, permit));
        if let Some(answer) = drained {
            answer.drain(TAIL).await;
        }
    }

    /// Asks another upstream, since one has failed and nothing of its answer has gone to the client. `None` where no other one is
    /// left, or answers by a stream.
    async fn another(
        &mut self,
        job: &RunningJob,
        time: UpstreamTime,
        permit: &Permit,
    ) -> Option<UpstreamAnswer> {
        let asked = async {
            let mut answer = upstream::call(job, time, &mut self.tried).await.ok()?;
            if !answer.is_stream(time).await.is_ok_and(|is_stream| is_stream) {
                answer.without_text();
                return None;
            }
            Some(answer)
        };
        let answer = tokio::select! {
            biased;
            _ = self.client.stop(permit) => None,
            answer = asked => answer,
        }?;
        tracing::Span::current().record("upstream", answer.upstream());
        (self.time, self.meter) = (time, new_meter(job, &answer));
        Some(answer)
    }

    /// Settles the job, and ends the client's stream.
    async fn end(&mut self, job: RunningJob, outcome: &Outcome, fault: Option<UpstreamFault>) {
        let (hold, endpoint) = (job.hold.id.0, job.plan.endpoint);
        let (id, number) = (job.trace.id.clone(), self.meter.next_sequence());
        let as_event = |error: &ApiError| error_event(error, endpoint, &id, number);
        let (kept, record) = (self.meter.take_kept(), self.client.take_record());
        let error = match (outcome.end, fault) {
            (AnswerEnd::Complete, _) => None,
            (AnswerEnd::Error, Some(fault)) => Some(fault.error),
            (AnswerEnd::Error | AnswerEnd::CutShort, _) => Some(upstream::cut_short()),
            (AnswerEnd::Stopped(stop), _) => Some(upstream::stopped(stop)),
        };
        let tail = |settlement: &Settlement| {
            let (mut tail, last) = with_figures(kept.clone(), &settlement.member(hold));
            tail.extend(match &error {
                None => last,
                Some(error) => as_event(&error.clone().charged(settlement.units)),
            });
            tail
        };
        let headers = self.headers.clone();
        let parts = |settlement: &Settlement| {
            let body = record.map(|record| [record, tail(settlement)].concat());
            AnswerParts { status: StatusCode::OK, headers, body }
        };
        let end = match job.settle(outcome, Delivery::Before, parts).await {
            Ok(settlement) => tail(&settlement),
            Err(error) => as_event(&error),
        };
        self.client.send(end).await;
    }

    /// Reads and passes on until the answer stops.
    async fn read(&mut self, answer: &mut UpstreamAnswer, permit: &Permit) -> Stop {
        loop {
            let piece = tokio::select! {
                biased;
                stop = self.client.stop(permit) => return stop,
                piece = answer.chunk(self.time.next()) => piece,
            };
            let piece = match piece {
                Err(stop) => return stop,
                Ok(None) => return Stop::Ended,
                Ok(Some(piece)) => piece,
            };
            let mut out = Vec::new();
            let fed = self.meter.feed(&piece, &mut out);
            // Time that the client takes is not the upstream's.
            self.time.extend(self.client.send(out).await);
            match fed {
                Err(_) => return Stop::TooLarge,
                Ok(()) if self.meter.is_over() && self.meter.has_usage() => return Stop::Ended,
                Ok(()) if self.client.has_left() => return Stop::ClientLeft,
                Ok(()) if self.meter.is_over() || self.meter.error().is_some() => {
                    self.time.end_by(Instant::now() + TAIL)
                }
                Ok(()) => {}
            }
        }
    }
}

/// Puts the figures of a job into the stream's last usage or, where the client gets none, its last event. `[DONE]` has no room
/// for them, so that they are a comment before it, which clients pass over.
fn with_figures(kept: (Option<Vec<u8>>, Option<Vec<u8>>), member: &str) -> (Vec<u8>, Vec<u8>) {
    match kept {
        (Some(usage), last) => (upstreams::with_member(usage, member), last.unwrap_or_default()),
        (None, Some(last)) if last.contains(&b'{') => (Vec::new(), upstreams::with_member(last, member)),
        (None, last) => (format!(": {{{member}}}\n\n").into_bytes(), last.unwrap_or_default()),
    }
}

/// The last event of a stream that ends with an error, in the form of its endpoint. `number` counts the events of a response.
fn error_event(error: &ApiError, endpoint: Endpoint, id: &str, number: u64) -> Vec<u8> {
    let mut body = endpoint.error_shape().body(error, id);
    match endpoint {
        Endpoint::Chat | Endpoint::Text | Endpoint::Embeddings => {
            upstreams::event("", body.to_string().as_bytes())
        }
        Endpoint::Messages => upstreams::event("error", body.to_string().as_bytes()),
        Endpoint::Responses => {
            // Some clients read the error in the event itself, others the one within it.
            body["type"] = "error".into();
            body["sequence_number"] = number.into();
            for name in ["code", "message", "param"] {
                body[name] = body["error"][name].clone();
            }
            upstreams::event("error", body.to_string().as_bytes())
        }
    }
}

impl ApiError {
    /// The same error, which also says what was charged.
    pub(super) fn charged(self, units: blockable_sdk::amounts::Units) -> ApiError {
        let charge = match units.get() {
            0 => "nothing was charged".to_string(),
            units => format!("{units} units were charged for what was delivered"),
        };
        ApiError { message: format!("{}; {charge}", self.message), ..self }
    }
}
