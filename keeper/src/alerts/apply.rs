//! Raises and clears alerts. The outbox entries for their sinks are written in the same transaction, so that no alert is
//! stored and never delivered.

use {
    crate::{
        alerts::{
            Level, Rule, Severity, Text,
            entries::{Phase, add_entries, mark_delivered},
            memory::Told,
            record::{self, Alert, StoredRule},
            rules::{Evaluated, Recipients},
            sink::Subscription,
        },
        store::{StoreError, columns::key},
    },
    blockable_sdk::{Pubkey, amounts::ChainTime},
    rusqlite::{Connection, Transaction, params},
    std::collections::{BTreeMap, HashMap},
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
    /// Alerts that were told without a row of them. One that nothing raises any more gets its row and ends.
    pub(super) told: BTreeMap<(Rule, Pubkey), Told>,
}

/// The circumstances of a change.
#[derive(Clone)]
pub(super) struct Circumstances {
    /// The sinks' choices.
    pub(super) subscriptions: std::sync::Arc<[Subscription]>,
    /// The time of the findings.
    pub(super) now: ChainTime,
    /// The Unix time by this machine's clock, from which the deadline of delivery counts.
    pub(super) written_at: i64,
    /// The hour of daily digests, in UTC.
    pub(super) digest_hour: i64,
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

/// Raises and clears alerts. A finding that is worse than its open alert ends that alert without a message and raises one of the higher
/// severity. Errors: [`StoreError`].
pub(super) fn apply(
    tx: &Transaction,
    request: AlertRequest,
    circumstances: &Circumstances,
) -> Result<Changes, StoreError> {
    let AlertRequest { evaluated, ended, told } = request;
    let open = read_open(tx)?;
    let mut writer = AlertWriter { tx, open, told, circumstances, changes: Changes::default() };
    for found in &evaluated {
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
    ended.iter().try_for_each(|about| writer.clear(*about))?;
    writer.end_told()?;
    Ok(writer.changes)
}

/// The state of one transaction that raises and clears alerts.
struct AlertWriter<'a> {
    tx: &'a Transaction<'a>,
    open: OpenAlerts,
    /// Alerts that were told without a row, and have none yet.
    told: BTreeMap<(Rule, Pubkey), Told>,
    circumstances: &'a Circumstances,
    changes: Changes,
}

impl AlertWriter<'_> {
    fn raise(&mut self, found: &Evaluated) -> Result<(), StoreError> {
        let Some(alert) = Alert::from_finding(found, self.circumstances.now) else { return Ok(()) };
        match self.told.remove(&found.key()) {
            // It keeps the time at which it was told, and with that its id.
            Some(told) => {
                self.insert(found.rule(), Alert { raised_at: told.alert.raised_at, ..alert }, &told.sinks())
            }
            None => self.insert(found.rule(), alert, &[]),
        }
    }

    /// Writes an alert, and its entries for all sinks but those that have it already.
    fn insert(&mut self, rule: Rule, alert: Alert, taken_by: &[String]) -> Result<(), StoreError> {
        let alert = insert(self.tx, alert)?;
        let Alert { id, severity, raised_at, occurrence, subject, .. } = alert;
        self.open.insert((rule, subject), OpenAlert { id, severity, raised_at, occurrence });
        self.add_entries(&alert, Phase::Raised)?;
        mark_delivered(self.tx, id, taken_by)?;
        self.changes.raised.push(alert);
        Ok(())
    }

    fn add_entries(&self, alert: &Alert, phase: Phase) -> Result<(), StoreError> {
        let Circumstances { subscriptions, written_at, digest_hour, now: _ } = self.circumstances;
        add_entries(self.tx, alert, phase, subscriptions, *written_at, *digest_hour)
    }

    /// Gives alerts that were told, and that nothing raises any more, their rows, and ends them.
    fn end_told(&mut self) -> Result<(), StoreError> {
        for (about, told) in std::mem::take(&mut self.told) {
            if self.open.contains_key(&about) {
                continue;
            }
            let sinks = told.sinks();
            self.insert(about.0, told.alert, &sinks)?;
            self.clear(about)?;
        }
        Ok(())
    }

    /// Clears the alert that is open on a rule and subject, if there is one.
    fn clear(&mut self, about: (Rule, Pubkey)) -> Result<(), StoreError> {
        let Some(open) = self.open.remove(&about) else { return Ok(()) };
        let alert = self.end(open.id)?;
        self.add_entries(&alert, Phase::Cleared)
    }

    /// Ends an alert without a message to anybody.
    fn end(&mut self, id: i64) -> Result<Alert, StoreError> {
        self.tx
            .prepare_cached("UPDATE alerts SET cleared_at = ? WHERE id = ?")?
            .execute([self.circumstances.now.get(), id])?;
        let alert = record::one(self.tx, id)?;
        self.changes.cleared.push(alert.clone());
        Ok(alert)
    }
}

impl Alert {
    /// The alert that a finding raises at `now`, without a number; `None` for a finding without a fact.
    pub(super) fn from_finding(found: &Evaluated, now: ChainTime) -> Option<Alert> {
        let text = Text::from_fact(&found.finding.subject(), found.finding.fact()?);
        let Recipients { lender, borrower } = found.recipients();
        Some(Alert {
            id: 0,
            rule: StoredRule::Known(found.rule()),
            subject: found.finding.subject(),
            severity: found.severity,
            lender,
            borrower,
            happened: text.happened,
            meaning: text.meaning,
            next_step: text.next_step,
            raised_at: now,
            cleared_at: None,
            occurrence: found.occurrence(),
        })
    }
}

fn insert(tx: &Transaction, alert: Alert) -> Result<Alert, StoreError> {
    let mut statement = tx.prepare_cached(
        "INSERT INTO alerts (rule, subject, severity, lender, borrower, happened, meaning, next_step, raised_at, occurrence)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    let bytes = |key: Option<Pubkey>| key.map(|key| key.to_bytes());
    statement.execute(params![
        alert.rule.name(),
        alert.subject.to_bytes(),
        alert.severity.name(),
        bytes(alert.lender),
        bytes(alert.borrower),
        alert.happened,
        alert.meaning,
        alert.next_step,
        alert.raised_at.get(),
        alert.occurrence,
    ])?;
    Ok(Alert { id: tx.last_insert_rowid(), ..alert })
}

/// Removes up to `most` alerts that ended before a time, with their outbox entries, unless one of those still waits.
/// Returns how many were removed. Errors: [`StoreError`].
pub(super) fn prune(connection: &Connection, before: ChainTime, most: usize) -> Result<usize, StoreError> {
    let sql = "DELETE FROM alerts WHERE id IN (
                   SELECT id FROM alerts WHERE cleared_at < ?1
                   AND NOT EXISTS (SELECT 1 FROM outbox WHERE alert = alerts.id AND state IN ('waiting', 'held')) LIMIT ?2)";
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
