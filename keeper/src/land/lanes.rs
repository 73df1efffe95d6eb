//! Lanes of work that has failed. A failure makes its lane wait, twice as long with each; after enough of them the lane is in
//! quarantine and the operator is alerted. Everything else goes on.

use {
    crate::{
        land::left_out::LeftOut,
        plan::Intent,
        store::{Store, StoreError, columns::key},
    },
    blockable_sdk::{Pubkey, amounts::ChainTime},
    rusqlite::{Connection, Row, params},
    serde::Serialize,
    std::{collections::HashSet, time::Duration},
};

/// Longest pause between two tries.
const LONGEST: Duration = Duration::from_secs(3_600);

/// A lane that has failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Lane {
    /// The lane's name: the kind of work and its subject.
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
    /// Time of the first of them.
    pub since: ChainTime,
    /// Time before which it is not tried again.
    pub retry_at: ChainTime,
    /// Set once an operator has given it up.
    pub dropped: bool,
}

fn as_text<S: serde::Serializer>(key: &Pubkey, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(key)
}

/// Reads the lanes that must not be tried now. Forgets those whose work has not been due for an hour: it was done otherwise, or
/// is not called for any more. Errors: [`StoreError`].
pub(crate) async fn refresh(
    store: &Store,
    intents: &[Intent],
    now: ChainTime,
) -> Result<HashSet<String>, StoreError> {
    let read = move |connection: &Connection| Ok((blocked(connection, now)?, idle(connection, now)?));
    let (blocked, mut idle) = store.read(read).await?;
    // Few rounds find an idle lane, and the others are spared the names of all that is due.
    if !idle.is_empty() {
        let due: HashSet<String> = intents.iter().flat_map(Intent::lanes).collect();
        idle.retain(|lane| !due.contains(lane));
    }
    if !idle.is_empty() {
        let forget = move |connection: &rusqlite::Transaction| {
            idle.iter().try_for_each(|lane| succeed(connection, lane, &[]))
        };
        store.write(forget).await?;
    }
    Ok(blocked)
}

/// Records the failures of intents that cannot succeed. `first_pause` is the wait after the first failure.
/// Errors: [`StoreError`], with nothing recorded.
pub(crate) async fn record_failures(
    store: &Store,
    failed: Vec<LeftOut>,
    first_pause: Duration,
    now: ChainTime,
) -> Result<(), StoreError> {
    if failed.is_empty() {
        return Ok(());
    }
    let record = move |connection: &rusqlite::Transaction| {
        for LeftOut { intent, reason } in failed {
            // A credit that fails in the metering of its chunk waits alone.
            let (lane, subject) = match intent.credits() {
                [credit] => (intent.lane_of(credit), *credit),
                _ => (intent.lane(), intent.subject()),
            };
            let named = (lane.as_str(), intent.kind().name(), &subject);
            let failures = fail(connection, named, &reason, first_pause, now)?;
            tracing::warn!(lane, failures, reason, "an intent cannot succeed; it is tried again later");
        }
        Ok(())
    };
    store.write(record).await
}

/// Records a failure. Returns the number of failures in a row. Errors: [`StoreError`].
pub(crate) fn fail(
    connection: &Connection,
    (lane, kind, subject): (&str, &str, &Pubkey),
    reason: &str,
    first_pause: Duration,
    now: ChainTime,
) -> Result<u32, StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO lanes VALUES (?1, ?2, ?3, ?4, 1, ?5, ?5, 0)
             ON CONFLICT (lane) DO UPDATE SET failures = failures + 1, reason = excluded.reason",
        )?
        .execute(params![lane, kind, subject.as_ref(), reason, now.get()])?;
    let sql = "SELECT failures FROM lanes WHERE lane = ?1";
    let failures: u32 = connection.prepare_cached(sql)?.query_row([lane], |row| row.get(0))?;
    let doubled =
        first_pause.saturating_mul(1u32.checked_shl(failures.saturating_sub(1).min(16)).unwrap_or(1));
    let pause = i64::try_from(doubled.min(LONGEST).as_secs()).unwrap_or(i64::MAX);
    connection
        .prepare_cached("UPDATE lanes SET retry_at = ?2 WHERE lane = ?1")?
        .execute(params![lane, now.plus_seconds(pause).get()])?;
    Ok(failures)
}

