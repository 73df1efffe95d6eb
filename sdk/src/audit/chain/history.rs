//! The questions about the past that an audit asks a node.

use {
    crate::{
        client::Client,
        rpc::{
            CommitmentConfig, EncodedConfirmedTransactionWithStatusMeta,
            GetConfirmedSignaturesForAddress2Config, JSON_RPC_SERVER_ERROR_TRANSACTION_HISTORY_NOT_AVAILABLE,
            RpcAccountInfoConfig, RpcClient, RpcClientError, RpcClientErrorKind, RpcError, RpcRequest,
            RpcTransactionConfig, UiAccountEncoding, UiTransactionEncoding, describe,
        },
    },
    solana_pubkey::Pubkey,
    solana_signature::Signature,
    std::sync::Arc,
};

/// A transaction that touched a credit, as nodes list it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListedTransaction {
    /// The signature.
    pub signature: Signature,
    /// The slot of its block.
    pub slot: u64,
    /// Set where it failed, and so changed nothing.
    pub failed: bool,
}

/// An account as a node shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownAccount {
    /// The program that owns it.
    pub owner: Pubkey,
    /// Its data.
    pub data: Vec<u8>,
}

/// The reason for which a node does not answer a question about the past.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// It keeps no transactions.
    #[error("the node keeps no history of transactions; ask one that does")]
    NoHistory,
    /// It lists a transaction and does not serve it.
    #[error(
        "the node lists the transaction {0} and does not serve it; name a node that keeps the transactions since then, or begin \
         later"
    )]
    NotServed(Signature),
    /// The request failed.
    #[error("a node failed: {0}; try again, or name another one")]
    Failed(String),
}

/// A node that answers questions about the past.
pub trait History: Send + Sync + 'static {
    /// Lists transactions that touched an address, newest first: those before `before`, up to `limit`. Errors: [`HistoryError`].
    fn list(
        &self,
        address: Pubkey,
        before: Option<Signature>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<ListedTransaction>, HistoryError>> + Send;

    /// Fetches a transaction; `None` where the node does not have it. Errors: [`HistoryError`].
    fn transaction(
        &self,
        signature: Signature,
    ) -> impl Future<Output = Result<Option<EncodedConfirmedTransactionWithStatusMeta>, HistoryError>> + Send;

    /// Reads accounts as of one slot, which is returned with them. Errors: [`HistoryError`].
    fn accounts(
        &self,
        addresses: Vec<Pubkey>,
    ) -> impl Future<Output = Result<(u64, Vec<Option<ShownAccount>>), HistoryError>> + Send;
}

/// A node over JSON-RPC, at one commitment for all questions.
#[derive(Clone)]
pub struct RpcHistory {
    rpc: Arc<RpcClient>,
    commitment: CommitmentConfig,
}

impl RpcHistory {
    /// The history of a node at a commitment: `finalized` for a log that never goes back, `confirmed` for the latest events.
    pub fn new(rpc: Arc<RpcClient>, commitment: CommitmentConfig) -> RpcHistory {
        RpcHistory { rpc, commitment }
    }

    /// The history of a client's node at a commitment.
    pub fn from_client(client: &Client, commitment: CommitmentConfig) -> RpcHistory {
        RpcHistory::new(client.shared_rpc(), commitment)
    }
}

impl History for RpcHistory {
    async fn list(
        &self,
        address: Pubkey,
        before: Option<Signature>,
        limit: usize,
    ) -> Result<Vec<ListedTransaction>, HistoryError> {
        let config = GetConfirmedSignaturesForAddress2Config {
            before,
            until: None,
            limit: Some(limit),
            commitment: Some(self.commitment),
        };
        let listed = self.rpc.get_signatures_for_address_with_config(&address, config).await;
        let listed = listed.map_err(|error| failed(&error))?;
        let mut entries = Vec::with_capacity(listed.len());
        for one in listed {
            let unreadable = |_| HistoryError::Failed("it lists what is no signature".to_string());
            let signature = one.signature.parse().map_err(unreadable)?;
            entries.push(ListedTransaction { signature, slot: one.slot, failed: one.err.is_some() });
        }
        Ok(entries)
    }

    async fn transaction(
        &self,
        signature: Signature,
    ) -> Result<Option<EncodedConfirmedTransactionWithStatusMeta>, HistoryError> {
        let config = RpcTransactionConfig {
            encoding: Some(UiTransactionEncoding::Base64),
            commitment: Some(self.commitment),
            max_supported_transaction_version: Some(1),
        };
        // The client's own call takes a transaction that is not there for a broken answer.
        let params = serde_json::json!([signature.to_string(), config]);
        let answer = self.rpc.send(RpcRequest::GetTransaction, params).await;
        answer.map_err(|error| failed(&error))
    }

    async fn accounts(
        &self,
        addresses: Vec<Pubkey>,
    ) -> Result<(u64, Vec<Option<ShownAccount>>), HistoryError> {
        let config = RpcAccountInfoConfig {
            encoding: Some(UiAccountEncoding::Base64),
            commitment: Some(self.commitment),
            ..RpcAccountInfoConfig::default()
        };
        let answer = self.rpc.get_multiple_ui_accounts_with_config(&addresses, config).await;
        let answer = answer.map_err(|error| failed(&error))?;
        let shown = |account: crate::rpc::UiAccount| {
            let owner = account.owner.parse().ok()?;
            Some(ShownAccount { owner, data: account.data.decode()? })
        };
        let accounts = answer.value.into_iter().map(|account| account.and_then(shown)).collect();
        Ok((answer.context.slot, accounts))
    }
}

fn failed(error: &RpcClientError) -> HistoryError {
    match error.kind() {
        RpcClientErrorKind::RpcError(RpcError::RpcResponseError { code, .. })
            if *code == JSON_RPC_SERVER_ERROR_TRANSACTION_HISTORY_NOT_AVAILABLE =>
        {
            HistoryError::NoHistory
        }
        _ => HistoryError::Failed(describe(error)),
    }
}
