//! The rows of the outbox: one entry for each alert, phase and sink that it is delivered to.
//!
//! | state | meaning |
//! |---|---|
//! | `waiting` | it is sent as soon as it is due, by severity first and then in order for each subject |
//! | `held` | it is sent together with others of its rule, once that is due |
//! | `delivered` | the sink has taken it |
//! | `given_up` | the sink never will, or has not for too long; `reason` says why |

use {
    crate::{
        alerts::{Severity, record::Alert, sink::Subscription},
        store::StoreError,
    },
    rusqlite::{Connection, OptionalExtension, Transaction, params},
};

/// Seconds within which the messages of a rule are counted for digests.
const RATE_WITHIN: i64 = 3_600;
/// Seconds between two digests of a rule that raises many alerts.
const DIGEST_EVERY: i64 = 900;
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

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

    /// The number of the change in the alert's life.
    pub(super) fn change(self) -> u32 {
        match self {
            Phase::Raised => 1,
            Phase::Cleared => 2,
        }
    }

    /// Reads a name of the store.
    pub(super) fn from_name(name: &str) -> Phase {
        if name == Phase::Raised.name() { Phase::Raised } else { Phase::Cleared }
    }
}

/// The result of one attempt to deliver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DeliveryAttempt {
    Delivered,
    Retry { at: i64, reason: String },
    GivenUp { reason: String },
}

/// The way in which an entry begins.
struct Start {
    state: &'static str,
    next_at: i64,
}

/// Writes an entry for every sink that the alert is for. `written_at` is the time by this machine's clock, `digest_hour` the hour of
/// daily digests.
pub(super) fn add_entries(
    tx: &Transaction,
    alert: &Alert,
    phase: Phase,
    subscriptions: &[Subscription],
    written_at: i64,
    digest_hour: i64,
) -> Result<(), StoreError> {
    let mut statement = tx.prepare_cached(
        "INSERT INTO outbox (alert, sink, phase, state, attempts, next_at, written_at, rank, subject, rule)
         VALUES (?, ?, ?, ?, 0, ?, ?, ?, ?, ?) ON CONFLICT (alert, sink, phase) DO NOTHING",
    )?;
    for subscription in subscriptions.iter().filter(|subscription| subscription.includes(alert)) {
        let start = start(tx, alert, phase, subscription, written_at, digest_hour)?;
        statement.execute(params![
            alert.id,
            subscription.sink,
            phase.name(),
            start.state,
            start.next_at,
            written_at,
            alert.severity.rank(),
            alert.subject.to_bytes(),
            alert.rule.name(),
        ])?;
    }
    Ok(())
}

/// Works out whether an entry is sent by itself or waits for a digest. A critical alert is always sent by itself. The end of an alert
/// stays behind a beginning that still waits for its digest.
fn start(
    tx: &Transaction,
    alert: &Alert,
    phase: Phase,
    subscription: &Subscription,
    now: i64,
    digest_hour: i64,
) -> Result<Start, StoreError> {
    if phase == Phase::Cleared {
        let held =
            "SELECT next_at FROM outbox WHERE alert = ? AND sink = ? AND phase = 'raised' AND state = 'held'";
        let held = tx
            .prepare_cached(held)?
            .query_row(params![alert.id, subscription.sink], |row| row.get(0))
            .optional()?;
        if let Some(next_at) = held {
            return Ok(Start { state: "held", next_at });
        }
    }
    if alert.severity == Severity::Critical {
        return Ok(Start { state: "waiting", next_at: now });
    }
    if alert.severity == Severity::Info && subscription.is_info_daily() {
        return Ok(Start { state: "held", next_at: next_daily(now, digest_hour) });
    }
    let limit = subscription.digest_above();
    let recent: u32 = tx
        .prepare_cached(
            "SELECT count(*) FROM (SELECT 1 FROM outbox WHERE sink = ? AND rule = ? AND written_at > ? LIMIT ?)",
        )?
        .query_row(
            params![subscription.sink, alert.rule.name(), now.saturating_sub(RATE_WITHIN), limit],
            |row| row.get(0),
        )?;
    Ok(match recent >= limit {
        true => Start { state: "held", next_at: next_digest(now) },
        false => Start { state: "waiting", next_at: now },
    })
}

/// The next time at which daily digests leave.
fn next_daily(now: i64, hour: i64) -> i64 {
    let today = now.div_euclid(DAY).saturating_mul(DAY).saturating_add(hour.saturating_mul(HOUR));
    if today > now { today } else { today.saturating_add(DAY) }
}

/// The next time at which digests of rules with many messages leave.
fn next_digest(now: i64) -> i64 {
    now.div_euclid(DIGEST_EVERY).saturating_add(1).saturating_mul(DIGEST_EVERY)
}

/// Marks the beginning of an alert as delivered to sinks that got it before the store could take it.
pub(super) fn mark_delivered(tx: &Transaction, alert: i64, sinks: &[String]) -> Result<(), StoreError> {
    let mut statement = tx.prepare_cached(
        "UPDATE outbox SET state = 'delivered', attempts = 1 WHERE alert = ? AND sink = ? AND phase = 'raised'",
    )?;
    for sink in sinks {
        statement.execute(params![alert, sink])?;
    }
    Ok(())
}

/// Gives up the entries that wait for sinks that are no longer configured. Returns how many.
pub(super) fn give_up_others(tx: &Transaction, subscriptions: &[Subscription]) -> Result<usize, StoreError> {
    let known: Vec<&str> = subscriptions.iter().map(|subscription| subscription.sink.as_str()).collect();
    let given_up = tx.execute(
        "UPDATE outbox SET state = 'given_up', reason = 'its sink is no longer configured'
         WHERE state IN ('waiting', 'held') AND sink NOT IN (SELECT value FROM json_each(?))",
        [serde_json::to_string(&known)?],
    )?;
    Ok(given_up)
}

/// The delivery of one phase of an alert to one sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Delivery {
    /// The alert's number.
    pub(crate) alert: i64,
    /// The sink's name, which shows neither address nor secret.
    pub(crate) sink: String,
    /// `raised` or `cleared`.
    pub(crate) phase: String,
    /// `waiting`, `held` (for a digest), `delivered` or `given_up`.
    pub(crate) state: String,
    /// Attempts so far.
    pub(crate) attempts: u32,
    /// Time of the next attempt in Unix seconds of the keeper's machine; `None` where there is none.
    pub(crate) next_at: Option<i64>,
    /// The reason for which the last attempt failed.
    pub(crate) reason: Option<String>,
}

/// Reads the deliveries of alerts, by their numbers, in order.
pub(super) fn deliveries(connection: &Connection, alerts: &[i64]) -> Result<Vec<Delivery>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT alert, sink, phase, state, attempts, next_at, reason FROM outbox
         WHERE alert IN (SELECT value FROM json_each(?)) ORDER BY alert DESC, id",
    )?;
    let rows = statement.query_map([serde_json::to_string(alerts)?], |row| {
        let state: String = row.get(3)?;
        let is_open = state == "waiting" || state == "held";
        Ok(Delivery {
            alert: row.get(0)?,
            sink: row.get(1)?,
            phase: row.get(2)?,
            attempts: row.get(4)?,
            next_at: row.get::<_, Option<i64>>(5)?.filter(|_| is_open),
            reason: row.get(6)?,
            state,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
