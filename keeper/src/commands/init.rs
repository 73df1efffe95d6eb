//! Writes the first `keeper.toml`.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

const EXAMPLE: &str = include_str!("../../keeper.example.toml");

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// Something is there already.
    #[error("{path} exists and is left alone; name another folder")]
    Exists {
        /// The file.
        path: String,
    },
    /// A file that cannot be written.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: String,
        /// The reason.
        reason: String,
    },
}

/// Writes `keeper.toml` to a folder. Overwrites nothing. Returns its path. Errors: [`InitError`].
pub fn init(folder: &Path) -> Result<PathBuf, InitError> {
    let path = folder.join("keeper.toml");
    let shown = path.display().to_string();
    fs::create_dir_all(folder)
        .map_err(|error| InitError::File { path: folder.display().to_string(), reason: error.to_string() })?;
    let written = OpenOptions::new().write(true).create_new(true).open(&path).and_then(|mut file| {
        file.write_all(EXAMPLE.as_bytes())?;
        file.sync_all()
    });
    match written {
        Ok(()) => Ok(path),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            Err(InitError::Exists { path: shown })
        }
        Err(error) => Err(InitError::File { path: shown, reason: error.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use {super::*, crate::Config};

    #[test]
    fn what_is_written_is_a_configuration_and_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = init(&folder.path().join("new")).unwrap();
        Config::load(&path).unwrap_or_else(|error| panic!("{error}"));
        fs::write(&path, "mine").unwrap();
        assert!(matches!(init(path.parent().unwrap()), Err(InitError::Exists { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    }
}
