//! The server: starts its parts in order and stops them in reverse.

use {
    crate::{
        app::{App, Model},
        config::{Config, SecretSourceError, Upstream},
        echo::Echo,
        gateway, http,
        keys::{ApiKeys, SecretError},
        leases::{self, Leases},
        limits::Running,
        metrics::Metrics,
        ops,
    },
    axum::{
        Router,
        middleware::from_fn_with_state,
        routing::{get, post},
    },
    blockable_sdk::provider::{Gate, GateConfig, StoreError},
    std::{
        collections::BTreeMap,
        io,
        net::SocketAddr,
        sync::Arc,
        time::Duration,
    },
    tokio::{
        net::TcpListener,
        sync::{Semaphore, watch},
        task::JoinHandle,
        time::timeout,
    },
};

/// How long an upstream may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an idle connection to an upstream is kept.
const POOL_IDLE: Duration = Duration::from_secs(90);
/// How long tasks that were told to end may take before they are ended.
const TASK_END: Duration = Duration::from_secs(5);

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The secret of API keys.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// Another secret.
    #[error(transparent)]
    SecretSource(#[from] SecretSourceError),
    /// The gate's store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An address that cannot be listened at.
    #[error("cannot listen at {addr}: {reason}; name a free address")]
    Listen {
        /// The address.
        addr: String,
        /// The reason.
        reason: String,
    },
    /// No client for upstreams.
    #[error("no HTTP client can be had: {0}")]
    Http(String),
}

/// A running server.
pub struct Server {
    app: Arc<App>,
    addrs: Vec<SocketAddr>,
    ops: SocketAddr,
    echoes: Vec<Echo>,
    listeners: Vec<JoinHandle<()>>,
    tasks: Vec<JoinHandle<()>>,
}

impl Server {
    /// Opens the gate and starts everything that the configuration names. Errors: [`ServeError`].
    pub async fn start(config: Config) -> Result<Server, ServeError> {
        let gate = Gate::open(gate_config(&config))?;
        Server::start_with(config, gate).await
    }

    /// Starts a server on a gate that somebody else shows the chain. The gate is closed when the server stops.
    /// Errors: [`ServeError`].
    pub async fn start_with(config: Config, gate: Gate) -> Result<Server, ServeError> {
        let keys = ApiKeys::load(
            &config.secret_file,
            config.chain.market,
            config.chain.provider,
            &config.revoked,
        )?;
        let mut bound = Vec::new();
        for addr in &config.listen {
            bound.push(bind(*addr).await?);
        }
        let ops = match config.ops_listen {
            Some(addr) => Some(bind(addr).await?),
            None => None,
        };
        let (models, echoes) = models(&config).await?;
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(POOL_IDLE)
            .tcp_nodelay(true)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| ServeError::Http(error.to_string()))?;
        let app = Arc::new(App {
            running: Running::new(&config.limits),
            leases: Leases::restore(gate.clone(), &config.gpus, &config.leases),
            gate,
            keys,
            models,
            http: client,
            metrics: Metrics::new(),
            progress: ops::Progress::new(),
            stopping: watch::Sender::new(false),
            config,
        });
        Ok(Server::listen(app, bound, ops, echoes))
    }

    fn listen(
        app: Arc<App>,
        bound: Vec<(TcpListener, SocketAddr)>,
        ops: Option<(TcpListener, SocketAddr)>,
        echoes: Vec<Echo>,
    ) -> Server {
        let addrs: Vec<SocketAddr> = bound.iter().map(|(_, addr)| *addr).collect();
        let ops_addr = ops.as_ref().map(|(_, addr)| *addr).or(addrs.first().copied());
        let room = Arc::new(Semaphore::new(app.config.limits.connections));
        let mut routes = routes();
        let mut listeners = Vec::new();
        match ops {
            // Health must be seen however many clients there are.
            Some((listener, _)) => {
                listeners.push(serve(&app, ops::routes(), listener, Arc::new(Semaphore::new(64))));
            }
            None => routes = routes.merge(ops::routes()),
        }
        for (listener, _) in bound {
            listeners.push(serve(&app, routes.clone(), listener, room.clone()));
        }
        let tasks = vec![tokio::spawn(ops::watch(app.clone()))];
        let ops = ops_addr.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 0)));
        Server { app, addrs, ops, echoes, listeners, tasks }
    }

    /// The first address it listens at.
    pub fn addr(&self) -> SocketAddr {
        self.addrs.first().copied().unwrap_or(self.ops)
    }

    /// The address of `/livez`, `/readyz` and `/metrics`.
    pub fn ops_addr(&self) -> SocketAddr {
        self.ops
    }

    /// The gate.
    pub fn gate(&self) -> &Gate {
        &self.app.gate
    }

    /// Makes API keys for the provider's credits.
    pub fn keys(&self) -> &ApiKeys {
        &self.app.keys
    }

    /// Admits nothing more, lets running requests end within the configured time, stops all parts and closes the gate.
    /// Holds of what did not end stay recorded and end by their deadline.
    pub async fn stop(self) {
        tracing::info!(running = self.app.running.count(), "stopping");
        self.app.gate.stop_admitting();
        self.app.stopping.send_replace(true);
        if !self.app.running.ended(self.app.config.shutdown_timeout).await {
            let running = self.app.running.count();
            tracing::warn!(running, "requests did not end in time; their holds end by their deadline");
        }
        for task in self.listeners.into_iter().chain(self.tasks) {
            end(task).await;
        }
        self.echoes.iter().for_each(Echo::stop);
        self.app.gate.close().await;
        tracing::info!("stopped");
    }
}

