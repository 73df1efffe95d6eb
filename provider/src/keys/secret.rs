//! The server's secret, from its file.

use {
    blockable_service::hex,
    secrecy::{ExposeSecret, SecretBox, SecretString},
    std::{fs, path::Path},
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

/// Requires that only its owner can read a file. Errors: [`SecretError`].
fn require_private(path: &Path) -> Result<(), SecretError> {
    let shown = || path.display().to_string();
    let file =
        fs::metadata(path).map_err(|error| SecretError::File { path: shown(), reason: error.to_string() })?;
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&file.permissions()) & 0o077 != 0 {
        return Err(SecretError::Exposed { path: shown() });
    }
    Ok(())
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
}
