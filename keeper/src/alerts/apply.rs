//! Raises and clears alerts. The outbox entries for their sinks are written in the same transaction, so that no alert is
//! stored and never delivered.

use {
    crate::{
        alerts::{
            Level, Rule, Severity, Text,
            entries::{Phase, add_entries},
            record::{self, Alert},
            rules::Evaluated,
            sink::Subscription,
        },
        store::{StoreError, columns::key},
    },
    blockable_sdk::{Pubkey, amounts::ChainTime},
    rusqlite::{Connection, Transaction, params},
    std::collections::HashMap,
};

/// The parts of an open alert that decide the effect of the next finding on its rule and subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OpenAlert {
    /// Its number.
    pub(crate) id: i64,
    /// Its severity.
    pub(crate) severity: Severity,
    /// The time at which it was raised.
    pub(crate) raised_at: ChainTime,
    /// The number of its occurrence, such as the due date of its payment; `None` for most rules.
    pub(crate) occurrence: Option<i64>,
}

/// The open alerts by rule and subject.
pub(crate) type OpenAlerts = HashMap<(Rule, Pubkey), OpenAlert>;

/// The alerts that findings have raised and cleared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// Alerts that were raised.
    pub(crate) raised: Vec<Alert>,
    /// Alerts that were cleared, also those that one of a higher severity has replaced.
    pub(crate) cleared: Vec<Alert>,
}

/// The changes that one call asks for.
#[derive(Clone, Debug, Default)]
pub(super) struct AlertRequest {
    /// Findings, at most one for each rule and subject.
    pub(crate) evaluated: Vec<Evaluated>,
    /// Rules and subjects whose open alerts end.
    pub(crate) ended: Vec<(Rule, Pubkey)>,
}

/// Reads the open alerts. One of a rule that this keeper does not know is left alone.
pub(super) fn read_open(connection: &Connection) -> Result<OpenAlerts, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT rule, subject, severity, id, raised_at, occurrence FROM alerts WHERE cleared_at IS NULL",
    )?;
    let rows = statement.query_map([], |row| {
        Ok((row.get(0)?, key(row, 1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
    })?;
    let mut open = OpenAlerts::new();
    for row in rows {
        let (rule, subject, severity, id, raised_at, occurrence) = row?;
        let raised_at = ChainTime(raised_at);
        if let (Ok(rule), Ok(severity)) = (record::parse(rule), record::parse(severity)) {
            open.insert((rule, subject), OpenAlert { id, severity, raised_at, occurrence });
        }
    }
    Ok(open)
}

/// Keeps the worst finding for each rule and subject: a subject can have several values under one rule.
pub(super) fn worst(evaluated: impl IntoIterator<Item = Evaluated>) -> Vec<Evaluated> {
    let mut worst: Vec<Evaluated> = Vec::new();
    let mut positions = HashMap::new();
    for found in evaluated {
        let position = *positions.entry(found.key()).or_insert(worst.len());
        match worst.get_mut(position) {
            None => worst.push(found),
            Some(kept) if (kept.level, kept.severity) < (found.level, found.severity) => *kept = found,
            Some(_) => {}
        }
    }
    worst
}

impl OpenAlert {
    fn is_another_occurrence(&self, found: &Evaluated) -> bool {
        found.occurrence().is_some_and(|occurrence| self.occurrence.is_some_and(|open| open != occurrence))
    }
}

/// Tests whether a finding would raise or clear an alert.
pub(super) fn is_change(found: &Evaluated, open: &OpenAlerts) -> bool {
    let open = open.get(&found.key());
    open.is_some_and(|open| open.is_another_occurrence(found))
        || match found.level {
            Level::Raise => open.is_none_or(|open| open.severity < found.severity),
            Level::Clear => open.is_some(),
            Level::Hold => false,
        }
}

/// Raises and clears alerts at `now`. A finding that is worse than its open alert ends that alert without a message and raises
/// one of the higher severity. `written_at` is the Unix time by this machine's clock, from which the deadline of delivery
/// counts. Errors: [`StoreError`].
pub(super) fn apply(
    tx: &Transaction,
    request: &AlertRequest,
    subscriptions: &[Subscription],
    now: ChainTime,
    written_at: i64,
) -> Result<Changes, StoreError> {
    let mut writer =
        AlertWriter { tx, open: read_open(tx)?, subscriptions, now, written_at, changes: Changes::default() };
    for found in &request.evaluated {
        let about = found.key();
        if writer.open.get(&about).is_some_and(|open| open.is_another_occurrence(found)) {
            writer.clear(about)?;
        }
        match (found.level, writer.open.get(&about).copied()) {
            (Level::Raise, Some(open)) if open.severity >= found.severity => {}
            (Level::Raise, Some(open)) => {
                writer.end(open.id)?;
                writer.raise(found)?;
            }
            (Level::Raise, None) => writer.raise(found)?,
            (Level::Clear, _) => writer.clear(about)?,
            (Level::Hold, _) => {}
        }
    }
    request.ended.iter().try_for_each(|about| writer.clear(*about))?;
    Ok(writer.changes)
}

/// The state of one transaction that raises and clears alerts.
struct AlertWriter<'a> {
    tx: &'a Transaction<'a>,
    open: OpenAlerts,
    subscriptions: &'a [Subscription],
    now: ChainTime,
    written_at: i64,
    changes: Changes,
}

impl AlertWriter<'_> {
    fn raise(&mut self, found: &Evaluated) -> Result<(), StoreError> {
        let Some(fact) = found.finding.fact() else { return Ok(()) };
        let text = Text::from_fact(&found.finding.subject(), fact);
        let alert = insert(self.tx, found, text, self.now)?;
        let Alert { id, severity, raised_at, .. } = alert;
        let open = OpenAlert { id, severity, raised_at, occurrence: found.occurrence() };
        self.open.insert(found.key(), open);
        add_entries(self.tx, &alert, Phase::Raised, self.subscriptions, self.written_at)?;
        self.changes.raised.push(alert);
        Ok(())
    }

    /// Clears the alert that is open on a rule and subject, if there is one.
    fn clear(&mut self, about: (Rule, Pubkey)) -> Result<(), StoreError> {
        let Some(open) = self.open.remove(&about) else { return Ok(()) };
        let alert = self.end(open.id)?;
        add_entries(self.tx, &alert, Phase::Cleared, self.subscriptions, self.written_at)
    }

    /// Ends an alert without a message to anybody.
    fn end(&mut self, id: i64) -> Result<Alert, StoreError> {
        self.tx
            .prepare_cached("UPDATE alerts SET cleared_at = ? WHERE id = ?")?
            .execute([self.now.get(), id])?;
        let alert = record::one(self.tx, id)?;
        self.changes.cleared.push(alert.clone());
        Ok(alert)
    }
}

