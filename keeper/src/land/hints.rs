//! Listens over WebSocket for confirmations, so that the tracker need not wait for its next round.
//!
//! Hints only: with or without them the tracker reads the statuses of transactions from the nodes.

use {
    crate::chain::{Node, Nodes},
    blockable_sdk::{
        Signature,
        rpc::{CommitmentConfig, RpcSignatureSubscribeConfig},
    },
    blockable_service::backoff::Backoff,
    futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered},
    secrecy::ExposeSecret,
    solana_pubsub_client::nonblocking::pubsub_client::PubsubClient,
    std::{sync::Arc, time::Duration},
    tokio::{
        sync::{Notify, mpsc},
        time::{sleep, timeout},
    },
};

/// Signatures that may wait to be subscribed to; the tracker's rounds find the others.
const WAITING: usize = 1_024;
/// Longest time for opening the stream, or a subscription.
const DEADLINE: Duration = Duration::from_secs(5);
/// Longest wait for a confirmation: longer than a blockhash lives.
const PATIENCE: Duration = Duration::from_secs(120);
/// First pause before the stream is opened again; doubles up to [`PAUSE_MAX`].
const PAUSE: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// The tracker's end: announces sent transactions, and waits for a reason to look at them.
pub(super) struct Hints {
    sent: mpsc::Sender<Signature>,
    wake: Arc<Notify>,
}

/// The WebSocket's end: subscribes to announced transactions, and wakes the tracker.
pub(super) struct Listener {
    sent: mpsc::Receiver<Signature>,
    wake: Arc<Notify>,
}

impl Hints {
    /// Both ends of a new channel.
    pub(super) fn new() -> (Hints, Listener) {
        let (announce, sent) = mpsc::channel(WAITING);
        let wake = Arc::new(Notify::new());
        (Hints { sent: announce, wake: wake.clone() }, Listener { sent, wake })
    }

    /// Announces a transaction that was sent. Without a listener, or with too many waiting, nothing happens.
    pub(super) fn announce(&self, signature: Signature) {
        let _ = self.sent.try_send(signature);
    }

    /// Wakes the tracker.
    pub(super) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Waits until the tracker is woken.
    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }
}

impl Listener {
    /// Listens until nothing can be announced any more. Ends where no node has a WebSocket.
    pub(super) async fn run(mut self, nodes: Nodes) {
        let mut pauses = Backoff::new(PAUSE, PAUSE_MAX);
        loop {
            let Some(url) = nodes.all().iter().find_map(Node::ws_url) else { return };
            match timeout(DEADLINE, PubsubClient::new(url.expose_secret())).await {
                Ok(Ok(client)) => {
                    pauses.reset();
                    if self.listen(&client).await.is_none() {
                        return;
                    }
                    tracing::warn!("the WebSocket broke off; opening it again");
                }
                // The error may hold the URL, and that a key.
                Ok(Err(_)) | Err(_) => tracing::warn!("the WebSocket cannot be opened; polling goes on"),
            }
            sleep(pauses.next_pause()).await;
        }
    }

    /// Subscribes to announced transactions until the stream breaks; `None` once nothing can be announced any more.
    async fn listen(&mut self, client: &PubsubClient) -> Option<()> {
        let mut waiting: FuturesUnordered<BoxFuture<'_, bool>> = FuturesUnordered::new();
        loop {
            tokio::select! {
                signature = self.sent.recv() => {
                    let signature = signature?;
                    let config = RpcSignatureSubscribeConfig {
                        commitment: Some(CommitmentConfig::confirmed()),
                        enable_received_notification: Some(false),
                    };
                    let subscribed = timeout(DEADLINE, client.signature_subscribe(&signature, Some(config))).await;
                    let Ok(Ok((mut notifications, unsubscribe))) = subscribed else { return Some(()) };
                    let confirmed = async move {
                        let confirmed = matches!(timeout(PATIENCE, notifications.next()).await, Ok(Some(_)));
                        if !confirmed {
                            let _ = timeout(DEADLINE, unsubscribe()).await;
                        }
                        confirmed
                    };
                    waiting.push(confirmed.boxed());
                }
                Some(confirmed) = waiting.next() => {
                    if confirmed {
                        tracing::debug!("a confirmation was heard");
                        self.wake.notify_one();
                    }
                }
            }
        }
    }
}
