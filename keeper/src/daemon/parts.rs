//! The parts of a keeper, opened from its configuration.

use {
    crate::{
        alerts::{AlertError, Alerts},
        api::ApiServerError,
        chain::{Nodes, StallLog},
        config::{Config, nodes},
        health::Health,
        history::History,
        ingest::Ingest,
        land::Lander,
        plan::Role,
        server::ListenError,
        store::{Store, StoreError},
        watch::Watch,
    },
    blockable_sdk::keys::{KeyError, SigningKey},
    blockable_service::{
        outgoing::{HttpError, set_ca_file},
        secrets::SecretSourceError,
    },
    std::{collections::BTreeMap, sync::Arc},
};

/// A fault that keeps the keeper from starting.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A secret cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretSourceError),
    /// The authorities of `ca_file` cannot be read.
    #[error(transparent)]
    Authorities(#[from] HttpError),
    /// A key cannot be opened.
    #[error("cannot open the {role} key: {error}")]
    Key {
        /// The role that it pays for.
        role: &'static str,
        /// The reason.
        error: KeyError,
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
            alerts: Alerts::open(store.clone(), &config.alerts).await?,
            stall_log: StallLog::open(store.clone(), config.cycle.stall_seconds).await?,
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
        let opened = config.keys.source(role).open().await;
        keys.insert(role, opened.map_err(|error| OpenError::Key { role: role.name(), error })?);
    }
    Ok(keys)
}
