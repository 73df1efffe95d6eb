//! Finds each setting's value.

use {
    super::{
        Commitment, Format, KeySource, Place, Profiles, ProfilesError, Setting, SettingName, Surroundings,
        solana,
        values::{gate_url, node_url, shown, shown_url},
    },
    blockable_sdk::Pubkey,
    blockable_service::address::address,
    std::{collections::BTreeMap, io, path::PathBuf, str::FromStr},
};

/// A reason for which settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    /// The file of profiles.
    #[error(transparent)]
    Profiles(#[from] ProfilesError),
    /// The settings of Solana's command line.
    #[error("{path} cannot be read: {reason}; check that you may read it")]
    Solana {
        /// The file.
        path: String,
        /// The reason.
        reason: io::Error,
    },
    /// A value is none of its kind.
    #[error("{key} {value:?} ({origin}) {reason}")]
    Value {
        /// The setting.
        key: &'static str,
        /// The value, as it may be shown.
        value: String,
        /// Its origin.
        origin: Place,
        /// The reason, and what to write.
        reason: String,
    },
    /// No key is named, and there is no home folder.
    #[error("no key is named and there is no home folder to find one in; pass --keypair FILE")]
    NoKey,
}

/// The flags of a run, as they were written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flags {
    /// Values by setting.
    pub values: BTreeMap<SettingName, Vec<String>>,
    /// The profile.
    pub profile: Option<String>,
    /// True where nobody may be asked.
    pub non_interactive: bool,
}

/// The settings of a run.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The nodes, at least one.
    pub urls: Setting<Vec<String>>,
    /// The key that signs.
    pub keypair: Option<Setting<KeySource>>,
    /// The key that pays, where it is another one.
    pub fee_payer: Option<Setting<KeySource>>,
    /// The market.
    pub market: Option<Setting<Pubkey>>,
    /// The provider's server.
    pub gate: Option<Setting<String>>,
    /// The state that is read.
    pub commitment: Setting<Commitment>,
    /// The most priority fee, in micro-lamports per compute unit.
    pub priority_fee: Option<Setting<u64>>,
    /// The form of the answer.
    pub output: Setting<Format>,
    /// True where nobody may be asked.
    pub non_interactive: bool,
    /// The profile that settings were looked up in.
    pub profile: String,
    /// The file of profiles.
    pub profiles_path: PathBuf,
}

impl Settings {
    /// Finds the settings. Errors: [`SettingsError`].
    pub(crate) fn resolve(flags: &Flags, surroundings: &Surroundings) -> Result<Settings, SettingsError> {
        let profiles = Profiles::read(surroundings)?;
        let named = flags.profile.as_deref().or(surroundings.variable("BLOCKABLE_PROFILE"));
        if let Some(named) = named {
            profiles.require(named)?;
        }
        let profile = named.unwrap_or(profiles.current()).to_string();
        let path = surroundings.solana_path();
        let solana =
            path.as_deref().map(solana::read).transpose().map_err(|reason| SettingsError::Solana {
                path: path.as_ref().map(|path| path.display().to_string()).unwrap_or_default(),
                reason,
            })?;
        let sources = Sources {
            flags,
            surroundings,
            profiles: &profiles,
            profile: &profile,
            solana: solana.unwrap_or_default(),
        };
        let keypair = sources.one(SettingName::Keypair)?;
        let default_key = || surroundings.default_key().map(KeySource::File);
        let by_default = |value| Setting { value, origin: Place::Default };
        Ok(Settings {
            urls: sources.urls()?,
            keypair: keypair.or_else(|| default_key().map(by_default)),
            fee_payer: sources.one(SettingName::FeePayer)?,
            market: sources.parsed(SettingName::Market, market)?,
            gate: sources.parsed(SettingName::Gate, gate_url)?,
            commitment: sources
                .one(SettingName::Commitment)?
                .unwrap_or(Setting { value: Commitment::default(), origin: Place::Default }),
            priority_fee: sources.parsed(SettingName::PriorityFee, priority_fee)?,
            output: sources
                .one(SettingName::Output)?
                .unwrap_or(Setting { value: Format::default(), origin: Place::Default }),
            non_interactive: flags.non_interactive
                || surroundings.variable(blockable_service::command::NON_INTERACTIVE).is_some(),
            profiles_path: profiles.path().to_path_buf(),
            profile,
        })
    }

    /// The form of the answer alone, whatever is wrong about the other settings; `None` where it is not set or is none.
    pub(crate) fn output(flags: &Flags, surroundings: &Surroundings) -> Option<Format> {
        let profiles = Profiles::read(surroundings).unwrap_or_default();
        let named = flags.profile.as_deref().or(surroundings.variable("BLOCKABLE_PROFILE"));
        let profile = named.unwrap_or(profiles.current());
        let sources = Sources { flags, surroundings, profiles: &profiles, profile, solana: BTreeMap::new() };
        Some(sources.one(SettingName::Output).ok()??.value)
    }

    /// The key that signs, named or by default. Errors: [`SettingsError::NoKey`].
    pub(crate) fn keypair(&self) -> Result<&Setting<KeySource>, SettingsError> {
        self.keypair.as_ref().ok_or(SettingsError::NoKey)
    }

