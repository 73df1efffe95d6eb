//! The outbox: news of alerts, each to be told to one sink, and what became of it.

use {
    crate::{
        alert::{record::Alert, sink::Audience},
        store::StoreError,
    },
    rusqlite::{Connection, Transaction, params},
};

/// What is told of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// It was raised.
    Raised,
    /// It is over.
    Cleared,
}

impl News {
    /// Its name in tables and JSON.
    pub fn name(self) -> &'static str {
        match self {
            News::Raised => "raised",
            News::Cleared => "cleared",
        }
    }
}

/// Writes news for every sink that it is for. `written_at` is the time by this machine's clock.
pub(super) fn announce(
    tx: &Transaction,
    alert: &Alert,
    news: News,
    audiences: &[Audience],
    written_at: i64,
) -> Result<(), StoreError> {
    let mut statement = tx.prepare_cached(
        "INSERT INTO outbox (alert, sink, news, state, attempts, next_at, written_at)
         VALUES (?, ?, ?, 'waiting', 0, ?4, ?4) ON CONFLICT (alert, sink, news) DO NOTHING",
    )?;
    for audience in audiences.iter().filter(|audience| audience.is_for(alert)) {
        statement.execute(params![alert.id, audience.sink, news.name(), written_at])?;
    }
    Ok(())
}

/// What waits for a sink, oldest first.
pub(super) fn waiting(connection: &Connection, sink: &str, limit: u32) -> Result<Vec<Letter>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, alert, news, attempts, next_at, written_at FROM outbox
         WHERE sink = ? AND state = 'waiting' ORDER BY id LIMIT ?",
    )?;
    let rows = statement.query_map(params![sink, limit], |row| {
        let news = row.get::<_, String>(2)?;
        let letter = Letter {
            id: row.get(0)?,
            alert: row.get(1)?,
            news: if news == News::Raised.name() { News::Raised } else { News::Cleared },
            attempts: row.get(3)?,
            next_at: row.get(4)?,
            written_at: row.get(5)?,
        };
        Ok(letter)
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// News of an alert that waits for a sink. Times by this machine's clock, in Unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Letter {
    pub id: i64,
    pub alert: i64,
    pub news: News,
    pub attempts: u32,
    pub next_at: i64,
    pub written_at: i64,
}

/// What becomes of a letter after an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Delivered,
    Retry { at: i64, reason: String },
    GivenUp { reason: String },
}

/// Records an attempt.
pub(super) fn record_attempt(tx: &Transaction, letter: i64, fate: &Fate) -> Result<(), StoreError> {
    let (state, next_at, reason) = match fate {
        Fate::Delivered => ("delivered", None, None),
        Fate::Retry { at, reason } => ("waiting", Some(*at), Some(reason)),
        Fate::GivenUp { reason } => ("given_up", None, Some(reason)),
    };
    tx.execute(
        "UPDATE outbox SET state = ?, attempts = attempts + 1, next_at = coalesce(?, next_at), reason = ? WHERE id = ?",
        params![state, next_at, reason, letter],
    )?;
    Ok(())
}

/// Gives up what waits for sinks that are no longer told.
pub(super) fn give_up_others(tx: &Transaction, audiences: &[Audience]) -> Result<usize, StoreError> {
    let known: Vec<&str> = audiences.iter().map(|audience| audience.sink.as_str()).collect();
    let given_up = tx.execute(
        "UPDATE outbox SET state = 'given_up', reason = 'its sink is no longer configured'
         WHERE state = 'waiting' AND sink NOT IN (SELECT value FROM json_each(?))",
        [serde_json::to_string(&known)?],
    )?;
    Ok(given_up)
}
