//! The client of a job: whether it still waits, and the events that it gets.

use {
    crate::{limits::Permit, meter::Stop},
    bytes::Bytes,
    std::{future, sync::Arc, time::Duration},
    tokio::{
        sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
        time::{Instant, timeout},
    },
};

/// Events that wait for a client that reads slowly.
const QUEUE: usize = 256;
/// Their bytes, in KiB; an event that has more waits alone.
const QUEUE_KIB: u32 = 256;

/// An event that waits for the client, and its room among those that do.
pub(super) type Queued = (Bytes, OwnedSemaphorePermit);

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
    sender: Option<mpsc::Sender<Queued>>,
    /// Room for the bytes that wait.
    room: Arc<Semaphore>,
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
    pub(super) fn new(patience: Duration, record: Option<usize>) -> (StreamClient, mpsc::Receiver<Queued>) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let room = Arc::new(Semaphore::new(QUEUE_KIB as usize));
        let record = record.map(|most| Record { bytes: Some(Vec::new()), most });
        (StreamClient { sender: Some(sender), room, patience, record }, receiver)
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
        let Some(sender) = self.sender.clone() else { return Duration::ZERO };
        let began = Instant::now();
        let (is_sent, waited) = match self.room.clone().try_acquire_many_owned(kibibytes(&bytes)) {
            Ok(room) if sender.capacity() > 0 => {
                (sender.try_send((bytes.into(), room)).is_ok(), Duration::ZERO)
            }
            _ => (self.send_later(&sender, bytes.into()).await, began.elapsed()),
        };
        if !is_sent {
            self.sender = None;
        }
        self.patience = self.patience.saturating_sub(waited);
        waited
    }

    /// Sends once the client has taken enough. Returns false where it leaves, or does not in time.
    async fn send_later(&self, sender: &mpsc::Sender<Queued>, bytes: Bytes) -> bool {
        let sent = async {
            let room = self.room.clone().acquire_many_owned(kibibytes(&bytes)).await.ok()?;
            sender.send((bytes, room)).await.ok()
        };
        tokio::select! {
            biased;
            sent = timeout(self.patience, sent) => matches!(sent, Ok(Some(()))),
            () = sender.closed() => false,
        }
    }
}

/// The room that bytes take, in KiB.
fn kibibytes(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len().div_ceil(1_024)).unwrap_or(u32::MAX).min(QUEUE_KIB)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_client_that_does_not_read_lets_few_bytes_wait() {
        let (mut client, mut receiver) = StreamClient::new(Duration::from_millis(50), None);
        let (mut sent, event) = (0, vec![b'x'; 100 << 10]);
        while client.sender.is_some() {
            client.send(event.clone()).await;
            sent += 1;
        }
        assert_eq!(sent, 3, "two wait, and the third one does not fit");
        let waiting = std::iter::from_fn(|| receiver.try_recv().ok()).count();
        assert_eq!(waiting, 2);
        // One that is larger than all the room waits alone, and the room is free again once it is taken.
        let (mut client, mut receiver) = StreamClient::new(Duration::from_secs(5), None);
        let reading = tokio::spawn(async move {
            let mut bytes = 0;
            while let Some((piece, _room)) = receiver.recv().await {
                bytes += piece.len();
            }
            bytes
        });
        for _ in 0..5 {
            client.send(vec![b'x'; 1 << 20]).await;
        }
        drop(client);
        assert_eq!(reading.await.unwrap(), 5 << 20);
    }
}
