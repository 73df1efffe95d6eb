//! Signs transactions, sends them by a [`Sender`], and reads those that have landed.

use {
    super::{Client, Landed, Sender, Signed},
    crate::{
        errors::ClientError,
        events,
        rpc::{
            EncodedConfirmedTransactionWithStatusMeta, OptionSerializer, RpcClient, RpcClientError,
            RpcTransactionConfig, UiTransactionEncoding,
        },
        transactions::{self, Budget},
    },
    solana_hash::Hash,
    solana_instruction::Instruction,
    solana_signature::Signature,
    solana_signer::Signer,
    std::{sync::Arc, time::Duration},
    tokio::{
        task::JoinSet,
        time::{Instant, sleep, timeout_at},
    },
};

/// Time that a node may take to serve a transaction that it has confirmed.
const INDEX_DELAY: Duration = Duration::from_secs(10);
/// Pause between two requests for a transaction that is not served yet.
const INDEX_POLL: Duration = Duration::from_millis(50);

impl Client {
    /// Simulates, signs, sends and follows a transaction, then reads its events. `payer` pays the fee; `signers` are the others.
    /// Errors: as [`Sender::send`].
    pub async fn send(
        &self,
        instructions: &[Instruction],
        payer: &dyn Signer,
        signers: &[&dyn Signer],
    ) -> Result<Landed, ClientError> {
        Sender::new(self).send(instructions, payer, signers).await
    }

    /// As [`Client::send`], in a transaction of version 1: up to 4,096 bytes, where the cluster takes that version.
    /// `budget` says what it may use; see [`transactions::budget`]. Errors: as [`Sender::send`].
    pub async fn send_v1(
        &self,
        instructions: &[Instruction],
        payer: &dyn Signer,
        signers: &[&dyn Signer],
        budget: Budget,
    ) -> Result<Landed, ClientError> {
        Sender::new(self).send_v1(instructions, payer, signers, budget).await
    }

    /// Signs a transaction of version 0, with a fresh blockhash.
    /// Errors: as [`transactions::sign_v0`], [`ClientError::Rpc`].
    pub async fn sign(
        &self,
        instructions: &[Instruction],
        payer: &dyn Signer,
        signers: &[&dyn Signer],
    ) -> Result<Signed, ClientError> {
        let (blockhash, last_valid) = self.blockhash().await?;
        Ok(Signed::new(transactions::sign_v0(instructions, payer, signers, blockhash)?, last_valid))
    }

    /// Signs a transaction of version 1, with a fresh blockhash.
    /// Errors: as [`transactions::sign_v1`], [`ClientError::Rpc`].
    pub async fn sign_v1(
        &self,
        instructions: &[Instruction],
        payer: &dyn Signer,
        signers: &[&dyn Signer],
        budget: Budget,
    ) -> Result<Signed, ClientError> {
        let (blockhash, last_valid) = self.blockhash().await?;
        let transaction = transactions::sign_v1(instructions, payer, signers, blockhash, budget)?;
        Ok(Signed::new(transaction, last_valid))
    }

    async fn blockhash(&self) -> Result<(Hash, u64), ClientError> {
        Ok(self.rpc.get_latest_blockhash_with_commitment(self.rpc.commitment()).await?)
    }

    /// Reads a transaction that has landed, with its events. Errors: [`ClientError::Undecodable`],
    /// [`ClientError::Rpc`].
    pub async fn landed(&self, signature: &Signature) -> Result<Landed, ClientError> {
        read_landed(std::slice::from_ref(&self.rpc), signature).await
    }
}

/// Reads a transaction that has landed from the first node that serves it. Errors: as [`Client::landed`].
pub(super) async fn read_landed(
    nodes: &[Arc<RpcClient>],
    signature: &Signature,
) -> Result<Landed, ClientError> {
    let deadline = Instant::now() + INDEX_DELAY;
    loop {
        // A node confirms a transaction shortly before it can serve it.
        let mut failure = ClientError::Undecodable(*signature);
        let mut served = ask_all(nodes, signature);
        while let Ok(Some(answer)) = timeout_at(deadline + INDEX_DELAY, served.join_next()).await {
            match answer {
                Ok(Ok(transaction)) => {
                    if let Some(landed) = decode_landed(signature, &transaction) {
                        return Ok(landed);
                    }
                }
                Ok(Err(error)) => failure = error.into(),
                Err(_) => {}
            }
        }
        if Instant::now() >= deadline {
            return Err(failure);
        }
        sleep(INDEX_POLL).await;
    }
}

/// Asks all nodes for a transaction at once, so that a silent one keeps nobody from what the others have.
fn ask_all(
    nodes: &[Arc<RpcClient>],
    signature: &Signature,
) -> JoinSet<Result<EncodedConfirmedTransactionWithStatusMeta, RpcClientError>> {
    let mut served = JoinSet::new();
    for node in nodes {
        let (node, signature) = (node.clone(), *signature);
        served.spawn(
            async move { node.get_transaction_with_config(&signature, transaction_config(&node)).await },
        );
    }
    served
}

/// Decodes a transaction that a node serves; `None` where it cannot be read.
fn decode_landed(
    signature: &Signature,
    transaction: &EncodedConfirmedTransactionWithStatusMeta,
) -> Option<Landed> {
    let events = events::from_served(transaction, signature, None)?;
    let meta = transaction.transaction.meta.as_ref();
    let compute_units = meta.and_then(|meta| match meta.compute_units_consumed {
        OptionSerializer::Some(units) => Some(units),
        _ => None,
    });
    Some(Landed { signature: *signature, slot: transaction.slot, compute_units, events })
}

/// The log of a failed transaction, empty where no node gives it in time.
pub(super) async fn read_logs(nodes: &[Arc<RpcClient>], signature: &Signature) -> Vec<String> {
    let mut served = ask_all(nodes, signature);
    let deadline = Instant::now() + INDEX_DELAY;
    while let Ok(Some(answer)) = timeout_at(deadline, served.join_next()).await {
        let meta = answer.ok().and_then(Result::ok).and_then(|transaction| transaction.transaction.meta);
        if let Some(OptionSerializer::Some(logs)) = meta.map(|meta| meta.log_messages) {
            return logs;
        }
    }
    Vec::new()
}

fn transaction_config(node: &RpcClient) -> RpcTransactionConfig {
    RpcTransactionConfig {
        encoding: Some(UiTransactionEncoding::Base64),
        commitment: Some(node.commitment()),
        max_supported_transaction_version: Some(1),
    }
}
