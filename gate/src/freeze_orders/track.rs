//! Watches the orders that are obeyed until each has landed, failed, expired or been obeyed for long enough.

use {
    super::{
        desk::DeskCore,
        open_orders::OpenOrder,
        records,
        state::{OrderState, REMEMBER_FOR},
    },
    crate::{NoticeKind, gate::now_ms, notice},
    blockable_sdk::{
        Signature, TransactionError,
        amounts::Units,
        rpc::{CommitmentConfig, RpcClientError, TransactionStatus, describe},
    },
    futures_util::{StreamExt, stream},
    std::{
        collections::HashMap,
        sync::Weak,
        time::{Duration, Instant},
    },
    tokio::time::{MissedTickBehavior, interval, timeout},
};

/// Orders that are sent at once.
const AT_ONCE: usize = 8;
/// Interval at which old records are removed.
const PRUNE_EVERY: Duration = Duration::from_secs(60);

/// An order's transaction as the node reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum TransactionState {
    /// Nothing: the node did not answer.
    Unasked,
    /// It is in no block that the node knows of.
    Absent {
        /// The block height that was confirmed before the search, if the node searched all of its history.
        up_to: Option<u64>,
    },
    /// It is in a block.
    Landed {
        slot: u64,
        /// The cluster has voted for the block: it stays.
        confirmed: bool,
        /// The reason for which the transaction failed.
        failure: Option<TransactionError>,
    },
}

/// The next step for an order.
#[derive(Clone, Debug, PartialEq, Eq)]
enum NextStep {
    /// It is still obeyed, and sent again where it is in no block.
    Wait { send: bool },
    /// It has landed for good, and is obeyed until the gate has seen the credit as of the slot.
    AwaitView { slot: u64 },
    /// It has landed, and the gate has seen the freeze on chain, which takes its place.
    Close { slot: u64 },
    /// It is no longer obeyed.
    Lift { state: OrderState, reason: String },
}

/// The frozen units of an order's credit as of a slot of the gate's chain view, `None` where the credit is gone.
type FrozenAtSlot = (u64, Option<Units>);

/// Evaluates an order by its transaction on chain and by its credit in the gate's chain view.
///
/// A block that is only processed may be dropped, and with it what the transaction did or failed at: nothing is decided
/// before the block is confirmed. Until then units are closed by the order itself and by the chain view; the larger number
/// counts.
fn evaluate(
    open: &OpenOrder,
    transaction: &TransactionState,
    seen: Option<FrozenAtSlot>,
    now: Instant,
) -> NextStep {
    let landed = match transaction {
        TransactionState::Landed { slot, confirmed: true, failure: None } => Some(*slot),
        _ => open.landed,
    };
    if let Some(slot) = landed {
        // The chain has frozen the units: no time limit opens them before the chain view has that. Nodes date one change
        // by slots that differ by one, so the number of frozen units is enough, whatever the slot.
        let shows = |(at, frozen): FrozenAtSlot| at >= slot || frozen >= Some(open.record.frozen);
        return match seen.is_some_and(shows) {
            true => NextStep::Close { slot },
            false => NextStep::AwaitView { slot },
        };
    }
    if let TransactionState::Landed { confirmed: true, failure: Some(failure), .. } = transaction {
        let reason = format!("the transaction landed and failed: {}", open.record.order.explain(failure));
        return NextStep::Lift { state: OrderState::Failed, reason };
    }
    if let TransactionState::Absent { up_to: Some(height) } = transaction
        && *height > open.record.last_valid_height
    {
        let reason = "its blockhash expired before the transaction landed; sign it again".to_string();
        return NextStep::Lift { state: OrderState::Expired, reason };
    }
    if now >= open.deadline {
        let reason =
            "it was obeyed for as long as an order may be and has not landed; sign it again".to_string();
        return NextStep::Lift { state: OrderState::Lapsed, reason };
    }
    NextStep::Wait { send: matches!(transaction, TransactionState::Absent { .. }) }
}

/// Watches, while the desk lives.
pub(super) async fn run(desk: Weak<DeskCore>) {
    let Some(every) = desk.upgrade().map(|desk| desk.config.track_every) else { return };
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut pruned: Option<Instant> = None;
    loop {
        ticks.tick().await;
        let Some(desk) = desk.upgrade() else { return };
        track_open(&desk).await;
        if pruned.is_none_or(|at| at.elapsed() >= PRUNE_EVERY) {
            pruned = Some(Instant::now());
            prune(&desk).await;
        }
    }
}

