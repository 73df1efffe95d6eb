//! Takes signed freezes: checks, blocks, records, sends.

use {
    super::{
        DeskConfig, Obeyed,
        blockhashes::{self, Blockhashes, LAG_SLOTS, Life},
        ledger::{Ledger, Limits},
        order::FreezeOrder,
        records::{self, OrderState, Record},
        refused::OrderRefused,
        track,
    },
    crate::{
        Gate, StoreError, What,
        follow::{node, until},
        gate::now_ms,
    },
    base64::{Engine, engine::general_purpose::STANDARD},
    blockable_sdk::{
        Hash,
        rpc::{CommitmentConfig, RpcClient, RpcRequest, describe},
    },
    blockable_service::lock::lock,
    serde_json::json,
    std::{
        sync::{Arc, Mutex, MutexGuard, Weak},
        time::{Duration, Instant},
    },
    tokio::{
        sync::watch,
        task::JoinHandle,
        time::{MissedTickBehavior, interval, timeout},
    },
};

/// Signatures that a node tells the status of at once.
const STATUSES: usize = 256;
/// A freeze that the chain shows from within this many seconds may be the very one that is shown to the desk.
const RECENT: i64 = 300;

pub(super) struct Desk {
    pub(super) gate: Gate,
    pub(super) config: DeskConfig,
    pub(super) rpc: RpcClient,
    ledger: Mutex<Ledger>,
    blockhashes: Mutex<Blockhashes>,
    stop: watch::Sender<bool>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Desk {
    /// Opens the desk with what is recorded as open.
    pub(super) async fn start(gate: Gate, config: DeskConfig) -> Result<Arc<Desk>, StoreError> {
        let kept = gate.write(records::all).await?;
        let limits = Limits { in_all: config.max_open.min(STATUSES), per_credit: config.max_open_per_credit };
        let desk = Arc::new(Desk {
            rpc: node(&config.rpc_url, config.request_timeout),
            ledger: Mutex::new(Ledger::new(limits)),
            blockhashes: Mutex::default(),
            stop: watch::Sender::new(false),
            tasks: Mutex::default(),
            gate,
            config,
        });
        for (signature, state, record) in kept {
            match record {
                Some(record) => desk.resume(record),
                None if state == OrderState::Open => {
                    tracing::error!(%signature, "a recorded freeze cannot be read and is not obeyed any more");
                    desk.ledger().close(signature, OrderState::Failed);
                }
                None => desk.ledger().close(signature, state),
            }
        }
        let stopped = desk.stop.subscribe();
        *lock(&desk.tasks) = vec![
            tokio::spawn(until(stopped.clone(), poll_blockhash(Arc::downgrade(&desk)))),
            tokio::spawn(until(stopped, track::run(Arc::downgrade(&desk)))),
        ];
        Ok(desk)
    }

    fn resume(&self, record: Record) {
        // The calendar may have jumped since: no order is obeyed for longer than one may be.
        let left = u64::try_from(record.until_ms.saturating_sub(now_ms())).unwrap_or(0);
        let left = Duration::from_millis(left).min(self.config.honor_for);
        let order = &record.order;
        self.gate.block(order.credit, order.signature, record.frozen);
        self.ledger().resume(record, Instant::now() + left);
    }

    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        lock(&self.ledger)
    }

    pub(super) async fn stop(&self) {
        self.stop.send_replace(true);
        let tasks = std::mem::take(&mut *lock(&self.tasks));
        for task in tasks {
            if task.await.is_err() {
                tracing::error!("a task of the freeze desk ended in a panic");
            }
        }
    }

    /// Obeys an order. Returns its record, to be written, where it is new.
    async fn take(&self, order: FreezeOrder) -> Result<(Obeyed, Option<Record>), OrderRefused> {
        if *self.stop.borrow() {
            return Err(OrderRefused::ShuttingDown);
        }
        if let Some(obeyed) = self.ledger().known(&order.signature)? {
            return Ok((obeyed, None));
        }
        order.check(&self.gate)?;
        let last_valid_height = self.last_valid_height(&order.blockhash).await?;
        self.require_not_landed(&order).await?;
        // Again: the node may have been asked in between.
        let frozen = order.check(&self.gate)?;
        self.block(order, frozen, last_valid_height)
    }

    async fn last_valid_height(&self, blockhash: &Hash) -> Result<u64, OrderRefused> {
        let life = lock(&self.blockhashes).life(blockhash);
        match life {
            Life::UpTo(height) => Ok(height),
            Life::Over => Err(OrderRefused::BlockhashExpired),
            Life::Unknown => blockhashes::ask(&self.rpc, blockhash, self.config.ask_within).await,
        }
    }

