//! The client of a job: whether it still waits, and the events that it gets.

use {
    crate::{limits::Permit, meter::Stop},
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

    /// A client of a named request: where it leaves, its job goes on, so that it gets the answer when it comes again.
    pub(super) fn for_good() -> Waiting {
        Waiting(None)
    }

    /// Returns once the client has left, or the server stops.
    pub(super) async fn stop(&mut self, permit: &Permit) -> Stop {
        tokio::select! {
            biased;
            () = self.left() => Stop::ClientLeft,
            () = permit.was_cut() => Stop::ServerStops,
        }
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
    /// The record of a named request, whose stream goes on where its client leaves.
    record: Option<Record>,
}

/// All that was sent, up to a bound.
struct Record {
    /// `None` once it was too large.
    bytes: Option<Vec<u8>>,
    most: usize,
}

impl StreamClient {
    /// A client that may keep the stream waiting for so long in all, and the events that it gets. With a `record` of so many bytes
    /// the stream goes on where it leaves.
    pub(super) fn new(
        patience: Duration,
        record: Option<usize>,
    ) -> (StreamClient, mpsc::Receiver<Result<Bytes, Infallible>>) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let record = record.map(|most| Record { bytes: Some(Vec::new()), most });
        (StreamClient { sender: Some(sender), patience, record }, receiver)
    }

    /// Returns once the client has left and its stream does not go on, or the server stops.
    pub(super) async fn stop(&self, permit: &Permit) -> Stop {
        tokio::select! {
            biased;
            () = self.left() => Stop::ClientLeft,
            () = permit.was_cut() => Stop::ServerStops,
        }
    }

    /// Returns once the client has left and its stream does not go on.
    async fn left(&self) {
        match &self.sender {
            _ if self.record.is_some() => future::pending().await,
            Some(sender) => sender.closed().await,
            None => {}
        }
    }

    /// All that was sent so far; `None` where it was too large, or nothing is recorded.
    pub(super) fn take_record(&mut self) -> Option<Vec<u8>> {
        self.record.as_mut()?.bytes.take()
    }

    /// Sends bytes, unless the client has left. Returns the time that the client took.
    pub(super) async fn send(&mut self, bytes: Vec<u8>) -> Duration {
        if bytes.is_empty() {
            return Duration::ZERO;
        }
        if let Some(Record { bytes: record @ Some(_), most }) = &mut self.record {
            let fits = record.take_if(|record| record.len().saturating_add(bytes.len()) > *most).is_none();
            if let Some(record) = record.as_mut().filter(|_| fits) {
                record.extend_from_slice(&bytes);
            }
        }
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
}
