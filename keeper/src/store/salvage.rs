//! Saves the rows of a damaged store: a new database gets every row that can still be read.

use {
    super::{DATABASE, Store, StoreError, file_fault, lock_folder, schema},
    blockable_service::lock::lock,
    rusqlite::{Connection, OpenFlags, params_from_iter, types::Value},
    serde::Serialize,
    std::{
        collections::BTreeMap,
        fs,
        path::{Path, PathBuf},
    },
};

/// The outcome of a rescue.
#[derive(Debug, Serialize)]
pub(crate) struct Salvaged {
    /// The folder that the damaged files are in now.
    pub damaged: PathBuf,
    /// Rows that were saved, by table.
    pub rows: BTreeMap<String, usize>,
    /// Tables of which rows are lost.
    pub incomplete: Vec<String>,
}

/// Puts a new database in the place of the damaged one in a folder, with every row that can be read. The damaged files move into a
/// folder next to it.
/// Errors: [`StoreError`]; the damaged files are never removed.
pub(crate) fn salvage(folder: &Path, progress: &dyn Fn(&str)) -> Result<Salvaged, StoreError> {
    let path = folder.join(DATABASE);
    if !path.exists() {
        return Err(StoreError::Missing { path: path.display().to_string() });
    }
    let lock_file = lock_folder(folder)?;
    refuse_other_layouts(&path)?;
    let damaged = move_aside(folder)?;
    let store = Store::connect(folder, Some(lock_file))?;
    let mut connection = lock(&store.inner.writer);
    let (mut rows, mut incomplete) = (BTreeMap::new(), Vec::new());
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    let old = Connection::open_with_flags(damaged.join(DATABASE), flags);
    connection.pragma_update(None, "foreign_keys", false)?;
    for table in tables(&connection)? {
        progress(&table);
        let (saved, is_whole) = match &old {
            Ok(old) => copy_rows(old, &mut connection, &table)?,
            Err(_) => (0, false),
        };
        if !is_whole {
            incomplete.push(table.clone());
        }
        rows.insert(table, saved);
    }
    // What refers to rows that are lost.
    connection.execute_batch(
        "DELETE FROM carried WHERE signature NOT IN (SELECT signature FROM transactions);
         DELETE FROM outbox WHERE alert NOT IN (SELECT id FROM alerts);
         DELETE FROM archived WHERE archive NOT IN (SELECT id FROM archives);",
    )?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(Salvaged { damaged, rows, incomplete })
}

/// Refuses a database whose layout can be read and is not this keeper's: its rows would not fit. Errors: [`StoreError::Version`].
fn refuse_other_layouts(path: &Path) -> Result<(), StoreError> {
    let read = || {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0))
    };
    let known = schema::latest();
    match read() {
        // 0 is a header that was overwritten.
        Ok(found) if found != known && found != 0 => {
            Err(StoreError::Version { path: path.display().to_string(), found, known })
        }
        _ => Ok(()),
    }
}

/// Moves the files of a database into the first folder `damaged-N` that is not there. Returns that folder.
fn move_aside(folder: &Path) -> Result<PathBuf, StoreError> {
    let mut names = (1_u32..).map(|number| folder.join(format!("damaged-{number}")));
    let aside = names.find(|name| !name.exists()).unwrap_or_default();
    fs::create_dir(&aside).map_err(|error| file_fault(&aside, error))?;
    for end in ["sqlite-wal", "sqlite-shm", "sqlite"] {
        let name = Path::new(DATABASE).with_extension(end);
        let from = folder.join(&name);
        if from.exists() {
            fs::rename(&from, aside.join(&name)).map_err(|error| file_fault(&from, error))?;
        }
    }
    Ok(aside)
}

fn tables(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let sql =
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
    let mut statement = connection.prepare(sql)?;
    Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// Copies the rows of a table from its beginning up to a damaged page, and from its end back to one. Returns the number of rows, and
/// whether no page was in the way. Errors: [`StoreError`] of the new database.
fn copy_rows(old: &Connection, new: &mut Connection, table: &str) -> Result<(usize, bool), StoreError> {
    let columns = columns(new, table)?;
    let places = vec!["?"; columns.all.len()].join(", ");
    let insert = format!("INSERT OR IGNORE INTO {table} ({}) VALUES ({places})", columns.all.join(", "));
    let select = format!("SELECT {} FROM {table} NOT INDEXED", columns.all.join(", "));
    let backwards = format!(
        "{select} ORDER BY {}",
        columns.key.iter().map(|name| format!("{name} DESC")).collect::<Vec<_>>().join(", ")
    );
    let transaction = new.transaction()?;
    let mut saved = 0_usize;
    let mut is_whole = false;
    for sql in [select, backwards] {
        if is_whole {
            break;
        }
        let Ok(mut statement) = old.prepare(&sql) else { continue };
        let Ok(mut rows) = statement.query([]) else { continue };
        loop {
            let row = match rows.next() {
                Ok(Some(row)) => row,
                Ok(None) => {
                    is_whole = true;
                    break;
                }
                Err(_) => break,
            };
            let values: Result<Vec<Value>, _> = (0..columns.all.len()).map(|place| row.get(place)).collect();
            let Ok(values) = values else { continue };
            // A row that the new table refuses was damaged.
            if let Ok(inserted) = transaction.prepare_cached(&insert)?.execute(params_from_iter(values)) {
                saved = saved.saturating_add(inserted);
            }
        }
    }
    transaction.commit()?;
    Ok((saved, is_whole))
}

struct Columns {
    all: Vec<String>,
    /// Those of the primary key, in its order.
    key: Vec<String>,
}

fn columns(connection: &Connection, table: &str) -> Result<Columns, StoreError> {
    let mut statement = connection.prepare("SELECT name, pk FROM pragma_table_info(?1)")?;
    let rows = statement.query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let listed: Vec<(String, i64)> = rows.collect::<Result<_, _>>()?;
    let mut key: Vec<&(String, i64)> = listed.iter().filter(|(_, place)| *place > 0).collect();
    key.sort_by_key(|(_, place)| *place);
    let key = key.into_iter().map(|(name, _)| name.clone()).collect();
    Ok(Columns { all: listed.iter().map(|(name, _)| name.clone()).collect(), key })
}
