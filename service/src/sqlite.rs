//! Failures of SQLite files, by what their owner can do.

use rusqlite::{Error, ErrorCode};

/// The reason for which a SQLite file cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpeningFault {
    /// Another process has it open.
    InUse,
    /// The disk is full.
    Full,
    /// It cannot be read or written, or is no database; SQLite's reason.
    File(String),
}

impl OpeningFault {
    /// Classifies a failure to open a file or to read its first pages.
    pub fn from_error(error: &Error) -> OpeningFault {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => OpeningFault::InUse,
            _ if is_full(error) => OpeningFault::Full,
            _ => OpeningFault::File(error.to_string()),
        }
    }
}

/// True where a write failed for want of space. A write that the disk cut short is an I/O error where the file's size is limited
/// from outside.
pub fn is_full(error: &Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure))
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        rusqlite::Connection,
        std::{fs, time::Duration},
    };

    /// The fault of a file that is opened and written to.
    fn fault(path: &std::path::Path) -> Option<OpeningFault> {
        let write = |connection: Connection| {
            connection.busy_timeout(Duration::ZERO)?;
            connection.execute_batch("BEGIN IMMEDIATE; PRAGMA user_version = 1; COMMIT")
        };
        Connection::open(path).and_then(write).err().map(|error| OpeningFault::from_error(&error))
    }

    #[test]
    fn a_file_that_is_no_database_or_in_use_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let text = folder.path().join("text");
        fs::write(&text, "no database ".repeat(100)).unwrap();
        assert!(
            matches!(fault(&text), Some(OpeningFault::File(reason)) if reason.contains("not a database"))
        );
        assert!(matches!(fault(folder.path()), Some(OpeningFault::File(_))));
        let good = folder.path().join("good");
        let other = Connection::open(&good).unwrap();
        other.execute_batch("BEGIN EXCLUSIVE; PRAGMA user_version = 1").unwrap();
        assert_eq!(fault(&good), Some(OpeningFault::InUse));
        other.execute_batch("COMMIT").unwrap();
        assert_eq!(fault(&good), None);
    }

    #[test]
    fn a_limit_that_is_reached_is_a_full_disk() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE t (x BLOB); PRAGMA max_page_count = 4").unwrap();
        let error = connection.execute("INSERT INTO t VALUES (zeroblob(1000000))", []).unwrap_err();
        assert!(is_full(&error), "{error}");
    }
}
