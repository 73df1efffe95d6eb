//! Wakes a follower by the logs that a node streams.

use {
    super::Wake,
    crate::{backoff::Backoff, rpc::CommitmentConfig},
    futures_util::StreamExt,
    solana_pubkey::Pubkey,
    solana_pubsub_client::nonblocking::pubsub_client::PubsubClient,
    solana_rpc_client_api::config::{RpcTransactionLogsConfig, RpcTransactionLogsFilter},
    std::{sync::Arc, time::Duration},
    tokio::{
        sync::Notify,
        task::JoinHandle,
        time::{sleep, timeout},
    },
};

/// Deadline of opening the stream.
const OPENING: Duration = Duration::from_secs(10);
/// First pause before the stream is opened again; doubles up to [`PAUSE_MAX`].
const PAUSE_MIN: Duration = Duration::from_millis(250);
/// Longest pause before the stream is opened again.
const PAUSE_MAX: Duration = Duration::from_secs(15);

/// Wakes a follower when a node logs a transaction with the address, when the stream has been opened anew, and at an interval: a
/// stream may go quiet without an error. It reads nothing from the stream; the follower asks for what is new.
pub struct WebSocketWake {
    notify: Arc<Notify>,
    at_least_every: Duration,
    task: JoinHandle<()>,
}

impl WebSocketWake {
    /// Opens a stream of the node's logs of an address, and keeps it open. Call it in a Tokio runtime.
    pub fn open(
        ws_url: impl Into<String>,
        address: Pubkey,
        commitment: CommitmentConfig,
        at_least_every: Duration,
    ) -> WebSocketWake {
        let (notify, url) = (Arc::new(Notify::new()), ws_url.into());
        let task = tokio::spawn(keep_open(url, address, commitment, notify.clone()));
        WebSocketWake { notify, at_least_every, task }
    }
}

impl Wake for WebSocketWake {
    async fn wait(&mut self) {
        // Nobody has to know which of the two it was.
        let _ = timeout(self.at_least_every, self.notify.notified()).await;
    }
}

impl Drop for WebSocketWake {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn keep_open(url: String, address: Pubkey, commitment: CommitmentConfig, notify: Arc<Notify>) {
    let mut pauses = Backoff::new(PAUSE_MIN, PAUSE_MAX);
    loop {
        if stream(&url, &address, commitment, &notify).await {
            pauses.reset();
        }
        sleep(pauses.next_pause()).await;
    }
}

/// Streams until the stream ends. Returns true where it was opened.
async fn stream(url: &str, address: &Pubkey, commitment: CommitmentConfig, notify: &Notify) -> bool {
    let Ok(Ok(client)) = timeout(OPENING, PubsubClient::new(url)).await else { return false };
    let filter = RpcTransactionLogsFilter::Mentions(vec![address.to_string()]);
    let config = RpcTransactionLogsConfig { commitment: Some(commitment) };
    let opened = timeout(OPENING, client.logs_subscribe(filter, config)).await;
    let Ok(Ok((mut logs, _))) = opened else { return false };
    // Events may have come while there was no stream.
    notify.notify_one();
    while logs.next().await.is_some() {
        notify.notify_one();
    }
    true
}
