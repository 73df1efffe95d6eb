//! Hands a transaction to several nodes at once.

use {
    crate::rpc::{RpcClient, RpcClientError, RpcClientErrorKind, RpcError, RpcSendTransactionConfig},
    solana_transaction::versioned::VersionedTransaction,
    solana_transaction_error::TransactionError,
    std::sync::Arc,
    tokio::sync::mpsc,
};

/// Codes by which a node says that it has passed nothing on: wrong signatures, a malformed transaction.
const NOT_TAKEN: [i64; 5] = [-32_003, -32_006, -32_013, -32_015, -32_602];
/// Code of a transaction that fails in the node's own simulation.
const FAILED_PREFLIGHT: i64 = -32_002;

/// The answer of nodes to a transaction.
#[derive(Debug)]
pub(super) enum Taken {
    /// A node took it, or may have.
    Perhaps,
    /// Every node answered that it has not taken it.
    Refused(Box<RpcClientError>),
}

/// Hands a transaction to all nodes. Returns with the first that takes it; the others are still sent to. A broken connection or
/// an answer that cannot be read may hide that the node took it.
pub(super) async fn broadcast(nodes: &[Arc<RpcClient>], transaction: &VersionedTransaction) -> Taken {
    let (answers, mut received) = mpsc::channel(nodes.len().max(1));
    for node in nodes {
        let (node, transaction, answers) = (node.clone(), transaction.clone(), answers.clone());
        tokio::spawn(async move {
            // The sender has simulated it: a second simulation would only hold it up.
            let config = RpcSendTransactionConfig { skip_preflight: true, ..Default::default() };
            let answer = node.send_transaction_with_config(&transaction, config).await;
            // Nobody waits for it once another node has taken the transaction.
            let _ = answers.send(answer).await;
        });
    }
    drop(answers);
    let mut refusal = None;
    let mut is_refused = true;
    while let Some(answer) = received.recv().await {
        match answer {
            Ok(_) => return Taken::Perhaps,
            Err(error) if is_refusal(&error) => refusal = Some(error),
            Err(_) => is_refused = false,
        }
    }
    match refusal {
        Some(error) if is_refused => Taken::Refused(Box::new(error)),
        _ => Taken::Perhaps,
    }
}

/// A proxy that repeats a request makes a copy: a node that has processed the transaction refuses the copy alone, and not every node
/// says that this is the reason. So a failed simulation counts as a refusal only where it has another reason.
fn is_refusal(error: &RpcClientError) -> bool {
    let RpcClientErrorKind::RpcError(RpcError::RpcResponseError { code, .. }) = error.kind() else {
        return false;
    };
    match *code {
        FAILED_PREFLIGHT => {
            error.get_transaction_error().is_some_and(|reason| reason != TransactionError::AlreadyProcessed)
        }
        code => NOT_TAKEN.contains(&code),
    }
}
