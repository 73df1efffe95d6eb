//! The server's file, `provider.toml`; provider.example.toml explains every key.

mod content;
mod endpoint;
mod limits;
mod model;
mod operator;
mod placeholder;
mod restart;
mod sections;
mod upstream;

pub use {
    blockable_service::settings::ConfigError,
    content::{MediaKind, MediaUrls, PartTokens, UnknownFields},
    endpoint::Endpoint,
    limits::Limits,
    model::{LimitParameter, ModelConfig},
    operator::Operator,
    placeholder::PlaceholderError,
    sections::{
        Chain, FreezeSettings, GateSettings, GpuConfig, Idempotency, LeaseSettings, ReporterSettings,
        Revoked, RevokedKeys, Webhook, WebhookParty,
    },
    upstream::{ProbeSettings, Upstream, UpstreamConfig},
};
use {
    blockable_service::{
        http::HttpSettings,
        secrets::SecretSource,
        settings::{FileKind, Reader},
    },
    std::{
        collections::HashSet,
        net::SocketAddr,
        path::{Path, PathBuf},
        time::Duration,
    },
};

/// All settings of a server. Paths are absolute, or relative to the working folder.
#[derive(Clone, Debug)]
pub struct Config {
    /// Addresses it listens at; port 0 takes a free one.
    pub listen: Vec<SocketAddr>,
    /// Address of `/livez`, `/readyz` and `/metrics`, which are served there alone.
    pub ops_listen: SocketAddr,
    /// Proxies before the server, and pages of other origins.
    pub http: HttpSettings,
    /// The file with the secret that API keys are made with.
    pub secret_file: PathBuf,
    /// The file that keeps the changes of API keys apart from the store.
    pub key_changes_file: PathBuf,
    /// Time that running requests may take to end at a shutdown.
    pub shutdown_timeout: Duration,
    /// The chain.
    pub chain: Chain,
    /// The gate and its store.
    pub gate: GateSettings,
    /// Bounds on clients and on concurrent work.
    pub limits: Limits,
    /// The models on offer.
    pub models: Vec<ModelConfig>,
    /// Probes of the models' upstreams.
    pub probes: ProbeSettings,
    /// The GPUs for rent.
    pub gpus: Vec<GpuConfig>,
    /// Terms on which GPUs are rented.
    pub leases: LeaseSettings,
    /// Answers that are kept for requests that come again.
    pub idempotency: Idempotency,
    /// Bounds on signed freezes.
    pub freezes: FreezeSettings,
    /// The keys that sign usage reports; none where they are signed elsewhere.
    pub reporter: Option<ReporterSettings>,
    /// The operator's token; without one the operator's paths are not served.
    pub admin_token: Option<SecretSource>,
    /// Receivers of notices.
    pub webhooks: Vec<Webhook>,
    /// The key of commands that sign.
    pub operator: Operator,
    /// API keys that are no longer good.
    pub revoked: Vec<Revoked>,
}

impl Config {
    /// The server's file. Environment variables such as `BLOCKABLE_PROVIDER_GATE__USAGE_DAYS` override it.
    pub const FILE: FileKind<Config> = FileKind {
        example: "provider.example.toml",
        advice: "name it with --config, or write one with `blockable-provider init FOLDER`",
        environment: Some("BLOCKABLE_PROVIDER_"),
        read,
        resolve: Config::resolve,
    };

    fn resolve(&mut self, folder: &Path) {
        let upstreams = self.models.iter_mut().flat_map(|model| &mut model.upstreams);
        let upstream_keys = upstreams.filter_map(|upstream| upstream.key.as_mut());
        let webhook_secrets = self.webhooks.iter_mut().flat_map(Webhook::secrets);
        let secrets = upstream_keys.chain(webhook_secrets).chain(&mut self.admin_token);
        secrets.for_each(|secret| secret.resolve(folder));
        self.reporter.iter_mut().flat_map(|reporter| &mut reporter.key).for_each(|key| key.resolve(folder));
        if let Some(keypair) = &mut self.operator.keypair {
            *keypair = folder.join(&*keypair);
        }
        for path in [&mut self.secret_file, &mut self.key_changes_file, &mut self.gate.store] {
            *path = folder.join(&*path);
        }
    }
}

/// Reads all sections, so that the mistakes of all of them are found.
fn read(reader: &mut Reader) -> Option<Config> {
    let listen: Option<Vec<SocketAddr>> = reader.required("listen");
    if listen.as_ref().is_some_and(Vec::is_empty) {
        reader.mistake("listen", "is empty; name at least one address");
    }
    let ops_listen = sections::read_ops(reader, listen.as_deref().unwrap_or_default());
    let http = reader.section("http", |section| HttpSettings::read(section, "allow_origins"));
    let secret_file = reader.required("secret_file");
    let key_changes_file = reader.optional("key_changes_file");
    let shutdown_timeout = reader.seconds("shutdown_timeout_seconds", 30, sections::SECONDS);
    let (chain, gate) = (Chain::read(reader), GateSettings::read(reader));
    if !reader.has("model") && !reader.has("gpu") {
        reader.mistake(
            "model",
            "is missing, and there is no [[gpu]]; add one of them to have something on offer",
        );
    }
    let models = read_named(reader, "model", ModelConfig::read, |model| &model.name);
    let probes = ProbeSettings::read(reader);
    let gpus = read_named(reader, "gpu", GpuConfig::read, |gpu| &gpu.name);
    let longest = models.iter().map(ModelConfig::timeout).max().unwrap_or(Duration::ZERO);
    let limits = Limits::read(reader, longest);
    let (leases, freezes) = (LeaseSettings::read(reader), FreezeSettings::read(reader));
    let reporter = ReporterSettings::read(reader);
    let admin_token = sections::read_admin(reader);
    let webhooks = reader.each("webhook", Webhook::read).into_iter().flatten().collect();
    let revoked = reader.each("revoked", Revoked::read).into_iter().flatten().collect();
    let operator = Operator::read(reader);
    let gate = gate?;
    Some(Config {
        listen: listen?,
        ops_listen,
        http,
        secret_file: secret_file?,
        key_changes_file: key_changes_file.unwrap_or_else(|| gate.store.with_extension("key-changes")),
        shutdown_timeout,
        chain: chain?,
        gate,
        limits,
        models,
        probes,
        gpus,
        leases,
        idempotency: Idempotency::read(reader),
        freezes,
        reporter,
        admin_token,
        webhooks,
        operator,
        revoked,
    })
}

/// Reads a list of things on offer, of which no two may have one name.
fn read_named<T>(
    reader: &mut Reader,
    key: &str,
    read: impl Fn(&mut Reader) -> Option<T>,
    name: impl Fn(&T) -> &String,
) -> Vec<T> {
    let mut names = HashSet::new();
    let entries = reader.each(key, |entry| {
        let thing = read(entry)?;
        if !names.insert(name(&thing).clone()) {
            entry.mistake("name", "is used twice; rename one, or remove it");
        }
        Some(thing)
    });
    entries.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests;
