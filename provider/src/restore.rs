//! Backups of the store, and a store from a backup.

use {
    crate::{
        config::Config,
        keys::{count_changes, write_changes},
    },
    blockable_gate::{
        StoreError,
        gate::now_ms,
        store::{self, BackupMark, KnownUse, RestoreOrder, Restored},
    },
    blockable_sdk::{
        Pubkey,
        accounts::CreditFilter,
        amounts::{ChainTime, Units},
        client::Client,
        errors::ClientError,
        program::state::Credit,
        reports::{ReportPage, ReportRecord},
    },
    jiff::Timestamp,
    std::{
        fs, io,
        path::{Path, PathBuf},
    },
};

/// Seconds beyond the chain's clock for which a lost server may have signed reports: its view of the clock may have been ahead.
const AHEAD_SECONDS: i64 = 10;

/// A reason for which no backup or no store was made.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The store or the backup.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The folder of backups cannot be made.
    #[error("cannot make the folder {path}: {source}; name one that this program may write to")]
    Folder {
        /// The folder.
        path: String,
        /// The system's reason.
        source: io::Error,
    },
    /// The chain cannot be read. What it has counted must be known.
    #[error(
        "cannot read the chain: {0}; a store is only restored with what the chain has counted: check chain.rpc_url"
    )]
    Chain(#[from] ClientError),
    /// A file of reports cannot be read.
    #[error(
        "cannot read the reports {path}: {reason}; give an answer of GET /v1/reports/latest, or one report a line"
    )]
    Reports {
        /// The file.
        path: String,
        /// The reason.
        reason: String,
    },
    /// No file has the changes of API keys since the backup.
    #[error(
        "{path} is missing: without it, API keys that were revoked after the backup are valid again, with the budgets that they had; \
         put it there, name a copy of it by --key-changes, or accept that by --without-key-changes"
    )]
    NoKeyChanges {
        /// The file.
        path: String,
    },
}

/// Copies the server's store to a new file in a folder, which is made where it is missing, and next to it the changes of API keys.
/// The server may run. Returns the file of the store. Errors: [`RestoreError`].
pub fn back_up(config: &Config, folder: &Path) -> Result<PathBuf, RestoreError> {
    fs::create_dir_all(folder)
        .map_err(|source| RestoreError::Folder { path: folder.display().to_string(), source })?;
    let taken_ms = now_ms();
    let time = Timestamp::from_millisecond(taken_ms).unwrap_or_default();
    let target = folder.join(format!("gate-{}.db", time.strftime("%Y%m%dT%H%M%SZ")));
    let mark = BackupMark { taken_ms, market: config.chain.market, provider: config.chain.provider };
    store::back_up(&config.gate.store, &target, &mark)?;
    // Last, so that it has all changes that the copy of the store has.
    write_changes(&[&config.key_changes_file], &key_changes_of(&target))?;
    Ok(target)
}

/// The file next to a backup that has the changes of API keys up to it.
fn key_changes_of(backup: &Path) -> PathBuf {
    backup.with_extension("key-changes")
}

/// The source of changes of API keys that came after a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaterKeyChanges<'a> {
    /// The server's own file, which is there.
    InPlace,
    /// A copy of that file. What it has is added to the server's own.
    Copy(&'a Path),
    /// None: keys that were revoked since are valid again.
    Lost,
}

impl LaterKeyChanges<'_> {
    /// The files that have them. Errors: [`RestoreError::NoKeyChanges`].
    fn files<'a>(&'a self, own: &'a Path) -> Result<Vec<&'a Path>, RestoreError> {
        let present = own.exists().then_some(own);
        match self {
            LaterKeyChanges::InPlace if present.is_none() => {
                Err(RestoreError::NoKeyChanges { path: own.display().to_string() })
            }
            LaterKeyChanges::Copy(copy) if !copy.exists() => {
                Err(RestoreError::NoKeyChanges { path: copy.display().to_string() })
            }
            LaterKeyChanges::Copy(copy) => Ok(present.into_iter().chain([*copy]).collect()),
            LaterKeyChanges::InPlace | LaterKeyChanges::Lost => Ok(present.into_iter().collect()),
        }
    }
}

/// A report that was not used, and the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnusedReport {
    /// The key that signed it.
    pub reporter: Pubkey,
    /// The reason: it can no longer land.
    pub reason: String,
}

/// The outcome of a restore.
#[derive(Clone, Debug)]
pub struct RestoreOutcome {
    /// The changes to the backup.
    pub restored: Restored,
    /// Reports that were not used.
    pub unused: Vec<UnusedReport>,
    /// The chain's time up to which no report is signed.
    pub not_before: ChainTime,
    /// Changes of API keys that the server takes from files; `None` where there is no file.
    pub key_changes: Option<usize>,
}

