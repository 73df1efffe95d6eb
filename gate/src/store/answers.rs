//! Rows of kept answers and named texts.

use {
    super::{read_u64, to_integer},
    crate::answers::KeptAnswer,
    blockable_sdk::Pubkey,
    rusqlite::{Connection, OptionalExtension, params},
};

/// The key of the sum over all credits.
const ALL: &[u8] = &[];

/// Most bytes of the bodies that are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptBytes {
    /// Of one credit.
    pub per_credit: u64,
    /// Of all credits.
    pub total: u64,
}

/// Keeps an answer as of a time in milliseconds since 1970, and drops the bodies of older ones where they have more bytes than the
/// `bounds`: first those of its credit, then those of the credit that has most. Its name stays for as long as that of any other: a
/// request that comes again is never charged anew. One of the same name is replaced: it was too old to be found.
pub fn keep_answer(
    connection: &Connection,
    credit: &Pubkey,
    answer: &KeptAnswer,
    bounds: KeptBytes,
    now_ms: i64,
) -> rusqlite::Result<()> {
    let KeptAnswer { caller, name, request, status, head, .. } = answer;
    let most = bounds.per_credit.min(bounds.total);
    let body = answer.body.as_deref().filter(|body| body.len() as u64 <= most);
    let (head, bytes) = body.map_or(("", 0), |body| (head.as_str(), body.len() as u64));
    let bytes = to_integer(bytes);
    let sql = "DELETE FROM answers WHERE credit = ?1 AND caller = ?2 AND name = ?3";
    connection.prepare_cached(sql)?.execute(params![credit.as_ref(), caller, name])?;
    let sql = "INSERT INTO answers VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let values = params![credit.as_ref(), caller, name, now_ms, request, status, head, body, bytes];
    connection.prepare_cached(sql)?.execute(values)?;
    let of_credit = credit.to_bytes();
    while kept_bytes(connection, &of_credit)? > bounds.per_credit && drop_oldest_body(connection, &of_credit)?
    {
    }
    while kept_bytes(connection, ALL)? > bounds.total {
        let sql = "SELECT credit FROM kept_bytes WHERE credit != x'' ORDER BY bytes DESC LIMIT 1";
        let largest: Vec<u8> = connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
        if !drop_oldest_body(connection, &largest)? {
            break;
        }
    }
    Ok(())
}

/// Bytes of the bodies that are kept, of a credit or of [`ALL`].
fn kept_bytes(connection: &Connection, credit: &[u8]) -> rusqlite::Result<u64> {
    let sql = "SELECT bytes FROM kept_bytes WHERE credit = ?1";
    let bytes = connection.prepare_cached(sql)?.query_row([credit], |row| read_u64(row, 0)).optional()?;
    Ok(bytes.unwrap_or(0))
}

/// Drops the oldest body of a credit. Returns false where it has none.
fn drop_oldest_body(connection: &Connection, credit: &[u8]) -> rusqlite::Result<bool> {
    let sql = "UPDATE answers SET body = NULL, bytes = 0, head = '' WHERE rowid =
               (SELECT rowid FROM answers WHERE credit = ?1 AND bytes > 0 ORDER BY kept_ms, rowid LIMIT 1)";
    Ok(connection.prepare_cached(sql)?.execute([credit])? > 0)
}

/// Drops up to `most` bodies, the oldest first. Returns their number.
pub(super) fn drop_bodies(connection: &Connection, most: u32) -> rusqlite::Result<usize> {
    let sql = "UPDATE answers SET body = NULL, bytes = 0, head = '' WHERE rowid IN
               (SELECT rowid FROM answers WHERE bytes > 0 ORDER BY kept_ms, rowid LIMIT ?1)";
    connection.prepare_cached(sql)?.execute([most])
}

/// Finds an answer that was kept at a time or later, in milliseconds since 1970.
pub fn find_answer(
    connection: &Connection,
    credit: &Pubkey,
    caller: &str,
    name: &str,
    since_ms: i64,
) -> rusqlite::Result<Option<KeptAnswer>> {
    let sql = "SELECT request, status, head, body FROM answers
               WHERE credit = ?1 AND caller = ?2 AND name = ?3 AND kept_ms >= ?4";
    let mut statement = connection.prepare_cached(sql)?;
    let read = |row: &rusqlite::Row| {
        Ok(KeptAnswer {
            caller: caller.to_string(),
            name: name.to_string(),
            request: row.get(0)?,
            status: row.get(1)?,
            head: row.get(2)?,
            body: row.get(3)?,
        })
    };
    statement.query_row(params![credit.as_ref(), caller, name, since_ms], read).optional()
}

/// Removes up to `most` answers from before a time, in milliseconds since 1970. Returns the number removed.
pub fn prune_answers(connection: &Connection, before_ms: i64, most: u32) -> rusqlite::Result<usize> {
    let sql = "DELETE FROM answers WHERE rowid IN
               (SELECT rowid FROM answers WHERE kept_ms < ?1 ORDER BY kept_ms LIMIT ?2)";
    connection.prepare_cached(sql)?.execute(params![before_ms, most])
}

/// Reads a named text.
pub fn read_text(connection: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT body FROM texts WHERE name = ?1";
    connection.prepare_cached(sql)?.query_row([name], |row| row.get(0)).optional()
}

/// Sets a named text.
pub fn write_text(connection: &Connection, name: &str, body: &str) -> rusqlite::Result<()> {
    let sql = "INSERT INTO texts VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET body = excluded.body";
    connection.prepare_cached(sql)?.execute([name, body])?;
    Ok(())
}
