//! The journal: the record of intents, transactions and spending. A transaction is on the disk before it is sent.

use {
    crate::{
        land::flight::{Carried, Flight, writes},
        plan::{Intent, IntentId, Kind, Role},
        store::{
            StoreError,
            columns::{key, signed, unsigned},
        },
    },
    blockable_sdk::{
        Signature,
        amounts::{ChainTime, Lamports},
        transactions,
    },
    rusqlite::{Connection, OptionalExtension, params},
};

/// Seconds of a day.
const DAY: i64 = 86_400;

/// The end of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TransactionEnd {
    /// It is in a confirmed block.
    Landed {
        /// The block's slot.
        slot: u64,
    },
    /// It is in a confirmed block, and failed there. Its fee is paid.
    Failed {
        /// The block's slot.
        slot: u64,
        /// The failure, for people.
        reason: String,
    },
    /// It is in no block and can get into none.
    Dead,
}

impl TransactionEnd {
    /// The end's name in tables and metrics.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            TransactionEnd::Landed { .. } => "landed",
            TransactionEnd::Failed { .. } => "failed",
            TransactionEnd::Dead => "dead",
        }
    }

    /// The slot of its block, `None` where it is in none.
    pub(crate) fn slot(&self) -> Option<u64> {
        match self {
            TransactionEnd::Landed { slot } | TransactionEnd::Failed { slot, .. } => Some(*slot),
            TransactionEnd::Dead => None,
        }
    }
}

/// Writes a transaction and its intents down before it is sent, and counts its cost as spent. Errors: [`StoreError`].
pub(crate) fn write_ahead(
    connection: &Connection,
    flight: &Flight,
    intents: &[Intent],
) -> Result<(), StoreError> {
    let signature = flight.signature.as_ref();
    let day = day(flight.written_at);
    connection
        .prepare_cached(
            "INSERT INTO transactions (signature, role, bytes, last_valid_height, lamports, compute_units, state,
             slot, written_at, day) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'open', ?7, ?8, ?9)",
        )?
        .execute(params![
            signature,
            flight.role.name(),
            transactions::encode(&flight.transaction),
            signed(flight.last_valid_height),
            signed(flight.lamports.get()),
            signed(flight.compute_units),
            signed(flight.from_slot),
            flight.written_at.get(),
            day,
        ])?;
    for (place, intent) in (0u32..).zip(intents) {
        let (id, kind) = (intent.id.0, intent.kind().name());
        connection
            .prepare_cached(
                "INSERT INTO intents VALUES (?1, ?2, ?3, ?4, 'open', 1, NULL, ?5, ?5)
                 ON CONFLICT (id) DO UPDATE SET state = 'open', attempts = attempts + 1, changed_at = ?5",
            )?
            .execute(params![
                id,
                kind,
                intent.subject().as_ref(),
                intent.reason.to_string(),
                flight.written_at.get()
            ])?;
        connection.prepare_cached("INSERT INTO carried VALUES (?1, ?2, ?3, ?4)")?.execute(params![
            signature,
            place,
            id,
            intent.lane()
        ])?;
    }
    add_spending(connection, flight.role, day, whole(flight.lamports))
}

/// Records the end of a transaction and of its intents, and takes back the cost of one that died. Its bytes go: nobody sends it again.
/// The first end counts.
/// Errors: [`StoreError`].
pub(crate) fn record_end(
    connection: &Connection,
    flight: &Flight,
    end: &TransactionEnd,
    now: ChainTime,
) -> Result<(), StoreError> {
    let (slot, failure, of_intents) = match end {
        TransactionEnd::Landed { slot } => (Some(signed(*slot)), None, "done"),
        TransactionEnd::Failed { slot, reason } => (Some(signed(*slot)), Some(reason.as_str()), "failed"),
        TransactionEnd::Dead => (None, None, "dead"),
    };
    let changed = connection
        .prepare_cached(
            "UPDATE transactions SET state = ?2, failure = ?3, slot = ?4, ended_at = ?5, bytes = x''
             WHERE signature = ?1 AND state = 'open'",
        )?
        .execute(params![flight.signature.as_ref(), end.name(), failure, slot, now.get()])?;
    if changed == 0 {
        return Ok(());
    }
    for carried in &flight.carried {
        connection
            .prepare_cached("UPDATE intents SET state = ?2, failure = ?3, changed_at = ?4 WHERE id = ?1")?
            .execute(params![carried.id.0, of_intents, failure, now.get()])?;
    }
    if *end == TransactionEnd::Dead {
        let back = whole(flight.lamports).saturating_neg();
        add_spending(connection, flight.role, day(flight.written_at), back)?;
    }
    Ok(())
}

/// The UTC day of a time, as days since the Unix epoch.
fn day(time: ChainTime) -> i64 {
    time.get().div_euclid(DAY)
}

/// An amount as SQLite adds it up.
fn whole(amount: Lamports) -> i64 {
    i64::try_from(amount.get()).unwrap_or(i64::MAX)
}

