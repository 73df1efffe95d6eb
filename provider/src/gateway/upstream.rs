//! Calls of upstreams: the choice of one, fail-over before its answer begins, and the reading of the answer.

use {
    super::{
        RunningJob, anthropic,
        stops::{cut_short, no_answer},
    },
    crate::{
        app::App,
        config::{Endpoint, ModelConfig},
        meter::{AnswerEnd, Stop},
        upstreams::{self, FaultClass, MAX_ERROR_BODY, Names, PublicNames, SendError, Slot, UpstreamFault},
    },
    axum::http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
    },
    blockable_sdk::Pubkey,
    blockable_service::{
        http::{AnswerBytes, NoRoom},
        sse::StreamStart,
    },
    bytes::{Bytes, BytesMut},
    secrecy::ExposeSecret,
    std::{sync::Arc, time::Duration},
    tokio::time::{Instant, timeout_at},
};

/// Most upstreams that are asked for one answer.
const MAX_ATTEMPTS: usize = 3;

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

/// A request at an upstream. It counts as running there until it is dropped.
pub(super) struct Attempt {
    app: Arc<App>,
    /// The model's name in requests of customers.
    model: String,
    endpoint: Endpoint,
    hold: u64,
    slot: Slot,
    /// The borrower of the job's credit.
    borrower: Pubkey,
    began: Instant,
}

/// The upstreams that were asked for an answer, by their place.
pub(super) type Tried = Vec<usize>;

/// An answer that has begun with a good status. Once bytes of it have gone to the client it is never asked for again.
pub(super) struct UpstreamAnswer {
    answer: reqwest::Response,
    attempt: Attempt,
    /// The first bytes, where they were read to know its form.
    first: Option<Bytes>,
}

/// Sends a job's request to an upstream of its model that was not `tried`, and to another one where that fails and has produced
/// nothing. Errors: the failure of the last one, or `None` where none is left.
pub(super) async fn call(
    job: &RunningJob,
    time: UpstreamTime,
    tried: &mut Tried,
) -> Result<UpstreamAnswer, Option<UpstreamFault>> {
    let mut last = None;
    while tried.len() < MAX_ATTEMPTS
        && let Some(attempt) = Attempt::begin(job, tried)
    {
        tried.push(attempt.slot.place);
        match attempt.send(job, time).await {
            Ok(answer) => return Ok(answer),
            Err(fault) if fault.allows_another() => last = Some(fault),
            Err(fault) => return Err(Some(fault)),
        }
    }
    Err(last)
}

impl Attempt {
    /// Takes the next upstream of a job's model. `None` where none is left that has room.
    fn begin(job: &RunningJob, tried: &[usize]) -> Option<Attempt> {
        let model = &job.plan.model;
        let credit = &job.hold.credit;
        let slot = model.pool.take(credit, tried, std::time::Instant::now())?;
        let borrower = job.app.borrowers_place(credit).map_or(*credit, |place| place.borrower);
        let (model, endpoint) = (model.config.name.clone(), job.plan.endpoint);
        Some(Attempt {
            app: job.app.clone(),
            model,
            endpoint,
            hold: job.hold.id.0,
            slot,
            borrower,
            began: Instant::now(),
        })
    }

    /// Sends the request. Errors: the failure, once its kind is known; no byte of an answer has gone on then.
    async fn send(self, job: &RunningJob, time: UpstreamTime) -> Result<UpstreamAnswer, UpstreamFault> {
        let plan = &job.plan;
        let server = self.slot.server();
        let body = plan.body(job.fitted, &server.model).map_err(|error| UpstreamFault {
            error,
            ..UpstreamFault::failed("the request could not be made")
        })?;
        self.app.metrics.count_upstream(&self.model, &server.name);
        let accept = if plan.streamed { "text/event-stream" } else { "application/json" };
        let build = |http: &reqwest::Client| {
            let request = http
                .post(format!("{}{}", server.url, plan.endpoint.path()))
                .headers(job.trace.upstream_headers(job.hold.id.0))
                .headers(anthropic::upstream_headers(plan.endpoint, server.key.as_ref()))
                .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
                .header(ACCEPT, HeaderValue::from_static(accept))
                .body(body.clone());
            match &server.authorisation {
                Some(authorisation) => request.header(AUTHORIZATION, authorisation.clone()),
                None => request,
            }
        };
        let again = || self.note_repetition();
        // An answer that is not streamed begins once it is complete.
        let (until, late) = if plan.streamed { time.next() } else { (time.deadline, Stop::TookTooLong) };
        match timeout_at(until, self.app.http.send(build, again)).await {
            Err(_) => Err(self.fail(late_fault(late, "no answer began in time"))),
            Ok(Err(failed)) => Err(self.fail_to_send(failed)),
            Ok(Ok(answer)) if answer.status().is_success() => {
                Ok(UpstreamAnswer { answer, attempt: self, first: None })
            }
            Ok(Ok(answer)) => Err(self.refused(answer, until).await),
        }
    }

