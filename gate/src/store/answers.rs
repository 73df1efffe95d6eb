//! Rows of kept answers and named texts.

use {
    crate::answers::KeptAnswer,
    blockable_sdk::Pubkey,
    rusqlite::{Connection, OptionalExtension, params},
};

/// Keeps an answer as of a time in milliseconds since 1970, and no more than `most` of its credit. One of the same name is
/// replaced: it was too old to be found.
pub fn keep_answer(
    connection: &Connection,
    credit: &Pubkey,
    answer: &KeptAnswer,
    most: u32,
    now_ms: i64,
) -> rusqlite::Result<()> {
    let KeptAnswer { name, request, status, head, body } = answer;
    connection
        .prepare_cached("INSERT OR REPLACE INTO answers VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
        .execute(params![credit.as_ref(), name, now_ms, request, status, head, body])?;
    let sql = "DELETE FROM answers WHERE credit = ?1 AND kept_ms <=
               (SELECT kept_ms FROM answers WHERE credit = ?1 ORDER BY kept_ms DESC LIMIT 1 OFFSET ?2)";
    connection.prepare_cached(sql)?.execute(params![credit.as_ref(), most])?;
    Ok(())
}

/// Finds an answer that was kept at a time or later, in milliseconds since 1970.
pub fn find_answer(
    connection: &Connection,
    credit: &Pubkey,
    name: &str,
    since_ms: i64,
) -> rusqlite::Result<Option<KeptAnswer>> {
    let sql =
        "SELECT request, status, head, body FROM answers WHERE credit = ?1 AND name = ?2 AND kept_ms >= ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let read = |row: &rusqlite::Row| {
        let name = name.to_string();
        Ok(KeptAnswer {
            name,
            request: row.get(0)?,
            status: row.get(1)?,
            head: row.get(2)?,
            body: row.get(3)?,
        })
    };
    statement.query_row(params![credit.as_ref(), name, since_ms], read).optional()
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
