//! The order of precedence, with its origins.

use {
    super::*,
    crate::args::{GlobalArgs, SignArgs},
    std::{collections::BTreeMap, fs, path::PathBuf},
};

/// A home with settings of Solana's command line and profiles of its own.
struct Home {
    folder: tempfile::TempDir,
    variables: BTreeMap<String, String>,
}

impl Home {
    fn new(profiles: &str) -> Home {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write(
            ".config/solana/cli/config.yml",
            "---\njson_rpc_url: https://api.devnet.solana.com\nkeypair_path: /keys/solana.json\ncommitment: finalized\n",
        );
        if !profiles.is_empty() {
            write(".config/blockable/config.toml", profiles);
        }
        Home { folder, variables: BTreeMap::new() }
    }

    fn with(mut self, name: &str, value: &str) -> Home {
        self.variables.insert(name.to_string(), value.to_string());
        self
    }

    fn surroundings(&self) -> Surroundings {
        Surroundings { variables: self.variables.clone(), home: Some(self.folder.path().to_path_buf()) }
    }

    fn resolve(&self, global: &GlobalArgs, sign: &SignArgs) -> Result<Settings, SettingsError> {
        Settings::resolve(&global.flags(Some(sign), None), &self.surroundings())
    }
}

const PROFILES: &str = "profile = \"work\"\n[profiles.work]\nurl = [\"https://one.example\", \"https://two.example\"]\n\
                        keypair = \"/keys/work.json\"\noutput = \"json\"\n[profiles.play]\nurl = \"l\"\n";

#[test]
fn a_flag_comes_before_the_environment_before_the_profile_before_solanas_settings() {
    let key = |settings: &Settings| settings.keypair.clone().unwrap();
    let file = |path: &str| KeySource::File(PathBuf::from(path));
    let (none, sign) = (GlobalArgs::default(), SignArgs::default());

    let plain = Home::new("").resolve(&none, &sign).unwrap();
    assert_eq!(key(&plain).value, file("/keys/solana.json"));
    assert!(matches!(&key(&plain).origin, Place::Solana(path) if path.ends_with("config.yml")));
    assert_eq!(plain.commitment.value, Commitment::Finalized);
    assert_eq!(plain.urls.value, ["https://api.devnet.solana.com"]);

    let home = Home::new(PROFILES);
    let profile = home.resolve(&none, &sign).unwrap();
    assert_eq!(profile.urls.value, ["https://one.example", "https://two.example"]);
    assert_eq!(
        key(&profile),
        Setting { value: file("/keys/work.json"), origin: Place::Profile("work".to_string()) }
    );
    assert_eq!(profile.output.value.to_string(), "json");
    // What the profile leaves open comes from Solana's settings.
    assert_eq!(profile.commitment.value, Commitment::Finalized);

    let home =
        home.with("BLOCKABLE_KEYPAIR", "/keys/env.json").with("BLOCKABLE_URL", "d, https://three.example");
    let environment = home.resolve(&none, &sign).unwrap();
    assert_eq!(key(&environment).value, file("/keys/env.json"));
    assert_eq!(key(&environment).origin, Place::Environment("BLOCKABLE_KEYPAIR".to_string()));
    assert_eq!(environment.urls.value, ["https://api.devnet.solana.com", "https://three.example"]);

    let flag = SignArgs { keypair: Some(file("/keys/flag.json")), ..sign };
    let global = GlobalArgs { url: vec!["m".to_string(), "mainnet-beta".to_string()], ..none };
    let flags = home.resolve(&global, &flag).unwrap();
    assert_eq!(
        key(&flags),
        Setting { value: file("/keys/flag.json"), origin: Place::Flag("--keypair".to_string()) }
    );
    assert_eq!(flags.urls.value, ["https://api.mainnet-beta.solana.com"], "the same node once");
}

#[test]
fn a_value_that_is_none_names_its_place() {
    let (none, sign) = (GlobalArgs::default(), SignArgs::default());
    for (home, expected) in [
        (
            Home::new("").with("BLOCKABLE_MARKET", "here"),
            "market \"here\" (environment BLOCKABLE_MARKET) is no address",
        ),
        (
            Home::new("").with("BLOCKABLE_URL", "mainnet2"),
            "url \"mainnet2\" (environment BLOCKABLE_URL) is no node",
        ),
        (Home::new("").with("BLOCKABLE_PROFILE", "home"), "there is no profile home; there are: none"),
        (
            Home::new(PROFILES).with("BLOCKABLE_PROFILE", "home"),
            "there is no profile home; there are: play, work",
        ),
        (
            Home::new("[profiles.a]\noutput = \"xml\"\n").with("BLOCKABLE_PROFILE", "a"),
            "(profile a) is no form of an answer",
        ),
        (Home::new("[profiles.a]\nkeypiar = \"x\"\n"), "profiles.a.keypiar is not known"),
        (Home::new("[profiles.a]\nkeypair = true\n"), "profiles.a.keypair is no text"),
        (Home::new("market = \"x\"\n"), "market is not known there"),
        (Home::new("profile ="), "is no TOML"),
    ] {
        let error = home.resolve(&none, &sign).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_profile_is_kept_and_changed() {
    let home = Home::new("").surroundings();
    let mut profiles = Profiles::read(&home).unwrap();
    profiles.set("work", SettingName::Url, &["d".to_string(), "https://two.example".to_string()]);
    profiles.set("work", SettingName::Gate, &["https://gate.example".to_string()]);
    profiles.choose("work");
    profiles.write().unwrap();
    let mut read = Profiles::read(&home).unwrap();
    assert_eq!((read.current(), read.names()), ("work", vec!["work".to_string()]));
    assert_eq!(read.get("work", SettingName::Url).unwrap(), ["d", "https://two.example"]);
    read.set("work", SettingName::Gate, &[]);
    read.write().unwrap();
    assert_eq!(Profiles::read(&home).unwrap().get("work", SettingName::Gate), None);
}

#[test]
fn the_default_key_is_that_of_solanas_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let surroundings = Surroundings { variables: BTreeMap::new(), home: Some(folder.path().to_path_buf()) };
    let settings = Settings::resolve(&Flags::default(), &surroundings).unwrap();
    let key = settings.keypair().unwrap();
    assert_eq!(key.origin, Place::Default);
    assert_eq!(key.value, KeySource::File(folder.path().join(".config/solana/id.json")));
    assert_eq!(settings.urls.value, ["http://127.0.0.1:8899"]);
}
