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
        backoff::Backoff,
        events::{Event, from_served},
    },
    serde::{Deserialize, Serialize},
    solana_pubkey::Pubkey,
    solana_signature::Signature,
    std::{
        collections::{HashMap, HashSet, VecDeque},
        time::Duration,
    },
    tokio::time::sleep,
};

/// Most transactions that are fetched before their events are handed out.
const BATCH: usize = 256;
/// Most transactions that are listed at once: more than an address has had, or a node that makes them up.
const MOST: usize = 2_000_000;
/// Slots before the checkpoint in which a node may still list a transaction that it did not list before: about a minute.
const LATE_SLOTS: u64 = 150;
/// Rounds in which a node may list a transaction without serving it, before that is a failure: some seconds.
const UNSERVED_ROUNDS: u32 = 5;
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
/// one that it lists again is not. What was read and not handed out stays in `listed` and `ready`, also where the caller drops a
/// call or the node fails in the middle of it. After a crash a new follower begins at the checkpoint that was written down.
pub struct EventFollower<H> {
    node: H,
    address: Pubkey,
    start: Option<Start>,
    /// The slot of the latest transaction that was read.
    latest: u64,
    /// The slot of the latest transaction that was handed out.
    handed_out: u64,
    seen: HashMap<Signature, u64>,
    /// Transactions that were listed and not read, oldest first.
    listed: VecDeque<ListedTransaction>,
    /// Events that were read and not handed out.
    ready: Vec<ObservedEvent>,
    /// The next transaction where the node does not serve it, and the number of rounds since.
    unserved: Option<(Signature, u32)>,
}

impl<H: History> EventFollower<H> {
    /// Follows an address on a node. The node's commitment is that of the events: a `confirmed` one may in rare cases be undone.
    pub fn new(node: H, address: Pubkey, start: Start) -> EventFollower<H> {
        let latest = if let Start::At(checkpoint) = start { checkpoint.slot } else { 0 };
        EventFollower {
            node,
            address,
            start: Some(start),
            latest,
            handed_out: latest,
            seen: HashMap::new(),
            listed: VecDeque::new(),
            ready: Vec::new(),
            unserved: None,
        }
    }

    /// The place after the events that were handed out.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint { slot: self.handed_out }
    }

    /// Waits for the next events, in the order of the chain. A node that fails is asked again, ever more rarely, and so is one that
    /// lists a transaction without serving it; `note` gets each failure.
    pub async fn next(
        &mut self,
        wake: &mut impl Wake,
        mut note: impl FnMut(&HistoryError),
    ) -> Vec<ObservedEvent> {
        let mut pauses = Backoff::new(RETRY_MIN, RETRY_MAX);
        loop {
            match self.fill().await {
                Ok(events) if !events.is_empty() => return events,
                Ok(_) if self.unserved.is_none() => {
                    pauses.reset();
                    wake.wait().await;
                    continue;
                }
                Ok(_) => {}
                Err(error) => note(&error),
            }
            sleep(pauses.next_pause()).await;
        }
    }

    /// Reads events that have come since the last call, those of 256 transactions at most. Errors: [`HistoryError`], also for a
    /// transaction that the node has listed five times without serving it, with the checkpoint where it was.
    pub async fn fill(&mut self) -> Result<Vec<ObservedEvent>, HistoryError> {
        if self.start == Some(Start::Now) {
            let newest = self.node.list(self.address, None, 1).await?;
            self.latest = newest.first().map_or(0, |entry| entry.slot);
            let listed = self.list().await?;
            listed.iter().for_each(|entry| self.remember(entry));
            self.handed_out = self.latest;
            self.start = None;
            return Ok(Vec::new());
        }
        self.start = None;
        let read = self.read().await;
        if self.ready.is_empty() {
            read?;
        }
        // An error comes again with the next call.
        let oldest = self.latest.saturating_sub(LATE_SLOTS);
        self.seen.retain(|_, slot| *slot >= oldest);
        self.handed_out = self.latest;
        Ok(std::mem::take(&mut self.ready))
    }

    /// Reads the next transactions into `ready`. The list is kept until its end, since it may be long. Errors: [`HistoryError`].
    async fn read(&mut self) -> Result<(), HistoryError> {
        if self.listed.is_empty() {
            self.listed = self.list().await?.into();
        }
        for _ in 0..BATCH {
            let Some(entry) = self.listed.front().copied() else { break };
            if !entry.failed {
                match self.events_of(&entry).await? {
                    Some(found) => self.ready.extend(found),
                    None => return self.wait_for(entry.signature),
                }
            }
            self.remember(&entry);
            self.listed.pop_front();
        }
        self.unserved = None;
        Ok(())
    }

    /// Notes that a transaction is listed and not served. What comes after it waits, so that the order stays. Errors: it has been so
    /// for several rounds.
    fn wait_for(&mut self, signature: Signature) -> Result<(), HistoryError> {
        // Another one may be listed before it by then.
        self.listed.clear();
        let rounds = match self.unserved {
            Some((known, rounds)) if known == signature => rounds.saturating_add(1),
            _ => 1,
        };
        self.unserved = Some((signature, rounds));
        match rounds >= UNSERVED_ROUNDS {
            true => Err(HistoryError::NotServed(signature)),
            false => Ok(()),
        }
    }

    /// Lists the transactions that were not handed out, oldest first.
    async fn list(&self) -> Result<Vec<ListedTransaction>, HistoryError> {
        let oldest = self.latest.saturating_sub(LATE_SLOTS);
        let is_new =
            |entry: &ListedTransaction| entry.slot >= oldest && !self.seen.contains_key(&entry.signature);
        let (mut new, mut known) = (Vec::new(), HashSet::new());
        let take = |page: Vec<ListedTransaction>| {
            let goes_on = page.last().is_some_and(|last| last.slot >= oldest);
            // A node may list one twice, on two pages or on one.
            new.extend(page.into_iter().filter(|entry| is_new(entry) && known.insert(entry.signature)));
            goes_on && new.len() <= MOST
        };
        list_back(&self.node, self.address, take).await?;
        if new.len() > MOST {
            return Err(HistoryError::Failed(format!("it lists more than {MOST} transactions at once")));
        }
        new.reverse();
        new.sort_by_key(|entry| entry.slot);
        Ok(new)
    }

    /// The events of a transaction; `None` where the node does not serve it yet, or serves another one or a part.
    async fn events_of(&self, entry: &ListedTransaction) -> Result<Option<Vec<ObservedEvent>>, HistoryError> {
        let Some(transaction) = self.node.transaction(entry.signature).await? else { return Ok(None) };
        let Some(events) = from_served(&transaction, &entry.signature, Some(entry.slot)) else {
            return Ok(None);
        };
        let observed = |event| ObservedEvent { event, signature: entry.signature, slot: entry.slot };
        Ok(Some(events.into_iter().map(observed).collect()))
    }

    fn remember(&mut self, entry: &ListedTransaction) {
        self.latest = self.latest.max(entry.slot);
        self.seen.insert(entry.signature, entry.slot);
    }
}

#[cfg(test)]
mod tests;
