//! Writes the first `provider.toml` and the secret that API keys are made with.

use {
    crate::keys::hex,
    rand::TryRngCore,
    secrecy::{ExposeSecret, SecretString},
    std::{
        fs::{self, OpenOptions},
        io::Write,
        path::{Path, PathBuf},
    },
};

const EXAMPLE: &str = include_str!("../provider.example.toml");

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
    /// No secret.
    #[error("the system gives no random bytes: {0}")]
    Random(String),
}

/// Writes `provider.toml`, with a comment on every key, and `secret`, readable by its owner alone, to a folder. Overwrites
/// nothing. Returns the path of `provider.toml`. Errors: [`InitError`].
pub fn init(folder: &Path) -> Result<PathBuf, InitError> {
    let (config, secret) = (folder.join("provider.toml"), folder.join("secret"));
    for path in [&config, &secret] {
        if path.exists() {
            return Err(InitError::Exists { path: path.display().to_string() });
        }
    }
    let failed = |error: std::io::Error| InitError::File {
        path: folder.display().to_string(),
        reason: error.to_string(),
    };
    fs::create_dir_all(folder).map_err(failed)?;
    let mut bytes = [0; 32];
    rand::rngs::OsRng.try_fill_bytes(&mut bytes).map_err(|error| InitError::Random(error.to_string()))?;
    let digits = SecretString::from(hex(&bytes) + "\n");
    write_new(&secret, digits.expose_secret(), true)?;
    write_new(&config, EXAMPLE, false)?;
    Ok(config)
}

fn write_new(path: &Path, text: &str, private: bool) -> Result<(), InitError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if private {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    let written = options.open(path).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => InitError::Exists { path: path.display().to_string() },
        _ => InitError::File { path: path.display().to_string(), reason: error.to_string() },
    })
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        crate::{ApiKeys, Config},
        blockable_sdk::Pubkey,
    };

    #[test]
    fn what_is_written_can_be_used_and_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = init(&folder.path().join("new")).unwrap();
        let config = Config::load(&path).unwrap();
        let keys =
            ApiKeys::load(&config.secret_file, config.chain.market, config.chain.provider, &[]).unwrap();
        assert!(keys.make(&Pubkey::default(), 0).expose_secret().starts_with("blk-1111"));
        let before = fs::read_to_string(&config.secret_file).unwrap();
        assert!(matches!(init(path.parent().unwrap()), Err(InitError::Exists { .. })));
        fs::remove_file(&path).unwrap();
        assert!(matches!(init(path.parent().unwrap()), Err(InitError::Exists { .. })));
        assert_eq!(fs::read_to_string(&config.secret_file).unwrap(), before);
    }
}
