//! One RPC node: every request has a deadline, and no error has the node's URL, which may carry a key.

use {
    crate::chain::rest::Rest,
    blockable_sdk::{
        Clock, Hash, PROGRAM_ID, Pubkey,
        accounts::{CreditFilter, CreditStamp, decode_clock, type_filter},
        addresses,
        program::state::Credit,
        rpc::{
            CommitmentConfig, OptionalContext, RpcAccountInfoConfig, RpcClient, RpcClientError,
            RpcClientErrorKind, RpcKeyedAccount, RpcProgramAccountsConfig, RpcRequest, UiAccount,
            UiAccountEncoding, UiDataSliceConfig, connect, describe,
        },
    },
    blockable_service::lock::lock,
    secrecy::{ExposeSecret, SecretString},
    serde_json::json,
    std::{
        collections::HashMap,
        sync::{Mutex, MutexGuard, OnceLock},
        time::{Duration, Instant},
    },
    tokio::time::timeout,
};

/// Most accounts that a node returns in one answer.
pub(crate) const MAX_ACCOUNTS: usize = 100;
/// Time for which a node's highest slot counts after it was last shown.
const SHOWN: Duration = Duration::from_secs(60);

/// The reason for which a node cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NodeError {
    /// A request failed.
    #[error("{0}")]
    Failed(String),
    /// No answer in time.
    #[error("no answer in time")]
    Timeout,
    /// An answer from too far back.
    #[error("its answer is of slot {slot}, behind {highest}; it lags or has stopped")]
    Stale {
        /// The answer's slot.
        slot: u64,
        /// The highest slot seen.
        highest: u64,
    },
    /// An answer from a slot that the cluster cannot have reached yet.
    #[error(
        "its answer is of slot {slot}, which is impossible after {highest}; it is wrong or of another cluster"
    )]
    Ahead {
        /// The answer's slot.
        slot: u64,
        /// The highest slot that can be believed.
        highest: u64,
    },
    /// Nothing is asked of it for now.
    #[error("it did not answer in time; it is asked again in the background")]
    Resting,
    /// An answer that does not fit its question.
    #[error("its answer cannot be used: {0}; use a node that serves the whole RPC interface")]
    Unusable(&'static str),
}

impl From<RpcClientError> for NodeError {
    fn from(error: RpcClientError) -> NodeError {
        match error.kind() {
            RpcClientErrorKind::Reqwest(error) if error.is_timeout() => NodeError::Timeout,
            _ => NodeError::Failed(describe(&error)),
        }
    }
}

/// One RPC node.
pub(crate) struct Node {
    name: String,
    rpc: RpcClient,
    ws_url: Option<SecretString>,
    deadline: Duration,
    /// The highest recent slot, and the moment at which it was last shown.
    highest: Mutex<Option<(u64, Instant)>>,
    genesis: OnceLock<Hash>,
    /// Its recent failures to answer.
    rest: Mutex<Rest>,
}

impl Node {
    /// The node at a URL. `name` stands for it in logs and metrics.
    pub(crate) fn new(
        name: String,
        url: &SecretString,
        ws_url: Option<SecretString>,
        deadline: Duration,
    ) -> Node {
        let rpc = connect(url.expose_secret(), deadline, CommitmentConfig::confirmed());
        Node {
            name,
            rpc,
            ws_url,
            deadline,
            highest: Mutex::default(),
            genesis: OnceLock::new(),
            rest: Mutex::default(),
        }
    }

    /// Its name in logs and metrics.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The URL of its WebSocket, where it has one.
    pub(crate) fn ws_url(&self) -> Option<&SecretString> {
        self.ws_url.as_ref()
    }

    /// The client, for requests through [`Node::ask`].
    pub(crate) fn rpc(&self) -> &RpcClient {
        &self.rpc
    }

