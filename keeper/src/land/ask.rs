//! Questions that landing puts to the nodes in turn, until one answers.

use {
    crate::{
        chain::{Node, NodeError},
        land::{error::LandError, simulate::Ready},
    },
    blockable_sdk::{Hash, Pubkey, rpc::CommitmentConfig},
};

/// Most accounts that a node is asked the recent fees of.
const FEE_ACCOUNTS: usize = 100;

/// A recent blockhash, and the last block height at which it is valid.
#[derive(Clone, Copy, Debug)]
pub(super) struct Blockhash {
    /// The hash.
    pub hash: Hash,
    /// The last block height.
    pub last_valid_height: u64,
}

/// Returns the answer of the first node that gives one. Errors: [`LandError::Node`] with the last node's failure, or
/// [`LandError::NoNode`] without nodes.
pub(super) async fn first_answer<T>(
    nodes: &[&Node],
    ask: impl AsyncFn(&Node) -> Result<T, NodeError>,
) -> Result<T, LandError> {
    let mut last = LandError::NoNode;
    for node in nodes {
        match ask(node).await {
            Ok(answer) => return Ok(answer),
            Err(error) => last = LandError::Node { node: node.name().to_string(), error },
        }
    }
    Err(last)
}

/// Asks for the latest confirmed blockhash. Errors: as [`first_answer`].
pub(super) async fn latest_blockhash(nodes: &[&Node]) -> Result<Blockhash, LandError> {
    let commitment = CommitmentConfig::confirmed();
    let ask = async |node: &Node| {
        node.ask("blockhash", node.rpc().get_latest_blockhash_with_commitment(commitment)).await
    };
    let (hash, last_valid_height) = first_answer(nodes, ask).await?;
    Ok(Blockhash { hash, last_valid_height })
}

/// Asks for the priority fees that others paid lately for the same accounts, in micro-lamports per compute unit. Empty where
/// no node answers: the fee then starts from nothing.
pub(super) async fn recent_fees(nodes: &[&Node], ready: &[Ready]) -> Vec<u64> {
    let credits = ready.iter().flat_map(|ready| &ready.batch.intents).flat_map(|intent| intent.credits());
    let accounts: Vec<Pubkey> = credits.take(FEE_ACCOUNTS).copied().collect();
    let ask = async |node: &Node| {
        node.ask("recent_fees", node.rpc().get_recent_prioritization_fees(&accounts)).await
    };
    match first_answer(nodes, ask).await {
        Ok(fees) => fees.iter().map(|fee| fee.prioritization_fee).collect(),
        Err(error) => {
            tracing::debug!(%error, "no node reports recent fees");
            Vec::new()
        }
    }
}
