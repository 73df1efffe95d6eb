//! Rows of notices, and of the credits as last noticed.

use {
    super::{Notice, changes::changes, view::NoticedCredit},
    crate::store::{read_cursor, read_u64, read_units, to_integer},
    blockable_sdk::{Pubkey, amounts::Units},
    rusqlite::{Connection, OptionalExtension, Row, params, types::Type},
    serde::{Serialize, de::DeserializeOwned},
};

/// Position that is 1 once all credits have been noticed: a credit that is new from then on was issued meanwhile.
pub(crate) const ALL_SEEN: &str = "notices/all-seen";

/// Records a notice; returns its number.
pub(crate) fn insert(connection: &Connection, notice: &Notice, at_ms: i64) -> rusqlite::Result<u64> {
    let body = to_json(notice)?;
    connection
        .prepare_cached("INSERT INTO notices (at_ms, credit, body) VALUES (?1, ?2, ?3)")?
        .execute(params![at_ms, notice.credit.as_bytes(), body])?;
    Ok(connection.last_insert_rowid().cast_unsigned())
}

/// Up to `most` notices after a number.
pub(crate) fn after(connection: &Connection, seq: u64, most: u32) -> rusqlite::Result<Vec<Notice>> {
    let sql = "SELECT seq, at_ms, body FROM notices WHERE seq > ?1 ORDER BY seq LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![to_integer(seq), most], read)?;
    rows.collect()
}

/// Up to `most` notices of a credit after a number.
pub(crate) fn of_credit(
    connection: &Connection,
    credit: &str,
    seq: u64,
    most: u32,
) -> rusqlite::Result<Vec<Notice>> {
    let sql = "SELECT seq, at_ms, body FROM notices WHERE credit = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![credit.as_bytes(), to_integer(seq), most], read)?;
    rows.collect()
}

/// The time at which the last hand-over of a credit's borrower was recorded, in milliseconds since 1970.
pub(crate) fn last_hand_over(connection: &Connection, credit: &str) -> rusqlite::Result<Option<i64>> {
    let sql = "SELECT at_ms FROM notices WHERE credit = ?1 AND json_extract(body, '$.kind') = 'handed_over'
               ORDER BY seq DESC LIMIT 1";
    connection.prepare_cached(sql)?.query_row([credit.as_bytes()], |row| row.get(0)).optional()
}

fn read(row: &Row) -> rusqlite::Result<Notice> {
    let notice: Notice = from_json(row, 2)?;
    Ok(Notice { seq: read_u64(row, 0)?, at_ms: row.get(1)?, ..notice })
}

/// Removes those of the `most` oldest notices that were recorded before a time, in milliseconds since 1970. Returns their number.
pub(crate) fn prune(connection: &Connection, before_ms: i64, most: u32) -> rusqlite::Result<usize> {
    let sql =
        "DELETE FROM notices WHERE at_ms < ?1 AND seq IN (SELECT seq FROM notices ORDER BY seq LIMIT ?2)";
    connection.prepare_cached(sql)?.execute(params![before_ms, most])
}

/// Takes the view of a credit, `None` where its account is gone, and records the notices of what has changed since the last one.
/// Returns them. Before [`ALL_SEEN`] a credit that is new is taken without a notice: it is an old one in a new store.
pub(crate) fn record_view(
    connection: &Connection,
    address: &Pubkey,
    view: Option<&NoticedCredit>,
    at_ms: i64,
) -> rusqlite::Result<Vec<Notice>> {
    let before = last_view(connection, address)?;
    if before.as_ref() == view {
        return Ok(Vec::new());
    }
    match view {
        Some(view) => put_view(connection, address, view)?,
        None => {
            let sql = "DELETE FROM views WHERE credit = ?1";
            connection.prepare_cached(sql)?.execute([address.as_ref()])?;
        }
    }
    if before.is_none() && read_cursor(connection, ALL_SEEN)? == 0 {
        return Ok(Vec::new());
    }
    let kinds = changes(before.as_ref(), view, ordered(connection, address)?);
    let Some(parties) = view.or(before.as_ref()) else { return Ok(Vec::new()) };
    let mut notices = Vec::with_capacity(kinds.len());
    for kind in kinds {
        let notice = Notice {
            seq: 0,
            at_ms,
            credit: address.to_string(),
            lender: parties.lender.clone(),
            borrower: parties.borrower.clone(),
            kind,
            standing: view.map(NoticedCredit::standing),
        };
        let seq = insert(connection, &notice, at_ms)?;
        notices.push(Notice { seq, ..notice });
    }
    Ok(notices)
}

/// Raises the frozen units of a credit's last view to those that the notice of a landed order stands for.
pub(crate) fn raise_frozen(connection: &Connection, address: &Pubkey, frozen: Units) -> rusqlite::Result<()> {
    match last_view(connection, address)? {
        Some(view) if view.frozen < frozen => {
            put_view(connection, address, &NoticedCredit { frozen, ..view })
        }
        _ => Ok(()),
    }
}

fn last_view(connection: &Connection, address: &Pubkey) -> rusqlite::Result<Option<NoticedCredit>> {
    let mut statement = connection.prepare_cached("SELECT body FROM views WHERE credit = ?1")?;
    statement.query_row([address.as_ref()], |row| from_json(row, 0)).optional()
}

fn put_view(connection: &Connection, address: &Pubkey, view: &NoticedCredit) -> rusqlite::Result<()> {
    let sql = "INSERT INTO views VALUES (?1, ?2) ON CONFLICT (credit) DO UPDATE SET body = excluded.body";
    connection.prepare_cached(sql)?.execute(params![address.as_ref(), to_json(view)?])?;
    Ok(())
}

/// The most units that an open freeze order closes at a credit.
fn ordered(connection: &Connection, address: &Pubkey) -> rusqlite::Result<Units> {
    let sql = "SELECT frozen FROM freezes WHERE credit = ?1 AND state = 'open'";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([address.as_ref()], |row| read_units(row, 0))?;
    rows.into_iter().try_fold(Units::ZERO, |most, frozen| Ok(most.max(frozen?)))
}

fn to_json(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

fn from_json<T: DeserializeOwned>(row: &Row, column: usize) -> rusqlite::Result<T> {
    let body: String = row.get(column)?;
    let failed = |error: serde_json::Error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.into())
    };
    serde_json::from_str(&body).map_err(failed)
}
