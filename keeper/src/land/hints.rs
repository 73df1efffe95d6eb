//! Hears over WebSocket when a transaction is confirmed, so that nobody waits for the next look.
//!
//! A hint only: whatever comes or does not come, what has become of a transaction is read from the nodes.

use {
    crate::{chain::Node, land::lander::Inner},
    blockable_sdk::{
        Signature,
        rpc::{CommitmentConfig, RpcSignatureSubscribeConfig},
    },
    futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered},
    secrecy::ExposeSecret,
    solana_pubsub_client::nonblocking::pubsub_client::PubsubClient,
    std::{sync::Arc, time::Duration},
    tokio::{
        sync::mpsc,
        time::{sleep, timeout},
    },
};

/// Signatures that may wait to be subscribed to; what is beyond is found at the next look.
pub const WAITING: usize = 1_024;
/// How long opening the stream, or a subscription, may take.
const DEADLINE: Duration = Duration::from_secs(5);
/// How long a confirmation is waited for: longer than a blockhash lives.
const PATIENCE: Duration = Duration::from_secs(120);
/// First pause before the stream is opened again; doubles up to [`PAUSE_MAX`].
const PAUSE: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// Listens for what is sent, and wakes the tracker. Ends where no node has a WebSocket.
pub(super) async fn run(inner: Arc<Inner>, mut sent: mpsc::Receiver<Signature>) {
    let mut pause = PAUSE;
    loop {
        let Some(url) = inner.nodes.all().iter().find_map(Node::ws_url) else { return };
        match timeout(DEADLINE, PubsubClient::new(url.expose_secret())).await {
            Ok(Ok(client)) => {
                pause = PAUSE;
                if listen(&client, &inner, &mut sent).await.is_none() {
                    return;
                }
                tracing::warn!("the WebSocket broke off; opening it again");
            }
            // The error may hold the URL, and that a key.
            Ok(Err(_)) | Err(_) => tracing::warn!("the WebSocket cannot be opened; polling goes on"),
        }
        sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// Subscribes to what is sent until the stream breaks; `None` once nobody sends any more.
async fn listen(client: &PubsubClient, inner: &Inner, sent: &mut mpsc::Receiver<Signature>) -> Option<()> {
    let mut waiting: FuturesUnordered<BoxFuture<'_, bool>> = FuturesUnordered::new();
    loop {
        tokio::select! {
            signature = sent.recv() => {
                let signature = signature?;
                let config = RpcSignatureSubscribeConfig {
                    commitment: Some(CommitmentConfig::confirmed()),
                    enable_received_notification: Some(false),
                };
                let subscribed = timeout(DEADLINE, client.signature_subscribe(&signature, Some(config))).await;
                let Ok(Ok((mut news, unsubscribe))) = subscribed else { return Some(()) };
                let heard = async move {
                    let heard = matches!(timeout(PATIENCE, news.next()).await, Ok(Some(_)));
                    if !heard {
                        let _ = timeout(DEADLINE, unsubscribe()).await;
                    }
                    heard
                };
                waiting.push(heard.boxed());
            }
            Some(heard) = waiting.next() => {
                if heard {
                    tracing::debug!("a confirmation was heard");
                    inner.wake.notify_one();
                }
            }
        }
    }
}
