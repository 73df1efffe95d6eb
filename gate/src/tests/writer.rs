use {
    super::{address, credit, open},
    crate::{
        Durability, Job, Refusal, StoreError,
        store::{self, Store},
        writer::Writer,
    },
    blockable_sdk::amounts::Units,
    std::{
        fs::{self, Permissions},
        os::unix::fs::PermissionsExt,
        time::Duration,
    },
};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_fails_spoils_no_other_of_its_batch() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("gate.db"), None).unwrap();
    let (writer, thread) = Writer::start(store, Durability::Process).unwrap();
    let mut writes = Vec::new();
    for number in 0..200u64 {
        let writer = writer.clone();
        writes.push(tokio::spawn(async move {
            let name = if number % 10 == 3 { "no_such_table" } else { "cursors" };
            let sql = format!("INSERT INTO {name} VALUES (?1, 1)");
            writer.write(move |connection| connection.execute(&sql, [format!("{number}")])).await
        }));
    }
    for (number, write) in writes.into_iter().enumerate() {
        assert_eq!(write.await.unwrap().is_ok(), number % 10 != 3, "{number}");
    }
    let count = writer.write(|connection| {
        connection.query_row("SELECT count(*) FROM cursors", [], |row| row.get::<_, u32>(0))
    });
    assert_eq!(count.await.unwrap(), 180);
    drop(writer);
    thread.join().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_store_has_one_gate() {
    let folder = tempfile::tempdir().unwrap();
    let gate = open(folder.path(), |_| {});
    let second = Store::open(&folder.path().join("gate.db"), None);
    assert!(matches!(second, Err(StoreError::InUse { .. })));
    gate.close().await;
    assert!(Store::open(&folder.path().join("gate.db"), None).is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_another_version_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gate.db");
    for version in [1, 7] {
        let other = rusqlite::Connection::open(&path).unwrap();
        other.pragma_update(None, "user_version", version).unwrap();
        drop(other);
        let Err(StoreError::Version { found, .. }) = Store::open(&path, None) else {
            panic!("version {version} is opened")
        };
        assert_eq!(found, version);
    }
}

/// A store at its limit: running jobs are settled, new ones refused; with room again, admitted.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_store_settles_what_runs_and_admits_nothing_new() {
    let folder = tempfile::tempdir().unwrap();
    let gate = open(folder.path(), |config| config.max_store_bytes = Some(512 << 10));
    let mut big = credit(0);
    big.collateral.granted = 1_000_000_000;
    gate.observe_credit(address(1), 10, Some(&big));
    let reference = "x".repeat(2_000);
    let mut running = Vec::new();
    let refusal = loop {
        match gate.admit(&address(1), Job::new(Units(10), reference.clone(), MINUTE)).await {
            Ok(hold) => running.push(hold),
            Err(refusal) => break refusal,
        }
        assert!(running.len() < 10_000, "the limit does nothing");
    };
    assert_eq!(refusal, Refusal::Storage);
    assert!(running.len() > 50);
    let again = gate.admit(&address(1), Job::new(Units(10), "small", MINUTE)).await;
    assert_eq!(again.unwrap_err(), Refusal::Storage);
    for hold in &running {
        gate.settle(hold, Units(7)).await.unwrap();
    }
    let used = Units(7 * running.len() as u64);
    assert_eq!(gate.readings()[0].cumulative, used);
    // Old entries go; there is room again.
    gate.write(|connection| store::prune_usage(connection, i64::MAX, u32::MAX)).await.unwrap();
    let deadline = std::time::Instant::now() + MINUTE;
    while gate.admit(&address(1), Job::new(Units(10), "small", MINUTE)).await.is_err() {
        assert!(std::time::Instant::now() < deadline, "it stays full");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    gate.close().await;
    let reopened = open(folder.path(), |_| {});
    reopened.observe_credit(address(1), 10, Some(&big));
    assert_eq!(reopened.readings()[0].cumulative, used);
    assert_eq!(reopened.readings()[0].in_flight, Units(10));
}

/// It has customers' answers and use, and a lock that another user can open would keep a gate from starting.
#[tokio::test(flavor = "multi_thread")]
async fn no_other_user_reads_the_store_or_its_lock() {
    let folder = tempfile::tempdir().unwrap();
    let files = || fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    for is_again in [false, true] {
        let gate = open(folder.path(), |_| {});
        gate.set_cursor("a", 1).await.unwrap();
        let modes = files().map(|file| fs::metadata(file).unwrap().permissions().mode() & 0o777);
        // The database, its log and shared memory, the lock, and the reserve.
        assert_eq!(modes.collect::<Vec<_>>(), [0o600; 5], "{is_again}");
        // As an earlier program, or a copy by hand, has left them.
        files().for_each(|file| fs::set_permissions(file, Permissions::from_mode(0o644)).unwrap());
        gate.close().await;
    }
}

#[test]
fn a_store_that_cannot_be_opened_is_named_with_the_next_step() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gate.db");
    std::fs::write(&file, "a text that is longer than the header of a database ".repeat(9)).unwrap();
    for path in [&file, &file.join("below.db")] {
        let error = Store::open(path, None).map(drop).unwrap_err().to_string();
        assert!(
            error.contains("cannot open ") && error.contains("gate.db") && error.contains("name a file"),
            "{error}"
        );
    }
}

/// The writer makes no checkpoint itself: it would keep a settlement waiting for the disk.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_writes_is_brought_into_the_file_beside_the_writer() {
    let folder = tempfile::tempdir().unwrap();
    let gate = open(folder.path(), |_| {});
    gate.observe_credit(address(1), 10, Some(&credit(0)));
    let hold = gate.admit(&address(1), Job::new(Units(10), "x".repeat(100_000), MINUTE)).await.unwrap();
    gate.settle(&hold, Units(1)).await.unwrap();
    let size = || std::fs::metadata(folder.path().join("gate.db")).unwrap().len();
    let deadline = std::time::Instant::now() + MINUTE;
    while size() < 200_000 {
        assert!(std::time::Instant::now() < deadline, "{} bytes", size());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    gate.close().await;
}
