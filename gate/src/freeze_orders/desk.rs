//! The state that the desk's intake and its tracker share.

use {
    super::{
        blockhashes::{Blockhashes, LAG_SLOTS},
        config::FreezeDeskConfig,
        open_orders::{OpenLimits, OpenOrders},
        order::FreezeOrder,
        records::{self, OrderRecord},
        state::OrderState,
    },
    crate::{Gate, StoreError, follow::node, gate::now_ms},
    base64::{Engine, engine::general_purpose::STANDARD},
    blockable_sdk::rpc::{CommitmentConfig, RpcClient, RpcRequest, describe},
    blockable_service::lock::lock,
    serde_json::json,
    std::{
        sync::{
            Arc, Mutex, MutexGuard, Weak,
            atomic::{AtomicBool, Ordering},
        },
        time::{Duration, Instant},
    },
    tokio::time::{MissedTickBehavior, interval, timeout},
};

/// Signatures that a node gives the status of in one answer.
const STATUSES: usize = 256;

/// The state that all clones of a [`super::FreezeDesk`] share: its orders, its node and its settings.
///
/// The desk's two tasks hold it weakly, so that they end with the last clone of the `FreezeDesk`. `orders` and `blockhashes`
/// are locked for single steps and never across an `await`. The gate's ledger may be locked while `orders` is held, never the
/// other way round. The gate obeys an order before its record is written: a crash in between loses the order's record and not
/// the freeze itself, which its sender also sends to the chain. Orders whose record says `open` are obeyed again at the next start.
pub(super) struct DeskCore {
    pub(super) gate: Gate,
    pub(super) config: FreezeDeskConfig,
    pub(super) rpc: RpcClient,
    orders: Mutex<OpenOrders>,
    blockhashes: Mutex<Blockhashes>,
    /// Set when no further order is taken.
    closing: AtomicBool,
}

impl DeskCore {
    /// Opens the desk with the orders that are recorded as open. Errors: [`StoreError`].
    pub(super) async fn open(gate: Gate, config: FreezeDeskConfig) -> Result<Arc<DeskCore>, StoreError> {
        let kept = gate.write(records::all).await?;
        let limits =
            OpenLimits { total: config.max_open.min(STATUSES), per_credit: config.max_open_per_credit };
        let desk = Arc::new(DeskCore {
            rpc: node(&config.rpc_url, config.request_timeout),
            orders: Mutex::new(OpenOrders::new(limits)),
            blockhashes: Mutex::default(),
            closing: AtomicBool::new(false),
            gate,
            config,
        });
        for (signature, state, record) in kept {
            match record {
                Some(record) => desk.resume(record),
                None if state == OrderState::Open => {
                    tracing::error!(%signature, "a recorded freeze cannot be read and is not obeyed any more");
                    desk.orders().close(signature, OrderState::Failed);
                }
                None => desk.orders().close(signature, state),
            }
        }
        Ok(desk)
    }

    fn resume(&self, record: OrderRecord) {
        // The calendar may have jumped since: no order is obeyed for longer than one may be.
        let left = u64::try_from(record.until_ms.saturating_sub(now_ms())).unwrap_or(0);
        let left = Duration::from_millis(left).min(self.config.obey_for);
        let order = &record.order;
        self.gate.obey_freeze(order.credit, order.signature, record.frozen);
        self.orders().resume(record, Instant::now() + left);
    }

    /// The orders that are open, and those that were.
    pub(super) fn orders(&self) -> MutexGuard<'_, OpenOrders> {
        lock(&self.orders)
    }

    /// The blockhashes seen lately.
    pub(super) fn blockhashes(&self) -> MutexGuard<'_, Blockhashes> {
        lock(&self.blockhashes)
    }

    /// Takes no further order from now on.
    pub(super) fn stop_taking(&self) {
        self.closing.store(true, Ordering::Relaxed);
    }

    /// True once no further order is taken.
    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    /// Sends an order to the chain; whether it lands is seen there.
    pub(super) async fn send(&self, order: &FreezeOrder) {
        let options = json!({"encoding": "base64", "skipPreflight": true, "maxRetries": 0});
        let params = json!([STANDARD.encode(&order.bytes), options]);
        let sent = self.rpc.send::<String>(RpcRequest::SendTransaction, params);
        match timeout(self.config.request_timeout, sent).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => {
                tracing::debug!(signature = %order.signature, reason = %describe(&error), "the node took no freeze");
            }
            Err(_) => tracing::debug!(signature = %order.signature, "the node took no freeze in time"),
        }
    }
}

/// Keeps the recent blockhashes, while the desk lives.
pub(super) async fn poll_blockhash(desk: Weak<DeskCore>) {
    let Some(every) = desk.upgrade().map(|desk| desk.config.poll_blockhash_every) else { return };
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(desk) = desk.upgrade() else { return };
        let asked = desk.rpc.get_latest_blockhash_with_commitment_and_context(CommitmentConfig::processed());
        match timeout(desk.config.request_timeout, asked).await {
            // What a node that lags calls the latest may have expired.
            Ok(Ok(answer))
                if answer.context.slot.saturating_add(LAG_SLOTS) >= desk.gate.chain_view().slot() =>
            {
                let (blockhash, last_valid) = answer.value;
                desk.blockhashes().record(blockhash, last_valid);
            }
            Ok(Ok(_)) => tracing::debug!("the node's latest blockhash is an old one"),
            Ok(Err(error)) => tracing::debug!(reason = %describe(&error), "no blockhash from the node"),
            Err(_) => tracing::debug!("no blockhash from the node in time"),
        }
    }
}
