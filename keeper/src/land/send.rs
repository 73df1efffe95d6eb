//! Writes transactions down and sends them: in this order, always.

use {
    crate::{
        chain::Node,
        land::{
            flight::Flight,
            journal,
            lander::{Lander, Landing},
        },
        plan::Intent,
        store::StoreError,
    },
    blockable_sdk::rpc::RpcSendTransactionConfig,
    fail::fail_point,
    futures_util::{StreamExt, future::join_all, stream},
    std::time::Instant,
};

/// Transactions that are sent at once.
const AT_ONCE: usize = 8;

impl Lander {
    /// Writes transactions down, all in one step, and only then sends them.
    pub(super) async fn send(
        &self,
        nodes: &[&Node],
        flights: Vec<(Flight, Vec<Intent>)>,
        landing: &mut Landing,
    ) -> Result<(), StoreError> {
        if flights.is_empty() {
            return Ok(());
        }
        fail_point!("land-before-write", |_| std::process::abort());
        let write = move |connection: &rusqlite::Transaction| {
            let mut written = Vec::with_capacity(flights.len());
            for (flight, intents) in flights {
                // The same work signed for the same block is the same transaction: it is known what became of it.
                if journal::is_known(connection, &flight.signature)? {
                    continue;
                }
                journal::write_ahead(connection, &flight, &intents)?;
                written.push((flight, intents));
            }
            Ok(written)
        };
        let flights = self.inner.store.write(write).await?;
        fail_point!("land-after-write", |_| std::process::abort());
        {
            let mut open = self.inner.flights();
            flights.iter().for_each(|(flight, _)| open.add(flight.clone()));
        }
        landing.transactions = flights.len();
        landing.sent = flights.iter().map(|(_, intents)| intents.len()).sum();
        stream::iter(flights.iter())
            .for_each_concurrent(AT_ONCE, |(flight, _)| self.broadcast(nodes, flight))
            .await;
        for (flight, _) in flights.iter() {
            // Where nobody listens, the next look finds it.
            let _ = self.inner.sent.try_send(flight.signature);
        }
        fail_point!("land-after-send", |_| std::process::abort());
        self.inner.wake.notify_one();
        Ok(())
    }

    /// Sends a transaction to all nodes given. That one refuses it changes nothing: what counts is what becomes of it.
    pub(super) async fn broadcast(&self, nodes: &[&Node], flight: &Flight) {
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
        if let Some(open) = self.inner.flights().get_mut(&flight.signature) {
            open.sent = Some(Instant::now());
        }
    }
}