/// Makes the server's store from a backup, with the use that the chain and signed reports know of. With `is_dry_run` no store is
/// left. Errors: [`RestoreError`], with no store left.
pub async fn restore(
    config: &Config,
    backup: &Path,
    reports: &[PathBuf],
    later: LaterKeyChanges<'_>,
    is_dry_run: bool,
) -> Result<RestoreOutcome, RestoreError> {
    let changes = later.files(&config.key_changes_file)?;
    let key_changes = count_changes(&changes)?;
    let (market, address) = (config.chain.market, config.chain.provider);
    let mut records = Vec::new();
    for path in reports {
        records.extend(read_reports(path)?);
    }
    let client = Client::new(&config.chain.rpc_url);
    let provider = client.provider(&address).await?;
    let credits = client.credits(&[CreditFilter::Provider(address)]).await?;
    // Read last: reports that were signed before are not after it.
    let not_before = ChainTime(client.chain_time().await?).plus_seconds(AHEAD_SECONDS);
    let mut known: Vec<KnownUse> = credits.iter().filter_map(counted_on_chain).collect();
    let mut unused = Vec::new();
    for record in &records {
        match record.verify(&address, &provider) {
            Ok(_) => known.extend(counted_in_report(record, &known)),
            Err(error) => unused.push(UnusedReport { reporter: record.reporter, reason: error.to_string() }),
        }
    }
    let order = RestoreOrder {
        backup,
        store: &config.gate.store,
        market,
        provider: address,
        known: &known,
        not_before,
        now_us: now_ms().saturating_mul(1_000),
        is_dry_run,
    };
    // The server must never find the store and not the changes.
    let restored = store::restore(&order, || match later {
        LaterKeyChanges::Copy(_) => write_changes(&changes, &config.key_changes_file),
        LaterKeyChanges::InPlace | LaterKeyChanges::Lost => Ok(()),
    })?;
    let key_changes = (!changes.is_empty()).then_some(key_changes);
    Ok(RestoreOutcome { restored, unused, not_before, key_changes })
}

fn counted_on_chain((address, credit): &(Pubkey, Credit)) -> Option<KnownUse> {
    let (index, cumulative) = (credit.meter.index, Units(credit.meter.cumulative));
    (credit.has_index == 1).then_some(KnownUse { credit: *address, index, cumulative })
}

/// The use that a report states of credits that the chain has. The place of a credit is signed, its address is not.
fn counted_in_report(record: &ReportRecord, on_chain: &[KnownUse]) -> Vec<KnownUse> {
    let stated = record.readings.iter().filter_map(|reading| {
        let index = record.index(reading.bit)?;
        let credit = on_chain.iter().find(|known| known.index == index)?.credit;
        Some(KnownUse { credit, index, cumulative: Units(reading.cumulative) })
    });
    stated.collect()
}

/// Reads an answer of `GET /v1/reports` or `/v1/reports/latest`, or one report a line.
fn read_reports(path: &Path) -> Result<Vec<ReportRecord>, RestoreError> {
    let failed = |reason: String| RestoreError::Reports { path: path.display().to_string(), reason };
    let text = fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    parse_reports(&text).map_err(|error| failed(error.to_string()))
}

fn parse_reports(text: &str) -> Result<Vec<ReportRecord>, serde_json::Error> {
    if let Ok(page) = serde_json::from_str::<ReportPage>(text) {
        return Ok(page.reports);
    }
    text.lines().filter(|line| !line.trim().is_empty()).map(serde_json::from_str).collect()
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        blockable_sdk::{Hash, Signature, reports::RecordReading},
    };

    fn record(chunk: u32, bit: u32, cumulative: u64) -> ReportRecord {
        ReportRecord {
            seq: 1,
            cluster_tag: Hash::default(),
            market: Pubkey::default(),
            provider: Pubkey::default(),
            epoch: 0,
            chunk,
            chunk_size: 4,
            reporter: Pubkey::default(),
            reporter_index: 0,
            reported_at: 7,
            bitmap: 1 << bit,
            readings: vec![RecordReading { bit, credit: Pubkey::default(), cumulative, in_flight: 0 }],
            signature: Signature::default(),
        }
    }

    #[test]
    fn reports_are_read_as_a_page_or_as_lines() {
        let records = vec![record(0, 1, 5), record(1, 2, 6)];
        let page = serde_json::to_string(&ReportPage { reports: records.clone(), next: 3 }).unwrap();
        assert_eq!(parse_reports(&page).unwrap(), records);
        let lines: Vec<String> =
            records.iter().map(|record| serde_json::to_string(record).unwrap()).collect();
        assert_eq!(parse_reports(&format!("{}\n\n", lines.join("\n"))).unwrap(), records);
        assert_eq!(parse_reports("").unwrap(), []);
        assert!(parse_reports("{}").is_err());
    }

    #[test]
    fn a_report_counts_for_the_credit_at_its_place() {
        let ours = KnownUse { credit: Pubkey::new_unique(), index: 6, cumulative: Units(3) };
        let counted = counted_in_report(&record(1, 2, 9), &[ours]);
        assert_eq!(counted, [KnownUse { cumulative: Units(9), ..ours }]);
        assert_eq!(counted_in_report(&record(1, 3, 9), &[ours]), [], "no credit is there");
    }
}
