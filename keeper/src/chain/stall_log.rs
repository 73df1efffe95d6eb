//! Keeps the stalls, and the last reading of the chain, over restarts.

use {
    crate::{
        chain::stalls::{SlotTime, Stall, StallDetector, Stalls},
        store::{
            Store, StoreError,
            columns::{signed, unsigned},
        },
    },
    blockable_sdk::amounts::ChainTime,
    fail::fail_point,
    rusqlite::{Connection, OptionalExtension, params},
    std::time::Instant,
};

/// Pause between two writings of the last reading, in seconds of the chain's clock. More of them would only date a stall more
/// exactly.
const WRITE_EVERY: i64 = 60;

/// The stalls of a cluster. Owned by the cycle alone.
///
/// The store is ahead of the memory: a reading moves the detector only once the stall that it shows is written. A store that
/// fails, or a crash, thus leaves the reading from before the stall, and the next one finds it again.
pub(crate) struct StallLog {
    store: Store,
    detector: StallDetector,
    stalls: Stalls,
    least: i64,
    written: ChainTime,
}

impl StallLog {
    /// Reads the stored stalls. A stall is at least `least` seconds. Errors: [`StoreError`].
    pub(crate) async fn open(store: Store, least: i64) -> Result<StallLog, StoreError> {
        let (last, stalls) =
            store.read(|connection| Ok((read_last(connection)?, read_stalls(connection)?))).await?;
        let written = last.map_or(ChainTime(i64::MIN), |reading| reading.clock);
        let detector = StallDetector::resume(last);
        Ok(StallLog { store, detector, stalls: Stalls(stalls), least, written })
    }

    /// The known stalls.
    pub(crate) fn stalls(&self) -> &Stalls {
        &self.stalls
    }

    /// Takes in a reading of the chain. Returns the stall that it shows to have ended. A stall is on the disk before anybody is
    /// marked late by what comes after it. Errors: [`StoreError`]; the next reading shows the stall again.
    pub(crate) async fn record(&mut self, reading: SlotTime) -> Result<Option<Stall>, StoreError> {
        let mut detector = self.detector.clone();
        let stall = detector.advance(reading, Instant::now(), self.least);
        if stall.is_none() && reading.clock < self.written.plus_seconds(WRITE_EVERY) {
            self.detector = detector;
            return Ok(None);
        }
        self.store
            .write(move |connection| {
                if let Some(stall) = stall {
                    write_stall(connection, stall)?;
                }
                write_last(connection, reading)
            })
            .await?;
        fail_point!("chain-after-reading", |_| std::process::abort());
        self.detector = detector;
        self.written = reading.clock;
        if let Some(stall) = stall {
            let (lost, from) = (stall.lost, stall.from.get());
            tracing::warn!(lost, from, "the cluster produced no blocks; graces are longer by that");
            self.stalls.0.push(stall);
        }
        Ok(stall)
    }
}

fn read_last(connection: &Connection) -> Result<Option<SlotTime>, StoreError> {
    let read = |row: &rusqlite::Row| Ok(SlotTime { slot: unsigned(row, 0)?, clock: ChainTime(row.get(1)?) });
    Ok(connection.query_row("SELECT slot, clock FROM last_reading", [], read).optional()?)
}

fn write_last(connection: &Connection, reading: SlotTime) -> Result<(), StoreError> {
    let sql = "INSERT INTO last_reading VALUES (1, ?1, ?2)
               ON CONFLICT (one) DO UPDATE SET slot = excluded.slot, clock = excluded.clock";
    connection.prepare_cached(sql)?.execute(params![signed(reading.slot), reading.clock.get()])?;
    Ok(())
}

fn read_stalls(connection: &Connection) -> Result<Vec<Stall>, StoreError> {
    let mut statement = connection.prepare("SELECT began, ended, lost FROM stalls ORDER BY began")?;
    let read = |row: &rusqlite::Row| {
        Ok(Stall { from: ChainTime(row.get(0)?), until: ChainTime(row.get(1)?), lost: row.get(2)? })
    };
    Ok(statement.query_map([], read)?.collect::<Result<_, _>>()?)
}

fn write_stall(connection: &Connection, stall: Stall) -> Result<(), StoreError> {
    let sql = "INSERT INTO stalls VALUES (?1, ?2, ?3)
               ON CONFLICT (began) DO UPDATE SET ended = excluded.ended, lost = lost + excluded.lost";
    connection.execute(sql, params![stall.from.get(), stall.until.get(), stall.lost])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(slot: u64, clock: i64) -> SlotTime {
        SlotTime { slot, clock: ChainTime(clock) }
    }

    async fn opened(folder: &std::path::Path) -> StallLog {
        StallLog::open(Store::open(folder).unwrap(), 60).await.unwrap()
    }

    #[tokio::test]
    async fn a_stall_that_passed_while_no_keeper_ran_is_found_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let mut before = opened(folder.path()).await;
        assert_eq!(before.record(at(1_000, 50_000)).await.unwrap(), None);
        drop(before);
        let mut after = opened(folder.path()).await;
        let stall = after.record(at(1_010, 53_606)).await.unwrap();
        assert_eq!(stall.map(|stall| stall.lost), Some(3_600));
        drop(after);
        let again = opened(folder.path()).await;
        assert_eq!(again.stalls().lost_since(ChainTime(0)), 3_600);
    }

    #[tokio::test]
    async fn a_stall_that_cannot_be_written_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = opened(folder.path()).await;
        assert_eq!(log.record(at(1_000, 50_000)).await.unwrap(), None);
        let change = async |store: &Store, sql: &'static str| {
            store.write(move |connection| Ok(connection.execute_batch(sql)?)).await.unwrap();
        };
        let full = "CREATE TRIGGER full BEFORE INSERT ON stalls BEGIN SELECT RAISE(ABORT, 'full'); END";
        change(&log.store, full).await;
        log.record(at(1_010, 53_606)).await.unwrap_err();
        assert_eq!(log.stalls(), &Stalls::default());
        change(&log.store, "DROP TRIGGER full").await;
        let stall = log.record(at(1_011, 53_607)).await.unwrap();
        assert_eq!(stall.map(|stall| stall.lost), Some(3_601));
        assert_eq!(log.stalls().lost_since(ChainTime(50_000)), 3_601);
    }
}