fn insert(tx: &Transaction, found: &Evaluated, text: Text, now: ChainTime) -> Result<Alert, StoreError> {
    let (lender, borrower) = match found.parties() {
        Some(parties) => (Some(parties.lender), Some(parties.borrower)),
        None => (None, None),
    };
    let (rule, subject) = found.key();
    let mut statement = tx.prepare_cached(
        "INSERT INTO alerts (rule, subject, severity, lender, borrower, happened, meaning, next_step, raised_at, occurrence)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    statement.execute(params![
        rule.name(),
        subject.to_bytes(),
        found.severity.name(),
        lender.map(|key| key.to_bytes()),
        borrower.map(|key| key.to_bytes()),
        text.happened,
        text.meaning,
        text.next_step,
        now.get(),
        found.occurrence(),
    ])?;
    Ok(Alert {
        id: tx.last_insert_rowid(),
        rule,
        subject,
        severity: found.severity,
        lender,
        borrower,
        happened: text.happened,
        meaning: text.meaning,
        next_step: text.next_step,
        raised_at: now,
        cleared_at: None,
    })
}

/// Removes up to `most` alerts that ended before a time, with their outbox entries, unless one of those still waits.
/// Returns how many were removed. Errors: [`StoreError`].
pub(super) fn prune(connection: &Connection, before: ChainTime, most: usize) -> Result<usize, StoreError> {
    let sql = "DELETE FROM alerts WHERE id IN (
                   SELECT id FROM alerts WHERE cleared_at < ?1
                   AND NOT EXISTS (SELECT 1 FROM outbox WHERE alert = alerts.id AND state = 'waiting') LIMIT ?2)";
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    Ok(connection.prepare_cached(sql)?.execute([before.get(), most])?)
}

/// Counts the open alerts by rule and severity.
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
