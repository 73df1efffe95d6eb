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

/// The state of a transaction as one node knows it.
#[derive(Debug)]
enum Known {
    /// It landed and did its work, in a slot.
    Landed(u64),
    /// It landed and failed.
    Failed(TransactionError),
    /// It may land yet, or waits for its confirmation.
    Open,
    /// It did not land within the blocks that it could land in.
    Expired,
}

/// The state of a transaction as all nodes together know it.
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
    /// Nodes have it as landed in a slot, and others do not have it yet; true where those are no more.
    Disputed(u64, bool),
    /// Too few nodes answer to know; the reason.
    Silent(String),
}

/// The answers of nodes to one look.
#[derive(Default)]
struct Tally {
    landed: usize,
    slot: u64,
    failed: usize,
    error: Option<TransactionError>,
    expired: usize,
    open: usize,
}

impl Tally {
    /// The state that these answers amount to, where `named` nodes were asked.
    ///
    /// It has landed where more nodes say so than say that it may land yet. That it has had no effect, because it failed or expired, takes
    /// more than half of all that are named: it would be signed and sent once more, and a node that fails a request meanwhile is no node
    /// that agrees.
    fn result(self, named: usize, failure: String) -> Look {
        let Tally { landed, slot, failed, error, expired, open } = self;
        let without_effect = failed.saturating_add(expired);
        if landed > 0 && landed >= failed {
            return if landed > open { Look::Landed(slot) } else { Look::Disputed(slot, landed == open) };
        }
        match error {
            _ if landed > 0 || open > 0 => Look::Open,
            _ if without_effect == 0 => Look::Silent(failure),
            _ if without_effect.saturating_mul(2) <= named => Look::Silent(format!(
                "{without_effect} of {named} nodes say that it failed or expired, too few to rely on; of another: {failure}"
            )),
            Some(error) => Look::Failed(error),
            None => Look::Expired,
        }
    }
}

/// Looks a transaction up on all nodes, and counts their answers. It has expired for a node that has passed its last height, takes its
/// blockhash for expired, and does not have it in its history. Once a node says anything else, the others have `grace` to know more: a
/// silent one holds up no later look.
pub(super) async fn look(nodes: &[Arc<RpcClient>], sought: Sought, grace: Duration) -> Look {
    let mut looks = JoinSet::new();
    for node in nodes {
        let node = node.clone();
        looks.spawn(async move {
            match timeout(DEADLINE, look_at(&node, sought)).await {
                Ok(answer) => answer.map_err(|error| describe(&error)),
                Err(_) => Err("no answer in time".to_string()),
            }
        });
    }
    let mut tally = Tally::default();
    let mut failure = "no node was named".to_string();
    // Each look has its own deadline; this one ends the loop where a task does not come back.
    let mut until = Instant::now() + DEADLINE * 2;
    while let Ok(Some(answer)) = timeout_at(until, looks.join_next()).await {
        match answer.unwrap_or_else(|error| Err(error.to_string())) {
            Ok(Known::Landed(slot)) => {
                (tally.landed, tally.slot) = (tally.landed.saturating_add(1), slot);
                if tally.landed.saturating_mul(2) > nodes.len() {
                    return Look::Landed(slot);
                }
            }
            Ok(Known::Failed(error)) => {
                (tally.failed, tally.error) = (tally.failed.saturating_add(1), Some(error));
            }
            Ok(Known::Open) => tally.open = tally.open.saturating_add(1),
            // The history may be slow, and the others know as little by then.
            Ok(Known::Expired) => {
                tally.expired = tally.expired.saturating_add(1);
                continue;
            }
            Err(reason) => {
                failure = reason;
                continue;
            }
        }
        until = until.min(Instant::now() + grace);
    }
    tally.result(nodes.len(), failure)
}

async fn look_at(node: &RpcClient, sought: Sought) -> Result<Known, RpcClientError> {
    let Sought { signature, last_valid, blockhash, history } = sought;
    if let Some(status) = status(node, &signature, history).await? {
        return Ok(classify(node, &status));
    }
    if node.get_block_height().await? <= last_valid {
        return Ok(Known::Open);
    }
    // The height came from one node, which may have been wrong: then the same would be signed and sent once more.
    if let Some(blockhash) = blockhash
        && node.is_blockhash_valid(&blockhash, CommitmentConfig::processed()).await?
    {
        return Ok(Known::Open);
    }
    // The height was read before this status, so a transaction in the last valid block is not missed. Statuses of some two minutes are
    // all that a node has at hand: without its history one that landed before them would count as expired.
    let status = status(node, &signature, true).await?;
    Ok(status.map_or(Known::Expired, |status| classify(node, &status)))
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
fn classify(node: &RpcClient, status: &TransactionStatus) -> Known {
    match &status.err {
        _ if !status.satisfies_commitment(node.commitment()) => Known::Open,
        Some(error) => Known::Failed(error.clone()),
        None => Known::Landed(status.slot),
    }
}