    fn highest(&self) -> MutexGuard<'_, Option<(u64, Instant)>> {
        lock(&self.highest)
    }

    /// The highest slot that it has shown recently, at any commitment; 0 before the first answer.
    pub(crate) fn highest_slot(&self) -> u64 {
        self.highest().map_or(0, |(slot, _)| slot)
    }

    /// Notes a slot that it has shown.
    pub(crate) fn note_slot(&self, slot: u64) {
        self.note_slot_at(slot, Instant::now());
    }

    fn note_slot_at(&self, slot: u64, now: Instant) {
        let mut highest = self.highest();
        // Finalized answers are of older slots, so a lower one changes nothing for a while. A wrong one must not stay.
        let stays = highest.filter(|(known, at)| slot < *known && now.saturating_duration_since(*at) < SHOWN);
        let shown = *highest.insert(stays.unwrap_or((slot, now)));
        metrics::gauge!("blockable_keeper_rpc_slot", "node" => self.name.clone()).set(shown.0 as f64);
    }

    /// Asks for the hash of its cluster's first block until it has answered once; `None` before.
    pub(crate) async fn fetch_genesis(&self) -> Option<Hash> {
        if self.genesis.get().is_none() {
            let hash = self.ask("genesis", self.rpc.get_genesis_hash()).await.ok()?;
            let _ = self.genesis.set(hash);
        }
        self.known_genesis()
    }

    /// The hash of its cluster's first block, where it has answered.
    pub(crate) fn known_genesis(&self) -> Option<Hash> {
        self.genesis.get().copied()
    }

    /// Has it know the hash of its cluster's first block.
    #[cfg(test)]
    pub(crate) fn know_genesis(&self, hash: Hash) {
        let _ = self.genesis.set(hash);
    }

    /// Runs a request within the deadline. The RPC client repeats a request when a node limits its rate, so the client's own
    /// timeout does not bound the whole. Errors: [`NodeError`], counted by node and kind of request.
    pub(crate) async fn ask<T, E: Into<NodeError>>(
        &self,
        kind: &'static str,
        request: impl Future<Output = Result<T, E>>,
    ) -> Result<T, NodeError> {
        let answer = match timeout(self.deadline, request).await {
            Ok(answer) => answer.map_err(Into::into),
            Err(_) => Err(NodeError::Timeout),
        };
        match &answer {
            Err(NodeError::Timeout) => lock(&self.rest).note_silence(Instant::now()),
            _ => lock(&self.rest).note_answer(),
        }
        if answer.is_err() {
            metrics::counter!("blockable_keeper_rpc_errors_total", "node" => self.name.clone(), "request" => kind)
                .increment(1);
        }
        answer
    }

    /// True for a node that has not answered in time lately, and so is asked nothing that somebody waits for.
    pub(crate) fn is_resting(&self) -> bool {
        lock(&self.rest).is_resting()
    }

    /// Asks a resting node for its slot, where it is time for that, so that it rests no longer once it answers.
    pub(super) async fn wake(&self) {
        if !lock(&self.rest).begin_asking(Instant::now()) {
            return;
        }
        if let Err(error) = self.slot(CommitmentConfig::confirmed()).await {
            tracing::debug!(node = self.name, %error, "a resting node cannot be used yet");
        }
        lock(&self.rest).end_asking();
    }

    /// Asks for its slot at a commitment. Errors: [`NodeError`].
    pub(crate) async fn slot(&self, commitment: CommitmentConfig) -> Result<u64, NodeError> {
        let slot = self.ask("slot", self.rpc.get_slot_with_commitment(commitment)).await?;
        self.note_slot(slot);
        Ok(slot)
    }

    /// Fetches accounts, at most [`MAX_ACCOUNTS`], all of one slot. Errors: [`NodeError`].
    pub(crate) async fn fetch(
        &self,
        addresses: &[Pubkey],
        commitment: CommitmentConfig,
    ) -> Result<(u64, Vec<Option<UiAccount>>), NodeError> {
        let config = as_bytes(commitment);
        let answer =
            self.ask("accounts", self.rpc.get_multiple_ui_accounts_with_config(addresses, config)).await?;
        if answer.value.len() != addresses.len() {
            return Err(NodeError::Unusable("it has another number of accounts than were asked for"));
        }
        self.note_slot(answer.context.slot);
        Ok((answer.context.slot, answer.value))
    }

    /// Lists the stamps of a market's credits, which change with every event, and the slot that they are of.
    /// Errors: [`NodeError`].
    pub(crate) async fn list_credits(
        &self,
        market: &Pubkey,
        commitment: CommitmentConfig,
    ) -> Result<(u64, HashMap<Pubkey, CreditStamp>), NodeError> {
        let slice = UiDataSliceConfig { offset: CreditStamp::OFFSET, length: CreditStamp::LENGTH };
        let filters = vec![type_filter::<Credit>(), CreditFilter::Market(*market).to_rpc()];
        let (slot, accounts) = self.list_accounts(filters, Some(slice), commitment).await?;
        let mut stamps = HashMap::with_capacity(accounts.len());
        for (address, account) in accounts {
            let stamp = account.data.decode().and_then(|data| CreditStamp::read(&data));
            stamps.insert(address, stamp.ok_or(NodeError::Unusable("a credit cannot be read"))?);
        }
        Ok((slot, stamps))
    }

    /// Lists the program's accounts that pass filters, and the slot that they are of. Errors: [`NodeError`].
    pub(crate) async fn list_accounts(
        &self,
        filters: Vec<blockable_sdk::rpc::RpcFilterType>,
        slice: Option<UiDataSliceConfig>,
        commitment: CommitmentConfig,
    ) -> Result<(u64, Vec<(Pubkey, UiAccount)>), NodeError> {
        let config = RpcProgramAccountsConfig {
            filters: Some(filters),
            account_config: RpcAccountInfoConfig { data_slice: slice, ..as_bytes(commitment) },
            with_context: Some(true),
            ..RpcProgramAccountsConfig::default()
        };
        let params = json!([PROGRAM_ID.to_string(), config]);
        let request = self.rpc.send(RpcRequest::GetProgramAccounts, params);
        let answer: OptionalContext<Vec<RpcKeyedAccount>> = self.ask("list", request).await?;
        let OptionalContext::Context(answer) = answer else {
            return Err(NodeError::Unusable("it does not name its slot"));
        };
        self.note_slot(answer.context.slot);
        let mut listed = Vec::with_capacity(answer.value.len());
        for entry in answer.value {
            let address =
                entry.pubkey.parse().map_err(|_| NodeError::Unusable("an address cannot be read"))?;
            listed.push((address, entry.account));
        }
        Ok((answer.context.slot, listed))
    }

    /// Asks for the last block height at a commitment. Errors: [`NodeError`].
    pub(crate) async fn block_height(&self, commitment: CommitmentConfig) -> Result<u64, NodeError> {
        self.ask("block_height", self.rpc.get_block_height_with_commitment(commitment)).await
    }
}

