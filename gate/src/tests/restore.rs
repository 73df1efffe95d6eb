use {
    super::{address, credit, open},
    crate::{
        Gate, Job, JobFigures, StoreError, UsageFilter,
        store::{self, BackupMark, KnownUse, RestoreOrder, Restored},
    },
    blockable_sdk::amounts::{ChainTime, Units},
    blockable_testkit::fixtures::{MARKET, PROVIDER},
    std::{
        fs,
        path::{Path, PathBuf},
        time::Duration,
    },
};

const MINUTE: Duration = Duration::from_secs(60);
const NOW_US: i64 = 1_800_000_000_000_000;

fn mark() -> BackupMark {
    BackupMark { taken_ms: 1_800_000_000_000, market: MARKET, provider: PROVIDER }
}

fn order<'a>(backup: &'a Path, store: &'a Path, known: &'a [KnownUse]) -> RestoreOrder<'a> {
    RestoreOrder {
        backup,
        store,
        market: MARKET,
        provider: PROVIDER,
        known,
        not_before: ChainTime(1_800_000_010),
        now_us: NOW_US,
        is_dry_run: false,
    }
}

async fn use_up(gate: &Gate, units: u64) -> u64 {
    let hold = gate.admit(&address(1), Job::new(Units(units), "chat/x", MINUTE)).await.unwrap();
    gate.settle_with(&hold, Units(units), JobFigures::without_tokens("complete")).await.unwrap();
    hold.id.0
}

fn known(units: u64) -> KnownUse {
    KnownUse { credit: address(1), index: 0, cumulative: Units(units) }
}

/// A gate that has used 100 units, its backup while a lease of 200 runs, and then uses 50 more.
async fn lost_store(folder: &Path) -> (PathBuf, u64) {
    let gate = open(folder, |_| {});
    gate.observe_credit(address(1), 10, Some(&credit(0)));
    use_up(&gate, 100).await;
    let lease = Job::new(Units(200), "lease/a", MINUTE).settled_at_deadline();
    let lease = gate.admit(&address(1), lease).await.unwrap();
    let backup = folder.join("copy.db");
    store::back_up(&folder.join("gate.db"), &backup, &mark()).unwrap();
    let last = use_up(&gate, 50).await;
    gate.settle(&lease, Units(30)).await.unwrap();
    gate.close().await;
    (backup, last)
}

async fn reopened(folder: &Path) -> Gate {
    let gate = open(folder, |_| {});
    gate.observe_credit(address(1), 20, Some(&credit(0)));
    gate
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_of_one_moment_and_is_not_served_from() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (backup, _) = lost_store(folder.path()).await;
    let as_store = elsewhere.path().join("gate.db");
    fs::copy(&backup, &as_store).unwrap();
    let refused = store::Store::open(&as_store, None).map(drop);
    assert!(matches!(refused, Err(StoreError::Backup { .. })), "{refused:?}");
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(fs::metadata(&backup).unwrap().permissions().mode() & 0o777, 0o600);
    let again = store::back_up(&folder.path().join("gate.db"), &backup, &mark());
    assert!(matches!(again, Err(StoreError::Exists { .. })), "{again:?}");
    let none = store::back_up(&folder.path().join("none.db"), &elsewhere.path().join("b"), &mark());
    assert!(matches!(none, Err(StoreError::Missing { .. })), "{none:?}");
    assert!(!elsewhere.path().join("b.part").exists());
}

