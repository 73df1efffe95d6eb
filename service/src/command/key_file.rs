//! Key files, as Solana's command line writes them.

use {
    super::Exit,
    blockable_sdk::{Keypair, read_keypair_file},
    std::{fs, io, path::Path},
};

/// A reason for which a key file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    /// It is not there.
    #[error("there is no such file")]
    Missing,
    /// It cannot be read, or holds no key.
    #[error("{0}")]
    Unusable(String),
    /// Other users can read it.
    #[error("other users can read it; run chmod 600")]
    Exposed,
}

impl KeyFileError {
    /// The command's exit code.
    pub fn exit(&self) -> Exit {
        match self {
            KeyFileError::Missing => Exit::NotFound,
            KeyFileError::Unusable(_) => Exit::Failed,
            KeyFileError::Exposed => Exit::Refused,
        }
    }
}

/// Reads a key that its owner alone can read. Errors: [`KeyFileError`].
pub fn read_key_file(path: &Path) -> Result<Keypair, KeyFileError> {
    let file = fs::metadata(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => KeyFileError::Missing,
        _ => KeyFileError::Unusable(error.to_string()),
    })?;
    if is_exposed(&file) {
        return Err(KeyFileError::Exposed);
    }
    // The parser's own message may quote what it read.
    read_keypair_file(path).map_err(|_| KeyFileError::Unusable("it holds no keypair".to_string()))
}

/// True for a file that others may read; a pipe has no readers to come.
#[cfg(unix)]
fn is_exposed(file: &fs::Metadata) -> bool {
    file.is_file() && std::os::unix::fs::PermissionsExt::mode(&file.permissions()) & 0o077 != 0
}

#[cfg(not(unix))]
fn is_exposed(_: &fs::Metadata) -> bool {
    false
}

#[cfg(all(test, unix))]
mod tests {
    use {super::*, blockable_sdk::Signer, std::os::unix::fs::PermissionsExt};

    #[test]
    fn a_key_is_read_where_its_owner_alone_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.json");
        assert_eq!(read_key_file(&path).map_err(|error| error.exit()).err(), Some(Exit::NotFound));
        assert!(matches!(
            read_key_file(folder.path()),
            Err(KeyFileError::Unusable(_) | KeyFileError::Exposed)
        ));
        let key = Keypair::new();
        blockable_sdk::write_keypair_file(&key, &path).unwrap();
        assert_eq!(read_key_file(&path).unwrap().pubkey(), key.pubkey());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(read_key_file(&path).err(), Some(KeyFileError::Exposed));
        fs::write(&path, "[1, 2, 3]").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(
            read_key_file(&path).err(),
            Some(KeyFileError::Unusable("it holds no keypair".to_string()))
        );
    }
}
