//! Rows of holds, meters and cursors.

use {
    super::{
        read_key, read_u64, read_units, to_integer,
        usage::{HoldEnd, insert_end},
    },
    crate::{
        hold::{AtDeadline, Hold, HoldId},
        usage::{JobFigures, JobLabels},
    },
    blockable_sdk::{Pubkey, amounts::Units},
    rusqlite::{Connection, OptionalExtension, Row, params},
};

/// The ends of holds as they are stored.
const RETURN: i64 = 0;
const SETTLE: i64 = 1;
const RETURN_WITH_PROCESS: i64 = 2;

/// Reads a named position.
pub fn read_cursor(connection: &Connection, name: &str) -> rusqlite::Result<u64> {
    let sql = "SELECT value FROM cursors WHERE name = ?1";
    let value = connection.prepare_cached(sql)?.query_row([name], |row| read_u64(row, 0)).optional()?;
    Ok(value.unwrap_or(0))
}

/// Sets a named position.
pub fn write_cursor(connection: &Connection, name: &str, value: u64) -> rusqlite::Result<()> {
    let sql = "INSERT INTO cursors VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    connection.prepare_cached(sql)?.execute(params![name, to_integer(value)])?;
    Ok(())
}

/// Records a hold.
pub fn insert_hold(connection: &Connection, hold: &Hold) -> rusqlite::Result<()> {
    let sql = "INSERT INTO holds VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    connection.prepare_cached(sql)?.execute(params![
        to_integer(hold.id.0),
        hold.credit.as_ref(),
        hold.index,
        to_integer(hold.units.get()),
        hold.reference,
        hold.admitted_ms,
        hold.deadline_ms,
        match hold.at_deadline {
            AtDeadline::Return => RETURN,
            AtDeadline::Settle => SETTLE,
            AtDeadline::ReturnWithProcess => RETURN_WITH_PROCESS,
        },
        hold.labels.model,
        hold.labels.api_key,
    ])?;
    Ok(())
}

/// Removes a hold without counting anything.
pub fn remove_hold(connection: &Connection, id: HoldId) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM holds WHERE id = ?1")?.execute([to_integer(id.0)])?;
    Ok(())
}

/// Ends a hold whose job used nothing, and records it in the usage log as of `now_us`, in microseconds since 1970.
pub fn release_hold(
    connection: &Connection,
    hold: &Hold,
    figures: JobFigures,
    now_us: i64,
) -> rusqlite::Result<()> {
    remove_hold(connection, hold.id)?;
    insert_end(connection, hold, &HoldEnd { units: None, figures, now_us })?;
    Ok(())
}

/// Ends a hold with the units used, once: where it has been settled before, nothing changes. Records it in the usage log as of
/// `now_us`, in microseconds since 1970. Returns the credit's cumulative use, which is never below `floor`, the cumulative use
/// that the gate knows of.
pub fn settle_hold(
    connection: &Connection,
    hold: &Hold,
    used: Units,
    figures: JobFigures,
    floor: Units,
    now_us: i64,
) -> rusqlite::Result<Units> {
    remove_hold(connection, hold.id)?;
    let entered = insert_end(connection, hold, &HoldEnd { units: Some(used), figures, now_us })?;
    let used = if entered { used } else { Units::ZERO };
    let before = read_meter(connection, &hold.credit, hold.index)?.max(floor);
    let cumulative = before.saturating_add(used);
    connection
        .prepare_cached(
            "INSERT INTO meters VALUES (?1, ?2, ?3)
             ON CONFLICT (credit, credit_index) DO UPDATE SET cumulative = excluded.cumulative",
        )?
        .execute(params![hold.credit.as_ref(), hold.index, to_integer(cumulative.get())])?;
    Ok(cumulative)
}

fn read_meter(connection: &Connection, credit: &Pubkey, index: u32) -> rusqlite::Result<Units> {
    let sql = "SELECT cumulative FROM meters WHERE credit = ?1 AND credit_index = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let value = statement.query_row(params![credit.as_ref(), index], |row| read_units(row, 0)).optional()?;
    Ok(value.unwrap_or_default())
}

/// Reads a hold from its row.
pub(super) fn read_hold(row: &Row) -> rusqlite::Result<Hold> {
    Ok(Hold {
        id: HoldId(read_u64(row, 0)?),
        credit: read_key(row, 1)?,
        index: row.get(2)?,
        units: read_units(row, 3)?,
        reference: row.get(4)?,
        admitted_ms: row.get(5)?,
        deadline_ms: row.get(6)?,
        at_deadline: match row.get(7)? {
            RETURN => AtDeadline::Return,
            RETURN_WITH_PROCESS => AtDeadline::ReturnWithProcess,
            _ => AtDeadline::Settle,
        },
        labels: JobLabels { model: row.get(8)?, api_key: row.get(9)? },
    })
}
