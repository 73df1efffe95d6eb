//! Errors between the gate and a node, without their URLs, which may carry keys.

use {
    blockable_sdk::rpc::{CommitmentConfig, RpcClient, RpcClientError, connect, describe, shorten},
    solana_pubsub_client::nonblocking::pubsub_client::PubsubClientError,
    std::time::Duration,
};

/// Reasons for which the chain could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    /// A request failed.
    #[error("the node failed: {0}")]
    Node(String),
    /// No answer in time.
    #[error("the node did not answer in time")]
    Timeout,
    /// An answer from too far back.
    #[error("the node answered with slot {slot} while slot {highest} has been seen; it lags or has stopped")]
    Stale {
        /// The answer's slot.
        slot: u64,
        /// The highest slot seen.
        highest: u64,
    },
    /// An answer that does not fit its question.
    #[error("the node's answer cannot be used: {0}; use a node that serves the whole RPC interface")]
    Unusable(&'static str),
    /// The stream has ended.
    #[error("the stream has ended")]
    Ended,
    /// The stream is quiet.
    #[error("the stream has reported no slot for too long")]
    Silent,
}

impl From<RpcClientError> for Fault {
    fn from(error: RpcClientError) -> Fault {
        Fault::Node(describe(&error))
    }
}

impl From<PubsubClientError> for Fault {
    fn from(error: PubsubClientError) -> Fault {
        Fault::Node(match error {
            PubsubClientError::UrlParseError(_) => "its WebSocket URL cannot be read".to_string(),
            PubsubClientError::ConnectionError(_) => "its WebSocket cannot be reached".to_string(),
            PubsubClientError::SubscribeFailed { reason, .. } => {
                format!("it refused a subscription: {}", shorten(&reason))
            }
            _ => "its WebSocket broke off".to_string(),
        })
    }
}

/// A client of the node at a URL, which reads as early as the chain can be read.
pub(crate) fn node(url: &str, request_timeout: Duration) -> RpcClient {
    connect(url, request_timeout, CommitmentConfig::processed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_fault_names_the_url() {
        for url in ["http://127.0.0.1:1/secret-key", "nonsense secret-key", "http://secret-key.invalid/"] {
            let error = node(url, Duration::from_secs(2)).get_slot().await.unwrap_err();
            let fault = Fault::from(error);
            assert!(!format!("{fault} {fault:?}").contains("secret-key"), "{fault}");
        }
    }
}
