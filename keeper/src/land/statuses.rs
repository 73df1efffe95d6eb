//! Reads the statuses of transactions from nodes.

use {
    crate::{
        chain::{Node, NodeError},
        land::flight::Flight,
    },
    blockable_sdk::{
        Signature,
        rpc::{CommitmentConfig, RpcClientError, TransactionStatus},
    },
};

/// Most signatures that a node is asked of at once.
pub(crate) const STATUSES: usize = 256;

/// One node's answer for one transaction.
#[derive(Clone, Debug)]
pub(super) struct NodeStatus {
    /// The transaction's status; `None` where the node knows of none.
    pub status: Option<TransactionStatus>,
    /// Set where the node's blocks go beyond the last one that the transaction could land in.
    pub has_expired: bool,
}

/// Returns whether a status is of a confirmed block: only such a block is the end of a transaction.
pub(super) fn is_confirmed(status: &TransactionStatus) -> bool {
    status.satisfies_commitment(CommitmentConfig::confirmed())
}

/// Asks one node of transactions; through all of its history where `with_history` is set. The block height is read before the
/// statuses, so that a transaction in its last valid block is not missed. Errors: [`NodeError`].
pub(super) async fn read_statuses(
    node: &Node,
    flights: &[Flight],
    with_history: bool,
) -> Result<Vec<NodeStatus>, NodeError> {
    let height = node.block_height(CommitmentConfig::confirmed()).await?;
    let signatures: Vec<Signature> = flights.iter().map(|flight| flight.signature).collect();
    let mut found = Vec::with_capacity(flights.len());
    for page in signatures.chunks(STATUSES) {
        let request = async {
            let answer = match with_history {
                true => node.rpc().get_signature_statuses_with_history(page).await?,
                false => node.rpc().get_signature_statuses(page).await?,
            };
            Ok::<_, RpcClientError>(answer.value)
        };
        let statuses = node.ask("statuses", request).await?;
        if statuses.len() != page.len() {
            return Err(NodeError::Unusable("it has another number of statuses than were asked for"));
        }
        found.extend(statuses);
    }
    let paired = |(flight, status): (&Flight, Option<TransactionStatus>)| NodeStatus {
        status,
        has_expired: height > flight.last_valid_height,
    };
    Ok(flights.iter().zip(found).map(paired).collect())
}
