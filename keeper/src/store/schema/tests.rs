//! A store of the layout before is brought forward and back with all that it has.

use {
    super::*,
    crate::store::{columns::key, in_memory},
    blockable_sdk::Pubkey,
    rusqlite::params,
};

fn address(number: u8) -> Pubkey {
    Pubkey::new_from_array([number; 32])
}

/// A row as text, column by column.
fn rows(connection: &Connection, sql: &str) -> Vec<Vec<String>> {
    let mut statement = connection.prepare(sql).unwrap();
    let columns = statement.column_count();
    let read = statement.query_map([], |row| {
        (0..columns).map(|column| Ok(format!("{:?}", row.get_ref(column)?))).collect::<Result<Vec<_>, _>>()
    });
    read.unwrap().collect::<Result<_, _>>().unwrap()
}

/// Every row of every table but the sequences.
fn content(connection: &Connection) -> Vec<(String, Vec<Vec<String>>)> {
    let tables =
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
    let mut statement = connection.prepare(tables).unwrap();
    let names = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let names: Vec<String> = names.collect::<Result<_, _>>().unwrap();
    names.into_iter().map(|name| (name.clone(), rows(connection, &format!("SELECT * FROM {name}")))).collect()
}

fn objects(connection: &Connection) -> Vec<Vec<String>> {
    rows(
        connection,
        "SELECT type, name, tbl_name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name",
    )
}

/// A store as the keeper of layout 2 leaves it.
fn layout_2() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    create(&mut connection, 2);
    for credit in [7u8, 8] {
        for seq in 0..3i64 {
            let sql = "INSERT INTO events VALUES (?, ?, 1000, 'metered', x'01', ?, ?, 55)";
            let row = params![address(credit).to_bytes(), seq, [9u8; 32], [8u8; 64]];
            connection.execute(sql, row).unwrap();
        }
        let sample = "INSERT INTO samples VALUES (?, 300, 900, 1, 2, 3, 4, 5, 6, 7)";
        connection.execute(sample, [address(credit).to_bytes()]).unwrap();
        let cursor = "INSERT INTO cursors VALUES (?, ?)";
        connection
            .execute(cursor, params![format!("history {}", address(credit)), i64::from(credit) - 5])
            .unwrap();
    }
    let others =
        [format!("history mismatch {} a node", address(7)), "history !".to_string(), "source/x".to_string()];
    for name in others {
        connection.execute("INSERT INTO cursors VALUES (?, 4)", [name]).unwrap();
    }
    let alert =
        "INSERT INTO alerts VALUES (1, 'idle', x'07', 'warning', NULL, NULL, 'a', 'b', 'c', 1, NULL, NULL)";
    connection.execute(alert, []).unwrap();
    connection
        .execute("INSERT INTO outbox VALUES (1, 1, 'a', 'raised', 'waiting', 0, 1, 1, NULL)", [])
        .unwrap();
    for (reporter, at) in [(1u8, 10i64), (1, 20), (2, 10)] {
        let sql = "INSERT INTO digests VALUES (?, ?, 3, 0, ?, ?)";
        connection
            .execute(sql, params![address(reporter).to_bytes(), address(5).to_bytes(), at, [reporter; 32]])
            .unwrap();
    }
    connection
}

#[test]
fn a_store_goes_back_layout_by_layout_with_all_its_rows() {
    let mut connection = layout_2();
    connection.execute("DELETE FROM cursors WHERE name = 'history !'", []).unwrap();
    let (before, objects_before) = (content(&connection), objects(&connection));
    migrate(&mut connection, Path::new("memory")).unwrap();
    assert_eq!(version(&connection).unwrap(), latest());
    assert_ne!(content(&connection), before);
    for version in (FIRST..latest()).rev() {
        assert_eq!(back(&mut connection, Path::new("memory")).unwrap(), version);
        let mut fresh = Connection::open_in_memory().unwrap();
        create(&mut fresh, version);
        assert_eq!(objects(&connection), objects(&fresh), "as that version's keeper makes them");
    }
    assert_eq!((content(&connection), objects(&connection)), (before, objects_before));
    migrate(&mut connection, Path::new("memory")).unwrap();
    assert_eq!(objects(&connection), objects(&in_memory()), "as in a new file");
}

#[test]
fn a_store_of_layout_2_keeps_its_logs_samples_and_digests() {
    let mut connection = layout_2();
    migrate(&mut connection, Path::new("memory")).unwrap();
    let proven = "SELECT address, proven FROM logs JOIN addresses ON id = credit ORDER BY address";
    let mut statement = connection.prepare(proven).unwrap();
    let read = statement.query_map([], |row| Ok((key(row, 0)?, row.get::<_, i64>(1)?))).unwrap();
    assert_eq!(read.collect::<Result<Vec<_>, _>>().unwrap(), [(address(7), 2), (address(8), 3)]);
    let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count("SELECT count(*) FROM events JOIN addresses ON id = credit"), 6);
    assert_eq!(count("SELECT count(*) FROM samples JOIN addresses ON id = credit"), 2);
    assert_eq!(count("SELECT count(*) FROM digests JOIN streams ON id = stream WHERE epoch = 3"), 3);
    assert_eq!(count("SELECT count(*) FROM streams"), 2);
    assert_eq!(count("SELECT count(*) FROM cursors"), 2, "those of mismatches and sources");
}

#[test]
fn a_migration_that_fails_leaves_the_store_as_it_was() {
    let mut connection = layout_2();
    for (version, script) in [(3, include_str!("../layout/3.sql")), (4, include_str!("../layout/4.sql"))] {
        connection.execute_batch(script).unwrap();
        connection.pragma_update(None, "user_version", version).unwrap();
    }
    connection.execute_batch("CREATE TABLE streams (id INTEGER)").unwrap();
    let before = (content(&connection), version(&connection).unwrap());
    assert!(matches!(migrate(&mut connection, Path::new("memory")), Err(StoreError::Sqlite(_))));
    assert_eq!((content(&connection), version(&connection).unwrap()), before);
}

#[test]
fn a_store_of_the_first_layout_is_not_taken_back() {
    let mut connection = layout_2();
    let refused = back(&mut connection, Path::new("memory"));
    assert!(matches!(refused, Err(StoreError::Version { found: 2, .. })));
}
