//! Asks a node for the transactions that touched a credit, and for the records in them. All finalized: a log never goes back.

use {
    crate::chain::{Node, NodeError},
    blockable_sdk::{
        Pubkey, Signature,
        audit::Found,
        events::{CreditRecord, Event, from_transaction},
        rpc::{
            CommitmentConfig, EncodedConfirmedTransactionWithStatusMeta,
            GetConfirmedSignaturesForAddress2Config, JSON_RPC_SERVER_ERROR_TRANSACTION_HISTORY_NOT_AVAILABLE,
            RpcClientError, RpcClientErrorKind, RpcError, RpcRequest, RpcTransactionConfig,
            UiTransactionEncoding,
        },
    },
    blockable_service::lock::lock,
    serde_json::json,
    std::{
        collections::{HashMap, VecDeque},
        sync::{Arc, Mutex, MutexGuard},
    },
    tokio::sync::{OnceCell, Semaphore},
};

/// Requests that run at once.
pub(crate) const AT_ONCE: usize = 4;
/// Most transactions whose records are cached: one that meters a chunk is in the log of each of its credits.
const REMEMBERED: usize = 1_024;

/// A node's answer about the past.
pub(crate) enum Served<T> {
    /// The node has it.
    Yes(T),
    /// The node does not have it: not yet, or no longer.
    No,
    /// The node keeps no history at all.
    NoHistory,
}

/// A transaction that touched a credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ListedTransaction {
    /// The signature.
    pub signature: Signature,
    /// The slot of its block.
    pub slot: u64,
    /// Set where it failed, and so changed nothing.
    pub failed: bool,
}

/// The records of a transaction, fetched by the first credit that needs them.
type Fetched = Arc<OnceCell<Vec<CreditRecord>>>;

/// The cached records of recent transactions, of all credits.
#[derive(Default)]
pub(crate) struct RecordCache {
    fetched: HashMap<Signature, Fetched>,
    order: VecDeque<Signature>,
}

impl RecordCache {
    /// Returns the place of a transaction's records, added where it is new; the oldest are dropped.
    fn entry(&mut self, signature: Signature) -> Fetched {
        if let Some(fetched) = self.fetched.get(&signature) {
            return fetched.clone();
        }
        self.order.push_back(signature);
        while self.order.len() > REMEMBERED {
            if let Some(oldest) = self.order.pop_front() {
                self.fetched.remove(&oldest);
            }
        }
        self.fetched.entry(signature).or_default().clone()
    }
}

/// The reason for which there are no records of a transaction.
enum Without {
    NotServed,
    NoHistory,
    Failed(NodeError),
}

/// Asks one node, with a few requests at once.
pub(crate) struct Fetcher<'a> {
    node: &'a Node,
    permits: Semaphore,
    cache: &'a Mutex<RecordCache>,
}

impl<'a> Fetcher<'a> {
    /// A fetcher for a node, with the records that earlier ones have cached.
    pub(crate) fn new(node: &'a Node, cache: &'a Mutex<RecordCache>) -> Fetcher<'a> {
        Fetcher { node, permits: Semaphore::new(AT_ONCE), cache }
    }

    fn cache(&self) -> MutexGuard<'_, RecordCache> {
        lock(self.cache)
    }

    /// Lists transactions that touched a credit, newest first: those before `before` and after `until`, up to `limit`.
    /// Errors: [`NodeError`].
    pub(crate) async fn page(
        &self,
        credit: &Pubkey,
        before: Option<Signature>,
        until: Option<Signature>,
        limit: usize,
    ) -> Result<Served<Vec<ListedTransaction>>, NodeError> {
        let commitment = Some(CommitmentConfig::finalized());
        let config =
            GetConfirmedSignaturesForAddress2Config { before, until, limit: Some(limit), commitment };
        let request = self.node.rpc().get_signatures_for_address_with_config(credit, config);
        let listed = match self.ask("signatures", request).await? {
            Served::Yes(listed) => listed,
            Served::No => return Ok(Served::No),
            Served::NoHistory => return Ok(Served::NoHistory),
        };
        let mut entries = Vec::with_capacity(listed.len());
        for one in listed {
            let signature =
                one.signature.parse().map_err(|_| NodeError::Unusable("a signature cannot be read"))?;
            entries.push(ListedTransaction { signature, slot: one.slot, failed: one.err.is_some() });
        }
        Ok(Served::Yes(entries))
    }

    /// Fetches a credit's records in a transaction. Errors: [`NodeError`].
    pub(crate) async fn records(
        &self,
        credit: &Pubkey,
        entry: ListedTransaction,
    ) -> Result<Served<Vec<Found>>, NodeError> {
        let fetched = self.cache().entry(entry.signature);
        let records = match fetched.get_or_try_init(|| self.transaction(&entry.signature)).await {
            Ok(records) => records,
            Err(Without::NotServed) => return Ok(Served::No),
            Err(Without::NoHistory) => return Ok(Served::NoHistory),
            Err(Without::Failed(error)) => return Err(error),
        };
        let own = records.iter().filter(|record| record.credit == *credit);
        let found = |record: &CreditRecord| Found {
            record: record.clone(),
            signature: entry.signature,
            slot: entry.slot,
        };
        Ok(Served::Yes(own.map(found).collect()))
    }

    async fn transaction(&self, signature: &Signature) -> Result<Vec<CreditRecord>, Without> {
        let config = RpcTransactionConfig {
            encoding: Some(UiTransactionEncoding::Base64),
            commitment: Some(CommitmentConfig::finalized()),
            max_supported_transaction_version: Some(1),
        };
        // The client's own call takes a transaction that is not there for a broken answer.
        let params = json!([signature.to_string(), config]);
        let request = self.node.rpc().send(RpcRequest::GetTransaction, params);
        let answer: Served<Option<EncodedConfirmedTransactionWithStatusMeta>> =
            self.ask("transaction", request).await.map_err(Without::Failed)?;
        let transaction = match answer {
            Served::Yes(transaction) => transaction.ok_or(Without::NotServed)?,
            Served::No => return Err(Without::NotServed),
            Served::NoHistory => return Err(Without::NoHistory),
        };
        // A transaction without its metadata is as good as none.
        let events = from_transaction(&transaction).ok_or(Without::NotServed)?;
        Ok(events.iter().flat_map(Event::records).cloned().collect())
    }

    async fn ask<T>(
        &self,
        kind: &'static str,
        request: impl Future<Output = Result<T, RpcClientError>>,
    ) -> Result<Served<T>, NodeError> {
        // Never closed.
        let _permit = self.permits.acquire().await;
        let request = async {
            match request.await {
                Ok(answer) => Ok(Served::Yes(answer)),
                Err(error) if keeps_no_history(&error) => Ok(Served::NoHistory),
                Err(error) => Err(error),
            }
        };
        self.node.ask(kind, request).await
    }
}

fn keeps_no_history(error: &RpcClientError) -> bool {
    let code = match error.kind() {
        RpcClientErrorKind::RpcError(RpcError::RpcResponseError { code, .. }) => *code,
        _ => return false,
    };
    code == JSON_RPC_SERVER_ERROR_TRANSACTION_HISTORY_NOT_AVAILABLE
}
