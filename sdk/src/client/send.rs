//! Signs, sends and confirms transactions.

use {
    super::{Client, Landed},
    crate::{
        errors::ClientError,
        events,
        rpc::{
            CommitmentConfig, OptionSerializer, RpcSendTransactionConfig, RpcTransactionConfig,
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

/// First pause between two requests for a transaction's status; doubles up to [`POLL_MAX`].
const POLL_MIN: Duration = Duration::from_millis(10);
/// Longest pause between two requests for a transaction's status.
const POLL_MAX: Duration = Duration::from_millis(400);
/// Pause between two broadcasts of the same transaction.
const REBROADCAST: Duration = Duration::from_secs(2);

/// Time that a node may take to serve a transaction that it has confirmed.
const INDEX_DELAY: Duration = Duration::from_secs(10);

impl Client {
    /// Signs, sends and confirms a transaction, then reads its events. `payer` pays the fee; `signers` are the others.
    ///
    /// Errors: [`ClientError::Refused`] with the program's error; [`ClientError::Expired`] once it can no longer land.
    pub async fn send(
        &self,
        instructions: &[Instruction],
        payer: &dyn Signer,
        signers: &[&dyn Signer],
    ) -> Result<Landed, ClientError> {
        let (transaction, last_valid) = self.sign(instructions, payer, signers).await?;
        let signature = self.land(&transaction, last_valid).await?;
        self.landed(&signature).await
    }

    /// As [`Client::send`], in a transaction of version 1: up to 4,096 bytes, where the cluster takes that version.
    /// `budget` says what it may use; see [`transactions::budget`]. Errors: as [`Client::send`].
    pub async fn send_v1(
        &self,
        instructions: &[Instruction],
        payer: &dyn Signer,
        signers: &[&dyn Signer],
        budget: Budget,
    ) -> Result<Landed, ClientError> {
        let (transaction, last_valid) = self.sign_v1(instructions, payer, signers, budget).await?;
        let signature = self.land(&transaction, last_valid).await?;
        self.landed(&signature).await
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

    /// Sends a signed transaction and waits until it is confirmed or can no longer land.
    /// Errors: as [`Client::send`].
    pub async fn land(
        &self,
        transaction: &VersionedTransaction,
        last_valid: u64,
    ) -> Result<Signature, ClientError> {
        let config = RpcSendTransactionConfig {
            preflight_commitment: Some(CommitmentConfig::processed().commitment),
            ..RpcSendTransactionConfig::default()
        };
        self.rpc.send_transaction_with_config(transaction, config).await?;
        self.confirm(transaction, last_valid).await
    }

    /// Waits until a transaction that was sent is confirmed or can no longer land, and sends it again meanwhile.
    /// Errors: as [`Client::send`].
    pub async fn confirm(
        &self,
        transaction: &VersionedTransaction,
        last_valid: u64,
    ) -> Result<Signature, ClientError> {
        let signature = transaction.signatures.first().copied().unwrap_or_default();
        let (mut pause, mut sent) = (POLL_MIN, Instant::now());
        loop {
            let expired = self.rpc.get_block_height().await? > last_valid;
            match self.rpc.get_signature_statuses(&[signature]).await?.value.into_iter().flatten().next() {
                Some(status) => {
                    if let Some(error) = status.err.clone() {
                        return Err(ClientError::from_transaction(error, self.logs(&signature).await));
                    }
                    if status.satisfies_commitment(self.rpc.commitment()) {
                        return Ok(signature);
                    }
                }
                // The height was read before the status, so a transaction in the last valid block is not missed.
                None if expired => return Err(ClientError::Expired(signature)),
                None => {}
            }
            sleep(pause).await;
            pause = (pause * 2).min(POLL_MAX);
            if sent.elapsed() >= REBROADCAST {
                // A node that refuses a second copy changes nothing: the status decides.
                let again = RpcSendTransactionConfig { skip_preflight: true, ..Default::default() };
                let _ = self.rpc.send_transaction_with_config(transaction, again).await;
                sent = Instant::now();
            }
        }
    }

    /// Reads a transaction that has landed, with its events. Errors: [`ClientError::Undecodable`],
    /// [`ClientError::Rpc`].
    pub async fn landed(&self, signature: &Signature) -> Result<Landed, ClientError> {
        let config = self.transaction_config();
        let deadline = Instant::now() + INDEX_DELAY;
        let transaction = loop {
            // A node confirms a transaction shortly before it can serve it.
            match self.rpc.get_transaction_with_config(signature, config).await {
                Ok(transaction) => break transaction,
                Err(error) if Instant::now() >= deadline => return Err(error.into()),
                Err(_) => sleep(POLL_MIN * 5).await,
            }
        };
        let events = events::from_transaction(&transaction).ok_or(ClientError::Undecodable(*signature))?;
        let meta = transaction.transaction.meta.as_ref();
        let compute_units = meta.and_then(|meta| match meta.compute_units_consumed {
            OptionSerializer::Some(units) => Some(units),
            _ => None,
        });
        Ok(Landed { signature: *signature, slot: transaction.slot, compute_units, events })
    }

    fn transaction_config(&self) -> RpcTransactionConfig {
        RpcTransactionConfig {
            encoding: Some(UiTransactionEncoding::Base64),
            commitment: Some(self.rpc.commitment()),
            max_supported_transaction_version: Some(1),
        }
    }

    /// The log of a failed transaction, empty where the node does not give it.
    async fn logs(&self, signature: &Signature) -> Vec<String> {
        let transaction =
            self.rpc.get_transaction_with_config(signature, self.transaction_config()).await.ok();
        let meta = transaction.and_then(|transaction| transaction.transaction.meta);
        match meta.map(|meta| meta.log_messages) {
            Some(OptionSerializer::Some(logs)) => logs,
            _ => Vec::new(),
        }
    }
}
