//! The server's file, `provider.toml`; provider.example.toml explains every key.

mod check;
mod model;
mod secrets;
mod sections;

use {
    blockable_sdk::keys::KeySource,
    serde::de::DeserializeOwned,
    std::{
        fs,
        net::SocketAddr,
        path::{Path, PathBuf},
        time::Duration,
    },
    toml::{Table, Value},
};
pub use {
    model::{ModelConfig, Upstream},
    secrets::{SecretSource, SecretSourceError},
    sections::{
        Chain, FreezeSettings, GateSettings, GpuConfig, LeaseSettings, Limits, Party, ReporterSettings,
        Revoked, Webhook,
    },
};

/// Why a file is not the configuration of a server.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: String,
        /// The reason.
        source: std::io::Error,
    },
    /// The text is not TOML.
    #[error("{path} is not TOML: {source}")]
    Syntax {
        /// The file.
        path: String,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// Keys that are missing, unknown or have values that cannot be.
    #[error("{path}:\n  {}\nprovider.example.toml explains every key", .mistakes.join("\n  "))]
    Mistakes {
        /// The file.
        path: String,
        /// One entry per mistake: where, what, and what to do.
        mistakes: Vec<String>,
    },
}

/// Everything a server is told. Paths are absolute, or relative to the working folder.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it listens; port 0 takes a free one.
    pub listen: Vec<SocketAddr>,
    /// Where `/livez`, `/readyz` and `/metrics` are served; with the rest where none is named.
    pub ops_listen: Option<SocketAddr>,
    /// The file with the secret that API keys are made with.
    pub secret_file: PathBuf,
    /// How long running requests may take to end at a shutdown.
    pub shutdown_timeout: Duration,
    /// The chain.
    pub chain: Chain,
    /// The gate and its store.
    pub gate: GateSettings,
    /// What is served at once.
    pub limits: Limits,
    /// The models on offer.
    pub models: Vec<ModelConfig>,
    /// The GPUs for rent.
    pub gpus: Vec<GpuConfig>,
    /// How GPUs are rented.
    pub leases: LeaseSettings,
    /// How signed freezes are taken.
    pub freezes: FreezeSettings,
    /// What signs usage reports; none where they are signed elsewhere.
    pub reporter: Option<ReporterSettings>,
    /// Who is told of freezes.
    pub webhooks: Vec<Webhook>,
    /// API keys that are no longer good.
    pub revoked: Vec<Revoked>,
}

impl Config {
    /// Reads a file. Errors: [`ConfigError`], with every mistake in it.
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        let shown = path.display().to_string();
        let text =
            fs::read_to_string(path).map_err(|source| ConfigError::File { path: shown.clone(), source })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Config::parse(&text, folder, &shown)
    }

    /// Reads a text; relative paths in it start from `folder`, and `name` stands for it in errors.
    /// Errors: [`ConfigError`], with every mistake in it.
    pub fn parse(text: &str, folder: &Path, name: &str) -> Result<Config, ConfigError> {
        let table: Table = text
            .parse()
            .map_err(|source| ConfigError::Syntax { path: name.to_string(), source: Box::new(source) })?;
        let mut reader = Reader { table, mistakes: Vec::new() };
        let config = read(&mut reader);
        reader.refuse_the_rest();
        let mut mistakes = reader.mistakes;
        if let Some(config) = &config {
            mistakes.extend(check::mistakes(config));
        }
        match config {
            Some(mut config) if mistakes.is_empty() => {
                config.resolve(folder);
                Ok(config)
            }
            _ => Err(ConfigError::Mistakes { path: name.to_string(), mistakes }),
        }
    }

    fn resolve(&mut self, folder: &Path) {
        let mut paths = vec![&mut self.secret_file, &mut self.gate.store];
        paths.extend(self.models.iter_mut().filter_map(|model| model.upstream_key.as_mut()?.path_mut()));
        paths.extend(self.webhooks.iter_mut().filter_map(|webhook| webhook.secret.path_mut()));
        let keys = self.reporter.iter_mut().flat_map(|reporter| &mut reporter.key);
        paths.extend(keys.filter_map(|key| match key {
            KeySource::File { path } => Some(path),
            KeySource::Vault { token_file, .. } => token_file.as_mut(),
            KeySource::Kms { .. } => None,
        }));
        for path in paths {
            *path = folder.join(&*path);
        }
    }
}

/// Reads all sections, so that the mistakes of all of them are found.
fn read(reader: &mut Reader) -> Option<Config> {
    let listen = reader.required("listen");
    let ops: Option<sections::Ops> = reader.optional("ops");
    let secret_file = reader.required("secret_file");
    let shutdown = reader.optional("shutdown_timeout_seconds").unwrap_or(30);
    let chain = reader.required("chain");
    let gate = reader.required("gate");
    let limits = reader.optional("limits");
    let models = reader.list("model");
    let gpus = reader.list("gpu");
    let leases = reader.optional("leases");
    let freezes = reader.optional("freezes");
    let reporter = reader.optional("reporter");
    let webhooks = reader.list("webhook");
    let revoked = reader.list("revoked");
    Some(Config {
        listen: listen?,
        ops_listen: ops.map(|ops| ops.listen),
        secret_file: secret_file?,
        shutdown_timeout: Duration::from_secs(shutdown),
        chain: chain?,
        gate: gate?,
        limits: limits.unwrap_or_default(),
        models,
        gpus,
        leases: leases.unwrap_or_default(),
        freezes: freezes.unwrap_or_default(),
        reporter,
        webhooks,
        revoked,
    })
}

/// Takes keys out of a table and collects mistakes.
struct Reader {
    table: Table,
    mistakes: Vec<String>,
}

impl Reader {
    fn required<T: DeserializeOwned>(&mut self, key: &str) -> Option<T> {
        match self.table.remove(key) {
            Some(value) => self.take(key, value),
            None => {
                self.mistakes.push(format!("{key} is missing; add it"));
                None
            }
        }
    }

    fn optional<T: DeserializeOwned>(&mut self, key: &str) -> Option<T> {
        let value = self.table.remove(key)?;
        self.take(key, value)
    }

    fn list<T: DeserializeOwned>(&mut self, key: &str) -> Vec<T> {
        let entries = match self.table.remove(key) {
            None => return Vec::new(),
            Some(Value::Array(entries)) => entries,
            Some(_) => {
                self.mistakes.push(format!("{key}: must be written as [[{key}]]"));
                return Vec::new();
            }
        };
        let mut taken = Vec::with_capacity(entries.len());
        for (number, entry) in entries.into_iter().enumerate() {
            taken.extend(self.take(&format!("{key}[{number}]"), entry));
        }
        taken
    }

    fn take<T: DeserializeOwned>(&mut self, key: &str, value: Value) -> Option<T> {
        match T::deserialize(value) {
            Ok(value) => Some(value),
            Err(error) => {
                self.mistakes.push(format!("{key}: {}", error.message()));
                None
            }
        }
    }

    fn refuse_the_rest(&mut self) {
        for key in self.table.keys() {
            self.mistakes.push(format!("{key}: no such key; remove it or correct its name"));
        }
    }
}

#[cfg(test)]
mod tests;
