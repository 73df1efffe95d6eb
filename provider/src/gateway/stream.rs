//! Answers that are streamed.

use {
    super::{
        RunningJob,
        client::{StreamClient, Waiting},
        ending::{error_event, with_figures},
        insert_headers,
        job::{Delivery, Settlement},
        stops::{self, cut_short},
        upstream::{self, Tried, UpstreamAnswer, UpstreamTime},
        whole,
    },
    crate::{
        error::ApiError,
        keep_alive::with_comments,
        limits::Permit,
        meter::{AnswerEnd, Meter, Outcome, Stop},
        named::{AnswerParts, NamedRequest},
        price::Tokens,
        upstreams::UpstreamFault,
    },
    axum::{
        body::Body,
        http::{
            HeaderMap, HeaderValue, StatusCode,
            header::{CACHE_CONTROL, CONTENT_TYPE},
        },
        response::Response,
    },
    futures_util::StreamExt,
    std::time::Duration,
    tokio::{
        sync::oneshot,
        time::{Instant, sleep},
    },
    tokio_stream::wrappers::ReceiverStream,
    tracing::Instrument,
};

/// Time that an upstream may take to end its answer after the last event, or after an error.
const TAIL: Duration = Duration::from_secs(1);

/// Passes an upstream's events on as they come, and settles before the last one. The answer's head goes out with the first text,
/// or after the pause in which a client hears that its stream lives. Errors: the failure of an answer that ends before that.
pub(super) async fn answer(
    job: RunningJob,
    answer: UpstreamAnswer,
    (time, tried): (UpstreamTime, Tried),
    permit: Permit,
    waiting: &mut Waiting,
) -> Result<Response, ApiError> {
    let limits = &job.app.config.limits;
    let patience = Duration::from_secs(limits.client_patience_seconds);
    let pause = Duration::from_secs(limits.stream_comment_seconds);
    let (client, receiver) = StreamClient::new(patience, job.named.as_ref().map(NamedRequest::most));
    let mut headers = HeaderMap::new();
    insert_headers(&mut headers, &job);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    let meter = new_meter(&job, &answer);
    // The room of an event is free once its connection has taken it.
    let events = ReceiverStream::new(receiver).map(|(event, _room)| Ok(event));
    let mut response = permit.answer(Response::new(Body::from_stream(with_comments(events, pause))));
    let (begins, begun) = oneshot::channel();
    let pump = Pump { meter, client, time, tried, headers: headers.clone(), head: Some(begins) };
    tokio::spawn(pump.run(job, answer, permit).in_current_span());
    tokio::select! {
        biased;
        begun = begun => begun.unwrap_or_else(|_| Err(ApiError::internal()))?,
        // The pump sees it by the response, which is dropped.
        () = waiting.left() => return Err(stops::stopped(Stop::ClientLeft)),
        () = sleep(pause) => {}
    }
    *response.headers_mut() = headers;
    Ok(response)
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

/// The error that a client gets for an answer that is not complete.
fn error_of(outcome: &Outcome, fault: Option<UpstreamFault>) -> Option<ApiError> {
    match (outcome.end, fault) {
        (AnswerEnd::Complete, _) => None,
        (AnswerEnd::Error, Some(fault)) => Some(fault.error),
        (AnswerEnd::Error | AnswerEnd::CutShort, _) => Some(cut_short()),
        (AnswerEnd::Stopped(stop), _) => Some(stops::stopped(stop)),
    }
}

/// Passes events from an upstream to a client, or from another one where that fails before its first text.
///
/// Owned by a task of its own, which ends once the stream does. The job is settled before the stream's end is passed on, so that a
/// client that has its end has paid. Where the client leaves first, the upstream's answer is dropped, which ends its work, and what
/// has come so far is settled. After a crash the next start returns the hold.
struct Pump {
    meter: Meter,
    client: StreamClient,
    time: UpstreamTime,
    tried: Tried,
    headers: HeaderMap,
    /// Sends the answer's head, or an error in its place; `None` once it has. It is closed once the head went out after the pause.
    head: Option<oneshot::Sender<Result<(), ApiError>>>,
}

impl Pump {
    async fn run(mut self, job: RunningJob, mut answer: UpstreamAnswer, permit: Permit) {
        let (stop, outcome, fault, rest) = loop {
            let time = self.time;
            let stop = self.read(&mut answer, job.longest_answer(), &permit).await;
            let mut rest = Vec::new();
            let outcome = self.meter.finish(stop, || job.count_prompt(), &mut rest);
            let fault = note_end(&answer, &outcome);
            let has_begun = self.meter.has_begun();
            if has_begun || !fault.as_ref().is_some_and(UpstreamFault::allows_another) {
                break (stop, outcome, fault, rest);
            }
            match self.another(&job, time, &permit).await {
                Ok(next) => answer = next,
                // The other one stopped; a late one is charged, and one whose client left.
                Err(Some(stop)) => {
                    break (stop, Outcome::stopped(stop, 0, || job.count_prompt()), None, rest);
                }
                Err(None) => break (stop, outcome, fault, rest),
            }
        };
        let drained = match stop {
            Stop::Ended => Some(answer),
            _ => None,
        };
        match error_of(&outcome, fault) {
            Some(error) if self.may_choose_status() => self.fail(job, &outcome, error).await,
            error => {
                self.begin();
                self.client.send(rest).await;
                self.end(job, &outcome, error).await;
            }
        }
        // The client has its end now; the connection is good for another request once its own end is read.
        drop((permit, self.client));
        if let Some(answer) = drained {
            answer.drain(TAIL).await;
        }
    }

    /// Lets the answer's head go out.
    fn begin(&mut self) {
        if let Some(head) = self.head.take() {
            // It has gone out after the pause, or the client has left.
            drop(head.send(Ok(())));
        }
    }

    /// True while nothing has gone to the client.
    fn may_choose_status(&self) -> bool {
        !self.meter.has_begun() && self.head.as_ref().is_some_and(|head| !head.is_closed())
    }

    /// Settles the job, and answers with an error in the place of a stream.
    async fn fail(&mut self, job: RunningJob, outcome: &Outcome, error: ApiError) {
        let (endpoint, id) = (job.plan.endpoint, job.trace.id.clone());
        let error = whole::end(job, outcome, error).await;
        if let Some(head) = self.head.take()
            && let Err(Err(error)) = head.send(Err(error))
        {
            // The head has gone out meanwhile.
            let event = error_event(&error, endpoint, &id, self.meter.next_sequence());
            self.client.send(event).await;
        }
    }

    /// Asks another upstream, since one has failed and nothing of its answer has gone to the client. Errors: the way in which that
    /// one stopped, or `None` where no other one is left, or answers by a stream.
    async fn another(
        &mut self,
        job: &RunningJob,
        time: UpstreamTime,
        permit: &Permit,
    ) -> Result<UpstreamAnswer, Option<Stop>> {
        let asked = async {
            let called = upstream::call(job, time, &mut self.tried).await;
            let mut answer = called.map_err(|fault| fault.as_ref().and_then(stops::late))?;
            if !answer.is_stream(time).await? {
                answer.without_text();
                return Err(None);
            }
            Ok(answer)
        };
        let answer = tokio::select! {
            biased;
            stop = self.client.stop(permit) => Err(Some(stop)),
            answer = asked => answer,
        }?;
        tracing::Span::current().record("upstream", answer.upstream());
        (self.time, self.meter) = (time, new_meter(job, &answer));
        Ok(answer)
    }

    /// Settles the job, and ends the client's stream.
    async fn end(&mut self, job: RunningJob, outcome: &Outcome, error: Option<ApiError>) {
        let (hold, endpoint) = (job.hold.id.0, job.plan.endpoint);
        let (id, number) = (job.trace.id.clone(), self.meter.next_sequence());
        let as_event = |error: &ApiError| error_event(error, endpoint, &id, number);
        let (kept, record) = (self.meter.take_kept(), self.client.take_record());
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

    /// Reads and passes on until the answer stops. Where the client leaves once it has all text, only the usage is read on for.
    async fn read(&mut self, answer: &mut UpstreamAnswer, limit: u64, permit: &Permit) -> Stop {
        let mut has_left = false;
        loop {
            if has_left && !self.meter.awaits_usage() {
                return Stop::ClientLeft;
            }
            let piece = tokio::select! {
                biased;
                stop = self.client.stop(permit), if !has_left => match stop {
                    Stop::ClientLeft => {
                        has_left = true;
                        self.time.end_by(Instant::now() + TAIL);
                        continue;
                    }
                    stop => return stop,
                },
                () = permit.was_cut(), if has_left => return Stop::ServerStops,
                piece = answer.chunk(self.time.next()) => piece,
            };
            let stop = match piece {
                Err(stop) => Some(stop),
                Ok(None) => Some(Stop::Ended),
                Ok(Some(piece)) => self.take(&piece, limit).await,
            };
            match stop {
                Some(_) if has_left => return Stop::ClientLeft,
                Some(stop) => return stop,
                None => {}
            }
        }
    }

    /// Reads a piece and passes on what is for the client. Returns the reason for which the answer stops with it.
    async fn take(&mut self, piece: &[u8], limit: u64) -> Option<Stop> {
        let mut out = Vec::new();
        let fed = self.meter.feed(piece, &mut out);
        match self.meter.has_begun() {
            true => self.begin(),
            // Comments: the head has not gone out.
            false => out.clear(),
        }
        // Time that the client takes is not the upstream's.
        self.time.extend(self.client.send(out).await);
        match fed {
            Err(_) => return Some(Stop::TooLarge),
            Ok(()) if self.meter.is_over() && self.meter.has_usage() => return Some(Stop::Ended),
            Ok(()) if self.meter.is_above(limit) => return Some(Stop::AboveLimit),
            Ok(()) if self.meter.is_over() || self.meter.error().is_some() => {
                self.time.end_by(Instant::now() + TAIL)
            }
            Ok(()) => {}
        }
        None
    }
}