    /// Every setting as text, with its origin; `None` for one that is not set.
    pub(crate) fn listed(&self) -> Vec<(SettingName, Option<(String, Place)>)> {
        fn text<T: ToString>(found: &Option<Setting<T>>) -> Option<(String, Place)> {
            found.as_ref().map(|found| (found.value.to_string(), found.origin.clone()))
        }
        let value = |key| match key {
            SettingName::Url => Some((self.urls.value.join(" "), self.urls.origin.clone())),
            SettingName::Keypair => text(&self.keypair),
            SettingName::FeePayer => text(&self.fee_payer),
            SettingName::Market => text(&self.market),
            SettingName::Gate => text(&self.gate),
            SettingName::Commitment => {
                Some((self.commitment.value.to_string(), self.commitment.origin.clone()))
            }
            SettingName::PriorityFee => text(&self.priority_fee),
            SettingName::Output => Some((self.output.value.to_string(), self.output.origin.clone())),
        };
        SettingName::ALL.into_iter().map(|key| (key, value(key))).collect()
    }
}

/// Requires that a text is a value of a setting. Errors: the reason, and what to write.
pub(crate) fn validate(key: SettingName, text: &str) -> Result<(), String> {
    match key {
        SettingName::Url => node_url(text).map(drop),
        SettingName::Keypair | SettingName::FeePayer => match KeySource::from_str(text)? {
            KeySource::Secret => Err("is a secret key itself; write it to a file, and name that".to_string()),
            _ => Ok(()),
        },
        SettingName::Market => market(text).map(drop),
        SettingName::Gate => gate_url(text).map(drop),
        SettingName::Commitment => Commitment::from_str(text).map(drop),
        SettingName::PriorityFee => priority_fee(text).map(drop),
        SettingName::Output => Format::from_str(text).map(drop),
    }
}

fn market(text: &str) -> Result<Pubkey, String> {
    address(text).map_err(|error| error.to_string())
}

fn priority_fee(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "is no whole number of micro-lamports per compute unit".to_string())
}

/// The places that settings are looked up in, in their order.
struct Sources<'a> {
    flags: &'a Flags,
    surroundings: &'a Surroundings,
    profiles: &'a Profiles,
    profile: &'a str,
    solana: BTreeMap<String, String>,
}

impl Sources<'_> {
    fn find(&self, key: SettingName) -> Option<Setting<Vec<String>>> {
        if let Some(values) = self.flags.values.get(&key) {
            let flag = if key == SettingName::Output { "--output or --json".to_string() } else { key.flag() };
            return Some(Setting { value: values.clone(), origin: Place::Flag(flag) });
        }
        let variable = key.variable();
        if let Some(text) = self.surroundings.variable(&variable) {
            let value = match key.is_list() {
                true => text.split([' ', ',']).filter(|part| !part.is_empty()).map(str::to_string).collect(),
                false => vec![text.to_string()],
            };
            return Some(Setting { value, origin: Place::Environment(variable) });
        }
        if let Some(value) = self.profiles.get(self.profile, key) {
            return Some(Setting { value, origin: Place::Profile(self.profile.to_string()) });
        }
        let name = match key {
            SettingName::Url => "json_rpc_url",
            SettingName::Keypair => "keypair_path",
            SettingName::Commitment => "commitment",
            _ => return None,
        };
        let value = vec![self.solana.get(name)?.clone()];
        Some(Setting { value, origin: Place::Solana(self.surroundings.solana_path()?) })
    }

    fn parsed<T>(
        &self,
        key: SettingName,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<Setting<T>>, SettingsError> {
        let Some(Setting { value, origin }) = self.find(key) else { return Ok(None) };
        let text = value.first().map_or("", String::as_str);
        let wrong = |reason| SettingsError::Value {
            key: key.name(),
            value: if key == SettingName::Gate { shown_url(text) } else { shown(text) },
            origin: origin.clone(),
            reason,
        };
        let value = parse(text).map_err(wrong)?;
        Ok(Some(Setting { value, origin }))
    }

    fn one<T: FromStr<Err = String>>(&self, key: SettingName) -> Result<Option<Setting<T>>, SettingsError> {
        self.parsed(key, T::from_str)
    }

    fn urls(&self) -> Result<Setting<Vec<String>>, SettingsError> {
        let default = || Setting { value: vec!["localhost".to_string()], origin: Place::Default };
        let Setting { value, origin } =
            self.find(SettingName::Url).filter(|found| !found.value.is_empty()).unwrap_or_else(default);
        let url = |text: &String| {
            node_url(text).map_err(|reason| SettingsError::Value {
                key: SettingName::Url.name(),
                value: shown_url(&shown(text)),
                origin: origin.clone(),
                reason,
            })
        };
        let mut urls: Vec<String> = value.iter().map(url).collect::<Result<_, _>>()?;
        let mut seen = Vec::new();
        urls.retain(|url| {
            !seen.contains(url) && {
                seen.push(url.clone());
                true
            }
        });
        Ok(Setting { value: urls, origin })
    }
}
