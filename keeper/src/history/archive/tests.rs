//! Records that moved into archives are read as if they had stayed, and a damaged file is never taken for a log.

use {
    super::*,
    crate::{
        history::{log, rows as events, tests::key, verify},
        store::ARCHIVES,
    },
    blockable_sdk::{
        Pubkey, Signature,
        audit::{Found, Life, Position, join},
        events::{Change, CreditRecord},
        program::metering::Metered,
    },
    std::fs,
    tempfile::TempDir,
};

/// Records of each log here: two runs, and more than stay online.
const RECORDS: u64 = 2 * RUN + ONLINE + 10;
/// The time of the first record; the others follow by the second.
const BEGAN: i64 = 1_800_000_000;

/// A log of metering, with a payment now and then.
fn record(credit: Pubkey, seq: u64) -> Found {
    let change = match seq {
        0 => Change::Accepted,
        seq if seq % 100 == 50 => Change::MarkedDelinquent { arrears: seq },
        seq => Change::Metered {
            cumulative: 10 * seq,
            in_flight: 3,
            reported_at: BEGAN + seq.cast_signed(),
            metered: Metered { consumed: 10, overrun: 0, deferred: 0 },
        },
    };
    let mut signature = [seq as u8; 64];
    signature[..8].copy_from_slice(&seq.to_be_bytes());
    Found {
        record: CreditRecord { credit, seq, at: BEGAN + seq.cast_signed(), change },
        signature: Signature::from(signature),
        slot: 100 + seq,
    }
}

struct Case {
    store: Store,
    folder: TempDir,
    credits: Vec<Pubkey>,
}

impl Case {
    /// A store with the proven logs of some credits.
    async fn new(credits: u8) -> Case {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let credits: Vec<Pubkey> = (0..credits).map(|number| key(10 + number)).collect();
        let all = credits.clone();
        let write = move |tx: &Transaction| {
            for credit in all {
                let found = (0..RECORDS).map(|seq| record(credit, seq)).collect();
                let joined = join(&credit, Position::default(), Life::Open, found);
                events::append(tx, &credit, &joined, true)?;
            }
            Ok(())
        };
        store.write(write).await.unwrap();
        Case { store, folder, credits }
    }

    /// Archives what is older than the record of a number, until nothing is left.
    async fn archive(&self, before: u64) -> usize {
        let before = ChainTime(BEGAN + before.cast_signed());
        let mut moved = 0;
        loop {
            match archive_some(&self.store, before, before).await.unwrap() {
                0 => return moved,
                more => moved += more,
            }
        }
    }

    /// A credit's whole log, in pages of a size.
    async fn log(&self, credit: usize, page: usize) -> Result<Vec<log::StoredRecord>, StoreError> {
        let (folder, credit) = (self.folder.path().to_path_buf(), self.credits[credit]);
        let read = move |connection: &Connection| {
            let mut all: Vec<log::StoredRecord> = Vec::new();
            loop {
                let next = log::page(connection, &folder, &credit, all.len() as u64, page)?;
                if next.is_empty() {
                    return Ok(all);
                }
                all.extend(next);
            }
        };
        self.store.read(read).await
    }

    async fn online(&self) -> i64 {
        let count = |connection: &Connection| {
            Ok(connection.query_row("SELECT count(*) FROM events", [], |row| row.get(0))?)
        };
        self.store.read(count).await.unwrap()
    }

