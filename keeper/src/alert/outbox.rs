//! Delivers what is in the outbox: to each sink in order and at its own pace, again and again until it is taken or too old.

use {
    crate::{
        alert::{
            Inner,
            letters::{self, Fate, Letter},
            record,
            sink::Sink,
        },
        health::Beat,
        store::StoreError,
    },
    std::{sync::Arc, time::Duration},
    tokio::sync::watch,
};

/// How often a sink is looked at that nobody told of.
const LOOK: Duration = Duration::from_secs(5);
/// Letters that are read at once.
const BATCH: u32 = 32;
/// Seconds from the first attempt to the second; doubles with each up to [`PAUSE_MAX`].
const PAUSE: i64 = 5;
const PAUSE_MAX: i64 = 900;
/// Longest reason that is kept, in characters: a mail server may answer with a page.
const REASON_MAX: usize = 300;

/// What a round has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Round {
    pub delivered: usize,
    /// Whether there may be more that is due.
    pub more: bool,
}

/// Seconds to wait after a number of attempts that failed.
pub(super) fn pause(attempts: u32) -> i64 {
    PAUSE.saturating_mul(1 << attempts.saturating_sub(1).min(20)).min(PAUSE_MAX)
}

/// Delivers to one sink until the keeper stops. What is being delivered then is brought to its end.
pub(super) async fn run(alerts: Arc<Inner>, place: usize, mut stop: watch::Receiver<bool>, beat: Beat) {
    let Some(sink) = alerts.sinks.get(place) else { return };
    let mut news = alerts.news.subscribe();
    loop {
        beat.beat();
        news.mark_unchanged();
        let more = match round(&alerts, sink, || beat.beat(), || *stop.borrow()).await {
            Ok(round) => round.more,
            Err(error) => {
                tracing::error!(sink = sink.audience.sink, %error, "the outbox could not be worked on");
                false
            }
        };
        let pause = if more { Duration::ZERO } else { LOOK };
        tokio::select! {
            _ = stop.wait_for(|stopping| *stopping) => return,
            _ = news.changed() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Delivers what is due to one sink, in order: what follows a letter that was not taken waits for it.
/// Errors: [`StoreError`].
pub(super) async fn round(
    alerts: &Inner,
    sink: &Sink,
    progress: impl Fn(),
    is_stopping: impl Fn() -> bool,
) -> Result<Round, StoreError> {
    let _turn = sink.turn.lock().await;
    let name = sink.audience.sink.clone();
    let letters = alerts.store.read(move |connection| letters::waiting(connection, &name, BATCH)).await?;
    let full = letters.len() >= BATCH as usize;
    let mut delivered = 0usize;
    for letter in letters {
        if is_stopping() || !is_due(&letter, (alerts.clock)()) {
            return Ok(Round { delivered, more: false });
        }
        let fate = attempt(alerts, sink, &letter).await?;
        count(sink, &fate);
        let (id, recorded) = (letter.id, fate.clone());
        alerts.store.write(move |tx| letters::record_attempt(tx, id, &recorded)).await?;
        progress();
        match fate {
            Fate::Delivered => delivered = delivered.saturating_add(1),
            Fate::GivenUp { .. } => {}
            Fate::Retry { .. } => return Ok(Round { delivered, more: false }),
        }
    }
    Ok(Round { delivered, more: full })
}

/// A letter that waits for longer than any pause has been overtaken by a clock that was set back.
fn is_due(letter: &Letter, now: i64) -> bool {
    !(1..=PAUSE_MAX).contains(&letter.next_at.saturating_sub(now))
}

async fn attempt(alerts: &Inner, sink: &Sink, letter: &Letter) -> Result<Fate, StoreError> {
    let id = letter.alert;
    let alert = match alerts.store.read(move |connection| record::one(connection, id)).await {
        Ok(alert) => alert,
        // It would never become readable, and all that follows would wait for it.
        Err(error @ StoreError::Content(_)) => return Ok(Fate::GivenUp { reason: error.to_string() }),
        Err(error) => return Err(error),
    };
    let Err(reason) = sink.tell(&alert, letter.news).await else { return Ok(Fate::Delivered) };
    let reason: String = reason.chars().take(REASON_MAX).collect();
    let now = (alerts.clock)();
    if now.saturating_sub(letter.written_at) >= sink.give_up_after {
        return Ok(Fate::GivenUp { reason });
    }
    Ok(Fate::Retry { at: now.saturating_add(pause(letter.attempts.saturating_add(1))), reason })
}

fn count(sink: &Sink, fate: &Fate) {
    let sink = sink.audience.sink.clone();
    let result = match fate {
        Fate::Delivered => "delivered",
        Fate::Retry { reason, .. } => {
            tracing::warn!(sink, reason, "an alert was not taken; it is told again later");
            "failed"
        }
        Fate::GivenUp { reason } => {
            tracing::error!(sink, reason, "an alert was given up; check the sink's settings");
            "given_up"
        }
    };
    metrics::counter!("blockable_keeper_deliveries_total", "sink" => sink, "result" => result).increment(1);
}
