//! Work that keeps failing. A failure makes its lane wait, twice as long with each; after enough of them the lane is in
//! quarantine, the operator is told, and everything else goes on.

use {
    crate::{
        plan::Intent,
        store::{StoreError, columns::key},
    },
    blockable_sdk::Pubkey,
    rusqlite::{Connection, Row, params},
    serde::Serialize,
    std::{collections::HashSet, time::Duration},
};

/// Longest pause between two tries.
const LONGEST: Duration = Duration::from_secs(3_600);

/// A lane that has failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lane {
    /// Its name: the kind of work and its subject.
    pub lane: String,
    /// The kind of work.
    pub kind: String,
    /// The credit or provider.
    #[serde(serialize_with = "as_text")]
    pub subject: Pubkey,
    /// The latest failure.
    pub reason: String,
    /// Failures in a row.
    pub failures: u32,
    /// Unix time of the first of them.
    pub since: i64,
    /// Unix time before which it is not tried again.
    pub retry_at: i64,
    /// Whether an operator has given it up.
    pub dropped: bool,
}

fn as_text<S: serde::Serializer>(key: &Pubkey, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(key)
}

/// Notes a failure. Returns how many there have been in a row.
pub fn fail(
    connection: &Connection,
    (lane, kind, subject): (&str, &str, &Pubkey),
    reason: &str,
    first_pause: Duration,
    now: i64,
) -> Result<u32, StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO lanes VALUES (?1, ?2, ?3, ?4, 1, ?5, ?5, 0)
             ON CONFLICT (lane) DO UPDATE SET failures = failures + 1, reason = excluded.reason",
        )?
        .execute(params![lane, kind, subject.as_ref(), reason, now])?;
    let sql = "SELECT failures FROM lanes WHERE lane = ?1";
    let failures: u32 = connection.prepare_cached(sql)?.query_row([lane], |row| row.get(0))?;
    let doubled =
        first_pause.saturating_mul(1u32.checked_shl(failures.saturating_sub(1).min(16)).unwrap_or(1));
    let pause = i64::try_from(doubled.min(LONGEST).as_secs()).unwrap_or(i64::MAX);
    connection
        .prepare_cached("UPDATE lanes SET retry_at = ?2 WHERE lane = ?1")?
        .execute(params![lane, now.saturating_add(pause)])?;
    Ok(failures)
}

/// The lane has succeeded: its failures are forgotten, and those of these credits in lanes of their own within it.
pub fn succeed(connection: &Connection, lane: &str, credits: &[Pubkey]) -> Result<(), StoreError> {
    connection.prepare_cached("DELETE FROM lanes WHERE lane = ?1")?.execute([lane])?;
    // `0` is the character after `/`: all names that begin with the lane's and a slash.
    let sql = "SELECT lane, subject FROM lanes WHERE lane > ?1 || '/' AND lane < ?1 || '0'";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([lane], |row| Ok((row.get(0)?, key(row, 1)?)))?;
    let within: Vec<(String, Pubkey)> = rows.collect::<Result<_, _>>()?;
    let done = within.iter().filter(|(_, credit)| credits.contains(credit));
    done.map(|(lane, _)| lane).try_for_each(|lane| {
        connection.prepare_cached("DELETE FROM lanes WHERE lane = ?1")?.execute([lane])?;
        Ok(())
    })
}

/// Lanes whose work has not been due since it could last have been tried, an hour ago or longer: it has been done otherwise,
/// or is not called for any more. What an operator has dropped stays. `due` tells the lanes that are due; few rounds must know.
pub fn idle(
    connection: &Connection,
    due: impl FnOnce() -> HashSet<String>,
    now: i64,
) -> Result<Vec<String>, StoreError> {
    let before = now.saturating_sub(i64::try_from(LONGEST.as_secs()).unwrap_or(i64::MAX));
    let mut statement =
        connection.prepare_cached("SELECT lane FROM lanes WHERE retry_at <= ?1 AND dropped = 0")?;
    let lanes = statement.query_map([before], |row| row.get::<_, String>(0))?;
    let mut idle = lanes.collect::<Result<Vec<_>, _>>()?;
    if !idle.is_empty() {
        let due = due();
        idle.retain(|lane| !due.contains(lane));
    }
    Ok(idle)
}

