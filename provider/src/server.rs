//! The server: starts its parts in order and stops them in reverse.

use {
    crate::{
        api,
        app::App,
        assemble::{Assembled, assemble, gate_config, open_keys, start_parts},
        config::Config,
        cors, gateway,
        http::{self, Route},
        keys::ApiKeys,
        parts::{Parts, RunningParts},
        reload::{REFUSED, ReloadError},
        serve_error::ServeError,
        tasks, unread,
        webhooks::Sender,
    },
    axum::{
        Router,
        middleware::{from_fn, from_fn_with_state},
    },
    blockable_gate::Gate,
    blockable_service::{
        http::{self as service_http, Bounds, Connections, allow_origins},
        shutdown::{self, Stage},
    },
    std::{net::SocketAddr, path::Path, sync::Arc, time::Duration},
    tokio::{net::TcpListener, sync::watch, task::JoinHandle},
};

/// Time that listeners and tasks may take to end at a shutdown before they are aborted.
const TASK_END: Duration = Duration::from_secs(5);
/// Connections for health and metrics where they have an address of their own.
const OPS_CONNECTIONS: usize = 64;

/// A running server: listeners, background tasks and the state they share.
///
/// It starts the gate first, then the parts, then the listeners, and [`Server::stop`] ends them in reverse. A crash at any
/// moment loses nothing that was answered: holds, settlements and freezes are recorded in the gate's store before they are
/// answered. The next start returns the holds of requests; leases are restored from their holds.
pub struct Server {
    app: Arc<App>,
    addrs: Vec<SocketAddr>,
    ops: SocketAddr,
    /// Background tasks. Its signal also refuses new requests.
    stage: Stage,
    /// Listeners, which end last: until then new requests are answered that the server shuts down.
    listeners: Stage,
}

impl Server {
    /// Opens the gate and starts everything that the configuration names. Errors: [`ServeError`].
    pub async fn start(config: Config) -> Result<Server, ServeError> {
        let keys = open_keys(&config).await?;
        let gate = Gate::open(gate_config(&config))?;
        match start_parts(&config, &gate, keys).await {
            Ok(parts) => Server::start_with(config, gate, parts).await,
            Err(error) => {
                gate.close().await;
                Err(error)
            }
        }
    }

    /// Starts a server on a gate and parts that the caller made. Without a follower the caller must feed the gate's view of
    /// the chain. Gate and parts end with the server. Errors: [`ServeError`], after they have ended.
    pub async fn start_with(config: Config, gate: Gate, parts: Parts) -> Result<Server, ServeError> {
        let parts = RunningParts::new(parts);
        match assemble(config, &gate, parts).await {
            Ok(assembled) => Ok(Server::run(assembled)),
            Err((error, parts)) => {
                parts.stop().await;
                gate.close().await;
                Err(error)
            }
        }
    }

