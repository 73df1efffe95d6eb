//! Opens and closes alerts. What is to be told of it is written in the same transaction, so nothing that was noticed goes
//! untold.

use {
    crate::{
        alert::{
            Level, Rule, Severity, Signal,
            letters::{News, announce},
            record::{self, Alert, severity_name},
            sink::Audience,
        },
        store::{StoreError, columns::key},
    },
    blockable_sdk::Pubkey,
    rusqlite::{Connection, Transaction, params},
    std::collections::HashMap,
};

/// An open alert, for whoever decides whether it has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its number.
    pub id: i64,
    /// How much it matters.
    pub severity: Severity,
    /// When it was raised, in Unix seconds.
    pub raised_at: i64,
}

/// Open alerts by what they are about.
pub type Open = HashMap<(Rule, Pubkey), Standing>;

/// What became of signals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Alerts that were opened.
    pub opened: Vec<Alert>,
    /// Alerts that were closed, also those that a worse one has taken the place of.
    pub closed: Vec<Alert>,
}

/// The open alerts. One of a rule that this keeper does not know is left alone.
pub(super) fn open(connection: &Connection) -> Result<Open, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT rule, subject, severity, id, raised_at FROM alerts WHERE cleared_at IS NULL",
    )?;
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, key(row, 1)?, row.get(2)?, row.get(3)?, row.get(4)?)))?;
    let mut open = Open::new();
    for row in rows {
        let (rule, subject, severity, id, raised_at) = row?;
        if let (Ok(rule), Ok(severity)) = (record::parse(rule), record::parse(severity)) {
            open.insert((rule, subject), Standing { id, severity, raised_at });
        }
    }
    Ok(open)
}

/// One signal per rule and subject: of several the worst, since what is wrong in one respect is not right for being right in
/// another.
pub(super) fn worst(signals: Vec<Signal>) -> Vec<Signal> {
    let mut worst: Vec<Signal> = Vec::with_capacity(signals.len());
    let mut places = HashMap::new();
    for signal in signals {
        let place = *places.entry((signal.rule, signal.subject)).or_insert(worst.len());
        match worst.get_mut(place) {
            None => worst.push(signal),
            Some(kept) if badness(kept) < badness(&signal) => *kept = signal,
            Some(_) => {}
        }
    }
    worst
}

fn badness(signal: &Signal) -> (u8, Severity) {
    let level = match signal.level {
        Level::Clear => 0,
        Level::Hold => 1,
        Level::Raise => 2,
    };
    (level, signal.severity)
}

/// Whether a signal would open or close an alert.
pub(super) fn changes(signal: &Signal, open: &Open) -> bool {
    let open = open.get(&(signal.rule, signal.subject));
    match signal.level {
        Level::Raise => open.is_none_or(|open| open.severity < signal.severity),
        Level::Clear => open.is_some(),
        Level::Hold => false,
    }
}

/// Opens and closes alerts at `now`, in Unix seconds. What has become worse than its open alert says is told as a new alert,
/// in the place of that one, whose end nobody is told. `written_at` is the time by this machine's clock, from which delivery
/// counts.
pub(super) fn settle(
    tx: &Transaction,
    signals: &[Signal],
    audiences: &[Audience],
    now: i64,
    written_at: i64,
) -> Result<Settled, StoreError> {
    let mut open = open(tx)?;
    let mut settled = Settled::default();
    for signal in signals.iter().filter(|signal| signal.level != Level::Hold) {
        let about = (signal.rule, signal.subject);
        match (signal.level, open.get(&about).copied()) {
            (Level::Raise, Some(standing)) if standing.severity >= signal.severity => {}
            (Level::Raise, worse) => {
                if let Some(Standing { id, .. }) = worse {
                    end(tx, id, now)?;
                    settled.closed.push(record::one(tx, id)?);
                }
                let alert = insert(tx, signal, now)?;
                open.insert(about, Standing { id: alert.id, severity: alert.severity, raised_at: now });
                announce(tx, &alert, News::Raised, audiences, written_at)?;
                settled.opened.push(alert);
            }
            (Level::Clear, Some(Standing { id, .. })) => {
                end(tx, id, now)?;
                open.remove(&about);
                let alert = record::one(tx, id)?;
                announce(tx, &alert, News::Cleared, audiences, written_at)?;
                settled.closed.push(alert);
            }
            _ => {}
        }
    }
    Ok(settled)
}

fn end(tx: &Transaction, id: i64, now: i64) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE alerts SET cleared_at = ? WHERE id = ?")?.execute([now, id])?;
    Ok(())
}

/// Forgets alerts that ended before a time, in Unix seconds, and what was told of them. What is still to be told stays.
/// Returns how many were forgotten.
pub(super) fn prune(connection: &Connection, before: i64) -> Result<usize, StoreError> {
    let sql = "DELETE FROM alerts WHERE cleared_at < ?
                 AND NOT EXISTS (SELECT 1 FROM outbox WHERE alert = alerts.id AND state = 'waiting')";
    Ok(connection.execute(sql, [before])?)
}

fn insert(tx: &Transaction, signal: &Signal, now: i64) -> Result<Alert, StoreError> {
    let (lender, borrower) = match signal.parties {
        Some(parties) => (Some(parties.lender), Some(parties.borrower)),
        None => (None, None),
    };
    let mut statement = tx.prepare_cached(
        "INSERT INTO alerts (rule, subject, severity, lender, borrower, happened, means, next, raised_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    statement.execute(params![
        signal.rule.name(),
        signal.subject.to_bytes(),
        severity_name(signal.severity),
        lender.map(|key| key.to_bytes()),
        borrower.map(|key| key.to_bytes()),
        signal.happened,
        signal.means,
        signal.next,
        now,
    ])?;
    Ok(Alert {
        id: tx.last_insert_rowid(),
        rule: signal.rule,
        subject: signal.subject,
        severity: signal.severity,
        lender,
        borrower,
        happened: signal.happened.clone(),
        means: signal.means.clone(),
        next: signal.next.clone(),
        raised_at: now,
        cleared_at: None,
    })
}

/// Number of open alerts by rule and severity.
pub(super) fn counts(connection: &Connection) -> Result<Vec<(Rule, Severity, u32)>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT rule, severity, count(*) FROM alerts WHERE cleared_at IS NULL GROUP BY rule, severity",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let mut counts = Vec::new();
    for row in rows {
        let (rule, severity, count) = row?;
        if let (Ok(rule), Ok(severity)) = (record::parse(rule), record::parse(severity)) {
            counts.push((rule, severity, count));
        }
    }
    Ok(counts)
}