/// Waits for a task that was told to end; ends it where it does not.
async fn end(mut task: JoinHandle<()>) {
    if timeout(TASK_END, &mut task).await.is_err() {
        task.abort();
    }
}

fn gate_config(config: &Config) -> GateConfig {
    let gate = &config.gate;
    GateConfig {
        max_store_bytes: gate.max_store_bytes,
        durability: gate.durability,
        max_staleness: Duration::from_secs(gate.max_staleness_seconds),
        when_stale: gate.when_stale,
        keep_ledger: Duration::from_secs(gate.ledger_days * 86_400),
        ..GateConfig::new(config.chain.market, config.chain.provider, &gate.store)
    }
}

async fn bind(addr: SocketAddr) -> Result<(TcpListener, SocketAddr), ServeError> {
    let failed = |error: io::Error| ServeError::Listen { addr: addr.to_string(), reason: error.to_string() };
    let listener = TcpListener::bind(addr).await.map_err(failed)?;
    let addr = listener.local_addr().map_err(failed)?;
    Ok((listener, addr))
}

async fn models(config: &Config) -> Result<(BTreeMap<String, Arc<Model>>, Vec<Echo>), ServeError> {
    let (mut models, mut echoes) = (BTreeMap::new(), Vec::new());
    for model in &config.models {
        let url = match &model.upstream {
            Upstream::Url(url) => url.clone(),
            Upstream::Echo => {
                let echo = Echo::start(model).await.map_err(|error| ServeError::Listen {
                    addr: "127.0.0.1:0".to_string(),
                    reason: error.to_string(),
                })?;
                let url = format!("http://{}/v1", echo.addr);
                echoes.push(echo);
                url
            }
        };
        models.insert(model.name.clone(), Arc::new(Model::new(model, url)?));
    }
    Ok((models, echoes))
}

fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/chat/completions", post(gateway::chat))
        .route("/v1/completions", post(gateway::text))
        .route("/v1/models", get(gateway::models))
        .merge(leases::routes())
}

fn serve(
    app: &Arc<App>,
    routes: Router<Arc<App>>,
    listener: TcpListener,
    room: Arc<Semaphore>,
) -> JoinHandle<()> {
    let router = routes
        .fallback(http::no_such_path)
        .method_not_allowed_fallback(http::no_such_method)
        .layer(from_fn_with_state(app.clone(), http::track))
        .with_state(app.clone());
    let idle = Duration::from_secs(app.config.limits.idle_seconds);
    let listener = http::Bounded::new(listener, room, idle);
    let mut stopping = app.stopping.subscribe();
    tokio::spawn(async move {
        let stopped = async move {
            let _ = stopping.wait_for(|stopping| *stopping).await;
        };
        if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stopped).await {
            tracing::error!(%error, "a listener ended");
        }
    })
}
