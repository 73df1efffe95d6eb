//! Delivers the entries of the outbox: to each sink in order and at its own pace, again and again until the sink takes them or
//! they are too old.

use {
    crate::{
        alerts::{
            Inner,
            entries::{self, DeliveryAttempt, OutboxEntry},
            record,
            sink::{Sink, Turn},
        },
        health::Beat,
        store::StoreError,
    },
    std::{sync::Arc, time::Duration},
    tokio::sync::watch,
};

/// Pause between two readings of a sink's entries while no alert is raised or cleared.
const POLL: Duration = Duration::from_secs(5);
/// Entries that are read at once.
const BATCH: u32 = 32;
/// Seconds from the first attempt to the second; doubles with each up to [`PAUSE_MAX`].
const PAUSE: i64 = 5;
/// Longest pause between two attempts, in seconds.
const PAUSE_MAX: i64 = 900;
/// Longest reason that is kept, in characters: a mail server may answer with a page.
const REASON_MAX: usize = 300;

/// The result of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RoundResult {
    pub(crate) delivered: usize,
    /// True where more entries may be due.
    pub(crate) more: bool,
}

/// The pause after a number of failed attempts, in seconds.
pub(super) fn pause(attempts: u32) -> i64 {
    PAUSE.saturating_mul(1 << attempts.saturating_sub(1).min(20)).min(PAUSE_MAX)
}

/// Delivers to one sink until the keeper stops. A delivery that has begun is finished.
pub(super) async fn run(alerts: Arc<Inner>, place: usize, mut stop: watch::Receiver<bool>, beat: Beat) {
    let Some(sink) = alerts.sinks.get(place) else { return };
    let mut changed = alerts.changed.subscribe();
    loop {
        beat.beat();
        changed.mark_unchanged();
        let more = match round(&alerts, sink, || beat.beat(), || *stop.borrow()).await {
            Ok(round) => round.more,
            Err(error) => {
                tracing::error!(sink = sink.name(), %error, "the outbox cannot be read or written; trying again");
                false
            }
        };
        let pause = if more { Duration::ZERO } else { POLL };
        tokio::select! {
            _ = stop.wait_for(|stopping| *stopping) => return,
            _ = changed.changed() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Delivers the entries of one sink that are due, in order: those after an entry that was not taken wait for it.
/// Errors: [`StoreError`].
pub(super) async fn round(
    alerts: &Inner,
    sink: &Sink,
    progress: impl Fn(),
    is_stopping: impl Fn() -> bool,
) -> Result<RoundResult, StoreError> {
    let mut turn = sink.turn.lock().await;
    record_attempt(alerts, &mut turn).await?;
    let name = sink.name().to_string();
    let waiting = alerts.store.read(move |connection| entries::waiting(connection, &name, BATCH)).await?;
    let full = waiting.len() >= BATCH as usize;
    let mut delivered = 0usize;
    for entry in waiting {
        if is_stopping() || !is_due(&entry, (alerts.clock)()) {
            return Ok(RoundResult { delivered, more: false });
        }
        let result = attempt(alerts, sink, &entry).await?;
        count(sink, &result);
        turn.unrecorded = Some((entry.id, result.clone()));
        record_attempt(alerts, &mut turn).await?;
        progress();
        match result {
            DeliveryAttempt::Delivered => delivered = delivered.saturating_add(1),
            DeliveryAttempt::GivenUp { .. } => {}
            DeliveryAttempt::Retry { .. } => return Ok(RoundResult { delivered, more: false }),
        }
    }
    Ok(RoundResult { delivered, more: full })
}

/// Records the sink's last attempt if it is not recorded. If the store is full, the attempt is kept in memory and recorded before
/// the sink gets anything else, so that it does not get the same alert again and again. Errors: [`StoreError`].
async fn record_attempt(alerts: &Inner, turn: &mut Turn) -> Result<(), StoreError> {
    if let Some((entry, result)) = turn.unrecorded.clone() {
        alerts.store.write(move |tx| entries::record_attempt(tx, entry, &result)).await?;
        turn.unrecorded = None;
    }
    Ok(())
}

/// Tests whether an entry is due. One that would wait for longer than any pause is due as well: the clock was set back.
fn is_due(entry: &OutboxEntry, now: i64) -> bool {
    !(1..=PAUSE_MAX).contains(&entry.next_at.saturating_sub(now))
}

async fn attempt(alerts: &Inner, sink: &Sink, entry: &OutboxEntry) -> Result<DeliveryAttempt, StoreError> {
    let id = entry.alert;
    let alert = match alerts.store.read(move |connection| record::one(connection, id)).await {
        Ok(alert) => alert,
        // It would never become readable, and all later entries would wait for it.
        Err(error @ StoreError::Content(_)) => {
            return Ok(DeliveryAttempt::GivenUp { reason: error.to_string() });
        }
        Err(error) => return Err(error),
    };
    let Err(reason) = sink.deliver(&alert, entry.phase).await else { return Ok(DeliveryAttempt::Delivered) };
    let reason: String = reason.chars().take(REASON_MAX).collect();
    let now = (alerts.clock)();
    if now.saturating_sub(entry.written_at) >= sink.give_up_after {
        return Ok(DeliveryAttempt::GivenUp { reason });
    }
    Ok(DeliveryAttempt::Retry { at: now.saturating_add(pause(entry.attempts.saturating_add(1))), reason })
}

fn count(sink: &Sink, attempt: &DeliveryAttempt) {
    let sink = sink.name().to_string();
    let result = match attempt {
        DeliveryAttempt::Delivered => "delivered",
        DeliveryAttempt::Retry { reason, .. } => {
            tracing::warn!(sink, reason, "an alert was not delivered; it is sent again later");
            "failed"
        }
        DeliveryAttempt::GivenUp { reason } => {
            tracing::error!(sink, reason, "an alert was given up; check the sink's settings");
            "given_up"
        }
    };
    metrics::counter!("blockable_keeper_deliveries_total", "sink" => sink, "result" => result).increment(1);
}
