//! Messages that are due at a sink, out of the outbox, and the results of their attempts.

use {
    crate::{
        alerts::{
            Rule, Severity,
            entries::{DeliveryAttempt, Phase},
            message::{DIGEST_MAX, Digest, Message, Origin},
            record,
        },
        store::StoreError,
    },
    blockable_sdk::Pubkey,
    rusqlite::{Connection, Transaction, params},
};

/// Entries that are read at once, one for each rank and subject.
const HEADS: u32 = 64;
/// Longest time that an entry may wait for, in seconds. A later one is due as well: the clock was set back.
pub(super) const WAIT_MAX: i64 = 3_600;
/// The same for an entry that waits for a digest.
const HELD_MAX: i64 = 2 * 86_400;

/// The place of a message in the order of its sink: of messages with the same key only one is on its way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// The alerts of a rank on a subject.
    Subject(i64, Vec<u8>),
    /// The digests of a rule.
    Digest(String),
    /// An alert that is in memory alone.
    Memory(Rule, Pubkey),
}

/// The rows that a message stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rows {
    /// One entry.
    Entry(i64),
    /// Entries of a rule that are held, up to one, and due at a time.
    Held { rule: String, last: i64, due_at: i64 },
    /// An alert in memory.
    Memory(Rule, Pubkey),
}

/// A message that is due.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) key: Key,
    pub(super) rows: Rows,
    pub(super) attempts: u32,
    pub(super) written_at: i64,
    pub(super) message: Message,
}

impl Job {
    pub(super) fn is_critical(&self) -> bool {
        self.message.severity == Severity::Critical
    }
}

/// Reads the messages that are due at a sink at `now`: the first of each rank and subject, critical ones first, then digests.
pub(super) fn due(
    connection: &Connection,
    sink: &str,
    now: i64,
    origin: &Origin,
) -> Result<Vec<Job>, StoreError> {
    let mut jobs = heads(connection, sink, now, origin)?;
    jobs.extend(digests(connection, sink, now, origin)?);
    Ok(jobs)
}

fn heads(connection: &Connection, sink: &str, now: i64, origin: &Origin) -> Result<Vec<Job>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, alert, phase, attempts, written_at, rank, subject FROM outbox AS entry
         WHERE sink = ?1 AND state = 'waiting' AND (next_at <= ?2 OR next_at > ?3)
           AND NOT EXISTS (SELECT 1 FROM outbox AS earlier WHERE earlier.sink = ?1 AND earlier.state = 'waiting'
                           AND earlier.rank = entry.rank AND earlier.subject = entry.subject AND earlier.id < entry.id)
         ORDER BY rank DESC, id LIMIT ?4",
    )?;
    let mut rows = statement.query(params![sink, now, now.saturating_add(WAIT_MAX), HEADS])?;
    let mut jobs = Vec::new();
    while let Some(row) = rows.next()? {
        let alert = record::one(connection, row.get(1)?)?;
        let phase = Phase::from_name(&row.get::<_, String>(2)?);
        jobs.push(Job {
            key: Key::Subject(row.get(5)?, row.get(6)?),
            rows: Rows::Entry(row.get(0)?),
            attempts: row.get(3)?,
            written_at: row.get(4)?,
            message: origin.alert(&alert, phase),
        });
    }
    Ok(jobs)
}

fn digests(connection: &Connection, sink: &str, now: i64, origin: &Origin) -> Result<Vec<Job>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT rule, count(*), min(written_at), max(attempts), max(id) FROM outbox
         WHERE sink = ?1 AND state = 'held' AND (next_at <= ?2 OR next_at > ?3) GROUP BY rule ORDER BY rule",
    )?;
    let mut rows = statement.query(params![sink, now, now.saturating_add(HELD_MAX)])?;
    let mut jobs = Vec::new();
    while let Some(row) = rows.next()? {
        let (rule, count, last): (String, i64, i64) = (row.get(0)?, row.get(1)?, row.get(4)?);
        let mut members = connection.prepare_cached(
            "SELECT alert, phase FROM outbox
             WHERE sink = ?1 AND state = 'held' AND rule = ?2 AND (next_at <= ?3 OR next_at > ?4) AND id <= ?5
             ORDER BY id LIMIT ?6",
        )?;
        let listed = i64::try_from(DIGEST_MAX).unwrap_or(i64::MAX);
        let bounds = params![sink, rule, now, now.saturating_add(HELD_MAX), last, listed];
        let members = members.query_map(bounds, |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
        let mut alerts = Vec::new();
        for member in members {
            let (alert, phase) = member?;
            alerts.push((record::one(connection, alert)?, Phase::from_name(&phase)));
        }
        let digest = Digest { rule: rule.clone(), count: u64::try_from(count).unwrap_or(0), alerts };
        jobs.push(Job {
            key: Key::Digest(rule.clone()),
            rows: Rows::Held { rule, last, due_at: now },
            attempts: row.get(3)?,
            written_at: row.get(2)?,
            message: origin.digest(&digest),
        });
    }
    Ok(jobs)
}

/// Records the result of an attempt on the rows that a message stands for. One in memory has no rows.
pub(super) fn record_attempt(
    tx: &Transaction,
    sink: &str,
    rows: &Rows,
    attempt: &DeliveryAttempt,
) -> Result<(), StoreError> {
    let (ended, next_at, reason) = match attempt {
        DeliveryAttempt::Delivered => (Some("delivered"), None, None),
        DeliveryAttempt::Retry { at, reason } => (None, Some(*at), Some(reason)),
        DeliveryAttempt::GivenUp { reason } => (Some("given_up"), None, Some(reason)),
    };
    match rows {
        Rows::Entry(id) => tx.execute(
            "UPDATE outbox SET state = coalesce(?1, state), attempts = attempts + 1, next_at = coalesce(?2, next_at),
                               reason = ?3 WHERE id = ?4",
            params![ended, next_at, reason, id],
        )?,
        Rows::Held { rule, last, due_at } => tx.execute(
            "UPDATE outbox SET state = coalesce(?1, state), attempts = attempts + 1, next_at = coalesce(?2, next_at),
                               reason = ?3
             WHERE sink = ?4 AND state = 'held' AND rule = ?5 AND id <= ?6 AND (next_at <= ?7 OR next_at > ?8)",
            params![ended, next_at, reason, sink, rule, last, due_at, due_at.saturating_add(HELD_MAX)],
        )?,
        Rows::Memory(..) => 0,
    };
    Ok(())
}
