//! The file of profiles.

use {
    super::{SettingName, Surroundings},
    std::{
        collections::BTreeMap,
        fs, io,
        path::{Path, PathBuf},
    },
    toml::{Table, Value},
};

/// The profile that is used where none is named.
const DEFAULT: &str = "default";

/// A reason for which the file of profiles cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProfilesError {
    /// There is no folder for it.
    #[error("there is no home folder for the settings; set XDG_CONFIG_HOME")]
    NoHome,
    /// It cannot be read or written.
    #[error("the settings in {path} cannot be {act}: {reason}; check that you may use that file")]
    File {
        /// The file.
        path: String,
        /// The act.
        act: &'static str,
        /// The reason.
        reason: io::Error,
    },
    /// It is no TOML.
    #[error("{path} is no TOML: {reason}; correct it, or write it anew with `blockable config set`")]
    Syntax {
        /// The file.
        path: String,
        /// The reason.
        reason: String,
    },
    /// A key is unknown, or a value has another type.
    #[error("{path}: {key} {reason}")]
    Content {
        /// The file.
        path: String,
        /// The key.
        key: String,
        /// The reason, and what to do.
        reason: String,
    },
    /// The profile is not there.
    #[error("there is no profile {name}; there are: {known}")]
    Unknown {
        /// The name.
        name: String,
        /// The profiles that are there.
        known: String,
    },
}

/// The profiles of a user: names with settings, and the one that is used where none is named.
#[derive(Clone, Debug, Default)]
pub(crate) struct Profiles {
    path: PathBuf,
    current: Option<String>,
    profiles: BTreeMap<String, Profile>,
}

type Profile = BTreeMap<SettingName, Vec<String>>;

impl Profiles {
    /// Reads the file; without one there are no profiles. Errors: [`ProfilesError`].
    pub(crate) fn read(surroundings: &Surroundings) -> Result<Profiles, ProfilesError> {
        let path = surroundings.profiles_path().ok_or(ProfilesError::NoHome)?;
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(reason) => return Err(failed(&path, "read", reason)),
        };
        let shown = path.display().to_string();
        let table: Table = text.parse().map_err(|error: toml::de::Error| ProfilesError::Syntax {
            path: shown.clone(),
            reason: error.message().to_string(),
        })?;
        let mut profiles = Profiles { path, ..Profiles::default() };
        let content = |(key, reason): (String, &str)| ProfilesError::Content {
            path: shown.clone(),
            key,
            reason: reason.to_string(),
        };
        profiles.fill(&table).map_err(content)?;
        Ok(profiles)
    }

    /// Takes the content of the file. Errors: the key that is wrong, and what to do.
    fn fill(&mut self, table: &Table) -> Result<(), (String, &'static str)> {
        for (key, value) in table {
            match (key.as_str(), value) {
                ("profile", Value::String(name)) => self.current = Some(name.clone()),
                ("profiles", Value::Table(profiles)) => {
                    for (name, profile) in profiles {
                        self.profiles.insert(name.clone(), read_profile(name, profile)?);
                    }
                }
                _ => {
                    return Err((key.clone(), "is not known there; write profile and [profiles.NAME] alone"));
                }
            }
        }
        Ok(())
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The names.
    pub(crate) fn names(&self) -> Vec<String> {
        self.profiles.keys().cloned().collect()
    }

    /// The name of the profile that is used where none is named.
    pub(crate) fn current(&self) -> &str {
        self.current.as_deref().unwrap_or(DEFAULT)
    }

    /// Requires that a profile is there. Errors: [`ProfilesError::Unknown`].
    pub(crate) fn require(&self, name: &str) -> Result<(), ProfilesError> {
        let names = self.names();
        if self.profiles.contains_key(name) {
            return Ok(());
        }
        let known = if names.is_empty() { "none".to_string() } else { names.join(", ") };
        Err(ProfilesError::Unknown { name: name.to_string(), known })
    }

    /// The values of a setting in a profile.
    pub(crate) fn get(&self, profile: &str, key: SettingName) -> Option<Vec<String>> {
        self.profiles.get(profile)?.get(&key).cloned()
    }

    /// Sets a setting of a profile, or removes it where `values` is empty.
    pub(crate) fn set(&mut self, profile: &str, key: SettingName, values: &[String]) {
        let profile = self.profiles.entry(profile.to_string()).or_default();
        match values {
            [] => profile.remove(&key),
            values => profile.insert(key, values.to_vec()),
        };
    }

    /// Chooses the profile that is used where none is named.
    pub(crate) fn choose(&mut self, name: &str) {
        self.current = Some(name.to_string());
    }

    /// Writes the file, whole or not at all. Errors: [`ProfilesError::File`].
    pub(crate) fn write(&self) -> Result<(), ProfilesError> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        // For its user alone: a node's URL may have a key in it.
        let written = fs::create_dir_all(folder).and_then(|()| {
            blockable_service::private_file::replace(&self.path, self.table().to_string().as_bytes())
        });
        written.map_err(|reason| failed(&self.path, "written", reason))
    }

    fn table(&self) -> Table {
        let value = |(key, values): (&SettingName, &Vec<String>)| {
            let mut texts = values.iter().cloned().map(Value::String);
            let value = match values.len() {
                1 => texts.next().unwrap_or(Value::Array(Vec::new())),
                _ => Value::Array(texts.collect()),
            };
            (key.name().to_string(), value)
        };
        let profile = |(name, profile): (&String, &Profile)| {
            (name.clone(), Value::Table(profile.iter().map(value).collect()))
        };
        let mut table = Table::new();
        table.extend(self.current.clone().map(|name| ("profile".to_string(), Value::String(name))));
        table.insert("profiles".to_string(), Value::Table(self.profiles.iter().map(profile).collect()));
        table
    }
}

fn read_profile(name: &str, profile: &Value) -> Result<Profile, (String, &'static str)> {
    let place = format!("profiles.{name}");
    let Value::Table(profile) = profile else {
        return Err((place, "is no table; write [profiles.NAME] with its settings below"));
    };
    let mut read = Profile::new();
    for (key, value) in profile {
        let place = format!("{place}.{key}");
        let Some(known) = SettingName::from_name(key) else {
            return Err((place, "is not known; `blockable config` lists the settings"));
        };
        read.insert(known, texts(value).ok_or((place, "is no text; write it in quotes"))?);
    }
    Ok(read)
}

/// A text, or the texts of an array; `None` for anything else.
fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Integer(number) => Some(vec![number.to_string()]),
        Value::Array(values) => values.iter().map(|value| value.as_str().map(str::to_string)).collect(),
        _ => None,
    }
}

fn failed(path: &Path, act: &'static str, reason: io::Error) -> ProfilesError {
    ProfilesError::File { path: path.display().to_string(), act, reason }
}
