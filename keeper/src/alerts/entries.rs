//! The rows of the outbox: one entry for each alert, phase and sink that it is delivered to.

use {
    crate::{
        alerts::{record::Alert, sink::Subscription},
        store::StoreError,
    },
    rusqlite::{Connection, Transaction, params},
};

/// The part of an alert's life that a message is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The alert was raised.
    Raised,
    /// The alert has ended.
    Cleared,
}

impl Phase {
    /// The phase's name in the store and in JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Phase::Raised => "raised",
            Phase::Cleared => "cleared",
        }
    }
}

/// An entry that waits. Times by this machine's clock, in Unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OutboxEntry {
    pub(crate) id: i64,
    pub(crate) alert: i64,
    pub(crate) phase: Phase,
    pub(crate) attempts: u32,
    pub(crate) next_at: i64,
    pub(crate) written_at: i64,
}

/// The result of one attempt to deliver an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DeliveryAttempt {
    Delivered,
    Retry { at: i64, reason: String },
    GivenUp { reason: String },
}

/// Writes an entry for every sink that the alert is for. `written_at` is the time by this machine's clock.
pub(super) fn add_entries(
    tx: &Transaction,
    alert: &Alert,
    phase: Phase,
    subscriptions: &[Subscription],
    written_at: i64,
) -> Result<(), StoreError> {
    let mut statement = tx.prepare_cached(
        "INSERT INTO outbox (alert, sink, phase, state, attempts, next_at, written_at)
         VALUES (?, ?, ?, 'waiting', 0, ?4, ?4) ON CONFLICT (alert, sink, phase) DO NOTHING",
    )?;
    for subscription in subscriptions.iter().filter(|subscription| subscription.includes(alert)) {
        statement.execute(params![alert.id, subscription.sink, phase.name(), written_at])?;
    }
    Ok(())
}

/// Reads the entries that wait for a sink, oldest first.
pub(super) fn waiting(
    connection: &Connection,
    sink: &str,
    limit: u32,
) -> Result<Vec<OutboxEntry>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, alert, phase, attempts, next_at, written_at FROM outbox
         WHERE sink = ? AND state = 'waiting' ORDER BY id LIMIT ?",
    )?;
    let rows = statement.query_map(params![sink, limit], |row| {
        let phase = row.get::<_, String>(2)?;
        let entry = OutboxEntry {
            id: row.get(0)?,
            alert: row.get(1)?,
            phase: if phase == Phase::Raised.name() { Phase::Raised } else { Phase::Cleared },
            attempts: row.get(3)?,
            next_at: row.get(4)?,
            written_at: row.get(5)?,
        };
        Ok(entry)
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Records the result of an attempt.
pub(super) fn record_attempt(
    tx: &Transaction,
    entry: i64,
    attempt: &DeliveryAttempt,
) -> Result<(), StoreError> {
    let (state, next_at, reason) = match attempt {
        DeliveryAttempt::Delivered => ("delivered", None, None),
        DeliveryAttempt::Retry { at, reason } => ("waiting", Some(*at), Some(reason)),
        DeliveryAttempt::GivenUp { reason } => ("given_up", None, Some(reason)),
    };
    tx.execute(
        "UPDATE outbox SET state = ?, attempts = attempts + 1, next_at = coalesce(?, next_at), reason = ? WHERE id = ?",
        params![state, next_at, reason, entry],
    )?;
    Ok(())
}

/// Gives up the entries that wait for sinks that are no longer configured. Returns how many.
pub(super) fn give_up_others(tx: &Transaction, subscriptions: &[Subscription]) -> Result<usize, StoreError> {
    let known: Vec<&str> = subscriptions.iter().map(|subscription| subscription.sink.as_str()).collect();
    let given_up = tx.execute(
        "UPDATE outbox SET state = 'given_up', reason = 'its sink is no longer configured'
         WHERE state = 'waiting' AND sink NOT IN (SELECT value FROM json_each(?))",
        [serde_json::to_string(&known)?],
    )?;
    Ok(given_up)
}
