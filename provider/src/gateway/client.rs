//! The client of a job: whether it still waits, and the events that it gets.

use {
    crate::error::ApiError,
    bytes::Bytes,
    std::{convert::Infallible, future, time::Duration},
    tokio::{
        sync::{mpsc, oneshot},
        time::{Instant, timeout},
    },
};

/// Events that wait for a client that reads slowly.
const QUEUE: usize = 256;

/// Notices that a client leaves before its answer begins.
pub(super) struct Waiting(Option<oneshot::Receiver<()>>);

/// Kept by the request's handler, which ends where the client leaves.
pub(super) struct Handler(#[allow(dead_code, reason = "its end is the signal")] oneshot::Sender<()>);

impl Waiting {
    /// A client that may leave, once its handler is dropped.
    pub(super) fn new() -> (Handler, Waiting) {
        let (sender, receiver) = oneshot::channel();
        (Handler(sender), Waiting(Some(receiver)))
    }

    /// Returns once the client has left.
    pub(super) async fn left(&mut self) {
        match &mut self.0 {
            Some(handler) => drop(handler.await),
            None => future::pending().await,
        }
    }
}

/// The client of a stream, for as long as it reads.
pub(super) struct StreamClient {
    sender: Option<mpsc::Sender<Result<Bytes, Infallible>>>,
    /// Time for which it may still keep the stream waiting.
    patience: Duration,
}

impl StreamClient {
    /// A client that may keep the stream waiting for so long in all, and the events that it gets.
    pub(super) fn new(patience: Duration) -> (StreamClient, mpsc::Receiver<Result<Bytes, Infallible>>) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        (StreamClient { sender: Some(sender), patience }, receiver)
    }

    /// True once it has left, or was given up.
    pub(super) fn has_left(&self) -> bool {
        self.sender.as_ref().is_none_or(mpsc::Sender::is_closed)
    }

    /// Returns once the client has left.
    pub(super) async fn left(&self) {
        if let Some(sender) = &self.sender {
            sender.closed().await;
        }
    }

    /// Sends bytes, unless the client has left. Returns the time that the client took.
    pub(super) async fn send(&mut self, bytes: Vec<u8>) -> Duration {
        let Some(sender) = &self.sender else { return Duration::ZERO };
        let event = match sender.try_send(Ok(bytes.into())) {
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

    /// Sends an error as the last event.
    pub(super) async fn fail(&mut self, error: &ApiError) {
        self.send(format!("data: {}\n\n", error.body()).into_bytes()).await;
    }
}
