//! Follows the program's events at an address: a credit, a market, a provider, or any key in its transactions. No event is left out,
//! and none comes twice.
//!
//! Whatever wakes a follower, it reads the node's list of transactions since its checkpoint, fetches what is new, and only then moves
//! the checkpoint. So a stream that breaks off, drops messages or was never there costs time and no event. Feature `stream` has
//! `WebSocketWake`, which wakes it at once; [`Poll`] wakes it now and then.

#[cfg(feature = "stream")]
mod websocket;

#[cfg(feature = "stream")]
pub use websocket::WebSocketWake;

use {
    crate::{
        audit::{History, HistoryError, ListedTransaction, list_back},
        events::{Event, from_transaction},
    },
    serde::{Deserialize, Serialize},
    solana_pubkey::Pubkey,
    solana_signature::Signature,
    std::{collections::HashMap, time::Duration},
    tokio::time::sleep,
};

/// Most transactions that are fetched before their events are handed out.
const BATCH: usize = 256;
/// Slots before the checkpoint in which a node may still list a transaction that it did not list before: about a minute.
const LATE_SLOTS: u64 = 150;
/// Shortest pause after a node has failed; doubles up to [`RETRY_MAX`].
const RETRY_MIN: Duration = Duration::from_millis(250);
/// Longest pause after a node has failed.
const RETRY_MAX: Duration = Duration::from_secs(15);

/// A place in the list of an address's transactions, to be written down by whoever handles the events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The slot of the latest transaction.
    pub slot: u64,
}

/// The place to begin at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The first transaction that the node has.
    Beginning,
    /// After the transactions that are listed now.
    Now,
    /// A checkpoint of an earlier run. Events of up to 150 slots before it come again: handle them by their transaction's signature.
    At(Checkpoint),
}

/// An event with its transaction.
#[derive(Clone, Debug)]
pub struct ObservedEvent {
    /// The event.
    pub event: Event,
    /// The transaction.
    pub signature: Signature,
    /// Its slot.
    pub slot: u64,
}

/// Something that wakes a follower when there may be new events.
pub trait Wake: Send {
    /// Waits until there may be new events.
    fn wait(&mut self) -> impl Future<Output = ()> + Send;
}

/// Wakes a follower at intervals.
#[derive(Clone, Copy, Debug)]
pub struct Poll(pub Duration);

impl Wake for Poll {
    async fn wait(&mut self) {
        sleep(self.0).await;
    }
}

/// Follows the events at an address.
///
/// It is owned by one task. `seen` has the signatures of the last minute, so that a transaction that a node lists late is noticed and
/// one that it lists again is not. After a crash a new follower begins at the checkpoint that was written down.
pub struct EventFollower<H> {
    node: H,
    address: Pubkey,
    start: Option<Start>,
    /// The slot of the latest transaction that was handed out.
    latest: u64,
    seen: HashMap<Signature, u64>,
}

impl<H: History> EventFollower<H> {
    /// Follows an address on a node. The node's commitment is that of the events: a `confirmed` one may in rare cases be undone.
    pub fn new(node: H, address: Pubkey, start: Start) -> EventFollower<H> {
        EventFollower { node, address, start: Some(start), latest: 0, seen: HashMap::new() }
    }

    /// The place after the events that were handed out.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint { slot: self.latest }
    }

    /// Waits for the next events, in the order of the chain. A node that fails is asked again, ever more rarely; `note` gets each failure.
    pub async fn next(
        &mut self,
        wake: &mut impl Wake,
        mut note: impl FnMut(&HistoryError),
    ) -> Vec<ObservedEvent> {
        let mut pause = RETRY_MIN;
        loop {
            match self.fill().await {
                Ok(events) if !events.is_empty() => return events,
                Ok(_) => {
                    pause = RETRY_MIN;
                    wake.wait().await;
                }
                Err(error) => {
                    note(&error);
                    sleep(pause).await;
                    pause = pause.saturating_mul(2).min(RETRY_MAX);
                }
            }
        }
    }

    /// Reads events that have come since the last call, those of 256 transactions at most. Errors: [`HistoryError`], with the checkpoint where it was.
    pub async fn fill(&mut self) -> Result<Vec<ObservedEvent>, HistoryError> {
        match self.start {
            Some(Start::Now) => {
                let newest = self.node.list(self.address, None, 1).await?;
                self.latest = newest.first().map_or(0, |entry| entry.slot);
                let listed = self.list().await?;
                listed.iter().for_each(|entry| self.note(entry));
                self.start = None;
                return Ok(Vec::new());
            }
            Some(Start::At(checkpoint)) => self.latest = checkpoint.slot,
            Some(Start::Beginning) | None => {}
        }
        self.start = None;
        let mut events = Vec::new();
        for entry in self.list().await?.into_iter().take(BATCH) {
            if !entry.failed {
                let Some(found) = self.events_of(&entry).await? else {
                    // It is listed before it can be fetched. What comes after it waits, so that the order stays.
                    break;
                };
                events.extend(found);
            }
            self.note(&entry);
        }
        let oldest = self.latest.saturating_sub(LATE_SLOTS);
        self.seen.retain(|_, slot| *slot >= oldest);
        Ok(events)
    }

    /// Lists the transactions that were not handed out, oldest first.
    async fn list(&self) -> Result<Vec<ListedTransaction>, HistoryError> {
        let oldest = self.latest.saturating_sub(LATE_SLOTS);
        let is_new =
            |entry: &ListedTransaction| entry.slot >= oldest && !self.seen.contains_key(&entry.signature);
        let mut new = Vec::new();
        let take = |page: Vec<ListedTransaction>| {
            let goes_on = page.last().is_some_and(|last| last.slot >= oldest);
            new.extend(page.into_iter().filter(is_new));
            goes_on
        };
        list_back(&self.node, self.address, take).await?;
        new.reverse();
        new.sort_by_key(|entry| entry.slot);
        Ok(new)
    }

    /// The events of a transaction; `None` where the node does not serve it yet.
    async fn events_of(&self, entry: &ListedTransaction) -> Result<Option<Vec<ObservedEvent>>, HistoryError> {
        let Some(transaction) = self.node.transaction(entry.signature).await? else { return Ok(None) };
        let Some(events) = from_transaction(&transaction) else { return Ok(None) };
        let observed = |event| ObservedEvent { event, signature: entry.signature, slot: entry.slot };
        Ok(Some(events.into_iter().map(observed).collect()))
    }

    fn note(&mut self, entry: &ListedTransaction) {
        self.latest = self.latest.max(entry.slot);
        self.seen.insert(entry.signature, entry.slot);
    }
}
