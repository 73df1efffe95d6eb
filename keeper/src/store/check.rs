//! Examines the database of a store page by page.

use {
    super::{DATABASE, StoreError, lock_folder, schema},
    rusqlite::{Connection, OpenFlags},
    std::path::Path,
};

/// Most faults of the database that are listed.
const FAULTS: usize = 100;

/// Lists all that is wrong with the database in a folder; nothing where it is sound. Errors: [`StoreError`], where it cannot be
/// examined at all.
pub(crate) fn check(folder: &Path) -> Result<Vec<String>, StoreError> {
    let path = folder.join(DATABASE);
    if !path.exists() {
        return Err(StoreError::Missing { path: path.display().to_string() });
    }
    let _lock = lock_folder(folder)?;
    Ok(pages(&path)?.unwrap_or_else(|fault| vec![fault]))
}

/// Examines the pages of a database. Returns its faults, or the reason for which it cannot be opened.
/// Errors: [`StoreError::Version`] for a layout that this keeper does not know.
fn pages(path: &Path) -> Result<Result<Vec<String>, String>, StoreError> {
    // Not read only: what a keeper that was killed has left in its log is taken in.
    let examine = || {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let mut statement = connection.prepare(&format!("PRAGMA integrity_check({FAULTS})"))?;
        let lines = statement.query_map([], |row| row.get::<_, String>(0))?;
        let lines: Vec<String> = lines.collect::<Result<_, _>>()?;
        Ok::<_, rusqlite::Error>((version, lines))
    };
    match examine() {
        Ok((version, _)) if version > schema::latest() => Err(StoreError::Version {
            path: path.display().to_string(),
            found: version,
            known: schema::latest(),
        }),
        Ok((_, lines)) => Ok(Ok(lines.into_iter().filter(|line| line != "ok").collect())),
        Err(error) => Ok(Err(format!("{} cannot be read: {error}", path.display()))),
    }
}