fn add_spending(connection: &Connection, role: Role, day: i64, lamports: i64) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO spending VALUES (?1, ?2, ?3)
             ON CONFLICT (role, day) DO UPDATE SET lamports = lamports + excluded.lamports",
        )?
        .execute(params![role.name(), day, lamports])?;
    Ok(())
}

/// Reads a role's spending on the UTC day of a time, transactions in flight included. Errors: [`StoreError`].
pub(crate) fn spent(connection: &Connection, role: Role, now: ChainTime) -> Result<Lamports, StoreError> {
    let sql = "SELECT lamports FROM spending WHERE role = ?1 AND day = ?2";
    let spent: Option<i64> = connection
        .prepare_cached(sql)?
        .query_row(params![role.name(), day(now)], |row| row.get(0))
        .optional()?;
    Ok(Lamports(spent.and_then(|lamports| u64::try_from(lamports).ok()).unwrap_or(0)))
}

/// Returns whether a transaction is on record. Errors: [`StoreError`].
pub(crate) fn is_known(connection: &Connection, signature: &Signature) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM transactions WHERE signature = ?1)";
    Ok(connection.prepare_cached(sql)?.query_row([signature.as_ref()], |row| row.get(0))?)
}

/// Reads the transactions whose end is not on record: a keeper that was ended at any moment goes on with them.
/// Errors: [`StoreError`].
pub(crate) fn open_flights(connection: &Connection) -> Result<Vec<Flight>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT signature, role, bytes, last_valid_height, lamports, compute_units, slot, written_at
         FROM transactions WHERE state = 'open'",
    )?;
    let rows = statement.query_map([], |row| {
        let signature: [u8; 64] = row.get(0)?;
        let (role, bytes): (String, Vec<u8>) = (row.get(1)?, row.get(2)?);
        let (height, lamports) = (unsigned(row, 3)?, unsigned(row, 4)?);
        Ok((signature, role, bytes, height, lamports, unsigned(row, 5)?, unsigned(row, 6)?, row.get(7)?))
    })?;
    let mut flights = Vec::new();
    for row in rows {
        let (signature, role, bytes, last_valid_height, lamports, compute_units, from_slot, written_at) =
            row?;
        let signature = Signature::from(signature);
        let unreadable = || StoreError::Content(format!("transaction {signature}"));
        let transaction = transactions::decode(&bytes).ok_or_else(unreadable)?;
        flights.push(Flight {
            signature,
            writes: writes(&transaction),
            transaction,
            role: Role::ALL.into_iter().find(|known| known.name() == role).ok_or_else(unreadable)?,
            last_valid_height,
            lamports: Lamports(lamports),
            compute_units,
            carried: carried(connection, &signature)?,
            written_at: ChainTime(written_at),
            from_slot,
            sent: None,
            expired_since: None,
            signed: None,
        });
    }
    Ok(flights)
}

fn carried(connection: &Connection, signature: &Signature) -> Result<Vec<Carried>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT carried.intent, intents.kind, intents.subject, carried.lane FROM carried
         JOIN intents ON intents.id = carried.intent WHERE carried.signature = ?1 ORDER BY carried.place",
    )?;
    let rows = statement.query_map([signature.as_ref()], |row| {
        let (id, kind): ([u8; 32], String) = (row.get(0)?, row.get(1)?);
        Ok((id, kind, key(row, 2)?, row.get(3)?))
    })?;
    let mut all = Vec::new();
    for row in rows {
        let (id, kind, subject, lane) = row?;
        let kind = Kind::ALL.into_iter().find(|known| known.name() == kind);
        let kind = kind.ok_or_else(|| StoreError::Content(format!("a kind of intent in {signature}")))?;
        all.push(Carried { id: IntentId(id), kind, subject, lane });
    }
    Ok(all)
}

/// Forgets up to `most` transactions that were written before a time and have ended. Returns their number. Errors: [`StoreError`].
pub(crate) fn prune_transactions(
    connection: &Connection,
    before: ChainTime,
    most: usize,
) -> Result<usize, StoreError> {
    // By the index of states and times. A transaction ends within minutes of being written.
    let sql = "DELETE FROM transactions WHERE signature IN (
                   SELECT signature FROM transactions
                   WHERE state IN ('landed', 'failed', 'dead') AND written_at < ?1 LIMIT ?2)";
    Ok(connection.prepare_cached(sql)?.execute(params![before.get(), limit(most)])?)
}

/// Forgets up to `most` intents that ended before a time and that no transaction on record carries, and the spending of days
/// before it. Returns the number of intents. Errors: [`StoreError`].
pub(crate) fn prune_intents(
    connection: &Connection,
    before: ChainTime,
    most: usize,
) -> Result<usize, StoreError> {
    connection.prepare_cached("DELETE FROM spending WHERE day < ?1")?.execute([day(before)])?;
    let sql = "DELETE FROM intents WHERE id IN (
                   SELECT id FROM intents WHERE state IN ('done', 'failed', 'dead') AND changed_at < ?1
                   AND NOT EXISTS (SELECT 1 FROM carried WHERE carried.intent = intents.id) LIMIT ?2)";
    Ok(connection.prepare_cached(sql)?.execute(params![before.get(), limit(most)])?)
}

/// A number of rows as SQLite counts them.
fn limit(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}
