//! The parts of a keeper, opened from its configuration.

use {
    crate::{
        alerts::{AlertError, Alerts},
        api::ApiServerError,
        chain::{Nodes, StallLog},
        config::{Config, NodesError, nodes},
        daemon::losses::Losses,
        health::Health,
        history::History,
        ingest::Ingest,
        land::Lander,
        plan::Role,
        server::ListenError,
        store::{Store, StoreError},
        watch::Watch,
    },
    blockable_sdk::keys::{KeyError, KeySource, SigningKey},
    blockable_service::{
        outgoing::{HttpError, set_ca_file},
        private_file,
    },
    std::{collections::BTreeMap, sync::Arc},
};

/// A fault that keeps the keeper from starting.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The nodes cannot be used.
    #[error(transparent)]
    Nodes(#[from] NodesError),
    /// The authorities of `ca_file` cannot be read.
    #[error(transparent)]
    Authorities(#[from] HttpError),
    /// A key cannot be opened.
    #[error("cannot open the {role} key: {error}")]
    Key {
        /// The role that it pays for.
        role: &'static str,
        /// The reason.
        error: OpenKeyError,
    },
    /// A sink of alerts cannot be opened.
    #[error(transparent)]
    Alert(#[from] AlertError),
    /// The HTTP API cannot be served.
    #[error(transparent)]
    Server(#[from] ApiServerError),
    /// Health and metrics cannot be served.
    #[error(transparent)]
    Ops(#[from] ListenError),
}

/// A key that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenKeyError {
    /// Others can read or change its file.
    #[error("{path}: {reason}")]
    Open {
        /// The file.
        path: String,
        /// The users who can, and the next step.
        reason: String,
    },
    /// It cannot be read, or its signer does not answer.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// The parts that cycles and commands share.
pub(crate) struct Parts {
    /// The configuration.
    pub(crate) config: Config,
    /// The store.
    pub(crate) store: Store,
    /// The nodes.
    pub(crate) nodes: Nodes,
    /// Usage reports.
    pub(crate) ingest: Ingest,
    /// Transactions in flight.
    pub(crate) lander: Lander,
    /// Measures of credits.
    pub(crate) watch: Arc<Watch>,
    /// Event logs.
    pub(crate) history: Arc<History>,
    /// Alerts.
    pub(crate) alerts: Alerts,
    /// Stalls of the cluster.
    pub(crate) stall_log: StallLog,
    /// Losses of chain, store and reporters.
    pub(super) losses: Losses,
    /// Progress of loops and state of parts.
    pub(crate) health: Health,
}

impl Parts {
    /// Opens all parts on a store. Errors: [`OpenError`].
    pub(crate) async fn open(config: Config, store: Store) -> Result<Parts, OpenError> {
        if let Some(file) = &config.ca_file {
            set_ca_file(file)?;
        }
        let nodes = nodes(&config.rpc, &config.cycle)?;
        let keys = open_keys(&config).await?;
        let (market, land) = (config.market, config.land.clone());
        Ok(Parts {
            ingest: Ingest::open(store.clone(), market).await?,
            lander: Lander::open(nodes.clone(), market, store.clone(), land, keys).await?,
            watch: Arc::new(Watch::open(store.clone(), config.watch.clone()).await?),
            history: Arc::new(History::new(store.clone(), market)),
            alerts: Alerts::open(store.clone(), market, &config.alerts).await?,
            stall_log: StallLog::open(store.clone(), config.cycle.stall_seconds).await?,
            losses: Losses::open(&store, config.cycle.every).await?,
            health: Health::default(),
            nodes,
            store,
            config,
        })
    }
}

/// Opens the key of each role. Errors: [`OpenError::Key`].
pub(crate) async fn open_keys(config: &Config) -> Result<BTreeMap<Role, SigningKey>, OpenError> {
    let mut keys = BTreeMap::new();
    for role in Role::ALL {
        let opened = open_key(config.keys.source(role)).await;
        keys.insert(role, opened.map_err(|error| OpenError::Key { role: role.name(), error })?);
    }
    Ok(keys)
}

/// Opens a key. A file of it, or of the token that it needs, must be private. Errors: [`OpenKeyError`].
pub(crate) async fn open_key(source: &KeySource) -> Result<SigningKey, OpenKeyError> {
    let file = match source {
        KeySource::File { path } => Some(path),
        KeySource::Vault { token_file, .. } => token_file.as_ref(),
        KeySource::Kms { .. } => None,
    };
    if let Some(path) = file
        && let Err(reason) = private_file::check(path)
    {
        return Err(OpenKeyError::Open { path: path.display().to_string(), reason });
    }
    Ok(source.open().await?)
}