    /// Reads the body of an answer with another status, as far as it matters.
    async fn refused(self, mut answer: reqwest::Response, until: Instant) -> UpstreamFault {
        let (status, headers): (StatusCode, HeaderMap) = (answer.status(), answer.headers().clone());
        let mut body = BytesMut::new();
        while body.len() < MAX_ERROR_BODY {
            match timeout_at(until, answer.chunk()).await {
                Ok(Ok(Some(piece))) => body.extend_from_slice(&piece),
                _ => break,
            }
        }
        let fault = UpstreamFault::from_answer(status, &headers, &body, self.names());
        self.fail(fault)
    }

    fn names(&self) -> Names<'_> {
        let server = self.slot.server();
        let key = server.key.as_ref().map(ExposeSecret::expose_secret);
        Names { public: &self.model, internal: &server.model, key }
    }

    /// Notes that a request is sent once more, since the kept connection was closed as it was sent.
    fn note_repetition(&self) {
        let (model, upstream) = (self.model.as_str(), self.slot.server().name.as_str());
        tracing::info!(
            model,
            upstream,
            hold = self.hold,
            "a kept connection was closed; asking again on a new one"
        );
        self.app.metrics.count_upstream(model, upstream);
    }

    fn fail_to_send(&self, failed: SendError) -> UpstreamFault {
        let fault = self.fail(UpstreamFault::from_transport(failed.error));
        match fault.class {
            // It is gone, perhaps by this very request: no other one gets it.
            FaultClass::Unreachable if failed.was_repeated => {
                UpstreamFault { class: FaultClass::Broken, ..fault }
            }
            _ => fault,
        }
    }

    /// Notes a failure in health, metrics and log.
    fn fail(&self, fault: UpstreamFault) -> UpstreamFault {
        let (model, upstream) = (self.model.as_str(), self.slot.server().name.as_str());
        let (class, detail) = (fault.class_name(), fault.detail.as_str());
        self.app.metrics.count_upstream_failure(model, upstream, class);
        let hold = self.hold;
        match fault.class {
            // The customer's mistake is no failure that anybody must look at.
            FaultClass::Request => {
                tracing::info!(model, upstream, hold, class, detail, "the upstream refused a request")
            }
            _ => tracing::warn!(model, upstream, hold, class, detail, "the upstream failed"),
        }
        if self.lacks_endpoint(&fault) {
            let endpoint = self.endpoint.name();
            tracing::warn!(
                model,
                upstream,
                endpoint,
                "the upstream does not seem to serve the endpoint: take it out of the model's `endpoints`"
            );
            return fault;
        }
        let change = self.slot.note_fault(&fault, &self.borrower, std::time::Instant::now());
        upstreams::log(change, model, upstream, detail);
        fault
    }

    /// True for the failure of an upstream that lacks one of the newer endpoints. It may serve the others well.
    fn lacks_endpoint(&self, fault: &UpstreamFault) -> bool {
        !Endpoint::USUAL.contains(&self.endpoint) && matches!(fault.status, Some(404 | 405 | 501))
    }

    /// Notes an answer that has ended.
    fn note_answer(&self) {
        let change = self.slot.note_answer();
        upstreams::log(change, &self.model, &self.slot.server().name, "");
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let (metrics, server) = (&self.app.metrics, self.slot.server());
        metrics.record_upstream_time(&self.model, &server.name, self.began.elapsed());
    }
}