/// Asks for accounts in base 64.
fn as_bytes(commitment: CommitmentConfig) -> RpcAccountInfoConfig {
    RpcAccountInfoConfig {
        encoding: Some(UiAccountEncoding::Base64),
        commitment: Some(commitment),
        ..RpcAccountInfoConfig::default()
    }
}

/// Reads the chain's clock from its account.
pub(super) fn read_clock(account: Option<&UiAccount>) -> Option<Clock> {
    decode_clock(&account?.data.decode()?)
}

/// The address of the clock's account.
pub(super) const CLOCK: Pubkey = addresses::CLOCK;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_that_is_not_shown_again_is_forgotten() {
        let url = SecretString::from("http://127.0.0.1:1");
        let node = Node::new("a".to_string(), &url, None, Duration::from_secs(1));
        let now = Instant::now();
        let after = |seconds| now + Duration::from_secs(seconds);
        let seen = |slot, seconds| {
            node.note_slot_at(slot, after(seconds));
            node.highest_slot()
        };
        assert_eq!((seen(1_000, 0), seen(968, 1)), (1_000, 1_000), "a finalized one");
        assert_eq!((seen(9_000_000, 2), seen(1_010, 4), seen(1_150, 61)), (9_000_000, 9_000_000, 9_000_000));
        assert_eq!((seen(1_155, 62), seen(1_160, 64)), (1_155, 1_160));
    }
}
