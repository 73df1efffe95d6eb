//! The server's secret, from its file.

use {
    blockable_service::hex,
    secrecy::{ExposeSecret, SecretBox, SecretString},
    std::{env, ffi::OsStr, fs, path::Path},
};

/// Bytes of the server's secret.
pub(super) const SECRET_BYTES: usize = 32;

/// A reason for which the server's secret cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be read.
    #[error(
        "cannot read the secret {path}: {reason}; correct secret_file, or make a secret with `blockable-provider init`"
    )]
    File {
        /// The file.
        path: String,
        /// The reason.
        reason: String,
    },
    /// Other users can read the file.
    #[error("{path} can be read by other users; run `chmod 600 {path}`")]
    Exposed {
        /// The file.
        path: String,
    },
    /// The file does not hold a secret.
    #[error(
        "{path} is not a secret: it must hold 64 hexadecimal digits; make one with `blockable-provider init`"
    )]
    Malformed {
        /// The file.
        path: String,
    },
}

/// Reads the 32 bytes that a file holds as hexadecimal digits. Errors: [`SecretError`].
pub(super) fn read_secret(path: &Path) -> Result<SecretBox<[u8; SECRET_BYTES]>, SecretError> {
    let shown = || path.display().to_string();
    let failed = |error: std::io::Error| SecretError::File { path: shown(), reason: error.to_string() };
    require_private(path)?;
    let text = SecretString::from(fs::read_to_string(path).map_err(failed)?);
    let bytes = hex::decode::<SECRET_BYTES>(text.expose_secret().trim());
    bytes.map(|bytes| SecretBox::new(Box::new(bytes))).ok_or_else(|| SecretError::Malformed { path: shown() })
}

/// Requires that only its owner can read a file, or that the service manager handed it to this service alone. Errors:
/// [`SecretError`].
fn require_private(path: &Path) -> Result<(), SecretError> {
    let shown = || path.display().to_string();
    let file =
        fs::metadata(path).map_err(|error| SecretError::File { path: shown(), reason: error.to_string() })?;
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&file.permissions()) & 0o077 != 0
        && !is_credential(path, env::var_os("CREDENTIALS_DIRECTORY").as_deref())
    {
        return Err(SecretError::Exposed { path: shown() });
    }
    Ok(())
}

/// True for a file in the folder of systemd's credentials. Nobody but the service and root can enter that folder; its files are
/// shared with the service's user by an access list, whose mask looks like the rights of a group.
fn is_credential(path: &Path, folder: Option<&OsStr>) -> bool {
    let folder = folder.and_then(|folder| Path::new(folder).canonicalize().ok());
    let parent = path.canonicalize().ok().and_then(|path| path.parent().map(Path::to_path_buf));
    folder.is_some() && folder == parent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, "ab".repeat(32)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(read_secret(&path), Err(SecretError::Exposed { .. })));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(read_secret(&path).unwrap().expose_secret(), &[0xab; 32]);
        fs::write(&path, "ab").unwrap();
        assert!(matches!(read_secret(&path), Err(SecretError::Malformed { .. })));
    }

    #[test]
    fn only_files_in_the_folder_of_credentials_are_credentials() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("unit");
        let beside = folder.path().join("unit2");
        for path in [&inside, &beside] {
            fs::create_dir(path).unwrap();
            fs::write(path.join("secret"), "").unwrap();
        }
        let is = |path: &Path| is_credential(path, Some(inside.as_os_str()));
        assert!(is(&inside.join("secret")));
        assert!(is(&beside.join("../unit/secret")));
        assert!(!is(&beside.join("secret")), "a folder whose name begins the same");
        assert!(!is(&inside.join("../unit2/secret")));
        assert!(!is(&inside.join("none")));
        assert!(!is_credential(&inside.join("secret"), None));
        assert!(!is_credential(&inside.join("secret"), Some(OsStr::new(""))));
    }
}
