//! First files of a daemon: written once, overwriting nothing.

use {
    crate::private_file,
    std::{
        fs::{self, OpenOptions},
        io::{self, Write},
        path::Path,
    },
};

/// A fault that leaves a file unwritten.
#[derive(Debug, thiserror::Error)]
pub enum InitFileError {
    /// Another file has the name.
    #[error("{path} exists and is left alone; name another folder")]
    Exists {
        /// The file.
        path: String,
    },
    /// The file or its folder cannot be written.
    #[error("cannot write {path}: {source}; name a folder that you may write to")]
    Write {
        /// The file or folder.
        path: String,
        /// The system's reason.
        source: io::Error,
    },
}

/// Users that may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// Everyone, as far as the process's mask allows.
    Everyone,
    /// Only the owner, for secrets. On systems other than Unix as [`Readers::Everyone`].
    Owner,
}

/// Requires that none of the files exists, so that several are written together or not at all.
/// Errors: [`InitFileError::Exists`].
pub fn require_absent<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Result<(), InitFileError> {
    match paths.into_iter().find(|path| path.exists()) {
        Some(path) => Err(InitFileError::Exists { path: path.display().to_string() }),
        None => Ok(()),
    }
}

/// Writes a new file and waits until it is on the disk. Creates its folder where that is missing. Overwrites nothing.
/// Errors: [`InitFileError`].
pub fn write_new(path: &Path, text: &str, readers: Readers) -> Result<(), InitFileError> {
    let failed = |path: &Path, source| InitFileError::Write { path: path.display().to_string(), source };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|source| failed(folder, source))?;
    }
    let mut options = match readers {
        Readers::Everyone => OpenOptions::new(),
        Readers::Owner => private_file::options(),
    };
    let written = options.write(true).create_new(true).open(path).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => InitFileError::Exists { path: path.display().to_string() },
        _ => failed(path, source),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_once_into_a_new_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/daemon.toml");
        require_absent([path.as_path()]).unwrap();
        write_new(&path, "first", Readers::Everyone).unwrap();
        for again in [write_new(&path, "second", Readers::Everyone), require_absent([path.as_path()])] {
            assert!(matches!(again, Err(InitFileError::Exists { .. })));
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "first");
        let below = write_new(&path.join("file"), "", Readers::Everyone).unwrap_err();
        assert!(below.to_string().starts_with("cannot write ") && below.to_string().contains("daemon.toml"));
    }

    #[cfg(unix)]
    #[test]
    fn a_secret_is_readable_by_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        write_new(&path, "hush", Readers::Owner).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