/// Forgets the failures of a lane that has succeeded, and those of these credits in lanes of their own within it.
/// Errors: [`StoreError`].
pub(crate) fn succeed(connection: &Connection, lane: &str, credits: &[Pubkey]) -> Result<(), StoreError> {
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

/// Reads the lanes that could have been tried for an hour and were not. Dropped lanes are left out.
fn idle(connection: &Connection, now: ChainTime) -> Result<Vec<String>, StoreError> {
    let before = now.plus_seconds(-i64::try_from(LONGEST.as_secs()).unwrap_or(i64::MAX));
    let mut statement =
        connection.prepare_cached("SELECT lane FROM lanes WHERE retry_at <= ?1 AND dropped = 0")?;
    let lanes = statement.query_map([before.get()], |row| row.get(0))?;
    Ok(lanes.collect::<Result<_, _>>()?)
}

/// Reads the lanes that must not be tried at a time. Errors: [`StoreError`].
pub(crate) fn blocked(connection: &Connection, now: ChainTime) -> Result<HashSet<String>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT lane FROM lanes WHERE retry_at > ?1 OR dropped = 1")?;
    Ok(statement.query_map([now.get()], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// Reads the lanes that an operator has given up. Errors: [`StoreError`].
pub(crate) fn dropped(connection: &Connection) -> Result<HashSet<String>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT lane FROM lanes WHERE dropped = 1")?;
    Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// Returns the part of an intent that is in none of the blocked lanes; `None` where all of it is.
pub(crate) fn unblocked_part(intent: &Intent, blocked: &HashSet<String>) -> Option<Intent> {
    if blocked.is_empty() {
        return Some(intent.clone());
    }
    if blocked.contains(&intent.lane()) {
        return None;
    }
    intent.without(|credit| blocked.contains(&intent.lane_of(credit)))
}

/// Lists the lanes that have failed `least` times in a row or were dropped, oldest first. Errors: [`StoreError`].
pub(crate) fn list(connection: &Connection, least: u32) -> Result<Vec<Lane>, StoreError> {
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
        since: ChainTime(row.get(5)?),
        retry_at: ChainTime(row.get(6)?),
        dropped: row.get(7)?,
    })
}

/// Has a lane tried again at once. Returns whether there is such a lane. Errors: [`StoreError`].
pub(crate) fn retry(connection: &Connection, lane: &str) -> Result<bool, StoreError> {
    let sql = "UPDATE lanes SET failures = 0, retry_at = 0, dropped = 0 WHERE lane = ?1";
    Ok(connection.execute(sql, [lane])? > 0)
}

/// Gives a lane up: it is not tried again until an operator says so. Returns whether there is such a lane.
/// Errors: [`StoreError`].
pub(crate) fn drop_lane(connection: &Connection, lane: &str) -> Result<bool, StoreError> {
    Ok(connection.execute("UPDATE lanes SET dropped = 1 WHERE lane = ?1", [lane])? > 0)
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        crate::{land::tests::ground::meter, store::in_memory},
    };

    #[test]
    fn failures_wait_longer_each_time_and_success_forgets_them() {
        let store = in_memory();
        let (pause, subject) = (Duration::from_secs(30), Pubkey::default());
        let lane = ("expire_units/a", "expire_units", &subject);
        let mut waits = Vec::new();
        for failures in 1..=9 {
            assert_eq!(fail(&store, lane, "no", pause, ChainTime(1_000)).unwrap(), failures);
            waits.push(list(&store, 1).unwrap()[0].retry_at.seconds_since(ChainTime(1_000)));
        }
        assert_eq!(waits, [30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600]);
        assert!(blocked(&store, ChainTime(1_000)).unwrap().contains("expire_units/a"));
        assert!(!blocked(&store, ChainTime(4_600)).unwrap().contains("expire_units/a"));
        assert!(list(&store, 10).unwrap().is_empty());
        succeed(&store, "expire_units/a", &[]).unwrap();
        assert!(list(&store, 1).unwrap().is_empty());
    }

    #[tokio::test]
    async fn work_that_is_not_due_any_more_is_forgotten_an_hour_after_its_last_chance() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let chunks = [0, 1, 2].map(|chunk| meter(chunk, &[1, 2], 0));
        let failed = LeftOut::all(chunks.clone(), "no");
        let pause = Duration::from_secs(30);
        record_failures(&store, failed, pause, ChainTime(1_000)).await.unwrap();
        let dropped = chunks[2].lane();
        store.write(move |connection| drop_lane(connection, &dropped).map(drop)).await.unwrap();
        let kept = async |now| {
            refresh(&store, &chunks[1..2], ChainTime(now)).await.unwrap();
            let lanes = store.read(|connection| list(connection, 1)).await.unwrap();
            lanes.into_iter().map(|lane| lane.lane).collect::<Vec<_>>()
        };
        let lanes = |intents: &[Intent]| intents.iter().map(Intent::lane).collect::<Vec<_>>();
        assert_eq!(kept(1_030 + 3_599).await, lanes(&chunks));
        assert_eq!(kept(1_030 + 3_600).await, lanes(&chunks[1..]));
    }

    #[test]
    fn an_operator_retries_or_drops() {
        let store = in_memory();
        let lane = ("meter/p/1", "meter", &Pubkey::default());
        fail(&store, lane, "no", Duration::from_secs(30), ChainTime(1_000)).unwrap();
        assert!(drop_lane(&store, "meter/p/1").unwrap());
        assert!(blocked(&store, ChainTime(i64::MAX)).unwrap().contains("meter/p/1"), "dropped for good");
        assert!(list(&store, 5).unwrap()[0].dropped);
        assert_eq!(dropped(&store).unwrap(), HashSet::from(["meter/p/1".to_string()]));
        assert!(retry(&store, "meter/p/1").unwrap());
        assert!(blocked(&store, ChainTime(1_000)).unwrap().is_empty() && dropped(&store).unwrap().is_empty());
        assert!(!retry(&store, "meter/p/2").unwrap() && !drop_lane(&store, "meter/p/2").unwrap());
    }
}