    fn files(&self) -> Vec<std::path::PathBuf> {
        let Ok(entries) = fs::read_dir(self.folder.path().join(ARCHIVES)) else { return Vec::new() };
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    async fn faults(&self) -> Vec<String> {
        let folder = self.folder.path().to_path_buf();
        self.store.read(move |connection| verify::faults(connection, &folder)).await.unwrap()
    }
}

#[tokio::test]
async fn a_log_reads_the_same_before_and_after_its_records_have_moved() {
    let case = Case::new(3).await;
    let before = case.log(1, 1_000).await.unwrap();
    assert_eq!(before.len() as u64, RECORDS);
    assert_eq!(case.archive(RUN).await as u64, 3 * RUN, "one whole run of each is old enough");
    assert_eq!(case.archive(RUN).await, 0);
    assert_eq!(case.archive(RECORDS).await as u64, 3 * RUN, "the last records stay");
    for page in [1, 50, 255, 256, 257, 1_000] {
        assert_eq!(case.log(1, page).await.unwrap(), before, "pages of {page}");
    }
    let others = 3 * (RECORDS - 2 * RUN) + 3 * 6;
    assert_eq!(case.online().await.cast_unsigned(), others, "what is not of metering stays online as well");
    assert_eq!(case.files().len(), 2);
    assert_eq!(case.faults().await, Vec::<String>::new());
    let end = |connection: &Connection| events::head(connection, &key(11));
    let head = case.store.read(end).await.unwrap();
    assert_eq!((head.end.seq, head.proven), (RECORDS, RECORDS));
}

#[tokio::test]
async fn unproven_records_stay_where_they_are() {
    let case = Case::new(1).await;
    let unprove =
        |tx: &Transaction| Ok(tx.execute("UPDATE logs SET proven = ?", [(RUN + ONLINE - 1).cast_signed()])?);
    case.store.write(unprove).await.unwrap();
    assert_eq!(case.archive(RECORDS).await, 0);
    assert_eq!(case.files(), Vec::<std::path::PathBuf>::new());
}

#[tokio::test]
async fn a_file_that_is_damaged_or_missing_is_an_error_and_its_logs_can_be_fetched_anew() {
    for damage in ["flipped", "cut", "missing"] {
        let case = Case::new(2).await;
        case.archive(RUN).await;
        let file = case.files().remove(0);
        let mut bytes = fs::read(&file).unwrap();
        match damage {
            "flipped" => {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
                fs::write(&file, bytes).unwrap();
            }
            "cut" => fs::write(&file, &bytes[..bytes.len() - 9]).unwrap(),
            _ => fs::remove_file(&file).unwrap(),
        }
        let both = [case.log(0, 50).await, case.log(1, 50).await];
        let failed = both.iter().filter(|log| matches!(log, Err(StoreError::Archive { .. }))).count();
        assert!(failed > 0, "{damage}: {both:?}");
        let faults = case.faults().await;
        assert!(faults[0].contains("archive") && faults[0].contains("store check"), "{damage}: {faults:?}");

        let folder = case.folder.path().to_path_buf();
        let removed = case.store.write(move |tx| verify::remove_broken(tx, &folder)).await.unwrap();
        assert_eq!(removed, 2, "{damage}: both have records in the file");
        assert_eq!(case.faults().await, Vec::<String>::new());
        let heads = |connection: &Connection| events::head(connection, &key(10));
        assert_eq!(case.store.read(heads).await.unwrap(), events::Head::default());
    }
}

#[tokio::test]
async fn a_file_without_a_name_in_the_store_is_removed_and_its_number_serves_again() {
    let case = Case::new(1).await;
    // As a crash between the file and the store leaves it.
    fs::create_dir_all(case.folder.path().join(ARCHIVES)).unwrap();
    for left in ["00000001.zst", "00000001.zst.part"] {
        fs::write(case.folder.path().join(ARCHIVES).join(left), b"half").unwrap();
    }
    case.archive(RUN).await;
    assert_eq!(case.faults().await, Vec::<String>::new());
    sweep(&case.store).await.unwrap();
    assert_eq!(case.files().len(), 1);
    assert_eq!(case.log(0, 50).await.unwrap().len() as u64, RECORDS);
}

#[tokio::test]
async fn all_records_come_back_for_a_keeper_that_knows_of_no_archives() {
    let case = Case::new(2).await;
    let before = case.log(0, 1_000).await.unwrap();
    case.archive(RECORDS).await;
    let folder = case.folder.path().to_path_buf();
    case.store.write(move |tx| restore(tx, &folder)).await.unwrap();
    assert_eq!(case.online().await.cast_unsigned(), 2 * RECORDS);
    sweep(&case.store).await.unwrap();
    assert!(case.files().is_empty());
    assert_eq!(case.log(0, 1_000).await.unwrap(), before);
}

#[tokio::test]
async fn the_log_of_another_credit_at_the_address_takes_the_place_of_an_archived_one() {
    let case = Case::new(1).await;
    case.archive(RECORDS).await;
    let credit = case.credits[0];
    let renew = move |tx: &Transaction| {
        let found = (0..3).map(|seq| record(credit, seq)).collect();
        let joined = join(&credit, Position::default(), Life::Closed, found);
        assert!(joined.fresh);
        events::append(tx, &credit, &joined, true)
    };
    case.store.write(renew).await.unwrap();
    assert_eq!(case.log(0, 50).await.unwrap().len(), 3);
    sweep(&case.store).await.unwrap();
    assert!(case.files().is_empty());
}
