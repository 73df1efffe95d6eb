//! Takes freeze orders: checks them, closes the units, records and sends the order.

use {
    super::{
        blockhashes::{self, Validity},
        desk::DeskCore,
        open_orders::ObeyedOrder,
        order::FreezeOrder,
        records::{self, OrderRecord},
        refused::OrderRefused,
        state::OrderState,
    },
    crate::{NoticeKind, gate::now_ms},
    blockable_sdk::{
        Hash,
        amounts::{MarketTime, Units},
    },
    std::{sync::Arc, time::Instant},
    tokio::time::timeout,
};

/// A freeze that the chain shows from within this many seconds may be the very one that is shown to the desk.
const RECENT_SECONDS: i64 = 300;

impl DeskCore {
    /// Obeys an order. Returns its record, to be written, where it is new.
    async fn take(&self, order: FreezeOrder) -> Result<(ObeyedOrder, Option<OrderRecord>), OrderRefused> {
        if self.is_closing() {
            return Err(OrderRefused::ShuttingDown);
        }
        if let Some(obeyed) = self.orders().answer_again(&order.signature)? {
            return Ok((obeyed, None));
        }
        order.check(&self.gate)?;
        let last_valid_height = self.last_valid_height(&order.blockhash).await?;
        self.require_not_landed(&order).await?;
        // Again: the node may have been asked in between.
        let frozen = order.check(&self.gate)?;
        self.begin_obeying(order, frozen, last_valid_height)
    }

    async fn last_valid_height(&self, blockhash: &Hash) -> Result<u64, OrderRefused> {
        let validity = self.blockhashes().validity(blockhash);
        match validity {
            Validity::UpTo(height) => Ok(height),
            Validity::Over => Err(OrderRefused::BlockhashExpired),
            Validity::Unknown => blockhashes::ask_node(&self.rpc, blockhash, self.config.ask_within).await,
        }
    }

    /// Refuses a freeze that has landed before: a credit that was frozen a moment ago and is not now may have been thawed.
    async fn require_not_landed(&self, order: &FreezeOrder) -> Result<(), OrderRefused> {
        let credit = self.gate.credit(&order.credit);
        let now = self.gate.chain_view().market_time();
        let recently = credit.zip(now).is_some_and(|(credit, now)| {
            credit.frozen_at_market != 0
                && now.seconds_since(MarketTime(credit.frozen_at_market)) <= RECENT_SECONDS
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

    /// Closes the units to new jobs. Returns the record to be written, `None` where the same order was taken meanwhile.
    fn begin_obeying(
        &self,
        order: FreezeOrder,
        frozen: Units,
        last_valid_height: u64,
    ) -> Result<(ObeyedOrder, Option<OrderRecord>), OrderRefused> {
        let (signature, address) = (order.signature, order.credit);
        let credit = self.gate.credit(&address).ok_or(OrderRefused::UnknownCredit { credit: address })?;
        let (received_ms, obey_for) = (now_ms(), self.config.obey_for);
        let obey_for_ms = i64::try_from(obey_for.as_millis()).unwrap_or(i64::MAX);
        let record = OrderRecord {
            order,
            lender: credit.lender,
            borrower: credit.borrower,
            frozen,
            last_valid_height,
            received_ms,
            until_ms: received_ms.saturating_add(obey_for_ms),
        };
        let mut orders = self.orders();
        // The same bytes may have been taken while the node was asked.
        if let Some(obeyed) = orders.answer_again(&signature)? {
            return Ok((obeyed, None));
        }
        let obeyed = orders.open(record.clone(), Instant::now() + obey_for)?;
        self.gate.obey_freeze(address, signature, frozen);
        Ok((obeyed, Some(record)))
    }

    /// Records an order that is obeyed with the notice to its parties, and sends it.
    async fn record_and_send(self: Arc<DeskCore>, record: OrderRecord) {
        let order = &record.order;
        let (signature, by) = (order.signature.to_string(), order.by.to_string());
        let credit = self.gate.ledger().credit_with_orders(&order.credit);
        let kind = NoticeKind::FreezeObeyed { signature, by, frozen: record.frozen };
        let notice = record.notice(kind, credit.as_ref());
        let row = record.clone();
        let put = move |connection: &rusqlite::Connection| records::put(connection, &row, OrderState::Open);
        if let Err(error) = self.gate.notify_with(notice, put).await {
            // It is obeyed all the same. A restart forgets the order, and the chain still brings the freeze.
            tracing::error!(signature = %order.signature, %error, "a freeze that is obeyed could not be recorded");
        }
        self.orders().watch(&order.signature);
        tokio::spawn(async move { self.send(&record.order).await });
    }
}

/// A freeze order that was read and checked without asking the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExaminedOrder {
    /// It was taken before, and gets the same answer.
    Again(ObeyedOrder),
    /// The program would allow it, as far as the chain view shows.
    New(FreezeOrder),
}

/// Reads an order and checks it, without asking the node. Logs a refusal.
pub(super) fn examine(desk: &DeskCore, transaction: &[u8]) -> Result<ExaminedOrder, OrderRefused> {
    let examined = || {
        let order = FreezeOrder::read(transaction)?;
        if let Some(obeyed) = desk.orders().answer_again(&order.signature)? {
            return Ok(ExaminedOrder::Again(obeyed));
        }
        order.check(&desk.gate)?;
        Ok(ExaminedOrder::New(order))
    };
    examined().inspect_err(|refused: &OrderRefused| {
        tracing::warn!(code = refused.code(), reason = %refused, "a freeze was refused");
    })
}

/// Takes an order and logs the outcome.
pub(super) async fn obey(desk: &Arc<DeskCore>, order: FreezeOrder) -> Result<ObeyedOrder, OrderRefused> {
    let signature = order.signature;
    let (obeyed, new) = desk.take(order).await.inspect_err(|refused| {
        tracing::warn!(%signature, code = refused.code(), reason = %refused, "a freeze was refused");
    })?;
    if let Some(record) = new {
        tracing::info!(%signature, credit = %obeyed.credit, by = %obeyed.by, frozen = obeyed.frozen.get(), "a freeze is obeyed");
        // A task of its own: a caller that goes away must not leave it unrecorded.
        if tokio::spawn(desk.clone().record_and_send(record)).await.is_err() {
            tracing::error!(%signature, "recording a freeze ended in a panic");
        }
    }
    Ok(obeyed)
}