    /// Where the credit was frozen a moment ago and is not now, this may be that freeze, shown again after a thaw.
    async fn require_not_landed(&self, order: &FreezeOrder) -> Result<(), OrderRefused> {
        let credit = self.gate.credit(&order.credit);
        let now = self.gate.sight().market_time();
        let recently = credit.zip(now).is_some_and(|(credit, now)| {
            credit.frozen_at_market != 0 && now.saturating_sub(credit.frozen_at_market) <= RECENT
        });
        if !recently {
            return Ok(());
        }
        let signatures = [order.signature];
        let asked = timeout(self.config.ask_within, self.rpc.get_signature_statuses(&signatures)).await;
        let Ok(Ok(answer)) = asked else { return Err(OrderRefused::Unchecked) };
        match answer.value.into_iter().flatten().next() {
            None => Ok(()),
            Some(status) if status.err.is_some() => Err(OrderRefused::Replayed(OrderState::Failed)),
            Some(_) => Err(OrderRefused::Replayed(OrderState::Landed)),
        }
    }

    fn block(
        &self,
        order: FreezeOrder,
        frozen: u64,
        last_valid_height: u64,
    ) -> Result<(Obeyed, Option<Record>), OrderRefused> {
        let (signature, address) = (order.signature, order.credit);
        let credit = self.gate.credit(&address).ok_or(OrderRefused::UnknownCredit { credit: address })?;
        let (received_ms, honor_for) = (now_ms(), self.config.honor_for);
        let honor_for_ms = i64::try_from(honor_for.as_millis()).unwrap_or(i64::MAX);
        let record = Record {
            order,
            lender: credit.lender,
            borrower: credit.borrower,
            frozen,
            last_valid_height,
            received_ms,
            until_ms: received_ms.saturating_add(honor_for_ms),
        };
        let mut ledger = self.ledger();
        // The same bytes may have been taken while the node was asked.
        if let Some(obeyed) = ledger.known(&signature)? {
            return Ok((obeyed, None));
        }
        let obeyed = ledger.open(record.clone(), Instant::now() + honor_for)?;
        self.gate.block(address, signature, frozen);
        Ok((obeyed, Some(record)))
    }

    /// Records an order that is obeyed, tells the parties, and sends it.
    async fn keep(self: Arc<Desk>, record: Record) {
        let order = &record.order;
        let (signature, by) = (order.signature.to_string(), order.by.to_string());
        let notice = record.notice(What::FreezeObeyed { signature, by, frozen: record.frozen });
        let row = record.clone();
        let put = move |connection: &rusqlite::Connection| records::put(connection, &row, OrderState::Open);
        if let Err(error) = self.gate.notify_with(notice, put).await {
            // It is obeyed all the same: what cannot be recorded is forgotten in a restart, and the chain still has it.
            tracing::error!(signature = %order.signature, %error, "a freeze that is obeyed could not be recorded");
        }
        self.ledger().recorded(&order.signature);
        tokio::spawn(async move { self.send(&record.order).await });
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

/// Takes an order and logs what becomes of it.
pub(super) async fn honor(desk: &Arc<Desk>, transaction: &[u8]) -> Result<Obeyed, OrderRefused> {
    let order = FreezeOrder::read(transaction).inspect_err(|refused| {
        tracing::warn!(code = refused.code(), reason = %refused, "a freeze was refused");
    })?;
    let signature = order.signature;
    let (obeyed, new) = desk.take(order).await.inspect_err(|refused| {
        tracing::warn!(%signature, code = refused.code(), reason = %refused, "a freeze was refused");
    })?;
    if let Some(record) = new {
        tracing::info!(%signature, credit = %obeyed.credit, by = %obeyed.by, frozen = obeyed.frozen, "a freeze is obeyed");
        // A task of its own: a caller that goes away must not leave it unrecorded.
        if tokio::spawn(desk.clone().keep(record)).await.is_err() {
            tracing::error!(%signature, "recording a freeze ended in a panic");
        }
    }
    Ok(obeyed)
}

/// Keeps the recent blockhashes, while the desk lives.
async fn poll_blockhash(desk: Weak<Desk>) {
    let Some(every) = desk.upgrade().map(|desk| desk.config.poll_blockhash_every) else { return };
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(desk) = desk.upgrade() else { return };
        let asked = desk.rpc.get_latest_blockhash_with_commitment_and_context(CommitmentConfig::processed());
        match timeout(desk.config.request_timeout, asked).await {
            // What a node that lags calls the latest may have expired.
            Ok(Ok(answer)) if answer.context.slot.saturating_add(LAG_SLOTS) >= desk.gate.sight().slot() => {
                let (blockhash, last_valid) = answer.value;
                lock(&desk.blockhashes).see(blockhash, last_valid);
            }
            Ok(Ok(_)) => tracing::debug!("the node's latest blockhash is an old one"),
            Ok(Err(error)) => tracing::debug!(reason = %describe(&error), "no blockhash from the node"),
            Err(_) => tracing::debug!("no blockhash from the node in time"),
        }
    }
}
