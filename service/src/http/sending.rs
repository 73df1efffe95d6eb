//! Answers on their way to their clients, bounded in bytes.

use {
    super::{connections::Connections, slot::Slot},
    bytes::Bytes,
    std::sync::{Arc, atomic::Ordering},
};

/// Bytes of an answer that a connection takes at once. What has been taken no longer counts, and a connection holds some of
/// these at most.
pub(super) const PIECE: usize = 64 << 10;

/// All answers together have more bytes than there is room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answers that wait for their clients take all the room; try again shortly")]
pub struct NoRoom;

/// Bytes of an answer that lies in memory, until it is dropped, or until its connection is told to close.
pub struct AnswerBytes {
    connections: Arc<Connections>,
    /// The connection that it goes out on, once it does.
    slot: Option<Arc<Slot>>,
    bytes: usize,
}

impl AnswerBytes {
    /// Counts an answer that goes out. It may have more bytes than there is room for; others give way to it then.
    pub(super) fn sent_on(connections: &Arc<Connections>, slot: &Arc<Slot>, bytes: usize) -> AnswerBytes {
        connections.sending.fetch_add(bytes, Ordering::Relaxed);
        slot.sending.fetch_add(bytes, Ordering::Relaxed);
        connections.make_room(0);
        AnswerBytes { connections: connections.clone(), slot: Some(slot.clone()), bytes }
    }

    /// Counts more bytes of an answer that is being made. Errors: [`NoRoom`], where no answer that its client lets wait can give
    /// way; its bytes stay as they were.
    pub fn grow_to(&mut self, bytes: usize) -> Result<(), NoRoom> {
        // As much of each answer has room in any case.
        let more = bytes.saturating_sub(PIECE).saturating_sub(self.bytes);
        if more == 0 {
            return Ok(());
        }
        while !self.connections.reserve(more) {
            if !self.connections.make_room(more) {
                return Err(NoRoom);
            }
            // Another answer may have taken that room first.
        }
        self.bytes += more;
        Ok(())
    }
}

impl Drop for AnswerBytes {
    fn drop(&mut self) {
        let counted = match &self.slot {
            // None is left where its connection was told to close.
            Some(slot) => {
                let rest = |bytes: usize| Some(bytes.saturating_sub(self.bytes));
                let before = slot.sending.fetch_update(Ordering::Relaxed, Ordering::Relaxed, rest);
                self.bytes.min(before.unwrap_or_else(|bytes| bytes))
            }
            None => self.bytes,
        };
        self.connections.sending.fetch_sub(counted, Ordering::Relaxed);
    }
}

impl Connections {
    /// Begins to count the bytes of an answer that is being made.
    pub fn begin_answer(self: &Arc<Self>) -> AnswerBytes {
        AnswerBytes { connections: self.clone(), slot: None, bytes: 0 }
    }

    /// Counts so many more bytes of answers. Returns false, and counts none, where they have no room.
    fn reserve(&self, more: usize) -> bool {
        let sum = |sending: usize| sending.checked_add(more).filter(|sum| *sum <= self.most_sending);
        self.sending.fetch_update(Ordering::Relaxed, Ordering::Relaxed, sum).is_ok()
    }
}

/// Bytes that are given out by the piece.
#[derive(Default)]
pub(super) struct Pieces(pub(super) Bytes);

impl Pieces {
    /// The next piece; `None` where nothing is left.
    pub(super) fn next(&mut self) -> Option<Bytes> {
        (!self.0.is_empty()).then(|| self.0.split_to(self.0.len().min(PIECE)))
    }
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        std::{sync::Barrier, thread, time::Duration},
        tokio::time::Instant,
    };

    const PATIENCE: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn answers_that_wait_give_way_to_new_ones_and_others_are_refused() {
        let connections = Connections::new(8, 8, 10 << 20);
        let (waiting, read) =
            (connections.admit(None).await.unwrap(), connections.admit(None).await.unwrap());
        assert!(waiting.slot.begin_request(false) && read.slot.begin_request(false));
        let sent = [&waiting, &read].map(|place| AnswerBytes::sent_on(&connections, &place.slot, 4 << 20));
        let mut made = connections.begin_answer();
        assert_eq!(made.grow_to(2 << 20), Ok(()));
        assert_eq!(made.grow_to(3 << 20), Err(NoRoom), "both clients take their answers");
        waiting.slot.note_stall(PATIENCE, Instant::now() - Duration::from_secs(2));
        assert_eq!(made.grow_to(3 << 20), Ok(()));
        assert_eq!(connections.open(), 1, "the one that waits was closed");
        assert!(!waiting.slot.begin_request(false));
        // What was told to close has made room, though its task has not dropped it.
        read.slot.note_stall(PATIENCE, Instant::now() - Duration::from_secs(2));
        assert_eq!((made.grow_to(4 << 20), made.grow_to(6 << 20)), (Ok(()), Ok(())));
        assert_eq!(connections.open(), 1, "none gives way without need");
        drop((sent, made));
        assert_eq!(connections.sending.load(Ordering::Relaxed), 0);
        assert_eq!(connections.begin_answer().grow_to(10 << 20), Ok(()));
        assert_eq!(connections.begin_answer().grow_to(11 << 20), Err(NoRoom));
        assert_eq!(connections.sending.load(Ordering::Relaxed), 0);
    }

    /// A new connection may take the place of one whose answer waits, whose bytes then have no reader.
    #[tokio::test]
    async fn an_answer_whose_connection_gave_way_to_another_one_does_not_count() {
        let connections = Connections::new(1, 1, 4 << 20);
        let waiting = connections.admit(None).await.unwrap();
        assert!(waiting.slot.begin_request(false));
        let sent = AnswerBytes::sent_on(&connections, &waiting.slot, 4 << 20);
        waiting.slot.note_stall(PATIENCE, Instant::now() - Duration::from_secs(2));
        let _next = connections.admit(None).await.unwrap();
        assert_eq!(connections.begin_answer().grow_to(4 << 20), Ok(()));
        drop((sent, waiting));
        assert_eq!(connections.sending.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn of_two_that_grow_at_once_one_finds_the_room_for_one() {
        let connections = Connections::new(8, 8, 1 << 20);
        let both = Barrier::new(2);
        for round in 0..2_000 {
            let grow = || {
                let mut made = connections.begin_answer();
                both.wait();
                let grown = made.grow_to(1 << 20).is_ok();
                both.wait();
                grown
            };
            let grown = thread::scope(|scope| {
                let other = scope.spawn(grow);
                usize::from(grow()) + usize::from(other.join().unwrap())
            });
            assert_eq!(grown, 1, "round {round}");
        }
        assert_eq!(connections.sending.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn pieces_are_the_whole() {
        let whole = Bytes::from((0..200_000_u32).map(|number| number as u8).collect::<Vec<_>>());
        let mut pieces = Pieces(whole.clone());
        let cut: Vec<Bytes> = std::iter::from_fn(|| pieces.next()).collect();
        assert_eq!((cut.len(), cut.concat()), (4, whole.to_vec()));
    }
}
