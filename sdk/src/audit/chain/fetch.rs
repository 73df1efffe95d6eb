//! Fetches transactions, many at once, and reads a credit's records from them.

use {
    super::{AT_ONCE, Auditor, History, HistoryError, ListedTransaction},
    crate::{
        audit::Found,
        events::{Event, from_served},
        rpc::EncodedConfirmedTransactionWithStatusMeta,
    },
    solana_pubkey::Pubkey,
    std::sync::Arc,
    tokio::task::JoinSet,
};

/// A transaction as a node serves it.
pub(super) struct Fetched {
    /// The credit's records in it.
    pub(super) found: Vec<Found>,
    /// The transaction, where it has the credit's first record.
    pub(super) first: Option<EncodedConfirmedTransactionWithStatusMeta>,
}

impl<H: History> Auditor<H> {
    /// Fetches a transaction from the first node that serves it; `None` where none does.
    pub(super) async fn serve(
        &self,
        entry: &ListedTransaction,
        turn: usize,
    ) -> Option<EncodedConfirmedTransactionWithStatusMeta> {
        for node in self.nodes_of_turn(turn) {
            if let Ok(Some(transaction)) = node.transaction(entry.signature).await {
                return Some(transaction);
            }
        }
        None
    }

    /// Fetches transactions and reads a credit's records from them, in the order of the list. `None` stands for one that no node serves.
    /// Errors: [`HistoryError`].
    pub(super) async fn fetch(
        &self,
        credit: &Pubkey,
        batch: &[ListedTransaction],
        turn: usize,
    ) -> Result<Vec<Option<Fetched>>, HistoryError> {
        let nodes: Arc<[Arc<H>]> = self.nodes_of_turn(turn).cloned().collect();
        let batch: Arc<[ListedTransaction]> = batch.into();
        let mut workers = JoinSet::new();
        for worker in 0..AT_ONCE.min(batch.len()) {
            let (nodes, batch, credit, step) = (nodes.clone(), batch.clone(), *credit, AT_ONCE);
            workers.spawn(async move {
                let mut done = Vec::new();
                for (place, entry) in batch.iter().enumerate().skip(worker).step_by(step) {
                    done.push((place, fetch_one(&nodes, &credit, *entry).await?));
                }
                Ok::<_, HistoryError>(done)
            });
        }
        let mut fetched: Vec<Option<Fetched>> = batch.iter().map(|_| None).collect();
        while let Some(done) = workers.join_next().await {
            let done = done.map_err(|error| HistoryError::Failed(error.to_string()))??;
            for (place, one) in done {
                if let Some(slot) = fetched.get_mut(place) {
                    *slot = one;
                }
            }
        }
        Ok(fetched)
    }
}

/// Fetches a transaction from the first node that serves it whole. Errors: no node has it, and the last failed.
async fn fetch_one<H: History>(
    nodes: &[Arc<H>],
    credit: &Pubkey,
    entry: ListedTransaction,
) -> Result<Option<Fetched>, HistoryError> {
    let mut failure = None;
    for node in nodes {
        match node.transaction(entry.signature).await {
            Ok(Some(transaction)) => {
                if let Some(fetched) = read(credit, entry, transaction) {
                    return Ok(Some(fetched));
                }
            }
            Ok(None) => {}
            Err(error) => failure = Some(error),
        }
    }
    failure.map_or(Ok(None), Err)
}

/// Reads a credit's records; `None` for a transaction that cannot be read, or for another one than was asked for.
fn read(
    credit: &Pubkey,
    entry: ListedTransaction,
    transaction: EncodedConfirmedTransactionWithStatusMeta,
) -> Option<Fetched> {
    let events = from_served(&transaction, &entry.signature, Some(entry.slot))?;
    let own = events.iter().flat_map(Event::records).filter(|record| record.credit == *credit);
    let found = |record: &crate::events::CreditRecord| Found {
        record: record.clone(),
        signature: entry.signature,
        slot: entry.slot,
    };
    let found: Vec<Found> = own.map(found).collect();
    let has_first = found.iter().any(|found| found.record.seq == 0);
    Some(Fetched { found, first: has_first.then_some(transaction) })
}
