//! Where a secret is read from. Secrets are not written in the file itself.

use {
    secrecy::SecretString,
    serde::Deserialize,
    std::{env, fs, path::PathBuf},
};

/// Why a secret cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretSourceError {
    /// The variable is not set.
    #[error("the environment variable {0} is not set; set it to the secret")]
    Env(String),
    /// The file cannot be read.
    #[error("{path}: {reason}; write the secret to it")]
    File {
        /// The file.
        path: String,
        /// The reason.
        reason: String,
    },
    /// Characters that no header can hold.
    #[error("the upstream key of model {0} has characters that no HTTP header can hold; set it anew")]
    Malformed(String),
    /// Nothing in it.
    #[error("the secret of {0} is empty; set one")]
    Empty(String),
}

/// `{ env = "NAME" }` or `{ file = "PATH" }`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecretSource {
    /// An environment variable.
    Env(String),
    /// A file; white space around the secret does not count.
    File(PathBuf),
}

impl SecretSource {
    /// Reads the secret. Errors: [`SecretSourceError`].
    pub fn read(&self) -> Result<SecretString, SecretSourceError> {
        let (name, text) = match self {
            SecretSource::Env(name) => {
                (name.clone(), env::var(name).map_err(|_| SecretSourceError::Env(name.clone()))?)
            }
            SecretSource::File(path) => {
                let shown = path.display().to_string();
                let text = fs::read_to_string(path).map_err(|error| SecretSourceError::File {
                    path: shown.clone(),
                    reason: error.to_string(),
                })?;
                (shown, text)
            }
        };
        match text.trim() {
            "" => Err(SecretSourceError::Empty(name)),
            secret => Ok(SecretString::from(secret)),
        }
    }

    pub(super) fn path_mut(&mut self) -> Option<&mut PathBuf> {
        match self {
            SecretSource::Env(_) => None,
            SecretSource::File(path) => Some(path),
        }
    }
}
