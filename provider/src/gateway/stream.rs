//! Answers that are streamed.

use {
    super::{
        RunningJob,
        client::StreamClient,
        insert_headers,
        upstream::{self, UpstreamTime},
    },
    crate::{
        error::ApiError,
        limits::Permit,
        meter::{AnswerEnd, Meter, Outcome, Stop},
    },
    axum::{
        body::Body,
        http::{
            HeaderMap, HeaderValue,
            header::{CACHE_CONTROL, CONTENT_TYPE},
        },
        response::Response,
    },
    std::time::Duration,
    tokio::time::{Instant, timeout, timeout_at},
    tokio_stream::wrappers::ReceiverStream,
    tracing::Instrument,
};

/// Time that an upstream may take to end its answer after the last event, or after an error.
const TAIL: Duration = Duration::from_secs(1);

/// Passes an upstream's events on as they come, and settles before the last one.
pub(super) fn answer(
    job: RunningJob,
    answer: reqwest::Response,
    time: UpstreamTime,
    permit: Permit,
) -> Response {
    let patience = Duration::from_secs(job.app.config.limits.client_patience_seconds);
    let (client, receiver) = StreamClient::new(patience);
    let mut headers = HeaderMap::new();
    insert_headers(&mut headers, &job);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    let meter = Meter::new(job.plan.endpoint.form(), job.plan.rewrite());
    let pump = Pump { meter, client, time };
    tokio::spawn(pump.run(job, answer, permit).in_current_span());
    let mut response = Response::new(Body::from_stream(ReceiverStream::new(receiver)));
    *response.headers_mut() = headers;
    response
}

/// Passes events from an upstream to a client. The job is settled before the stream's end is passed on. Where the client leaves
/// first, the upstream's answer is dropped, which ends its work, and what has come so far is settled.
struct Pump {
    meter: Meter,
    client: StreamClient,
    time: UpstreamTime,
}

impl Pump {
    async fn run(mut self, job: RunningJob, mut answer: reqwest::Response, permit: Permit) {
        let stop = self.read(&job, &mut answer).await;
        let mut rest = Vec::new();
        let outcome = self.meter.finish(stop, || job.count_prompt(), &mut rest);
        let drained = match stop {
            Stop::Ended => Some(answer),
            _ => None,
        };
        self.client.send(rest).await;
        self.end(job, &outcome).await;
        // The client has its end now; the connection is good for another request once its own end is read.
        drop((self.client, permit));
        if let Some(mut answer) = drained {
            let _ = timeout(TAIL, async { while let Ok(Some(_)) = answer.chunk().await {} }).await;
        }
    }

    /// Settles the job, and ends the client's stream.
    async fn end(&mut self, job: RunningJob, outcome: &Outcome) {
        let model = job.plan.model.clone();
        let settlement = match job.settle(outcome).await {
            Ok(settlement) => settlement,
            Err(error) => return self.client.fail(&error).await,
        };
        let (usage, last) = self.meter.take_kept();
        self.client.send(usage.unwrap_or_default()).await;
        match (outcome.end, &outcome.error) {
            (AnswerEnd::Complete, _) => {
                self.client.send(last.unwrap_or_default()).await;
            }
            (AnswerEnd::Error, Some(error)) => {
                self.client.send(upstream::error_event(&model, error)).await;
            }
            (AnswerEnd::Error | AnswerEnd::CutShort, _) => {
                self.client.fail(&upstream::cut_short().charged(settlement.units)).await;
            }
            (AnswerEnd::Stopped(stop), _) => {
                self.client.fail(&upstream::stopped(stop).charged(settlement.units)).await;
            }
        }
    }

    /// Reads and passes on until the answer stops.
    async fn read(&mut self, job: &RunningJob, answer: &mut reqwest::Response) -> Stop {
        loop {
            let (until, late) = self.time.next();
            let piece = tokio::select! {
                biased;
                () = self.client.left() => return Stop::ClientLeft,
                piece = timeout_at(until, answer.chunk()) => piece,
            };
            let piece = match piece {
                Err(_) => return late,
                Ok(Err(error)) => return upstream::broke(job, error),
                Ok(Ok(None)) => return Stop::Ended,
                Ok(Ok(Some(piece))) => piece,
            };
            let mut out = Vec::new();
            let fed = self.meter.feed(&piece, &mut out);
            // Time that the client takes is not the upstream's.
            self.time.extend(self.client.send(out).await);
            match fed {
                Err(_) => return Stop::TooLarge,
                Ok(()) if self.meter.is_over() => return Stop::Ended,
                Ok(()) if self.client.has_left() => return Stop::ClientLeft,
                Ok(()) if self.meter.has_failed() => self.time.end_by(Instant::now() + TAIL),
                Ok(()) => {}
            }
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