impl UpstreamAnswer {
    /// Finds out whether it is a stream of events: by its content type, and under another one by its first bytes. Errors: the
    /// reason for which it stops before those.
    pub(super) async fn is_stream(&mut self, time: UpstreamTime) -> Result<bool, Stop> {
        let kind = self.answer.headers().get(CONTENT_TYPE);
        if kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream")) {
            return Ok(true);
        }
        let mut start = StreamStart::default();
        let is_stream = loop {
            match self.chunk(time.next()).await?.map(|piece| start.feed(&piece)) {
                Some(Some(is_stream)) => break is_stream,
                Some(None) => {}
                None => break false,
            }
        };
        self.first = Some(start.into_bytes().into());
        Ok(is_stream)
    }

    /// The name of the upstream.
    pub(super) fn upstream(&self) -> &str {
        &self.attempt.slot.server().name
    }

    /// The names in it, for a request with an id.
    pub(super) fn public_names(&self, id: &str) -> PublicNames {
        PublicNames {
            model: self.attempt.model.clone(),
            internal: self.attempt.slot.server().model.clone(),
            id: id.to_string(),
            repeated: Vec::new(),
        }
    }

    /// Reads on until a time; `None` at its end. Errors: `late`, or that the connection broke.
    pub(super) async fn chunk(&mut self, (until, late): (Instant, Stop)) -> Result<Option<Bytes>, Stop> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        match timeout_at(until, self.answer.chunk()).await {
            Err(_) => {
                self.attempt.fail(late_fault(late, "the answer did not go on in time"));
                Err(late)
            }
            Ok(Err(error)) => {
                self.attempt.fail(UpstreamFault::from_transport(error));
                Err(Stop::Broke)
            }
            Ok(Ok(piece)) => Ok(piece),
        }
    }

    /// Reads a whole answer of up to `most` bytes into `body`. Errors: the reason for which it stops before its end; `body` has
    /// what came until then.
    pub(super) async fn read(
        &mut self,
        most: usize,
        time: UpstreamTime,
        body: &mut BytesMut,
        bytes: &mut AnswerBytes,
    ) -> Result<(), Stop> {
        while let Some(piece) = self.chunk(time.next()).await? {
            if body.len().saturating_add(piece.len()) > most {
                self.attempt.fail(UpstreamFault::too_large("the answer is too large"));
                return Err(Stop::TooLarge);
            }
            let all = body.len().saturating_add(piece.len());
            bytes.grow_to(all).map_err(|NoRoom| Stop::NoRoom)?;
            body.extend_from_slice(&piece);
        }
        Ok(())
    }

    /// Notes the way in which a stream ended. What stopped it before was noted then, and so was an error that it stated.
    pub(super) fn note_end(&self, end: AnswerEnd) {
        match end {
            AnswerEnd::Complete => self.attempt.note_answer(),
            AnswerEnd::CutShort => {
                self.attempt.fail(UpstreamFault::failed("the answer ended before it was complete"));
            }
            AnswerEnd::Stopped(Stop::TooLarge) => {
                self.attempt.fail(UpstreamFault::too_large("an event is too large"));
            }
            AnswerEnd::Stopped(Stop::AboveLimit) => {
                self.attempt.fail(UpstreamFault::too_large("the answer is far above its limit of tokens"));
            }
            AnswerEnd::Error | AnswerEnd::Stopped(_) => {}
        }
    }

    /// Classifies the error that stands in an event or the body. Without one it is a failure of the upstream.
    pub(super) fn fault(&self, json: &[u8]) -> UpstreamFault {
        let fault = UpstreamFault::from_event(json, self.attempt.names());
        let fault =
            fault.unwrap_or_else(|| UpstreamFault::failed("the upstream sent an error without words"));
        self.attempt.fail(fault)
    }

    /// Notes an answer that is none, and makes its failure. Only one that states an error lets another upstream be asked.
    pub(super) fn without_answer(&self, body: &[u8]) -> (UpstreamFault, bool) {
        if let Some(fault) = UpstreamFault::from_event(body, self.attempt.names()) {
            let allows_another = fault.allows_another();
            return (self.attempt.fail(fault), allows_another);
        }
        let fault = self.attempt.fail(UpstreamFault::failed("the answer is none of the endpoint's form"));
        (UpstreamFault { error: no_answer(), ..fault }, false)
    }

    /// Notes a stream that is none, or ends before its first text.
    pub(super) fn without_text(&self) -> UpstreamFault {
        let fault = self
            .attempt
            .fail(UpstreamFault::failed("the answer ended before its first text, or is no stream"));
        UpstreamFault { error: cut_short(), ..fault }
    }

    /// Reads what is left for a time, so that the connection is good for another request.
    pub(super) async fn drain(mut self, within: Duration) {
        let until = Instant::now() + within;
        while let Ok(Ok(Some(_))) = timeout_at(until, self.answer.chunk()).await {}
    }
}

/// The failure of an upstream that was late.
fn late_fault(late: Stop, detail: &str) -> UpstreamFault {
    match late {
        Stop::Silent => UpstreamFault::timed_out(detail),
        _ => UpstreamFault::took_too_long(detail),
    }
}