async fn track_open(desk: &DeskCore) {
    let (ended, watched): (Vec<OpenOrder>, Vec<OpenOrder>) =
        desk.orders().watched().into_iter().partition(|open| open.ended.is_some());
    for open in ended {
        if let Some((state, kind)) = open.ended.clone() {
            close(desk, &open, state, kind).await;
        }
    }
    if watched.is_empty() {
        return;
    }
    let asked = timeout(desk.config.request_timeout, on_chain(desk, &watched)).await;
    let mut on_chain = match asked {
        Ok(Ok(on_chain)) => on_chain,
        Ok(Err(error)) => {
            tracing::warn!(reason = %describe(&error), "the node does not answer whether freezes have landed");
            HashMap::new()
        }
        Err(_) => {
            tracing::warn!("the node does not answer in time whether freezes have landed");
            HashMap::new()
        }
    };
    let mut again = Vec::new();
    for open in watched {
        let transaction = on_chain.remove(&open.record.order.signature).unwrap_or(TransactionState::Unasked);
        let seen = {
            let (ledger, credit) = (desk.gate.ledger(), &open.record.order.credit);
            ledger
                .slot(credit)
                .map(|slot| (slot, ledger.credit(credit).map(|credit| Units(credit.collateral.frozen()))))
        };
        match evaluate(&open, &transaction, seen, Instant::now()) {
            NextStep::Wait { send: true } => again.push(open),
            NextStep::Wait { send: false } => {}
            NextStep::AwaitView { slot } => desk.orders().set_landed(&open.record.order.signature, slot),
            NextStep::Close { slot } => {
                let signature = open.record.order.signature.to_string();
                close(desk, &open, OrderState::Landed, NoticeKind::FreezeLanded { signature, slot }).await;
            }
            NextStep::Lift { state, reason } => {
                let signature = open.record.order.signature.to_string();
                close(desk, &open, state, NoticeKind::FreezeLifted { signature, reason }).await;
            }
        }
    }
    let sent = stream::iter(again).for_each_concurrent(AT_ONCE, |open| async move {
        desk.send(&open.record.order).await;
    });
    // Orders that are not sent in time are sent at the next tick.
    let _ = timeout(desk.config.request_timeout, sent).await;
}

/// Asks the node about all orders at once; about those that may have expired once more, through all of its history.
async fn on_chain(
    desk: &DeskCore,
    watched: &[OpenOrder],
) -> Result<HashMap<Signature, TransactionState>, RpcClientError> {
    // The height comes first: a transaction in its last valid block is not missed then.
    let height = desk.rpc.get_block_height_with_commitment(CommitmentConfig::confirmed()).await?;
    let signatures: Vec<Signature> = watched.iter().map(|open| open.record.order.signature).collect();
    let statuses = desk.rpc.get_signature_statuses(&signatures).await?.value;
    let mut on_chain: HashMap<Signature, TransactionState> = signatures
        .into_iter()
        .zip(statuses.iter().map(|status| transaction_state(status.as_ref(), None)))
        .collect();
    let expired = |open: &&OpenOrder| {
        let absent =
            matches!(on_chain.get(&open.record.order.signature), Some(TransactionState::Absent { .. }));
        absent && height > open.record.last_valid_height
    };
    let doubtful: Vec<Signature> =
        watched.iter().filter(expired).map(|open| open.record.order.signature).collect();
    if !doubtful.is_empty() {
        let statuses = desk.rpc.get_signature_statuses_with_history(&doubtful).await?.value;
        for (signature, status) in doubtful.into_iter().zip(&statuses) {
            on_chain.insert(signature, transaction_state(status.as_ref(), Some(height)));
        }
    }
    Ok(on_chain)
}

fn transaction_state(status: Option<&TransactionStatus>, up_to: Option<u64>) -> TransactionState {
    match status {
        None => TransactionState::Absent { up_to },
        Some(status) => TransactionState::Landed {
            slot: status.slot,
            confirmed: status.satisfies_commitment(CommitmentConfig::confirmed()),
            failure: status.err.clone(),
        },
    }
}

/// Closes an order: first on record, so that no restart obeys it again, then at the gate. Where the end cannot be recorded
/// the gate obeys the order no longer all the same, and the next round records it: the parties' notice is never lost.
async fn close(desk: &DeskCore, open: &OpenOrder, state: OrderState, kind: NoticeKind) {
    let (record, order) = (open.record.clone(), &open.record.order);
    // Without the order, which is obeyed no longer from here on.
    let credit = desk.gate.credit(&order.credit);
    let notice = record.notice(kind.clone(), credit.as_ref());
    let shown = credit.map(|credit| Units(credit.collateral.frozen()));
    let put = move |connection: &rusqlite::Connection| {
        records::put(connection, &record, state)?;
        match shown.filter(|_| state == OrderState::Landed) {
            // The landing is its notice: the chain's freeze gets no other one.
            Some(frozen) => notice::raise_frozen(connection, &record.order.credit, frozen),
            None => Ok(()),
        }
    };
    let recorded = desk.gate.notify_with(notice, put).await;
    desk.gate.lift_freeze(&order.credit, &order.signature);
    if let Err(error) = recorded {
        tracing::error!(signature = %order.signature, %error, "the end of a freeze could not be recorded; trying again");
        desk.orders().set_ended(&order.signature, state, kind);
        return;
    }
    desk.orders().close(order.signature, state);
    tracing::info!(signature = %order.signature, credit = %order.credit, %state, "a freeze is no longer obeyed ahead of the chain");
}

async fn prune(desk: &DeskCore) {
    desk.orders().prune();
    let keep = i64::try_from(REMEMBER_FOR.as_millis()).unwrap_or(i64::MAX);
    let before = now_ms().saturating_sub(keep);
    if let Err(error) = desk.gate.write(move |connection| records::prune(connection, before)).await {
        tracing::warn!(%error, "old freezes could not be forgotten");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_node_says_of_a_transaction() {
        let status = |level: &str| -> TransactionStatus {
            serde_json::from_value(serde_json::json!({
                "slot": 7, "confirmations": 0, "status": {"Ok": null}, "err": null, "confirmationStatus": level,
            }))
            .unwrap()
        };
        let landed = |confirmed| TransactionState::Landed { slot: 7, confirmed, failure: None };
        assert_eq!(transaction_state(Some(&status("processed")), None), landed(false));
        assert_eq!(transaction_state(Some(&status("confirmed")), None), landed(true));
        assert_eq!(transaction_state(Some(&status("finalized")), Some(9)), landed(true));
        assert_eq!(transaction_state(None, Some(9)), TransactionState::Absent { up_to: Some(9) });
    }
}
