//! Signs transactions, sends them by a [`Sender`], and reads those that have landed.

use {
    super::{Client, Landed, Sender},
    crate::{
        errors::ClientError,
        events,
        rpc::{
            EncodedConfirmedTransactionWithStatusMeta, OptionSerializer, RpcClient, RpcTransactionConfig,
            UiTransactionEncoding,
        },
        transactions::{self, Budget},
    },
    solana_hash::Hash,
    solana_instruction::Instruction,
    solana_signature::Signature,
    solana_signer::Signer,
    solana_transaction::versioned::VersionedTransaction,
    std::time::Duration,
    tokio::time::{Instant, sleep},
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

    /// Signs a transaction of version 0; returns it with the last block height at which it can land.
    /// Errors: as [`transactions::sign_v0`], [`ClientError::Rpc`].
    pub async fn sign(
        &self,
        instructions: &[Instruction],
        payer: &dyn Signer,
        signers: &[&dyn Signer],
    ) -> Result<(VersionedTransaction, u64), ClientError> {
        let (blockhash, last_valid) = self.blockhash().await?;
        Ok((transactions::sign_v0(instructions, payer, signers, blockhash)?, last_valid))
    }

    /// Signs a transaction of version 1; returns it with the last block height at which it can land.
    /// Errors: as [`transactions::sign_v1`], [`ClientError::Rpc`].
    pub async fn sign_v1(
        &self,
        instructions: &[Instruction],
        payer: &dyn Signer,
        signers: &[&dyn Signer],
        budget: Budget,
    ) -> Result<(VersionedTransaction, u64), ClientError> {
        let (blockhash, last_valid) = self.blockhash().await?;
        Ok((transactions::sign_v1(instructions, payer, signers, blockhash, budget)?, last_valid))
    }

    async fn blockhash(&self) -> Result<(Hash, u64), ClientError> {
        Ok(self.rpc.get_latest_blockhash_with_commitment(self.rpc.commitment()).await?)
    }

    /// Reads a transaction that has landed, with its events. Errors: [`ClientError::Undecodable`],
    /// [`ClientError::Rpc`].
    pub async fn landed(&self, signature: &Signature) -> Result<Landed, ClientError> {
        read_landed(&[&self.rpc], signature).await
    }
}

/// Reads a transaction that has landed from the first node that serves it. Errors: as [`Client::landed`].
pub(super) async fn read_landed(nodes: &[&RpcClient], signature: &Signature) -> Result<Landed, ClientError> {
    let deadline = Instant::now() + INDEX_DELAY;
    loop {
        // A node confirms a transaction shortly before it can serve it.
        let mut failure = ClientError::Undecodable(*signature);
        for node in nodes {
            match node.get_transaction_with_config(signature, transaction_config(node)).await {
                Ok(transaction) => {
                    if let Some(landed) = decode_landed(signature, &transaction) {
                        return Ok(landed);
                    }
                }
                Err(error) => failure = error.into(),
            }
        }
        if Instant::now() >= deadline {
            return Err(failure);
        }
        sleep(INDEX_POLL).await;
    }
}

/// Decodes a transaction that a node serves; `None` where it cannot be read.
fn decode_landed(
    signature: &Signature,
    transaction: &EncodedConfirmedTransactionWithStatusMeta,
) -> Option<Landed> {
    let events = events::from_transaction(transaction)?;
    let meta = transaction.transaction.meta.as_ref();
    let compute_units = meta.and_then(|meta| match meta.compute_units_consumed {
        OptionSerializer::Some(units) => Some(units),
        _ => None,
    });
    Some(Landed { signature: *signature, slot: transaction.slot, compute_units, events })
}

/// The log of a failed transaction, empty where no node gives it.
pub(super) async fn read_logs(nodes: &[&RpcClient], signature: &Signature) -> Vec<String> {
    for node in nodes {
        let transaction = node.get_transaction_with_config(signature, transaction_config(node)).await.ok();
        let meta = transaction.and_then(|transaction| transaction.transaction.meta);
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
