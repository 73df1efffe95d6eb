//! Looks a transaction up by its signature, on several nodes at once.

use {
    crate::rpc::{CommitmentConfig, RpcClient, RpcClientError, TransactionStatus, describe},
    solana_hash::Hash,
    solana_signature::Signature,
    solana_transaction_error::TransactionError,
    std::{sync::Arc, time::Duration},
    tokio::{
        task::JoinSet,
        time::{Instant, timeout, timeout_at},
    },
};

/// Deadline of one node's look: a silent node keeps nobody from what the others know for longer.
pub(super) const DEADLINE: Duration = Duration::from_secs(8);

/// A transaction that is looked up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sought {
    /// Its signature.
    pub(super) signature: Signature,
    /// The last block height at which it can land, as the node said that gave its blockhash.
    pub(super) last_valid: u64,
    /// That blockhash, where it is known.
    pub(super) blockhash: Option<Hash>,
    /// True where nodes search their whole history.
    pub(super) history: bool,
}

/// The state of a transaction, as nodes know it.
#[derive(Debug)]
pub(super) enum Look {
    /// It landed and did its work, in a slot.
    Landed(u64),
    /// It landed and failed.
    Failed(TransactionError),
    /// It may land yet, or waits for its confirmation.
    Open,
    /// It did not land within the blocks that it could land in.
    Expired,
    /// No node answers; the failure of one.
    Silent(String),
}

/// Looks a transaction up on all nodes. The first one that knows an end decides. A transaction has expired once every node that
/// answers has passed its last height, takes its blockhash for expired, and does not know it. Once a node says that it may land yet, the
/// others have `grace` to know more: a silent one holds up no later look.
pub(super) async fn look(nodes: &[Arc<RpcClient>], sought: Sought, grace: Duration) -> Look {
    let mut looks = JoinSet::new();
    for node in nodes {
        let node = node.clone();
        looks.spawn(async move {
            match timeout(DEADLINE, look_at(&node, sought)).await {
                Ok(Ok(look)) => look,
                Ok(Err(error)) => Look::Silent(describe(&error)),
                Err(_) => Look::Silent("no answer in time".to_string()),
            }
        });
    }
    let (mut open, mut expired, mut failure) = (false, false, "no node was named".to_string());
    let mut end = Instant::now() + DEADLINE * 2;
    while let Ok(Some(look)) = timeout_at(end, looks.join_next()).await {
        match look {
            Ok(end @ (Look::Landed(_) | Look::Failed(_))) => return end,
            Ok(Look::Open) => {
                open = true;
                end = end.min(Instant::now() + grace);
            }
            Ok(Look::Expired) => expired = true,
            Ok(Look::Silent(reason)) => failure = reason,
            Err(error) => failure = error.to_string(),
        }
    }
    match (open, expired) {
        (true, _) => Look::Open,
        (false, true) => Look::Expired,
        (false, false) => Look::Silent(failure),
    }
}

async fn look_at(node: &RpcClient, sought: Sought) -> Result<Look, RpcClientError> {
    let Sought { signature, last_valid, blockhash, history } = sought;
    if let Some(status) = status(node, &signature, history).await? {
        return Ok(classify(node, &status));
    }
    if node.get_block_height().await? <= last_valid {
        return Ok(Look::Open);
    }
    // The height came from one node, which may have been wrong: then the same would be signed and sent once more.
    if let Some(blockhash) = blockhash
        && node.is_blockhash_valid(&blockhash, CommitmentConfig::processed()).await?
    {
        return Ok(Look::Open);
    }
    // The height was read before this status, so a transaction in the last valid block is not missed.
    let status = status(node, &signature, history).await?;
    Ok(status.map_or(Look::Expired, |status| classify(node, &status)))
}

async fn status(
    node: &RpcClient,
    signature: &Signature,
    history: bool,
) -> Result<Option<TransactionStatus>, RpcClientError> {
    let signatures = [*signature];
    let answer = match history {
        true => node.get_signature_statuses_with_history(&signatures).await?,
        false => node.get_signature_statuses(&signatures).await?,
    };
    Ok(answer.value.into_iter().flatten().next())
}

/// Reads a status, which counts once it has the node's commitment: a block before that may be dropped.
fn classify(node: &RpcClient, status: &TransactionStatus) -> Look {
    match &status.err {
        _ if !status.satisfies_commitment(node.commitment()) => Look::Open,
        Some(error) => Look::Failed(error.clone()),
        None => Look::Landed(status.slot),
    }
}
