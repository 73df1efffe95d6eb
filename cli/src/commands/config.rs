//! `blockable config`: the settings, where each comes from, and the profiles.

use {
    crate::{
        args::GlobalArgs,
        error::CliError,
        lookup::nearest,
        output::Answer,
        session::settings,
        settings::{
            KeySource, Profiles, SettingName, Surroundings, shown as shown_text, shown_url, validate,
        },
    },
    clap::{Args, Subcommand},
    serde_json::{Map, Value, json},
};

/// Shows each setting and where it comes from, or changes a profile
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    command: Option<ConfigCommand>,
}

#[derive(Subcommand, Debug)]
enum ConfigCommand {
    /// Sets a setting of the profile: url, keypair, fee-payer, market, gate, commitment, priority-fee or output
    Set {
        /// The setting
        key: String,
        /// Its value; url takes several
        #[arg(required = true)]
        values: Vec<String>,
    },
    /// Removes a setting of the profile
    Unset {
        /// The setting
        key: String,
    },
    /// Prints one setting alone, for scripts: of a URL all, also a key that it holds
    Get {
        /// The setting
        key: String,
    },
    /// Chooses the profile that is used where none is named
    Use {
        /// The profile
        name: String,
    },
    /// Lists the profiles
    List,
}

impl ConfigArgs {
    /// Runs the command. Errors: [`CliError`].
    pub(super) fn run(&self, global: &GlobalArgs) -> Result<Answer, CliError> {
        match &self.command {
            None => show(global),
            Some(ConfigCommand::Get { key }) => get(global, known(key)?),
            Some(ConfigCommand::Set { key, values }) => set(global, known(key)?, values),
            Some(ConfigCommand::Unset { key }) => set(global, known(key)?, &[]),
            Some(ConfigCommand::Use { name }) => choose(name),
            Some(ConfigCommand::List) => list(),
        }
    }
}

fn known(name: &str) -> Result<SettingName, CliError> {
    SettingName::from_name(name).ok_or_else(|| {
        let names = SettingName::ALL.map(|key| key.name().replace('_', "-"));
        let near = nearest(name, names.iter().map(String::as_str));
        let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        CliError::Usage(format!("there is no setting {name:?}; there are: {}{near}", names.join(", ")))
    })
}

fn show(global: &GlobalArgs) -> Result<Answer, CliError> {
    let settings = settings(global, None, None)?;
    let (mut text, mut data) = (String::new(), Map::new());
    for (key, found) in settings.listed() {
        // `-` is a value as well: a key on the standard input.
        let (value, origin) = match found {
            Some((value, origin)) => (Some(shown(key, &value)), origin.to_string()),
            None => (None, "not set".to_string()),
        };
        let name = key.name().replace('_', "-");
        text += &format!("{name:12}  {}  ({origin})\n", value.as_deref().unwrap_or("-"));
        data.insert(key.name().to_string(), json!({"value": value, "origin": origin}));
    }
    let path = settings.profiles_path.display().to_string();
    text += &format!("{:12}  {}  ({path})\n", "profile", settings.profile);
    data.insert("profile".to_string(), json!({"value": settings.profile, "origin": path}));
    Ok(Answer { text, data: Value::Object(data) })
}

fn get(global: &GlobalArgs, key: SettingName) -> Result<Answer, CliError> {
    let settings = settings(global, None, None)?;
    let found = settings.listed().into_iter().find(|(listed, _)| *listed == key).and_then(|(_, found)| found);
    let (value, origin) = found.ok_or_else(|| {
        let name = key.name().replace('_', "-");
        CliError::NotFound(format!("{name} is not set; set it with `blockable config set {name} VALUE`"))
    })?;
    Ok(Answer { data: json!({"key": key.name(), "value": value, "origin": origin.to_string()}), text: value })
}

/// Sets or removes a value of the profile that is named or current; a value that could not be used is refused.
fn set(global: &GlobalArgs, key: SettingName, values: &[String]) -> Result<Answer, CliError> {
    if values.len() > 1 && !key.is_list() {
        return Err(CliError::Usage(format!(
            "{} takes one value; several nodes go to url alone",
            key.name()
        )));
    }
    for value in values {
        let shown = shown(key, value);
        validate(key, value)
            .map_err(|reason| CliError::Usage(format!("{} {shown:?} {reason}", key.name())))?;
    }
    let mut profiles = Profiles::read(&Surroundings::from_process())?;
    let profile = global.profile.clone().unwrap_or(profiles.current().to_string());
    profiles.set(&profile, key, values);
    profiles.write()?;
    let (name, path) = (key.name().replace('_', "-"), profiles.path().display().to_string());
    // An answer may go to a log, and a node's URL may hold a key.
    let values: Vec<String> = values.iter().map(|value| shown(key, value)).collect();
    let text = match values.as_slice() {
        [] => format!("{name} is no longer set in profile {profile} ({path})"),
        values => format!("{name} is {} in profile {profile} ({path})", values.join(" ")),
    };
    Ok(Answer { text, data: json!({"key": key.name(), "values": values, "profile": profile, "file": path}) })
}

fn choose(name: &str) -> Result<Answer, CliError> {
    let mut profiles = Profiles::read(&Surroundings::from_process())?;
    profiles.require(name)?;
    profiles.choose(name);
    profiles.write()?;
    let text = format!("profile {name} is used where none is named");
    Ok(Answer { text, data: json!({"profile": name, "file": profiles.path().display().to_string()}) })
}

fn list() -> Result<Answer, CliError> {
    let profiles = Profiles::read(&Surroundings::from_process())?;
    let (names, current) = (profiles.names(), profiles.current());
    let line = |name: &String| format!("{} {name}", if name == current { "*" } else { " " });
    let text = match names.is_empty() {
        true => {
            format!("no profiles yet; make one with `blockable config set` ({})", profiles.path().display())
        }
        false => names.iter().map(line).collect::<Vec<_>>().join("\n"),
    };
    Ok(Answer { text, data: json!({"profiles": names, "current": current}) })
}

/// A setting's text as it may be shown: not the secret of a key that stands where its file is to be named.
fn shown(key: SettingName, value: &str) -> String {
    match key {
        SettingName::Keypair | SettingName::FeePayer => {
            value.parse::<KeySource>().map_or_else(|_| shown_text(value), |source| source.to_string())
        }
        SettingName::Url | SettingName::Gate => {
            value.split(' ').map(|url| shown_url(&shown_text(url))).collect::<Vec<_>>().join(" ")
        }
        _ => shown_text(value),
    }
}
