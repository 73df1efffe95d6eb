//! Ends of transactions: derived from statuses, recorded in the store, then applied to the memory.

use {
    crate::{
        land::{
            classify::{Cause, classify},
            flight::{Carried, Flight},
            journal::{self, TransactionEnd},
            key_faults::{KeyFault, KeyNote},
            lanes,
            pack::Version,
            shared::Shared,
            simulate::place_of,
        },
        store::{Store, StoreError},
    },
    blockable_sdk::{TransactionError, amounts::ChainTime, rpc::TransactionStatus},
    fail::fail_point,
    std::{sync::Arc, time::Duration},
};

/// A transaction that has ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub flight: Flight,
    pub end: TransactionEnd,
    /// The failure as the chain has it.
    pub error: Option<TransactionError>,
}

impl Ended {
    /// The end that the status of a confirmed block means.
    pub(super) fn from_status(flight: Flight, status: &TransactionStatus) -> Ended {
        let (slot, error) = (status.slot, status.err.clone());
        let end = match &error {
            None => TransactionEnd::Landed { slot },
            Some(error) => TransactionEnd::Failed { slot, reason: error.to_string() },
        };
        Ended { flight, end, error }
    }

    /// The end of a transaction that is in no block and can get into none.
    pub(super) fn dead(flight: Flight) -> Ended {
        Ended { flight, end: TransactionEnd::Dead, error: None }
    }
}

/// Records ends in the store, all in one step: the transactions, their intents, and the lanes that failed or succeeded.
/// `first_pause` is the wait after a lane's first failure. Errors: [`StoreError`], with nothing recorded.
pub(super) async fn record(
    store: &Store,
    ended: Vec<Ended>,
    first_pause: Duration,
    now: ChainTime,
) -> Result<Arc<Vec<Ended>>, StoreError> {
    let ended = Arc::new(ended);
    if ended.is_empty() {
        return Ok(ended);
    }
    fail_point!("land-before-record", |_| std::process::abort());
    let recorded = ended.clone();
    let write = move |connection: &rusqlite::Transaction| {
        for one in recorded.iter() {
            journal::record_end(connection, &one.flight, &one.end, now)?;
            record_lanes(connection, one, first_pause, now)?;
        }
        Ok(())
    };
    store.write(write).await?;
    fail_point!("land-after-record", |_| std::process::abort());
    Ok(ended)
}

/// Counts a failure on the chain against the lane of the intent that failed, and clears the lanes of a success.
fn record_lanes(
    connection: &rusqlite::Connection,
    ended: &Ended,
    first_pause: Duration,
    now: ChainTime,
) -> Result<(), StoreError> {
    let Ended { flight, end, error } = ended;
    match end {
        TransactionEnd::Dead => Ok(()),
        // Of the accounts that it writes, the credits have lanes of their own within that of their chunk.
        TransactionEnd::Landed { .. } => flight
            .carried
            .iter()
            .try_for_each(|carried| lanes::succeed(connection, &carried.lane, &flight.writes)),
        TransactionEnd::Failed { reason, .. } => {
            let Some(error) = error else { return Ok(()) };
            let place = place_of(error, Version::from_message(&flight.transaction.message));
            let culprit = place.and_then(|place| flight.carried.get(place));
            match (classify(error), culprit) {
                (Cause::Item { .. }, Some(carried)) => {
                    let named = (carried.lane.as_str(), carried.kind.name(), &carried.subject);
                    lanes::fail(connection, named, reason, first_pause, now).map(drop)
                }
                _ => Ok(()),
            }
        }
    }
}

/// Takes recorded ends into memory: the transactions are in flight no longer, and the next ones with the same work are simulated,
/// priced and paid accordingly.
pub(super) fn apply(shared: &Shared, ended: &[Ended]) {
    for Ended { flight, end, error } in ended {
        shared.flights().remove(&flight.signature, end.slot());
        for Carried { lane, .. } in &flight.carried {
            if !matches!(end, TransactionEnd::Landed { .. }) {
                shared.costs().forget(lane);
            }
            match end {
                TransactionEnd::Dead => shared.attempts().add_death(lane),
                TransactionEnd::Landed { .. } | TransactionEnd::Failed { .. } => {
                    shared.attempts().forget(lane)
                }
            }
        }
        match (end, error.as_ref().map(classify)) {
            (TransactionEnd::Landed { .. }, _) => shared.key_faults().clear(flight.role),
            (TransactionEnd::Failed { .. }, Some(Cause::Payer(reason))) => {
                let (role, fault) = (flight.role, KeyFault::CannotPay);
                shared.key_faults().note([KeyNote { role, fault, reason: Some(reason) }]);
            }
            _ => {}
        }
        measure(flight, end);
    }
}

/// Counts and logs the end of a transaction.
fn measure(flight: &Flight, end: &TransactionEnd) {
    let (signature, role, result) = (flight.signature, flight.role.name(), end.name());
    metrics::counter!("blockable_keeper_transactions_total", "role" => role, "result" => result).increment(1);
    if let Some(slot) = end.slot() {
        metrics::counter!("blockable_keeper_fees_lamports_total", "role" => role)
            .increment(flight.lamports.get());
        if let Some(signed) = flight.signed {
            metrics::histogram!("blockable_keeper_landing_seconds").record(signed.elapsed().as_secs_f64());
        }
        metrics::histogram!("blockable_keeper_landing_slots")
            .record(slot.saturating_sub(flight.from_slot) as f64);
    }
    match end {
        TransactionEnd::Landed { slot } => {
            tracing::info!(%signature, role, slot, carried = flight.carried.len(), "landed");
        }
        TransactionEnd::Failed { slot, reason } => {
            tracing::warn!(%signature, role, slot, reason, "landed and failed");
        }
        TransactionEnd::Dead => {
            metrics::counter!("blockable_keeper_expired_transactions_total").increment(1);
            tracing::warn!(%signature, role, "expired and is in no block; its work is planned anew");
        }
    }
}
