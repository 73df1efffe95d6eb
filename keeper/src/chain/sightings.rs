//! Keeps looks at the chain and the stalls they show, over restarts.

use {
    crate::{
        chain::stall::{Sighting, Stall, StallWatch, Stalls},
        store::{
            Store, StoreError,
            columns::{signed, unsigned},
        },
    },
    fail::fail_point,
    rusqlite::{Connection, OptionalExtension, params},
    std::time::Instant,
};

/// How often a look is written down, in seconds of the chain's clock. A stall is only found more exactly with more.
const WRITE_EVERY: i64 = 60;

/// Looks at the chain.
pub struct Sightings {
    store: Store,
    watch: StallWatch,
    stalls: Stalls,
    least: i64,
    written: i64,
}

impl Sightings {
    /// What the store has kept. A stall is at least `least` seconds. Errors: [`StoreError`].
    pub async fn open(store: Store, least: i64) -> Result<Sightings, StoreError> {
        let (last, stalls) =
            store.read(|connection| Ok((read_last(connection)?, read_stalls(connection)?))).await?;
        let written = last.map_or(i64::MIN, |sighting: Sighting| sighting.clock);
        Ok(Sightings { store, watch: StallWatch::from(last), stalls: Stalls(stalls), least, written })
    }

    /// The stalls known.
    pub fn stalls(&self) -> Stalls {
        self.stalls.clone()
    }

    /// Takes in a look. Returns the stall it shows to be over. A stall is on the disk before anybody is judged by what
    /// comes after it. Errors: [`StoreError`].
    pub async fn see(&mut self, sighting: Sighting) -> Result<Option<Stall>, StoreError> {
        let stall = self.watch.see(sighting, Instant::now(), self.least);
        if stall.is_none() && sighting.clock < self.written.saturating_add(WRITE_EVERY) {
            return Ok(None);
        }
        self.store
            .write(move |connection| {
                if let Some(stall) = stall {
                    write_stall(connection, stall)?;
                }
                write_last(connection, sighting)
            })
            .await?;
        fail_point!("chain-after-sighting", |_| std::process::abort());
        self.written = sighting.clock;
        if let Some(stall) = stall {
            tracing::warn!(
                lost = stall.lost,
                from = stall.from,
                "the cluster stood still; graces are longer by that"
            );
            self.stalls.0.push(stall);
        }
        Ok(stall)
    }
}

fn read_last(connection: &Connection) -> Result<Option<Sighting>, StoreError> {
    let read = |row: &rusqlite::Row| Ok(Sighting { slot: unsigned(row, 0)?, clock: row.get(1)? });
    Ok(connection.query_row("SELECT slot, clock FROM sighting", [], read).optional()?)
}

fn write_last(connection: &Connection, sighting: Sighting) -> Result<(), StoreError> {
    let sql = "INSERT INTO sighting VALUES (1, ?1, ?2)
               ON CONFLICT (one) DO UPDATE SET slot = excluded.slot, clock = excluded.clock";
    connection.prepare_cached(sql)?.execute(params![signed(sighting.slot), sighting.clock])?;
    Ok(())
}

fn read_stalls(connection: &Connection) -> Result<Vec<Stall>, StoreError> {
    let mut statement = connection.prepare("SELECT began, ended, lost FROM stalls ORDER BY began")?;
    let read = |row: &rusqlite::Row| Ok(Stall { from: row.get(0)?, until: row.get(1)?, lost: row.get(2)? });
    Ok(statement.query_map([], read)?.collect::<Result<_, _>>()?)
}

fn write_stall(connection: &Connection, stall: Stall) -> Result<(), StoreError> {
    let sql = "INSERT INTO stalls VALUES (?1, ?2, ?3)
               ON CONFLICT (began) DO UPDATE SET ended = excluded.ended, lost = lost + excluded.lost";
    connection.execute(sql, params![stall.from, stall.until, stall.lost])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stall_that_passed_while_no_keeper_ran_is_found_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let at = |slot, clock| Sighting { slot, clock };
        let mut before = Sightings::open(Store::open(folder.path()).unwrap(), 60).await.unwrap();
        assert_eq!(before.see(at(1_000, 50_000)).await.unwrap(), None);
        drop(before);
        let mut after = Sightings::open(Store::open(folder.path()).unwrap(), 60).await.unwrap();
        let stall = after.see(at(1_010, 53_606)).await.unwrap();
        assert_eq!(stall.map(|stall| stall.lost), Some(3_600));
        drop(after);
        let again = Sightings::open(Store::open(folder.path()).unwrap(), 60).await.unwrap();
        assert_eq!(again.stalls().lost_since(0), 3_600);
    }
}
