//! Series of samples of credits, coarser with age: each interval of a resolution keeps the last sample in it.

use {
    crate::{
        store::{
            StoreError, addresses,
            columns::{key, signed, unsigned},
        },
        watch::track::Track,
    },
    blockable_sdk::{
        Pubkey,
        amounts::{ChainTime, MicroUsd, Units},
    },
    rusqlite::{Connection, Transaction, params},
    serde::{Deserialize, Serialize},
    std::collections::BTreeMap,
};

const DAY: i64 = 86_400;
/// Most samples of a series that are read at once.
pub(crate) const SERIES_MAX: u32 = 10_000;
/// Most old samples of one credit and resolution that one round of retention removes; more come with the next.
const REMOVED_AT_ONCE: i64 = 64;

/// The width of the intervals of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Resolution {
    /// Five minutes.
    Fine,
    /// An hour.
    Hour,
    /// A day; kept for ever.
    Day,
}

impl Resolution {
    /// All resolutions, the finest first.
    pub(crate) const ALL: [Resolution; 3] = [Resolution::Fine, Resolution::Hour, Resolution::Day];

    /// The width of an interval in seconds.
    pub(crate) fn seconds(self) -> i64 {
        match self {
            Resolution::Fine => 300,
            Resolution::Hour => 3_600,
            Resolution::Day => DAY,
        }
    }

    /// The resolution with intervals of so many seconds.
    pub(crate) fn from_seconds(seconds: i64) -> Option<Resolution> {
        Resolution::ALL.into_iter().find(|resolution| resolution.seconds() == seconds)
    }

    /// The beginning of the interval that a time lies in.
    pub(super) fn interval(self, at: ChainTime) -> ChainTime {
        at.plus_seconds(-at.get().rem_euclid(self.seconds()))
    }
}

/// The units and the debt of a credit at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Sample {
    /// The chain's clock; in a series, the beginning of the interval whose last sample this is.
    pub at: ChainTime,
    /// Units used.
    pub consumed: Units,
    /// Units that new jobs could draw on.
    pub available: Units,
    /// Units frozen.
    pub frozen: Units,
    /// Units under lien.
    pub lien: Units,
    /// Everything owed.
    pub debt: MicroUsd,
    /// The amount to pay to be current.
    pub arrears: MicroUsd,
    /// The status' byte.
    pub status: u8,
}

/// The seconds for which samples that are not daily are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Keep {
    pub fine: i64,
    pub hourly: i64,
}

/// Writes samples into their intervals of every resolution, over what was there.
pub(crate) fn write(tx: &Transaction, samples: &[(Pubkey, Sample)]) -> Result<(), StoreError> {
    let mut statement =
        tx.prepare_cached("INSERT OR REPLACE INTO samples VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?;
    for (credit, sample) in samples {
        let credit = addresses::number(tx, credit)?;
        for resolution in Resolution::ALL {
            statement.execute(params![
                credit,
                resolution.seconds(),
                resolution.interval(sample.at).get(),
                signed(sample.consumed.get()),
                signed(sample.available.get()),
                signed(sample.frozen.get()),
                signed(sample.lien.get()),
                signed(sample.debt.get()),
                signed(sample.arrears.get()),
                sample.status,
            ])?;
        }
    }
    Ok(())
}

/// Removes samples that are too old, a bounded number of them at once.
pub(super) fn retain(
    tx: &Transaction,
    credits: &[Pubkey],
    keep: Keep,
    now: ChainTime,
) -> Result<(), StoreError> {
    let mut statement = tx.prepare_cached(
        "DELETE FROM samples WHERE credit = ?1 AND resolution = ?2 AND at IN (
            SELECT at FROM samples WHERE credit = ?1 AND resolution = ?2 AND at < ?3 ORDER BY at LIMIT ?4)",
    )?;
    for credit in credits {
        let Some(credit) = addresses::find(tx, credit)? else { continue };
        for (resolution, kept) in [(Resolution::Fine, keep.fine), (Resolution::Hour, keep.hourly)] {
            let before = now.plus_seconds(-kept).get();
            statement.execute(params![credit, resolution.seconds(), before, REMOVED_AT_ONCE])?;
        }
    }
    Ok(())
}

/// Removes the records of credits that are gone, except for their daily samples.
pub(super) fn forget(tx: &Transaction, credits: &[Pubkey]) -> Result<(), StoreError> {
    for credit in credits {
        tx.prepare_cached("DELETE FROM burns WHERE credit = ?")?.execute([credit.to_bytes()])?;
        let Some(credit) = addresses::find(tx, credit)? else { continue };
        let finer = params![credit, Resolution::Day.seconds()];
        tx.prepare_cached("DELETE FROM samples WHERE credit = ? AND resolution < ?")?.execute(finer)?;
    }
    Ok(())
}

/// Reads samples of a credit from one time until before another, oldest first, up to [`SERIES_MAX`].
pub(super) fn series(
    connection: &Connection,
    credit: &Pubkey,
    from: ChainTime,
    until: ChainTime,
    resolution: Resolution,
) -> Result<Vec<Sample>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT at, consumed, available, frozen, lien, debt, arrears, status FROM samples
         WHERE credit = ? AND resolution = ? AND at >= ? AND at < ? ORDER BY at LIMIT ?",
    )?;
    let Some(credit) = addresses::find(connection, credit)? else { return Ok(Vec::new()) };
    let asked = params![credit, resolution.seconds(), from.get(), until.get(), SERIES_MAX];
    let rows = statement.query_map(asked, |row| {
        Ok(Sample {
            at: ChainTime(row.get(0)?),
            consumed: Units(unsigned(row, 1)?),
            available: Units(unsigned(row, 2)?),
            frozen: Units(unsigned(row, 3)?),
            lien: Units(unsigned(row, 4)?),
            debt: MicroUsd(unsigned(row, 5)?),
            arrears: MicroUsd(unsigned(row, 6)?),
            status: row.get(7)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Writes the tracks of credits.
pub(super) fn write_tracks(tx: &Transaction, tracks: &[(Pubkey, Track)]) -> Result<(), StoreError> {
    let mut statement = tx.prepare_cached("INSERT OR REPLACE INTO burns VALUES (?, ?)")?;
    for (credit, track) in tracks {
        statement.execute(params![credit.to_bytes(), serde_json::to_string(track)?])?;
    }
    Ok(())
}

/// Reads the tracks of all credits. One that cannot be read is left out: its credit begins a new record.
pub(super) fn read_tracks(connection: &Connection) -> Result<BTreeMap<Pubkey, Track>, StoreError> {
    let mut statement = connection.prepare("SELECT credit, body FROM burns")?;
    let rows = statement.query_map([], |row| Ok((key(row, 0)?, row.get::<_, String>(1)?)))?;
    let mut tracks = BTreeMap::new();
    for row in rows {
        let (credit, body) = row?;
        match serde_json::from_str(&body) {
            Ok(track) => {
                tracks.insert(credit, track);
            }
            Err(error) => {
                tracing::warn!(%credit, %error, "the record of a credit's use cannot be read and begins anew")
            }
        }
    }
    Ok(tracks)
}
