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
    /// Nothing in it.
    #[error("the secret of {0} is empty; set one")]
    Empty(String),
}

/// `{ env = "NAME" }` or `{ file = "PATH" }`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
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
}

#[cfg(test)]
mod tests {
    use {super::*, crate::config::Reader, secrecy::ExposeSecret};

    #[test]
    fn a_secret_is_read_from_its_file_without_the_white_space_around_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let source = SecretSource::File(path.clone());
        assert!(matches!(source.read(), Err(SecretSourceError::File { .. })));
        fs::write(&path, " \n").unwrap();
        assert!(matches!(source.read(), Err(SecretSourceError::Empty(_))));
        fs::write(&path, "hush\n").unwrap();
        assert_eq!(source.read().unwrap().expose_secret(), "hush");
    }

    #[test]
    fn a_source_is_written_as_a_table_of_one_key() {
        let text = "a = { env = \"NO_SUCH_VARIABLE_HERE\" }\nb = { file = \"x\" }\nc = \"hush\"";
        let mut reader = Reader::new(text).unwrap();
        let env = reader.optional::<SecretSource>("a").unwrap();
        assert_eq!(env, SecretSource::Env("NO_SUCH_VARIABLE_HERE".to_string()));
        assert!(matches!(env.read(), Err(SecretSourceError::Env(_))));
        assert_eq!(reader.optional("b"), Some(SecretSource::File("x".into())));
        assert_eq!(reader.optional::<SecretSource>("c"), None);
        assert_eq!(reader.finish().len(), 1);
    }
}
