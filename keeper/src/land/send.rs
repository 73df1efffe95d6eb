//! Writes transactions down and sends them: in this order, always.

use {
    crate::{
        chain::Node,
        land::{
            flight::{Flight, Submission},
            journal,
        },
        store::{Store, StoreError},
    },
    blockable_sdk::rpc::RpcSendTransactionConfig,
    fail::fail_point,
    futures_util::future::join_all,
};

/// Transactions that are sent at once.
pub(super) const AT_ONCE: usize = 8;

/// Writes transactions down, all in one step. Returns those that may be sent: without those that were on record already.
/// Errors: [`StoreError`], with nothing written.
pub(super) async fn write_ahead(
    store: &Store,
    submissions: Vec<Submission>,
) -> Result<Vec<Submission>, StoreError> {
    if submissions.is_empty() {
        return Ok(submissions);
    }
    fail_point!("land-before-write", |_| std::process::abort());
    let write = move |connection: &rusqlite::Transaction| {
        let mut written = Vec::with_capacity(submissions.len());
        for submission in submissions {
            // The same work signed for the same block is the same transaction, and the tracker follows it.
            if !journal::is_known(connection, &submission.flight.signature)? {
                journal::write_ahead(connection, &submission.flight, &submission.intents)?;
                written.push(submission);
            }
        }
        Ok(written)
    };
    let written = store.write(write).await?;
    fail_point!("land-after-write", |_| std::process::abort());
    Ok(written)
}

/// Sends a transaction to all nodes given. One that refuses it changes nothing: the tracker finds out what becomes of it.
pub(super) async fn broadcast(nodes: &[&Node], flight: &Flight) {
    let config = RpcSendTransactionConfig {
        skip_preflight: true,
        max_retries: Some(0),
        ..RpcSendTransactionConfig::default()
    };
    let send = async |node: &&Node| {
        let sent = node.ask("send", node.rpc().send_transaction_with_config(&flight.transaction, config));
        if let Err(error) = sent.await {
            tracing::debug!(node = node.name(), signature = %flight.signature, %error, "not taken");
        }
    };
    join_all(nodes.iter().map(send)).await;
}