/// The lanes that must not be tried at a Unix time.
pub fn closed(connection: &Connection, now: i64) -> Result<HashSet<String>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT lane FROM lanes WHERE retry_at > ?1 OR dropped = 1")?;
    Ok(statement.query_map([now], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// The lanes that an operator has given up.
pub fn dropped(connection: &Connection) -> Result<HashSet<String>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT lane FROM lanes WHERE dropped = 1")?;
    Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// What of an intent is in none of these lanes; `None` where all of it is.
pub fn open_part(intent: Intent, closed: &HashSet<String>) -> Option<Intent> {
    if closed.is_empty() {
        return Some(intent);
    }
    if closed.contains(&intent.lane()) {
        return None;
    }
    let is_aside = |credit: &Pubkey| closed.contains(&intent.lane_of(credit));
    intent.without(is_aside)
}

/// All lanes that have failed `least` times in a row or were dropped, oldest first.
pub fn list(connection: &Connection, least: u32) -> Result<Vec<Lane>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT lane, kind, subject, reason, failures, since, retry_at, dropped FROM lanes
         WHERE failures >= ?1 OR dropped = 1 ORDER BY since, lane",
    )?;
    Ok(statement.query_map([least], read)?.collect::<Result<_, _>>()?)
}

fn read(row: &Row) -> rusqlite::Result<Lane> {
    Ok(Lane {
        lane: row.get(0)?,
        kind: row.get(1)?,
        subject: key(row, 2)?,
        reason: row.get(3)?,
        failures: row.get(4)?,
        since: row.get(5)?,
        retry_at: row.get(6)?,
        dropped: row.get(7)?,
    })
}

/// Has a lane tried again at once. Returns whether there is such a lane.
pub fn retry(connection: &Connection, lane: &str) -> Result<bool, StoreError> {
    let sql = "UPDATE lanes SET failures = 0, retry_at = 0, dropped = 0 WHERE lane = ?1";
    Ok(connection.execute(sql, [lane])? > 0)
}

/// Gives a lane up: it is not tried again until an operator says so. Returns whether there is such a lane.
pub fn drop_lane(connection: &Connection, lane: &str) -> Result<bool, StoreError> {
    Ok(connection.execute("UPDATE lanes SET dropped = 1 WHERE lane = ?1", [lane])? > 0)
}

#[cfg(test)]
mod tests {
    use {super::*, crate::store::in_memory};

    #[test]
    fn failures_wait_longer_each_time_and_success_forgets_them() {
        let store = in_memory();
        let (pause, subject) = (Duration::from_secs(30), Pubkey::default());
        let lane = ("expire_units/a", "expire_units", &subject);
        let mut waits = Vec::new();
        for failures in 1..=9 {
            assert_eq!(fail(&store, lane, "no", pause, 1_000).unwrap(), failures);
            waits.push(list(&store, 1).unwrap()[0].retry_at - 1_000);
        }
        assert_eq!(waits, [30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600]);
        assert!(closed(&store, 1_000).unwrap().contains("expire_units/a"));
        assert!(!closed(&store, 4_600).unwrap().contains("expire_units/a"));
        assert!(list(&store, 10).unwrap().is_empty());
        succeed(&store, "expire_units/a", &[]).unwrap();
        assert!(list(&store, 1).unwrap().is_empty());
    }

    #[test]
    fn work_that_is_not_due_any_more_is_idle_an_hour_after_its_last_chance() {
        let store = in_memory();
        let subject = Pubkey::default();
        for lane in ["meter/p/1", "meter/p/2", "meter/p/3"] {
            fail(&store, (lane, "meter", &subject), "no", Duration::from_secs(30), 1_000).unwrap();
        }
        drop_lane(&store, "meter/p/3").unwrap();
        let due = || HashSet::from(["meter/p/2".to_string()]);
        assert!(idle(&store, due, 1_030 + 3_599).unwrap().is_empty());
        assert_eq!(idle(&store, due, 1_030 + 3_600).unwrap(), ["meter/p/1"]);
    }

    #[test]
    fn an_operator_retries_or_drops() {
        let store = in_memory();
        let lane = ("meter/p/1", "meter", &Pubkey::default());
        fail(&store, lane, "no", Duration::from_secs(30), 1_000).unwrap();
        assert!(drop_lane(&store, "meter/p/1").unwrap());
        assert!(closed(&store, i64::MAX).unwrap().contains("meter/p/1"), "dropped for good");
        assert!(list(&store, 5).unwrap()[0].dropped);
        assert_eq!(dropped(&store).unwrap(), HashSet::from(["meter/p/1".to_string()]));
        assert!(retry(&store, "meter/p/1").unwrap());
        assert!(closed(&store, 1_000).unwrap().is_empty() && dropped(&store).unwrap().is_empty());
        assert!(!retry(&store, "meter/p/2").unwrap() && !drop_lane(&store, "meter/p/2").unwrap());
    }
}
