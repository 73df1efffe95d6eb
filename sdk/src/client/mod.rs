//! A small async client: reads accounts, lands transactions, fetches events. Every call has a deadline.

use {
    crate::{
        accounts::{self, BlockableAccount, CreditFilter, type_filter},
        addresses,
        errors::ClientError,
        events::{self, Event},
        instructions::MarketKeys,
        rpc::{
            CommitmentConfig, OptionSerializer, RpcAccountInfoConfig, RpcClient, RpcProgramAccountsConfig,
            RpcSendTransactionConfig, RpcTransactionConfig, UiAccountEncoding, UiTransactionEncoding,
        },
        transactions::{self, Budget},
    },
    blockable_credits::{
        ID,
        state::{Credit, Lot, Market, Provider},
    },
    solana_hash::Hash,
    solana_instruction::Instruction,
    solana_pubkey::Pubkey,
    solana_signature::Signature,
    solana_signer::Signer,
    solana_transaction::versioned::VersionedTransaction,
    std::time::Duration,
    tokio::time::{Instant, sleep},
};

/// How long one request may take.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
/// First pause between two looks at a transaction's status; doubles up to [`POLL_MAX`].
const POLL_MIN: Duration = Duration::from_millis(10);
/// Longest pause between two looks at a transaction's status.
const POLL_MAX: Duration = Duration::from_millis(400);
/// Pause between two broadcasts of the same transaction.
const REBROADCAST: Duration = Duration::from_secs(2);

/// How long a node may take to serve a transaction that it has confirmed.
const INDEX_DELAY: Duration = Duration::from_secs(10);

/// A transaction that has landed.
#[derive(Clone, Debug)]
pub struct Landed {
    /// Its signature.
    pub signature: Signature,
    /// The slot it landed in.
    pub slot: u64,
    /// Compute units it took, where the node tells.
    pub compute_units: Option<u64>,
    /// The program's events in it, in order.
    pub events: Vec<Event>,
}

/// A client of one cluster.
pub struct Client {
    rpc: RpcClient,
}

impl Client {
    /// A client of the node at a URL, which must serve confirmed reads.
    pub fn new(url: impl Into<String>) -> Client {
        let rpc = RpcClient::new_with_timeout_and_commitment(
            url.into(),
            REQUEST_TIMEOUT,
            CommitmentConfig::confirmed(),
        );
        Client { rpc }
    }

    /// The RPC client underneath.
    pub fn rpc(&self) -> &RpcClient {
        &self.rpc
    }

    /// Reads an account. Errors: [`ClientError::NotFound`], [`ClientError::Decode`], [`ClientError::Rpc`].
    pub async fn fetch<T: BlockableAccount>(&self, address: &Pubkey) -> Result<T, ClientError> {
        self.fetch_at(address, self.rpc.commitment()).await
    }

    /// Reads an account at a commitment of its own. Errors: as [`Client::fetch`].
    pub async fn fetch_at<T: BlockableAccount>(
        &self,
        address: &Pubkey,
        commitment: CommitmentConfig,
    ) -> Result<T, ClientError> {
        let response = self.rpc.get_account_with_commitment(address, commitment).await?;
        let not_found = ClientError::NotFound { name: T::NAME, address: *address };
        let account = response.value.filter(|account| account.owner == ID).ok_or(not_found)?;
        T::decode(&account.data).map_err(|source| ClientError::Decode { address: *address, source })
    }

    /// Reads a market. Errors: as [`Client::fetch`].
    pub async fn market(&self, address: &Pubkey) -> Result<Market, ClientError> {
        self.fetch(address).await
    }

    /// Reads a provider. Errors: as [`Client::fetch`].
    pub async fn provider(&self, address: &Pubkey) -> Result<Provider, ClientError> {
        self.fetch(address).await
    }

    /// Reads a credit. Errors: as [`Client::fetch`].
    pub async fn credit(&self, address: &Pubkey) -> Result<Credit, ClientError> {
        self.fetch(address).await
    }

    /// Reads a credit with its debt accrued to the chain's clock: what is owed and in arrears now.
    /// Errors: as [`Client::fetch`], [`ClientError::OutOfRange`].
    pub async fn credit_now(&self, address: &Pubkey) -> Result<Credit, ClientError> {
        let mut credit = self.credit(address).await?;
        let market = self.market(&credit.market).await?;
        let out_of_range = |_| ClientError::OutOfRange { address: *address };
        let now = market.market_time(self.chain_time().await?).map_err(out_of_range)?;
        credit.accrue(now).map_err(|_| ClientError::OutOfRange { address: *address })?;
        Ok(credit)
    }

    /// Reads a lot. Errors: as [`Client::fetch`].
    pub async fn lot(&self, address: &Pubkey) -> Result<Lot, ClientError> {
        self.fetch(address).await
    }

    /// A market's account and its payment token. Errors: as [`Client::fetch`].
    pub async fn market_keys(&self, address: &Pubkey) -> Result<MarketKeys, ClientError> {
        let market = self.market(address).await?;
        Ok(MarketKeys { market: *address, mint: market.payment_mint, token_program: market.token_program })
    }

    /// All credits that pass every filter. Errors: [`ClientError::Rpc`], [`ClientError::Decode`].
    pub async fn credits(&self, filters: &[CreditFilter]) -> Result<Vec<(Pubkey, Credit)>, ClientError> {
        let mut conditions = vec![type_filter::<Credit>()];
        conditions.extend(filters.iter().map(|filter| filter.to_rpc()));
        let config = RpcProgramAccountsConfig {
            filters: Some(conditions),
            account_config: RpcAccountInfoConfig {
                encoding: Some(UiAccountEncoding::Base64),
                ..RpcAccountInfoConfig::default()
            },
            ..RpcProgramAccountsConfig::default()
        };
        let accounts = self.rpc.get_program_ui_accounts_with_config(&ID, config).await?;
        let mut credits = Vec::with_capacity(accounts.len());
        for (address, account) in accounts {
            let data = account.data.decode().unwrap_or_default();
            let credit = Credit::decode(&data).map_err(|source| ClientError::Decode { address, source })?;
            credits.push((address, credit));
        }
        Ok(credits)
    }

    /// The chain's clock in Unix seconds. Errors: [`ClientError::NotFound`], [`ClientError::Rpc`].
    pub async fn chain_time(&self) -> Result<i64, ClientError> {
        let account = self.rpc.get_account(&addresses::CLOCK).await?;
        let not_found = ClientError::NotFound { name: "clock", address: addresses::CLOCK };
        accounts::decode_clock(&account.data).map(|clock| clock.unix_timestamp).ok_or(not_found)
    }

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
