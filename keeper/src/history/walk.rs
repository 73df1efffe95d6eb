//! Walks through the transactions of one credit whose records are not written yet, oldest first.
//!
//! Nodes list from the newest back. Everything is listed before anything is fetched, so that the fetched records join on to
//! the written ones; of a long list the oldest part is kept, and the rest is listed again later.

use {
    crate::{
        chain::NodeError,
        history::{
            fetch::{AT_ONCE, Fetcher, ListedTransaction, Served},
            rows::SearchEnd,
        },
    },
    blockable_sdk::{Pubkey, Signature, audit::Found},
    futures_util::{StreamExt, stream},
    std::collections::VecDeque,
};

/// The limits of one step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WalkLimits {
    /// Transactions in a page of the list.
    pub page: usize,
    /// Most pages that are listed.
    pub pages: usize,
    /// Most transactions that are kept of the list.
    pub kept: usize,
    /// Most transactions that are fetched; those of one slot stay together.
    pub fetched: usize,
}

impl Default for WalkLimits {
    fn default() -> WalkLimits {
        WalkLimits { page: 1_000, pages: 20, kept: 2_000, fetched: 100 }
    }
}

/// The outcome of a step.
#[derive(Debug)]
pub(crate) struct WalkStep {
    /// The records, in the order of their transactions.
    pub found: Vec<Found>,
    /// The transactions after them.
    pub rest: Rest,
}

/// The transactions after those of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    /// There is more to list or to fetch.
    More,
    /// There are none.
    Nothing,
    /// The next one is not served by the node.
    NotServed(Signature),
    /// The node keeps no history.
    NoHistory,
}

/// A walk through one credit's transactions, kept from pass to pass.
pub(crate) struct Walk {
    end: SearchEnd,
    before: Option<Signature>,
    is_listed: bool,
    /// The slot up to which the list is complete.
    as_of: u64,
    /// Newest first.
    queue: VecDeque<ListedTransaction>,
    /// Set where newer transactions were listed than are kept.
    is_cut: bool,
}

impl Walk {
    /// A walk that begins after the written records.
    pub(crate) fn new(end: SearchEnd) -> Walk {
        Walk { end, before: None, is_listed: false, as_of: 0, queue: VecDeque::new(), is_cut: false }
    }

    /// Takes one step, up to and with a slot that the node has finalized. Errors: [`NodeError`], with the walk where it was.
    pub(crate) async fn step(
        &mut self,
        fetcher: &Fetcher<'_>,
        credit: &Pubkey,
        last_slot: u64,
        limits: &WalkLimits,
    ) -> Result<WalkStep, NodeError> {
        let nothing = |rest| WalkStep { found: Vec::new(), rest };
        if !self.is_listed && self.before.is_none() {
            self.as_of = last_slot;
        }
        if !self.is_listed && !self.list(fetcher, credit, limits).await? {
            return Ok(nothing(Rest::NoHistory));
        }
        if !self.is_listed {
            return Ok(nothing(Rest::More));
        }
        let batch = self.batch(last_slot, limits.fetched);
        // Collected first: the compiler cannot name the lifetimes of a stream that borrows its futures' arguments.
        let asked: Vec<_> = batch.iter().map(|entry| fetcher.records(credit, *entry)).collect();
        let served: Vec<_> = stream::iter(asked).buffered(AT_ONCE).collect().await;
        let (mut found, mut end, mut rest) = (Vec::new(), batch.len(), None);
        for (number, answer) in served.into_iter().enumerate() {
            match answer? {
                Served::Yes(records) => found.extend(records),
                Served::No => {
                    rest = batch.get(number).map(|entry| (entry.slot, Rest::NotServed(entry.signature)));
                    end = number;
                    break;
                }
                Served::NoHistory => return Ok(nothing(Rest::NoHistory)),
            }
        }
        if let Some((slot, rest)) = rest {
            // The other records of its slot may come before it or after it.
            found.retain(|found| found.slot < slot);
            let before = batch.iter().take(end).filter(|entry| entry.slot < slot).count();
            self.drop_oldest(before);
            return Ok(WalkStep { found, rest });
        }
        self.drop_oldest(end);
        let more = self.queue.back().is_some_and(|next| next.slot <= last_slot);
        let is_stale = self.queue.is_empty() && (self.is_cut || self.as_of < last_slot);
        Ok(WalkStep { found, rest: if more || is_stale { Rest::More } else { Rest::Nothing } })
    }

    /// Returns whether every listed transaction is done, so that the next walk must list anew.
    pub(crate) fn is_done(&self) -> bool {
        self.is_listed && self.queue.is_empty()
    }

    /// Lists further pages. Returns whether the node has a history.
    async fn list(
        &mut self,
        fetcher: &Fetcher<'_>,
        credit: &Pubkey,
        limits: &WalkLimits,
    ) -> Result<bool, NodeError> {
        for _ in 0..limits.pages {
            let page = fetcher.page(credit, self.before, self.end.until, limits.page).await?;
            let page = match page {
                Served::Yes(page) => page,
                Served::No | Served::NoHistory => return Ok(false),
            };
            // A node that ignores `until` lists on; older transactions have nothing new.
            let joins = page.iter().any(|entry| entry.slot < self.end.slot);
            let is_last = joins || page.len() < limits.page;
            self.before = page.last().map(|entry| entry.signature).or(self.before);
            for entry in page {
                self.queue_up(entry, limits.kept);
            }
            if is_last {
                self.is_listed = true;
                break;
            }
        }
        Ok(true)
    }

    fn queue_up(&mut self, entry: ListedTransaction, most: usize) {
        let is_old = entry.slot < self.end.slot || self.end.known.contains(&entry.signature);
        let is_there = self.queue.back().is_some_and(|last| last.signature == entry.signature);
        if entry.failed || is_old || is_there {
            return;
        }
        self.queue.push_back(entry);
        if self.queue.len() > most {
            // Those of one slot go together, so that none of them is taken for the last.
            let slot = self.queue.pop_front().map(|newest| newest.slot);
            while self.queue.len() > 1 && self.queue.front().map(|newest| newest.slot) == slot {
                self.queue.pop_front();
            }
            self.is_cut = true;
        }
    }

    /// Copies the oldest transactions of the queue, oldest first.
    fn batch(&self, last_slot: u64, most: usize) -> Vec<ListedTransaction> {
        let mut batch: Vec<ListedTransaction> = Vec::new();
        for entry in self.queue.iter().rev().take_while(|entry| entry.slot <= last_slot) {
            let same_slot = batch.last().is_some_and(|last| last.slot == entry.slot);
            if batch.len() >= most && !same_slot {
                break;
            }
            batch.push(*entry);
        }
        batch
    }

    fn drop_oldest(&mut self, count: usize) {
        self.queue.truncate(self.queue.len().saturating_sub(count));
    }
}
