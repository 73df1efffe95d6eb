//! Writes the first `provider.toml` and the secret that API keys are made with.

use {
    blockable_service::{
        hex,
        init_file::{InitFileError, Readers, require_absent, write_new},
    },
    rand::TryRngCore,
    secrecy::{ExposeSecret, SecretString},
    std::path::{Path, PathBuf},
};

const EXAMPLE: &str = include_str!("../provider.example.toml");

/// A reason for which nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// A file.
    #[error(transparent)]
    File(#[from] InitFileError),
    /// The system has no random bytes for the secret.
    #[error("the system gives no random bytes: {0}; try again")]
    Random(String),
}

/// Writes `provider.toml`, with a comment on every key, and `secret`, readable by its owner alone, to a folder. Overwrites
/// nothing. Returns the path of `provider.toml`. Errors: [`InitError`].
pub fn init(folder: &Path) -> Result<PathBuf, InitError> {
    let (config, secret) = (folder.join("provider.toml"), folder.join("secret"));
    require_absent([config.as_path(), secret.as_path()])?;
    write_secret(&secret)?;
    write_new(&config, EXAMPLE, Readers::Everyone)?;
    Ok(config)
}

/// Writes a fresh secret that API keys are made with, readable by its owner alone. Overwrites nothing. Errors: [`InitError`].
pub fn write_secret(path: &Path) -> Result<(), InitError> {
    let mut bytes = [0; 32];
    rand::rngs::OsRng.try_fill_bytes(&mut bytes).map_err(|error| InitError::Random(error.to_string()))?;
    let digits = SecretString::from(hex::encode(bytes) + "\n");
    write_new(path, digits.expose_secret(), Readers::Owner)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        crate::{ApiKeys, Config},
        blockable_sdk::Pubkey,
        std::fs,
    };

    #[test]
    fn what_is_written_can_be_used_and_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = init(&folder.path().join("new")).unwrap();
        let config = Config::FILE.load(&path).unwrap();
        let keys =
            ApiKeys::load(&config.secret_file, config.chain.market, config.chain.provider, &[]).unwrap();
        assert!(keys.make(&Pubkey::default(), 0, None).expose_secret().starts_with("blk-1111"));
        let before = fs::read_to_string(&config.secret_file).unwrap();
        assert!(matches!(init(path.parent().unwrap()), Err(InitError::File(InitFileError::Exists { .. }))));
        fs::remove_file(&path).unwrap();
        assert!(matches!(init(path.parent().unwrap()), Err(InitError::File(InitFileError::Exists { .. }))));
        assert_eq!(fs::read_to_string(&config.secret_file).unwrap(), before);
    }
}
