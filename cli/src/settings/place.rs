//! Places that settings come from.

use std::{collections::BTreeMap, env, fmt, path::PathBuf};

/// The place that a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A flag of this run.
    Flag(String),
    /// An environment variable.
    Environment(String),
    /// A profile of the settings file.
    Profile(String),
    /// The settings of Solana's command line.
    Solana(PathBuf),
    /// No place: the default.
    Default,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Flag(flag) => f.write_str(flag),
            Place::Environment(variable) => write!(f, "environment {variable}"),
            Place::Profile(name) => write!(f, "profile {name}"),
            Place::Solana(path) => write!(f, "{}", path.display()),
            Place::Default => f.write_str("default"),
        }
    }
}

/// A value with its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting<T> {
    /// The value.
    pub value: T,
    /// The place that it came from.
    pub origin: Place,
}

/// The environment and the home folder of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Surroundings {
    /// Environment variables.
    pub variables: BTreeMap<String, String>,
    /// The home folder.
    pub home: Option<PathBuf>,
}

impl Surroundings {
    /// Those of this process. Variables that are no text are left out.
    pub(crate) fn from_process() -> Surroundings {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Surroundings { variables: env::vars_os().filter_map(text).collect(), home: env::home_dir() }
    }

    /// A variable that is set and not empty.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The file of profiles: `$XDG_CONFIG_HOME/blockable/config.toml`, or below `~/.config`.
    pub(crate) fn profiles_path(&self) -> Option<PathBuf> {
        let base = match self.variable("XDG_CONFIG_HOME") {
            Some(folder) => PathBuf::from(folder),
            None => self.home.as_ref()?.join(".config"),
        };
        Some(base.join("blockable/config.toml"))
    }

    /// The settings file of Solana's command line.
    pub(crate) fn solana_path(&self) -> Option<PathBuf> {
        Some(self.home.as_ref()?.join(".config/solana/cli/config.yml"))
    }

    /// The key file that Solana's command line makes by itself.
    pub(crate) fn default_key(&self) -> Option<PathBuf> {
        Some(self.home.as_ref()?.join(".config/solana/id.json"))
    }
}
