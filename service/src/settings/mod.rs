//! Settings from a TOML file and the environment.
//!
//! Keys are read one by one, and every mistake is collected with its key's path, what is wrong and what to do, so that a
//! file is corrected in one go. No mistake repeats a text of the file, as a secret may stand in the wrong place; numbers are
//! repeated.

mod environment;
mod reader;
#[cfg(test)]
mod tests;

use std::{fs, io, path::Path};

pub use reader::{Reader, parse_url};

/// A file that is not the configuration of a daemon.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}; {advice}")]
    File {
        /// The file.
        path: String,
        /// The system's reason.
        source: io::Error,
        /// The way to get the file.
        advice: &'static str,
    },
    /// The text is not TOML.
    #[error("{path} is not TOML: {reason}; correct it")]
    Syntax {
        /// The file.
        path: String,
        /// The place and the reason, without the text itself.
        reason: String,
    },
    /// Keys that are missing, unknown or have impossible values.
    #[error("{path}:\n  {}\n{example} explains every key", .mistakes.join("\n  "))]
    Mistakes {
        /// The file.
        path: String,
        /// One entry per mistake: where, what, and what to do.
        mistakes: Vec<String>,
        /// The file that explains every key.
        example: &'static str,
    },
}

impl ConfigError {
    /// True where there is no such file.
    pub fn is_missing(&self) -> bool {
        matches!(self, ConfigError::File { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

/// A kind of configuration file, with the way to read its settings.
#[derive(Clone, Copy, Debug)]
pub struct FileKind<T> {
    /// The file that explains every key.
    pub example: &'static str,
    /// The way to get a file, as an imperative for errors.
    pub advice: &'static str,
    /// Prefix of environment variables that set keys, if any. `__` stands for the dot between section and key.
    pub environment: Option<&'static str>,
    /// Reads all keys, so that the mistakes of all of them are found. Returns `None` only after a mistake.
    pub read: fn(&mut Reader) -> Option<T>,
    /// Makes relative paths in the settings start from a folder.
    pub resolve: fn(&mut T, &Path),
}

impl<T> FileKind<T> {
    /// Reads a file, overridden by the environment; relative paths in it start from its folder. Errors: [`ConfigError`], with
    /// every mistake in it.
    pub fn load(&self, path: &Path) -> Result<T, ConfigError> {
        let name = path.display().to_string();
        let advice = self.advice;
        let text = fs::read_to_string(path).map_err(|source| ConfigError::File {
            path: name.clone(),
            source,
            advice,
        })?;
        self.parse(&text, path.parent().unwrap_or(Path::new("")), &name)
    }

    /// Reads a text, overridden by the environment; relative paths in it start from `folder`, and `name` stands for it in
    /// errors. Errors: [`ConfigError`], with every mistake in it.
    pub fn parse(&self, text: &str, folder: &Path, name: &str) -> Result<T, ConfigError> {
        let path = || name.to_string();
        let mut reader = Reader::new(text).map_err(|reason| ConfigError::Syntax { path: path(), reason })?;
        if let Some(prefix) = self.environment {
            let variables = std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
            reader.override_from(prefix, variables);
        }
        let settings = (self.read)(&mut reader);
        let mistakes = reader.finish();
        match settings {
            Some(mut settings) if mistakes.is_empty() => {
                (self.resolve)(&mut settings, folder);
                Ok(settings)
            }
            _ => Err(ConfigError::Mistakes { path: path(), mistakes, example: self.example }),
        }
    }
}
