//! Answers that are streamed.

use {
    super::{
        RunningJob, insert_headers, upstream,
        usage::{self, Usage},
    },
    crate::error::ApiError,
    axum::{
        body::Body,
        http::{
            HeaderMap, HeaderValue, StatusCode,
            header::{CACHE_CONTROL, CONTENT_TYPE},
        },
        response::Response,
    },
    blockable_service::sse::{Parser, SseEvent, TooLong},
    bytes::Bytes,
    std::{convert::Infallible, time::Duration},
    tokio::{
        sync::mpsc,
        time::{Instant, timeout, timeout_at},
    },
    tokio_stream::wrappers::ReceiverStream,
    tracing::Instrument,
};

/// Most bytes of one event.
const MAX_EVENT: usize = 4 << 20;
/// Events that wait for a client that reads slowly.
const QUEUE: usize = 256;
/// Time that an upstream may take to end its answer after the last event.
const TAIL: Duration = Duration::from_secs(1);

/// Passes an upstream's events on as they come, and settles before the last one.
pub(super) fn answer(
    job: RunningJob,
    answer: reqwest::Response,
    wants_usage: bool,
    deadline: Instant,
) -> Response {
    let (sender, receiver) = mpsc::channel(QUEUE);
    let patience = Duration::from_secs(job.app.config.limits.client_patience_seconds);
    let mut headers = HeaderMap::new();
    insert_headers(&mut headers, &job);
    let client = StreamClient { sender: Some(sender), patience };
    let pump = Pump { job, client, wants_usage, deadline, usage: None, settled: false };
    tokio::spawn(pump.run(answer).in_current_span());
    let mut response = Response::new(Body::from_stream(ReceiverStream::new(receiver)));
    *response.headers_mut() = headers;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// The client of a stream, for as long as it reads.
struct StreamClient {
    sender: Option<mpsc::Sender<Result<Bytes, Infallible>>>,
    /// Time for which it may still keep the stream waiting.
    patience: Duration,
}

impl StreamClient {
    /// Sends an event, unless the client has disconnected. Returns the time that the client took.
    async fn send(&mut self, event: Bytes) -> Duration {
        let Some(sender) = &self.sender else { return Duration::ZERO };
        let event = match sender.try_send(Ok(event)) {
            Ok(()) => return Duration::ZERO,
            Err(mpsc::error::TrySendError::Closed(_)) => {
                self.sender = None;
                return Duration::ZERO;
            }
            Err(mpsc::error::TrySendError::Full(event)) => event,
        };
        let began = Instant::now();
        if !matches!(timeout(self.patience, sender.send(event)).await, Ok(Ok(()))) {
            self.sender = None;
        }
        let waited = began.elapsed();
        self.patience = self.patience.saturating_sub(waited);
        waited
    }

    async fn fail(&mut self, error: &ApiError) {
        self.send(Bytes::from(format!("data: {}\n\n", error.body()))).await;
    }
}

/// The end of an upstream's stream.
enum UpstreamEnd {
    /// It ended with `[DONE]`, which has not been passed on yet.
    Done(Bytes),
    /// It ended without `[DONE]`.
    Ended,
    /// It broke off.
    Broken(ApiError),
}

/// Passes events from an upstream to a client. It owns the job: the hold is settled or released before the stream's end is
/// passed on, also where the client has disconnected.
struct Pump {
    job: RunningJob,
    client: StreamClient,
    wants_usage: bool,
    deadline: Instant,
    usage: Option<Usage>,
    settled: bool,
}

impl Pump {
    async fn run(mut self, mut answer: reqwest::Response) {
        let end = self.read(&mut answer).await;
        let outcome = match (self.usage, self.settled) {
            (_, true) => Ok(()),
            (Some(usage), false) => self.job.settle(usage).await.map(|_| ()),
            (None, false) => {
                self.job.release().await;
                Err(without_usage(&end))
            }
        };
        match (outcome, end) {
            (Err(error), _) | (Ok(()), UpstreamEnd::Broken(error)) => self.client.fail(&error).await,
            (Ok(()), UpstreamEnd::Done(done)) => {
                self.client.send(done).await;
            }
            (Ok(()), UpstreamEnd::Ended) => {}
        }
        // The client has its end now; the connection is good for another request once its own end is read.
        drop((self.client, self.job));
        let _ = timeout(TAIL, async { while let Ok(Some(_)) = answer.chunk().await {} }).await;
    }

    /// Reads and passes on to the end, also where the client has disconnected: its usage must be known.
    async fn read(&mut self, answer: &mut reqwest::Response) -> UpstreamEnd {
        let mut parser = Parser::new(MAX_EVENT);
        loop {
            let piece = match timeout_at(self.deadline, answer.chunk()).await {
                Err(_) => return UpstreamEnd::Broken(upstream::timed_out()),
                Ok(Err(error)) => return UpstreamEnd::Broken(upstream::broken(&self.job, error)),
                Ok(Ok(piece)) => piece,
            };
            let Some(piece) = piece else {
                return match parser.finish() {
                    Some(rest) => self.take(rest).await.unwrap_or(UpstreamEnd::Ended),
                    None => UpstreamEnd::Ended,
                };
            };
            let events = match parser.feed(&piece) {
                Ok(events) => events,
                Err(TooLong) => return UpstreamEnd::Broken(too_long()),
            };
            for event in events {
                if let Some(end) = self.take(event).await {
                    return end;
                }
            }
        }
    }

    /// Takes one event. Returns the end where it is the last one.
    async fn take(&mut self, event: SseEvent) -> Option<UpstreamEnd> {
        let data = event.data.as_deref().unwrap_or_default().trim_ascii();
        if data == b"[DONE]" {
            return Some(UpstreamEnd::Done(event.raw.into()));
        }
        let names_usage = data.windows(7).any(|bytes| bytes == b"\"usage\"");
        if names_usage && let Some((usage, bare)) = usage::find(data) {
            self.usage = Some(usage);
            if bare {
                // The end of the stream: it is recorded before the client gets it.
                if let Err(error) = self.job.settle(usage).await {
                    return Some(UpstreamEnd::Broken(error));
                }
                self.settled = true;
                if !self.wants_usage {
                    return None;
                }
            }
        }
        // Time that the client takes is not the upstream's.
        self.deadline += self.client.send(event.raw.into()).await;
        None
    }
}

fn too_long() -> ApiError {
    let message = "the model sent an event that is too long; report it to the provider";
    ApiError::upstream(StatusCode::BAD_GATEWAY, "upstream_too_large", message)
}

fn without_usage(end: &UpstreamEnd) -> ApiError {
    match end {
        UpstreamEnd::Broken(error) => error.clone(),
        UpstreamEnd::Done(_) | UpstreamEnd::Ended => {
            let message = "the model's stream ended without its usage; try again; nothing was charged";
            ApiError::upstream(StatusCode::BAD_GATEWAY, "upstream_without_usage", message)
        }
    }
}
