//! The keeper's file, `keeper.toml`; keeper.example.toml explains every key.

mod reader;
mod rpc;
pub mod secrets;

use {
    crate::{
        alert, api,
        history::HistorySettings,
        ingest::{IngestSettings, SourceSettings},
        land::{KeySettings, LandSettings},
        plan::PlanSettings,
        watch,
    },
    blockable_sdk::Pubkey,
    std::path::{Path, PathBuf},
};
pub use {
    reader::{ENV_PREFIX, Reader},
    rpc::{CycleSettings, RpcSettings, nodes},
};

/// Why a file is not the configuration of a keeper.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: {source}; name it with --config, or write one with `blockable-keeper init FOLDER`")]
    File {
        /// The file.
        path: String,
        /// The reason.
        source: std::io::Error,
    },
    /// The text is not TOML.
    #[error("{path} is not TOML: {reason}; correct it")]
    Syntax {
        /// The file.
        path: String,
        /// Where and why, without the text itself.
        reason: String,
    },
    /// Keys that are missing, unknown or have values that cannot be.
    #[error("{path}:\n  {}\nkeeper.example.toml explains every key", .mistakes.join("\n  "))]
    Mistakes {
        /// The file.
        path: String,
        /// One entry per mistake: where, what, and what to do.
        mistakes: Vec<String>,
    },
}

/// Everything a keeper is told. Relative paths have been made to start from the file's folder.
#[derive(Clone)]
pub struct Config {
    /// The market's account.
    pub market: Pubkey,
    /// The folder of the store.
    pub data_dir: PathBuf,
    /// The nodes, in order of preference.
    pub rpc: Vec<RpcSettings>,
    /// How often the chain is read.
    pub cycle: CycleSettings,
    /// The keys that pay.
    pub keys: KeySettings,
    /// How transactions are landed.
    pub land: LandSettings,
    /// What is done and when.
    pub plan: PlanSettings,
    /// How reports are taken in.
    pub ingest: IngestSettings,
    /// Where reports come from.
    pub reporters: Vec<SourceSettings>,
    /// What is measured.
    pub watch: watch::Settings,
    /// Who is told.
    pub alert: alert::Settings,
    /// The HTTP API.
    pub api: api::Settings,
    /// The event logs.
    pub history: HistorySettings,
}

impl Config {
    /// Reads a file, overridden by the environment. Errors: [`ConfigError`], with every mistake in it.
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::File { path: name.clone(), source })?;
        Config::parse(&text, path.parent().unwrap_or(Path::new("")), &name)
    }

    /// Reads a text; relative paths in it start from `folder`, and `name` stands for it in errors.
    /// Errors: [`ConfigError`], with every mistake in it.
    pub fn parse(text: &str, folder: &Path, name: &str) -> Result<Config, ConfigError> {
        let mut reader =
            Reader::new(text).map_err(|reason| ConfigError::Syntax { path: name.to_string(), reason })?;
        let config = read(&mut reader);
        let mistakes = reader.finish();
        match config {
            Some(mut config) if mistakes.is_empty() => {
                config.resolve(folder);
                Ok(config)
            }
            _ => Err(ConfigError::Mistakes { path: name.to_string(), mistakes }),
        }
    }

    fn resolve(&mut self, folder: &Path) {
        self.data_dir = folder.join(&self.data_dir);
        self.keys.resolve(folder);
        self.rpc.iter_mut().for_each(|rpc| rpc.resolve(folder));
        self.alert.resolve(folder);
        self.api.resolve(folder);
    }
}

/// Reads all sections, so that the mistakes of all of them are found.
fn read(reader: &mut Reader) -> Option<Config> {
    let market = reader.address("market");
    let data_dir = reader.optional("data_dir").unwrap_or(PathBuf::from("keeper-data"));
    let rpc = reader.each("rpc", RpcSettings::read);
    let cycle = CycleSettings::read(reader);
    let keys = KeySettings::read(reader);
    let land = LandSettings::read(reader);
    let plan = PlanSettings::read(reader);
    let ingest = reader.section("ingest", IngestSettings::read);
    let reporters = reader.each("reporter", SourceSettings::read);
    let watch = watch::Settings::read(reader);
    let alert = alert::Settings::read(reader);
    let api = api::Settings::read(reader);
    let history = HistorySettings::read(reader);
    check_nodes(&rpc, &plan, &land, reader);
    if reporters.is_empty() {
        reader.mistake(
            "reporter",
            "is missing; add a [[reporter]] for each address that hands out usage reports",
        );
    }
    Some(Config {
        market: market?,
        data_dir,
        rpc: rpc.into_iter().collect::<Option<_>>()?,
        cycle,
        keys: keys?,
        land,
        plan,
        ingest,
        reporters: reporters.into_iter().collect::<Option<_>>()?,
        watch,
        alert,
        api,
        history,
    })
}

/// Mistakes that the nodes can have although each of them is well formed; `None` stands for one that is not.
fn check_nodes(rpc: &[Option<RpcSettings>], plan: &PlanSettings, land: &LandSettings, reader: &mut Reader) {
    if rpc.is_empty() {
        reader.mistake("rpc", "is missing; add a [[rpc]] for each node");
    }
    let enforces = plan.enabled.iter().any(|kind| kind.is_enforcement());
    if rpc.len() == 1 && enforces && !land.allow_single_node {
        reader.mistake(
            "rpc",
            "what is held against a borrower must be seen by two nodes; add a second [[rpc]] of another operator, \
             or set landing.allow_single_rpc = true",
        );
    }
    let mut names: Vec<&str> = rpc.iter().flatten().map(|rpc| rpc.name.as_str()).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair.first() == pair.last()) {
        reader.mistake("rpc", "two nodes have one name; name each differently");
    }
}
