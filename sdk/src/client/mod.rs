//! A small async client: reads accounts, lands transactions, fetches events. Every call has a deadline.

mod broadcast;
mod fee;
mod look;
mod send;
mod sender;
mod signed;

use {
    crate::{
        accounts::{self, BlockableAccount, CreditFilter, LotFilter, provider_market_filter, type_filter},
        addresses,
        errors::ClientError,
        events::Event,
        instructions::MarketKeys,
        rpc::{
            CommitmentConfig, RpcAccountInfoConfig, RpcClient, RpcFilterType, RpcProgramAccountsConfig,
            UiAccount, UiAccountEncoding, connect,
        },
    },
    blockable_credits::{
        ID,
        state::{Credit, Lot, Market, Provider},
    },
    solana_pubkey::Pubkey,
    solana_signature::Signature,
    std::{sync::Arc, time::Duration},
};
pub use {
    fee::PriorityFee,
    sender::{Prepared, Preview, Sender},
    signed::{Recorded, Signed},
};

/// True where an account's data pass a filter of the kinds that are used here.
fn passes(filter: &RpcFilterType, data: &[u8]) -> bool {
    match filter {
        RpcFilterType::Memcmp(bytes) => bytes.bytes_match(data),
        RpcFilterType::DataSize(size) => u64::try_from(data.len()) == Ok(*size),
        RpcFilterType::TokenAccountState => false,
    }
}

/// Deadline of one request.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

/// A transaction that has landed.
#[derive(Clone, Debug)]
pub struct Landed {
    /// Its signature.
    pub signature: Signature,
    /// The slot it landed in.
    pub slot: u64,
    /// Compute units that it took, `None` where the node does not report them.
    pub compute_units: Option<u64>,
    /// The program's events in it, in order.
    pub events: Vec<Event>,
}

/// A client of one cluster, over the JSON-RPC interface of one node.
///
/// It holds no key and no state but the connection, so it can be shared between tasks by reference. Reads are at the
/// commitment `confirmed` where no other is named, each within [`REQUEST_TIMEOUT`]. [`Client::send`] sends by a
/// [`Sender`] over this one node.
#[derive(Clone)]
pub struct Client {
    rpc: Arc<RpcClient>,
}

impl Client {
    /// A client of the node at a URL, which must serve confirmed reads.
    pub fn new(url: impl Into<String>) -> Client {
        Client::with_commitment(url, CommitmentConfig::confirmed())
    }

    /// The same at another commitment, by which accounts are read and transactions count as landed.
    pub fn with_commitment(url: impl Into<String>, commitment: CommitmentConfig) -> Client {
        Client { rpc: Arc::new(connect(url, REQUEST_TIMEOUT, commitment)) }
    }

    /// The RPC client underneath.
    pub fn rpc(&self) -> &RpcClient {
        &self.rpc
    }

    /// The RPC client underneath, for tasks of their own.
    pub(crate) fn shared_rpc(&self) -> Arc<RpcClient> {
        self.rpc.clone()
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

    /// Reads a credit with its debt accrued to the chain's clock: the debt and the arrears of now.
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

    /// All credits that pass every filter, which is not left to the node alone. Errors: [`ClientError::Rpc`], [`ClientError::Decode`].
    pub async fn credits(&self, filters: &[CreditFilter]) -> Result<Vec<(Pubkey, Credit)>, ClientError> {
        self.all(filters.iter().map(|filter| filter.to_rpc())).await
    }

    /// All lots that pass every filter, sold out ones as well. Errors: as [`Client::credits`].
    pub async fn lots(&self, filters: &[LotFilter]) -> Result<Vec<(Pubkey, Lot)>, ClientError> {
        self.all(filters.iter().map(|filter| filter.to_rpc())).await
    }

    /// All providers of a market, or of all markets. Errors: as [`Client::credits`].
    pub async fn providers(&self, market: Option<&Pubkey>) -> Result<Vec<(Pubkey, Provider)>, ClientError> {
        self.all(market.map(provider_market_filter)).await
    }

    /// All accounts of a type that pass every condition.
    async fn all<T: BlockableAccount>(
        &self,
        conditions: impl IntoIterator<Item = RpcFilterType>,
    ) -> Result<Vec<(Pubkey, T)>, ClientError> {
        let filters: Vec<RpcFilterType> = std::iter::once(type_filter::<T>()).chain(conditions).collect();
        let config = RpcProgramAccountsConfig {
            filters: Some(filters.clone()),
            account_config: RpcAccountInfoConfig {
                encoding: Some(UiAccountEncoding::Base64),
                ..RpcAccountInfoConfig::default()
            },
            ..RpcProgramAccountsConfig::default()
        };
        let accounts = self.rpc.get_program_ui_accounts_with_config(&ID, config).await?;
        let decode = |(address, account): (Pubkey, UiAccount)| {
            let data = account.data.decode().unwrap_or_default();
            // Who acts on a list must not act on what a node has put in besides.
            if !filters.iter().all(|filter| passes(filter, &data)) {
                return None;
            }
            let decoded = T::decode(&data).map_err(|source| ClientError::Decode { address, source });
            Some(decoded.map(|decoded| (address, decoded)))
        };
        accounts.into_iter().filter_map(decode).collect()
    }

    /// The chain's clock in Unix seconds. Errors: [`ClientError::NotFound`], [`ClientError::Rpc`].
    pub async fn chain_time(&self) -> Result<i64, ClientError> {
        let account = self.rpc.get_account(&addresses::CLOCK).await?;
        let not_found = ClientError::NotFound { name: "clock", address: addresses::CLOCK };
        accounts::decode_clock(&account.data).map(|clock| clock.unix_timestamp).ok_or(not_found)
    }
}
