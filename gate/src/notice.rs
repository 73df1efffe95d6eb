//! Notices to the parties of a credit.

use {
    crate::store::{read_u64, to_integer},
    blockable_sdk::amounts::Units,
    rusqlite::{Connection, params},
    serde::{Deserialize, Serialize},
};

/// Something that lender and borrower of a credit should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Its number, rising; 0 before it is recorded.
    pub seq: u64,
    /// The time it was recorded at, in milliseconds since 1970.
    pub at_ms: i64,
    /// The credit's address.
    pub credit: String,
    /// The lender's address.
    pub lender: String,
    /// The borrower's address.
    pub borrower: String,
    /// The event.
    #[serde(flatten)]
    pub kind: NoticeKind,
}

/// Events in the life of a freeze order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum NoticeKind {
    /// It is obeyed from now on, ahead of the chain.
    FreezeObeyed {
        /// The transaction.
        signature: String,
        /// The key that signed it.
        by: String,
        /// Total of units closed to new jobs.
        frozen: Units,
    },
    /// It has landed: the chain shows it.
    FreezeLanded {
        /// The transaction.
        signature: String,
        /// The slot it landed in.
        slot: u64,
    },
    /// It is no longer obeyed: it failed or can no longer land.
    FreezeLifted {
        /// The transaction.
        signature: String,
        /// The reason.
        reason: String,
    },
}

/// Records a notice; returns its number.
pub(crate) fn insert(connection: &Connection, notice: &Notice, at_ms: i64) -> rusqlite::Result<u64> {
    let body = serde_json::to_string(notice)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    connection
        .prepare_cached("INSERT INTO notices (at_ms, credit, body) VALUES (?1, ?2, ?3)")?
        .execute(params![at_ms, notice.credit.as_bytes(), body])?;
    Ok(connection.last_insert_rowid().cast_unsigned())
}

/// Up to `most` notices after a number.
pub(crate) fn after(connection: &Connection, seq: u64, most: u32) -> rusqlite::Result<Vec<Notice>> {
    let sql = "SELECT seq, at_ms, body FROM notices WHERE seq > ?1 ORDER BY seq LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![to_integer(seq), most], |row| {
        let body: String = row.get(2)?;
        let notice: Notice = serde_json::from_str(&body).map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(2, rusqlite::types::Type::Text, error.into())
        })?;
        Ok(Notice { seq: read_u64(row, 0)?, at_ms: row.get(1)?, ..notice })
    })?;
    rows.collect()
}