    fn run(Assembled { app, stage, listeners, ops, webhooks }: Assembled) -> Server {
        let addrs: Vec<SocketAddr> = listeners.iter().map(|(_, addr)| *addr).collect();
        let mut tasks =
            vec![tokio::spawn(tasks::watch(app.clone())), tokio::spawn(tasks::count_reports(app.clone()))];
        tasks.push(tokio::spawn(tasks::probe_upstreams(app.clone())));
        tasks.extend(webhooks.into_iter().map(|webhook: Sender| tokio::spawn(webhook.run(app.clone()))));
        let (listening, ends) = Stage::new("listeners");
        let (ops_listener, ops) = ops;
        // Health is served however many clients there are.
        let room = Connections::new(OPS_CONNECTIONS, OPS_CONNECTIONS, app.config.limits.sending_bytes);
        let mut serving = vec![serve(&app, ops_routes(&app), ops_listener, room, ends.clone())];
        for (listener, _) in listeners {
            serving.push(serve(&app, public_routes(&app), listener, app.connections.clone(), ends.clone()));
        }
        app.metrics.set(REFUSED, 0.0);
        tracing::info!(?addrs, %ops, provider = %app.config.chain.provider, "serving");
        Server { app, addrs, ops, stage: stage.with(tasks), listeners: listening.with(serving) }
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

    /// False once a listener has ended, which only a fault does before [`Server::stop`].
    pub fn is_serving(&self) -> bool {
        self.listeners.is_running()
    }

    /// Makes API keys for the provider's credits.
    pub fn keys(&self) -> &ApiKeys {
        &self.app.keys
    }

    /// Takes the models, their upstreams and prices, and the revoked keys of another configuration, all or none. Keys of upstreams
    /// are read anew. Requests that run go on with the models that they began with; prices count once their list is in force on
    /// chain. Of the rest of the configuration nothing is taken, and what differs is logged. Errors: [`ReloadError`].
    pub async fn reload(&self, config: &Config) -> Result<(), ReloadError> {
        self.app.reload(config).await
    }

    /// Reads a file and takes it as [`Server::reload`] does. The result is logged and counted; a file with a mistake changes
    /// nothing.
    pub async fn reload_file(&self, path: &Path) {
        self.app.reload_file(path).await;
    }

    /// Admits nothing more, lets running requests end within the configured time, signs a last report, stops all parts and
    /// closes the gate. Requests that do not end in time are cut short and charged for what was delivered.
    pub async fn stop(self) {
        tracing::info!(running = self.app.running.count(), "stopping");
        self.app.gate.stop_admitting();
        self.stage.signal();
        if !self.app.running.ended(self.app.config.shutdown_timeout).await {
            let running = self.app.running.count();
            tracing::warn!(
                running,
                "requests did not end in time; they are cut short and charged for what was delivered"
            );
            self.app.running.cut();
            if !self.app.running.ended(TASK_END).await {
                let running = self.app.running.count();
                tracing::error!(
                    running,
                    "requests could not be cut short; the next start returns their holds"
                );
            }
        }
        // The last report goes out to the streams of reports, and ends them; only then can the listeners end.
        self.app.parts.stop_reporters().await;
        tracing::debug!("the last reports are signed");
        shutdown::stop(vec![self.stage, self.listeners], TASK_END).await;
        self.app.parts.stop().await;
        tracing::debug!("the parts have stopped");
        self.app.models.stop();
        self.app.gate.close().await;
        tracing::info!("stopped");
    }
}

/// All routes of clients and lenders.
fn public_routes(app: &Arc<App>) -> Router {
    with_fallbacks(gateway::routes().into_iter().chain(api::routes()))
        .layer(from_fn_with_state(app.clone(), http::refuse_while_stopping))
        .layer(from_fn_with_state(app.clone(), http::track))
        .layer(from_fn_with_state(cors::cross_origin(&app.config.http.allow_origins), allow_origins))
        .layer(from_fn(unread::read_rest))
        .with_state(app.clone())
}

/// Health and metrics.
fn ops_routes(app: &Arc<App>) -> Router {
    with_fallbacks(api::ops::routes())
        .layer(from_fn_with_state(app.clone(), http::track))
        .with_state(app.clone())
}

fn with_fallbacks(routes: impl IntoIterator<Item = Route>) -> Router<Arc<App>> {
    let add = |router: Router<Arc<App>>, (path, handlers): Route| router.route(path, handlers);
    routes
        .into_iter()
        .fold(Router::new(), add)
        .fallback(http::no_such_path)
        .method_not_allowed_fallback(http::no_such_method)
}

fn serve(
    app: &Arc<App>,
    router: Router,
    listener: TcpListener,
    connections: Arc<Connections>,
    mut ends: watch::Receiver<bool>,
) -> JoinHandle<()> {
    let bounds = Bounds {
        connections,
        deadlines: app.config.limits.deadlines(),
        body_bytes: app.config.limits.body_bytes,
        proxies: Arc::new(app.config.http.trusted_proxies.clone()),
    };
    tokio::spawn(async move {
        let stopped = async move {
            let _ = ends.wait_for(|ends| *ends).await;
        };
        service_http::serve(listener, router, bounds, stopped).await;
    })
}
