//! Damaged stores: the keeper says so, and its rescue saves what can be read.

use {
    crate::setup::{PATIENCE, Setup},
    blockable_testkit::Cluster,
    rusqlite::Connection,
    serde_json::Value,
    std::{fs, path::Path, time::Instant},
};

/// Samples in the store, which fill many pages.
const SAMPLES: usize = 20_000;
/// Bytes of a page.
const PAGE: usize = 4_096;

/// A store that a keeper has worked on, with many samples.
async fn worked_on() -> Setup {
    let (setup, _) = Setup::with_keeper(Cluster::ticking(100).await, &[]).await;
    let keeper = setup.spawn("keeper", "");
    setup.until("use is metered", async |setup: &Setup| setup.log("keeper").contains("landed")).await;
    keeper.stop().await;
    let connection = Connection::open(setup.store("keeper")).unwrap();
    let fill = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
                INSERT INTO samples SELECT 900, 300, i * 300, i, i, i, i, i, i, 1 FROM n";
    connection.execute(fill, [i64::try_from(SAMPLES).unwrap()]).unwrap();
    // In one file, which the damage goes to.
    connection.pragma_update(None, "journal_mode", "DELETE").unwrap();
    setup
}

fn run(setup: &Setup, action: &str) -> (Option<i32>, Value) {
    let output = setup.command("keeper", &["store", action, "--json"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let value = serde_json::from_str(&text).unwrap_or_else(|_| {
        panic!("{action}: {text}{}", String::from_utf8_lossy(&output.stderr));
    });
    (output.status.code(), value)
}

fn count(store: &Path, table: &str) -> i64 {
    let connection = Connection::open(store).unwrap();
    connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

/// Requires that a keeper works on the store.
async fn works(setup: &Setup) {
    let (transactions, deadline) =
        (setup.log("keeper").matches(" landed ").count(), Instant::now() + PATIENCE);
    let keeper = setup.spawn("keeper", "");
    setup
        .until("use is metered again", async |setup: &Setup| {
            assert!(Instant::now() < deadline, "{}", setup.logs());
            setup.log("keeper").matches(" landed ").count() > transactions
        })
        .await;
    keeper.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_store_is_found_saved_and_worked_on_again() {
    let setup = worked_on().await;
    let store = setup.store("keeper");
    assert_eq!(run(&setup, "check"), (Some(0), serde_json::json!({"sound": true, "faults": []})));
    let whole = fs::read(&store).unwrap();
    let transactions = count(&store, "transactions");
    assert!(transactions > 0);

    // Pages in the middle of the largest table are overwritten.
    let mut damaged = whole.clone();
    let middle = damaged.len() / PAGE / 2 * PAGE;
    damaged[middle..middle + 2 * PAGE].fill(0xa5);
    fs::write(&store, &damaged).unwrap();
    let (code, checked) = run(&setup, "check");
    assert_eq!((code, &checked["sound"]), (Some(1), &Value::Bool(false)));
    assert!(!checked["faults"].as_array().unwrap().is_empty());
    let (code, saved) = run(&setup, "salvage");
    assert_eq!(code, Some(0));
    assert_eq!(saved["incomplete"], serde_json::json!(["samples"]), "{saved}");
    let samples = saved["rows"]["samples"].as_u64().unwrap() as usize;
    assert!(samples > SAMPLES * 9 / 10 && samples < SAMPLES + 10, "{samples} rows");
    assert_eq!(count(&store, "transactions"), transactions);
    assert_eq!(run(&setup, "check").0, Some(0));
    let aside = Path::new(saved["damaged"].as_str().unwrap()).join("keeper.sqlite");
    assert_eq!(fs::read(aside).unwrap(), damaged, "the damaged file is kept as it was");
    works(&setup).await;

    // Nothing of the file can be read: all is rebuilt from the chain.
    for suffix in ["-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{suffix}", store.display()));
    }
    fs::write(&store, vec![0xa5; 9 * PAGE]).unwrap();
    let refused = setup.command("keeper", &["run"]);
    let message = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && message.contains("store check"), "{message}");
    assert_eq!(run(&setup, "check").0, Some(1));
    let (_, saved) = run(&setup, "salvage");
    assert!(saved["rows"].as_object().unwrap().values().all(|rows| rows == 0), "{saved}");
    works(&setup).await;
    setup.cluster.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_goes_back_to_the_layout_before_and_forward_again() {
    let setup = worked_on().await;
    let store = setup.store("keeper");
    let events = count(&store, "events");
    let version = |store: &Path| -> i64 {
        let connection = Connection::open(store).unwrap();
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    };
    let latest = version(&store);
    let (code, back) = run(&setup, "back");
    assert_eq!((code, back["layout"].as_i64()), (Some(0), Some(latest - 1)));
    assert_eq!((version(&store), count(&store, "events")), (latest - 1, events));
    works(&setup).await;
    assert_eq!(version(&store), latest);
    assert!(count(&store, "events") >= events);
    setup.cluster.stop();
}
