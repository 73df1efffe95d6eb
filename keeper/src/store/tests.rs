//! Tests of the open store: its lock, its permissions, its durability.

use super::*;

#[tokio::test]
async fn what_was_written_is_there_after_opening_again_and_one_process_holds_the_lock() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    assert!(matches!(Store::open(folder.path()), Err(StoreError::InUse { .. })));
    let insert = |name: &'static str| {
        move |tx: &Transaction| {
            tx.execute("INSERT INTO cursors VALUES (?1, 7)", [name])?;
            Ok(())
        }
    };
    store.write(insert("a")).await.unwrap();
    let failed = store
        .write(move |tx| {
            insert("b")(tx)?;
            Err::<(), _>(StoreError::Full)
        })
        .await;
    assert!(matches!(failed, Err(StoreError::Full)));
    drop(store);
    let store = Store::open(folder.path()).unwrap();
    let names: Vec<String> = store
        .read(|connection| {
            let mut rows = connection.prepare("SELECT name FROM cursors")?;
            Ok(rows.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
        })
        .await
        .unwrap();
    assert_eq!(names, ["a"], "a transaction that fails writes nothing");
}

/// It has addresses and secrets of where alerts go, and a lock that another user can open would keep a keeper from starting.
#[cfg(unix)]
#[tokio::test]
async fn no_other_user_reads_the_store_or_its_lock() {
    use std::{
        fs::{self, Permissions},
        os::unix::fs::PermissionsExt,
    };
    let folder = tempfile::tempdir().unwrap();
    let all = || fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let files = || all().filter(|path| path.is_file());
    for is_again in [false, true] {
        let store = Store::open(folder.path()).unwrap();
        store.write(|tx| Ok(tx.execute("REPLACE INTO cursors VALUES ('a', 7)", [])?)).await.unwrap();
        let modes = files().map(|file| fs::metadata(file).unwrap().permissions().mode() & 0o777);
        assert_eq!(modes.collect::<Vec<_>>(), [0o600; 4], "{is_again}");
        // As an earlier keeper has left them.
        files().for_each(|file| fs::set_permissions(file, Permissions::from_mode(0o644)).unwrap());
    }
}

#[tokio::test]
async fn what_is_written_survives_a_loss_of_power() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let pragmas = |connection: &Connection| {
        let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
        Ok((mode, number("synchronous")?, number("foreign_keys")?))
    };
    let full = ("wal".to_string(), 2, 1);
    assert_eq!(store.write(move |transaction| pragmas(transaction)).await.unwrap(), full);
    assert_eq!(store.read(pragmas).await.unwrap(), full);
}

#[tokio::test]
async fn tables_are_copied_from_the_store_of_a_running_keeper() {
    let (running, copied) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = Store::open(running.path()).unwrap();
    let see = |tx: &Transaction| {
        tx.execute("INSERT INTO stalls VALUES (100, 160, 55)", [])?;
        Ok(tx.execute("INSERT INTO cursors VALUES ('source/a', 7)", [])?)
    };
    store.write(see).await.unwrap();
    let copy = Store::open(copied.path()).unwrap();
    copy.copy_tables(copied.path().join("nothing").as_path(), &["stalls"]).unwrap();
    copy.copy_tables(running.path(), &["stalls"]).unwrap();
    let seen = |connection: &Connection| {
        let stalls = connection.query_row("SELECT lost FROM stalls", [], |row| row.get::<_, i64>(0))?;
        let cursors = connection.query_row("SELECT count(*) FROM cursors", [], |row| row.get::<_, i64>(0))?;
        Ok((stalls, cursors))
    };
    assert_eq!(copy.read(seen).await.unwrap(), (55, 0));
    store.write(|tx| Ok(tx.pragma_update(None, "user_version", 9_999)?)).await.unwrap();
    let refused = copy.copy_tables(running.path(), &["stalls"]);
    assert!(matches!(refused, Err(StoreError::Version { found: 9_999, .. })));
}

#[tokio::test]
async fn a_file_of_a_later_keeper_or_of_before_the_first_release_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(Store::open(folder.path()).unwrap());
    for version in [1, 9_999] {
        let connection = Connection::open(folder.path().join("keeper.sqlite")).unwrap();
        connection.pragma_update(None, "user_version", version).unwrap();
        drop(connection);
        let Err(StoreError::Version { found, .. }) = Store::open(folder.path()) else {
            panic!("version {version} is opened")
        };
        assert_eq!(found, version);
    }
}

#[test]
fn a_store_that_cannot_be_opened_is_named_with_the_next_step() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keeper.sqlite");
    std::fs::write(&file, "a text that is longer than the header of a database ".repeat(9)).unwrap();
    for (folder, next_step) in [(folder.path(), "store check"), (file.as_path(), "name a data_dir")] {
        let error = Store::open(folder).map(drop).unwrap_err().to_string();
        assert!(error.contains("keeper.sqlite") && error.contains(next_step), "{error}");
    }
}