/// The use of the lost store is counted once: what the chain or a report knows of, and nothing of the holds in the backup.
#[tokio::test(flavor = "multi_thread")]
async fn a_restored_store_counts_what_others_know_once() {
    let (folder, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (backup, last) = lost_store(folder.path()).await;
    let path = new.path().join("gate.db");
    let all = [known(120), known(180), known(150)];
    let restored = store::restore(&order(&backup, &path, &all), || Ok(())).unwrap();
    let Restored { taken_ms, raised, dropped } = restored;
    assert_eq!(taken_ms, mark().taken_ms);
    let [meter] = raised[..] else { panic!("{raised:?}") };
    assert_eq!((meter.before, meter.after), (Units(100), Units(180)));
    assert_eq!((dropped.len(), dropped[0].units), (1, Units(200)));

    let gate = reopened(new.path()).await;
    assert_eq!(gate.holds(), [], "a lease of the backup has ended in the lost store");
    assert_eq!(gate.readings()[0].cumulative, Units(180));
    let log = gate.usage_page(UsageFilter::default(), 0, 100).await.unwrap().records;
    let sum: u64 = log.iter().map(|record| record.units.get()).sum();
    assert_eq!(sum, 180, "the log and the meter are one");
    let ends: Vec<&str> = log.iter().map(|record| record.ended.as_str()).collect();
    assert_eq!(ends.iter().filter(|end| **end == "restored").count(), 2, "{ends:?}");
    assert!(ends.contains(&"lost"), "{ends:?}");
    let next = use_up(&gate, 1).await;
    assert!(next > last + 1_000_000, "no number of the lost store is given again: {next}");
    assert_eq!(gate.readings()[0].cumulative, Units(181));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_refuses_what_is_unsafe_and_leaves_nothing() {
    let (folder, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (backup, _) = lost_store(folder.path()).await;
    let path = new.path().join("gate.db");
    let left = || {
        fs::read_dir(new.path())
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().file_name() != "gate.lock")
            .count()
    };
    let refused = |order: RestoreOrder| store::restore(&order, || Ok(())).unwrap_err();

    let over = folder.path().join("gate.db");
    assert!(
        matches!(refused(order(&backup, &over, &[])), StoreError::Exists { .. }),
        "a newer store is there"
    );
    assert!(matches!(refused(order(&over, &path, &[])), StoreError::NoBackup { .. }), "a store is no backup");
    let foreign = RestoreOrder { provider: MARKET, ..order(&backup, &path, &[]) };
    assert!(matches!(refused(foreign), StoreError::NoBackup { .. }));
    let none = folder.path().join("none");
    assert!(matches!(refused(order(&none, &path, &[])), StoreError::Missing { .. }));
    let text = folder.path().join("text");
    fs::write(&text, "no database ".repeat(1_000)).unwrap();
    assert!(matches!(refused(order(&text, &path, &[])), StoreError::NoBackup { .. }));
    let damaged = folder.path().join("damaged");
    let mut bytes = fs::read(&backup).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..].fill(0x5a);
    fs::write(&damaged, bytes).unwrap();
    let error = refused(order(&damaged, &path, &[]));
    assert!(matches!(error, StoreError::NoBackup { .. }), "{error:?}");
    let log = new.path().join("gate.db-wal");
    fs::write(&log, "of the lost store").unwrap();
    assert!(
        matches!(refused(order(&backup, &path, &[])), StoreError::Exists { path } if path.ends_with("-wal"))
    );
    fs::remove_file(&log).unwrap();
    let dry = RestoreOrder { is_dry_run: true, ..order(&backup, &path, &[]) };
    assert_eq!(store::restore(&dry, || Ok(())).unwrap().dropped.len(), 1);
    assert_eq!(left(), 0);
    let (far, place) = (new.path().join("not/there"), new.path().join("not/there/gate.db"));
    let dry = RestoreOrder { is_dry_run: true, ..order(&backup, &place, &[]) };
    assert_eq!(store::restore(&dry, || panic!("a dry run writes nothing")).unwrap().dropped.len(), 1);
    assert!(!far.parent().unwrap().exists(), "a dry run leaves neither a lock nor a folder");
    let full = store::restore(&order(&backup, &path, &[]), || Err(StoreError::Full));
    assert_eq!((full.unwrap_err(), left()), (StoreError::Full, 0), "no store without what belongs to it");

    // A gate that runs on the place keeps it.
    let gate = open(new.path(), |_| {});
    let error = refused(order(&backup, &path, &[]));
    assert!(matches!(error, StoreError::InUse { .. }), "{error:?}");
    gate.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn use_that_only_the_chain_knows_is_told_to_the_operator() {
    let folder = tempfile::tempdir().unwrap();
    let gate = open(folder.path(), |_| {});
    let mut used = credit(0);
    (used.meter.cumulative, used.collateral.consumed) = (70, 70);
    gate.observe_credit(address(1), 10, Some(&used));
    assert_eq!(gate.units_behind_chain(), Units(70));
    gate.observe_credit(address(1), 11, Some(&used));
    assert_eq!(gate.units_behind_chain(), Units(70), "once");
    use_up(&gate, 5).await;
    used.meter.cumulative = 75;
    gate.observe_credit(address(1), 12, Some(&used));
    assert_eq!(gate.units_behind_chain(), Units(70), "its own use is no surprise");
}
