//! Readers of keepers' stores, which work while the keepers run.

use {
    blockable_sdk::{Pubkey, Signature},
    rusqlite::{Connection, Params, Row},
    std::path::Path,
};

/// A transaction on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub signature: Signature,
    pub role: String,
    pub state: String,
    pub written_at: i64,
}

/// An alert that was raised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raised {
    pub rule: String,
    pub subject: Pubkey,
    pub is_open: bool,
}

/// Transactions, oldest first; none before there is a store.
pub fn transactions(store: &Path) -> Vec<Written> {
    let sql = "SELECT signature, role, state, written_at FROM transactions ORDER BY written_at";
    rows(store, sql, [], |row| {
        let signature: [u8; 64] = row.get(0)?;
        Ok(Written {
            signature: Signature::from(signature),
            role: row.get(1)?,
            state: row.get(2)?,
            written_at: row.get(3)?,
        })
    })
}

/// Alerts of a rule, in the order in which they were raised.
pub fn alerts(store: &Path, rule: &str) -> Vec<Raised> {
    let sql = "SELECT rule, subject, cleared_at IS NULL FROM alerts WHERE rule = ?1 ORDER BY id";
    rows(store, sql, [rule], |row| {
        let subject: [u8; 32] = row.get(1)?;
        Ok(Raised { rule: row.get(0)?, subject: subject.into(), is_open: row.get(2)? })
    })
}

/// Returns true where a rule has an open alert on a subject.
pub fn is_open(store: &Path, rule: &str, subject: &Pubkey) -> bool {
    alerts(store, rule).iter().any(|alert| alert.subject == *subject && alert.is_open)
}

/// The latest clock of the chain that was recorded; 0 before the first.
pub fn seen(store: &Path) -> i64 {
    rows(store, "SELECT clock FROM last_reading", [], |row| row.get(0)).pop().unwrap_or(0)
}

/// Seconds that were lost to stalls, oldest first.
pub fn stalls(store: &Path) -> Vec<i64> {
    rows(store, "SELECT lost FROM stalls ORDER BY began", [], |row| row.get(0))
}

/// Counts the lanes whose latest work failed, or is to be retried.
pub fn lanes(store: &Path) -> i64 {
    rows(store, "SELECT count(*) FROM lanes", [], |row| row.get::<_, i64>(0)).into_iter().sum()
}

/// Changes the store, also while a keeper has it open.
pub fn change(store: &Path, sql: &str, params: impl Params) {
    let connection = Connection::open(store).unwrap();
    connection.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    assert_eq!(connection.execute(sql, params).unwrap(), 1, "{sql}");
}

fn rows<T>(
    store: &Path,
    sql: &str,
    params: impl Params,
    read: impl FnMut(&Row) -> rusqlite::Result<T>,
) -> Vec<T> {
    if !store.exists() {
        return Vec::new();
    }
    let connection = Connection::open(store).unwrap();
    connection.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    // A keeper that has only just made the file has no tables in it yet.
    let Ok(mut statement) = connection.prepare(sql) else { return Vec::new() };
    statement.query_map(params, read).unwrap().collect::<Result<_, _>>().unwrap()
}
