//! What a keeper is made of, from its configuration.

use {
    crate::{
        alert::{AlertError, Alerts},
        api::ServerError,
        chain::{Nodes, StallLog},
        config::{Config, nodes},
        health::Health,
        history::History,
        ingest::Ingest,
        land::Lander,
        plan::Role,
        store::{Store, StoreError},
        watch::Watch,
    },
    blockable_sdk::keys::{KeyError, SigningKey},
    blockable_service::secrets::SecretSourceError,
    std::{collections::BTreeMap, sync::Arc},
};

/// Why a keeper cannot start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A secret.
    #[error(transparent)]
    Secret(#[from] SecretSourceError),
    /// A key.
    #[error("the {role} key: {error}")]
    Key {
        /// What it pays for.
        role: &'static str,
        /// What is wrong with it.
        error: KeyError,
    },
    /// Where alerts go.
    #[error(transparent)]
    Alert(#[from] AlertError),
    /// The HTTP API.
    #[error(transparent)]
    Serve(#[from] ServerError),
}

/// The parts that cycles and commands share.
pub struct Parts {
    /// What it was told.
    pub config: Config,
    /// The store.
    pub store: Store,
    /// The nodes.
    pub nodes: Nodes,
    /// Reports.
    pub ingest: Ingest,
    /// Transactions.
    pub lander: Lander,
    /// Measures.
    pub watch: Arc<Watch>,
    /// Event logs.
    pub history: Arc<History>,
    /// Alerts.
    pub alerts: Alerts,
    /// Stalls of the cluster.
    pub stall_log: StallLog,
    /// Progress.
    pub health: Health,
}

impl Parts {
    /// Opens all parts on a store. Errors: [`OpenError`].
    pub async fn open(config: Config, store: Store) -> Result<Parts, OpenError> {
        let nodes = nodes(&config.rpc, &config.cycle)?;
        let keys = open_keys(&config).await?;
        let (market, land) = (config.market, config.land.clone());
        Ok(Parts {
            ingest: Ingest::open(store.clone(), market).await?,
            lander: Lander::open(nodes.clone(), market, store.clone(), land, keys).await?,
            watch: Arc::new(Watch::open(store.clone(), config.watch.clone()).await?),
            history: Arc::new(History::new(store.clone(), market)),
            alerts: Alerts::open(store.clone(), &config.alert).await?,
            stall_log: StallLog::open(store.clone(), config.cycle.stall_seconds).await?,
            health: Health::default(),
            nodes,
            store,
            config,
        })
    }
}

/// Opens the key of each role. Errors: [`OpenError::Key`].
pub async fn open_keys(config: &Config) -> Result<BTreeMap<Role, SigningKey>, OpenError> {
    let mut keys = BTreeMap::new();
    for role in Role::ALL {
        let opened = config.keys.source(role).open().await;
        keys.insert(role, opened.map_err(|error| OpenError::Key { role: role.name(), error })?);
    }
    Ok(keys)
}
