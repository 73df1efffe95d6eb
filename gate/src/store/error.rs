//! Errors of the store.

use {
    super::{owner::with_owner, schema::VERSION},
    blockable_service::sqlite::{OpeningFault, is_full},
    std::path::Path,
};

/// Errors of the store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another process has it open.
    #[error("{path} is in use by another gate; stop that one, or name another file")]
    InUse {
        /// The file.
        path: String,
    },
    /// A file of another version, or of another program.
    #[error(
        "{path} has layout version {found} and this program reads {VERSION}; use the program that wrote it"
    )]
    Version {
        /// The file.
        path: String,
        /// Its version.
        found: i64,
    },
    /// A backup.
    #[error(
        "{path} is a backup: use that came after it is not in it; bring it back by `blockable-provider restore`"
    )]
    Backup {
        /// The file.
        path: String,
    },
    /// A file that is to be a backup or a store, and no store is there to be copied.
    #[error("{path}: there is no store; name the one of the server")]
    Missing {
        /// The file.
        path: String,
    },
    /// A file that is there where one is to be written.
    #[error("{path} exists and is not overwritten: it may be newer than anything else; move it away first")]
    Exists {
        /// The file.
        path: String,
    },
    /// A file that is to be restored from and was not made as a backup, or is damaged.
    #[error(
        "{path} cannot be restored from: {reason}; name a file that `blockable-provider backup` has made"
    )]
    NoBackup {
        /// The file.
        path: String,
        /// The reason.
        reason: String,
    },
    /// The disk or the file's limit is full.
    #[error("the store is full; free disk space or raise its limit")]
    Full,
    /// SQLite failed.
    #[error("the store failed: {0}")]
    Sqlite(String),
    /// A folder or file that cannot be opened or made, or that is no store.
    #[error("cannot open {path}: {reason}; name a file of the store that this program may write to")]
    File {
        /// The file.
        path: String,
        /// The reason.
        reason: String,
    },
    /// A folder in which another user's server finds its files.
    #[error(
        "{path} belongs to {user}, and root is asked to make files that its server could not open; run this command as that user"
    )]
    OtherUser {
        /// The folder.
        path: String,
        /// The user's name, or number.
        user: String,
    },
    /// The store has been closed.
    #[error("the store is closed: the gate is shutting down")]
    Closed,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        if is_full(&error) { StoreError::Full } else { StoreError::Sqlite(error.to_string()) }
    }
}

/// Names the file in a failure of the system's.
pub(super) fn file_failed(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::File { path: path.display().to_string(), reason: with_owner(path, error) }
}

/// Names the file in a failure to open it.
pub(super) fn opening_failed(path: &Path, error: rusqlite::Error) -> StoreError {
    let path = path.display().to_string();
    match OpeningFault::from_error(&error) {
        OpeningFault::InUse => StoreError::InUse { path },
        OpeningFault::Full => StoreError::Full,
        OpeningFault::File(reason) => StoreError::File { path, reason },
    }
}
