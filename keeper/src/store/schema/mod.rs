//! The store's layouts, and the ways from one to the next and back. A new layout is a further entry of [`LAYOUTS`]; entries that
//! have been released never change.
//!
//! Addresses, ids and hashes are blobs, times are Unix seconds, unsigned amounts keep their bits in SQLite's signed integers.

mod proven;

use {
    super::StoreError,
    rusqlite::{Connection, Transaction},
    std::path::Path,
};

/// A step of a migration that SQL cannot take.
type Convert = fn(&Transaction) -> Result<(), StoreError>;

/// A layout, and the ways to it.
struct Layout {
    /// The script that brings a file from the layout before to this one.
    forward: &'static str,
    /// The work after it.
    convert: Option<Convert>,
    /// The way back; `None` for the first layout.
    back: Option<Back>,
}

/// The way from a layout to the one before.
struct Back {
    /// The work before the script.
    convert: Option<Convert>,
    /// The script.
    script: &'static str,
}

/// The layouts, from [`FIRST`] on.
const LAYOUTS: &[Layout] = &[
    Layout { forward: include_str!("../layout/2.sql"), convert: None, back: None },
    Layout {
        forward: include_str!("../layout/3.sql"),
        convert: None,
        back: Some(Back { convert: None, script: include_str!("../layout/3_back.sql") }),
    },
    Layout {
        forward: include_str!("../layout/4.sql"),
        convert: None,
        back: Some(Back { convert: None, script: include_str!("../layout/4_back.sql") }),
    },
    Layout {
        forward: include_str!("../layout/5.sql"),
        convert: Some(proven::from_cursors),
        back: Some(Back { convert: Some(proven::to_cursors), script: include_str!("../layout/5_back.sql") }),
    },
];

/// The version of the first layout. Version 1 was written before the first release, with columns of other names.
const FIRST: u32 = 2;

/// The layouts with their versions.
fn layouts() -> impl Iterator<Item = (u32, &'static Layout)> {
    (FIRST..).zip(LAYOUTS)
}

/// The version of the latest layout.
pub(super) fn latest() -> u32 {
    layouts().last().map_or(0, |(version, _)| version)
}

/// Reads the version of a file's layout; 0 for an empty file. Errors: [`StoreError::Sqlite`].
pub(super) fn version(connection: &Connection) -> Result<u32, StoreError> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

/// Brings a file to the latest layout. Errors: [`StoreError::Version`], [`StoreError::Sqlite`].
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let found = version(connection)?;
    if found > latest() || (1..FIRST).contains(&found) {
        return Err(StoreError::Version { path: path.display().to_string(), found, known: latest() });
    }
    for (version, layout) in layouts().filter(|(version, _)| *version > found) {
        if found > 0 {
            tracing::info!(version, "the store is brought to another layout; a large one takes minutes");
        }
        let transaction = connection.transaction()?;
        transaction.execute_batch(layout.forward)?;
        if let Some(convert) = layout.convert {
            convert(&transaction)?;
        }
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(())
}

/// Takes a file back to the layout before its own, for an earlier keeper. Returns that layout's version.
/// Errors: [`StoreError::Version`] for a file without a layout before, [`StoreError::Sqlite`].
pub(super) fn back(connection: &mut Connection, path: &Path) -> Result<u32, StoreError> {
    let (found, known) = (version(connection)?, latest());
    let layout = layouts().find(|(version, _)| *version == found);
    let Some(Back { convert, script }) = layout.and_then(|(_, layout)| layout.back.as_ref()) else {
        return Err(StoreError::Version { path: path.display().to_string(), found, known });
    };
    let before = found.saturating_sub(1);
    let transaction = connection.transaction()?;
    if let Some(convert) = convert {
        convert(&transaction)?;
    }
    transaction.execute_batch(script)?;
    transaction.pragma_update(None, "user_version", before)?;
    transaction.commit()?;
    Ok(before)
}

/// Brings an empty file to a layout, for tests.
#[cfg(test)]
pub(super) fn create(connection: &mut Connection, version: u32) {
    for (of, layout) in layouts().filter(|(of, _)| *of <= version) {
        connection.execute_batch(layout.forward).unwrap();
        connection.pragma_update(None, "user_version", of).unwrap();
    }
}

#[cfg(test)]
mod tests;
