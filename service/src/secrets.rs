//! Secrets, which stand outside of the settings file: in the environment or in files of their own.

use {
    crate::private_file,
    secrecy::SecretString,
    serde::Deserialize,
    std::{
        env, fs, io,
        path::{Path, PathBuf},
    },
};

/// A secret that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SecretSourceError {
    /// The variable is not set, or is not text.
    #[error("the environment variable {0} is not set; set it to the secret")]
    Env(String),
    /// The file cannot be read.
    #[error("cannot read {path}: {source}; write the secret to it")]
    File {
        /// The file.
        path: String,
        /// The system's reason.
        source: io::Error,
    },
    /// Others can read or change the file.
    #[error("{path}: {reason}")]
    Open {
        /// The file.
        path: String,
        /// The users who can, and the next step.
        reason: String,
    },
    /// The secret has no characters.
    #[error("the secret of {0} is empty; set one")]
    Empty(String),
}

/// The place of a secret: `{ env = "NAME" }` or `{ file = "PATH" }`.
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
                let text = fs::read_to_string(path)
                    .map_err(|source| SecretSourceError::File { path: shown.clone(), source })?;
                (shown, text)
            }
        };
        match text.trim() {
            "" => Err(SecretSourceError::Empty(name)),
            secret => Ok(SecretString::from(secret)),
        }
    }

    /// As [`SecretSource::read`], of a file that no other user can read and nobody but its owner can change. Errors:
    /// [`SecretSourceError`].
    pub fn read_private(&self) -> Result<SecretString, SecretSourceError> {
        if let SecretSource::File(path) = self
            && let Err(reason) = private_file::check(path)
        {
            return Err(SecretSourceError::Open { path: path.display().to_string(), reason });
        }
        self.read()
    }

    /// Makes a relative path start from `folder`.
    pub fn resolve(&mut self, folder: &Path) {
        if let SecretSource::File(path) = self {
            *path = folder.join(&*path);
        }
    }
}

#[cfg(test)]
mod tests {
    use {super::*, crate::settings::Reader, secrecy::ExposeSecret};

    #[test]
    fn a_secret_is_read_from_its_file_without_the_white_space_around_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let mut source = SecretSource::File("secret".into());
        source.resolve(folder.path());
        assert_eq!(source, SecretSource::File(path.clone()));
        assert!(matches!(source.read(), Err(SecretSourceError::File { .. })));
        fs::write(&path, " \n").unwrap();
        assert!(matches!(source.read(), Err(SecretSourceError::Empty(_))));
        fs::write(&path, "hush\n").unwrap();
        assert_eq!(source.read().unwrap().expose_secret(), "hush");
    }

    #[cfg(unix)]
    #[test]
    fn a_secret_that_others_can_read_is_refused_where_it_must_be_private() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, "hush").unwrap();
        let source = SecretSource::File(path.clone());
        for (mode, is_private) in
            [(0o600, true), (0o400, true), (0o440, true), (0o644, false), (0o666, false)]
        {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(source.read_private().is_ok(), is_private, "{mode:o}");
            assert!(source.read().is_ok());
        }
        let error = source.read_private().unwrap_err().to_string();
        assert!(error.contains("has mode 666") && error.contains("chmod 600"), "{error}");
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
