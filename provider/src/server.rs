//! The server: starts its parts in order and stops them in reverse.

use {
    crate::{
        api,
        app::App,
        assemble::{Assembled, assemble, gate_config, open_keys, start_parts},
        config::Config,
        echo::Echo,
        gateway, http,
        keys::ApiKeys,
        parts::{Parts, RunningParts},
        serve_error::ServeError,
        tasks,
        webhooks::Sender,
    },
    axum::{Router, middleware::from_fn_with_state},
    blockable_gate::Gate,
    blockable_service::{
        http::{self as service_http, Bounds, Limit},
        shutdown::{self, Stage},
    },
    std::{net::SocketAddr, sync::Arc, time::Duration},
    tokio::{net::TcpListener, sync::Semaphore, task::JoinHandle},
};

/// Time that listeners and tasks may take to end at a shutdown before they are aborted.
const TASK_END: Duration = Duration::from_secs(5);
/// Connections for health and metrics where they have an address of their own.
const OPS_CONNECTIONS: usize = 64;

/// Time in which the header of a request must arrive, and after which a connection without requests is closed.
const HEADER: Duration = Duration::from_secs(60);

/// A running server: listeners, background tasks and the state they share.
///
/// It starts the gate first, then the parts, then the listeners, and [`Server::stop`] ends them in reverse. A crash at any
/// moment loses nothing that was answered: holds, settlements and freezes are recorded in the gate's store before they are
/// answered. Jobs that ran are released by their holds' deadlines; leases are restored from their holds.
pub struct Server {
    app: Arc<App>,
    addrs: Vec<SocketAddr>,
    ops: SocketAddr,
    echoes: Vec<Echo>,
    /// Listeners and background tasks.
    stage: Stage,
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

    fn run(Assembled { app, stage, listeners, ops, echoes, webhooks }: Assembled) -> Server {
        let addrs: Vec<SocketAddr> = listeners.iter().map(|(_, addr)| *addr).collect();
        let ops_addr = ops.as_ref().map(|(_, addr)| *addr).or(addrs.first().copied());
        let room = Arc::new(Semaphore::new(app.config.limits.connections));
        let mut routes = routes();
        let mut tasks =
            vec![tokio::spawn(tasks::watch(app.clone())), tokio::spawn(tasks::count_reports(app.clone()))];
        tasks.push(tokio::spawn(tasks::probe_upstreams(app.clone())));
        match ops {
            // Health is served however many clients there are.
            Some((listener, _)) => {
                let room = Arc::new(Semaphore::new(OPS_CONNECTIONS));
                tasks.push(serve(&app, api::ops::routes(), listener, room));
            }
            None => routes = routes.merge(api::ops::routes()),
        }
        for (listener, _) in listeners {
            tasks.push(serve(&app, routes.clone(), listener, room.clone()));
        }
        tasks.extend(webhooks.into_iter().map(|webhook: Sender| tokio::spawn(webhook.run(app.clone()))));
        let ops = ops_addr.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 0)));
        tracing::info!(?addrs, %ops, provider = %app.config.chain.provider, "serving");
        Server { app, addrs, ops, echoes, stage: stage.with(tasks) }
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

    /// Admits nothing more, lets running requests end within the configured time, signs a last report, stops all parts and
    /// closes the gate. Holds of what did not end stay recorded and end by their deadline.
    pub async fn stop(self) {
        tracing::info!(running = self.app.running.count(), "stopping");
        self.app.gate.stop_admitting();
        self.stage.signal();
        if !self.app.running.ended(self.app.config.shutdown_timeout).await {
            let running = self.app.running.count();
            tracing::warn!(running, "requests did not end in time; their holds end by their deadline");
        }
        // The last report goes out to the streams of reports, and ends them; only then can the listeners end.
        self.app.parts.stop_reporters().await;
        shutdown::stop(vec![self.stage], TASK_END).await;
        self.app.parts.stop().await;
        self.echoes.iter().for_each(Echo::stop);
        self.app.gate.close().await;
        tracing::info!("stopped");
    }
}

fn routes() -> Router<Arc<App>> {
    gateway::routes().merge(api::routes())
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
    let bounds = Bounds {
        connections: room,
        header: HEADER,
        limit: Limit::Idle(Duration::from_secs(app.config.limits.idle_seconds)),
        body_bytes: app.config.limits.body_bytes,
    };
    let mut stopping = app.stopping.clone();
    tokio::spawn(async move {
        let stopped = async move {
            let _ = stopping.wait_for(|stopping| *stopping).await;
        };
        service_http::serve(listener, router, bounds, stopped).await;
    })
}
