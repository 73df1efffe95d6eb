//! The HTTP API: the data behind a lender's dashboard, and the keeper's health.
//!
//! Everything here reads; nothing can be changed through it. [`openapi`] describes every route, and the server hands the
//! same document out under `/openapi.json`.
//!
//! | module | what |
//! |---|---|
//! | [`settings`] | `[api]` |
//! | [`state`] | what answers are made from |
//! | [`values`], [`condition`] | how values are written, and what makes a credit green, amber or red |
//! | [`portfolio`], [`credits`], [`credit`], [`series`], [`events`], [`alerts`], [`keeper`] | `/v1` |
//! | [`ops`], [`recorder`] | health and figures |
//! | [`openapi`](mod@openapi) | the description |
//! | `query`, `error` | what is asked, and how it is refused |
//! | `access` | tokens and deadlines |

mod access;
pub mod alerts;
mod change;
pub mod condition;
pub mod credit;
pub mod credits;
mod error;
pub mod events;
pub mod keeper;
pub mod openapi;
pub mod ops;
pub mod portfolio;
mod query;
pub mod recorder;
pub mod series;
pub mod settings;
pub mod state;
pub mod values;

#[cfg(test)]
mod tests;

pub use {
    error::{ApiError, ErrorBody},
    openapi::openapi,
    recorder::recorder,
    settings::Settings,
    state::ApiState,
};

use {
    access::Access,
    axum::{
        Router,
        middleware::from_fn_with_state,
        routing::{MethodRouter, get},
    },
    blockable_service::http::{self, Bounds, Limit},
    std::{net::SocketAddr, sync::Arc, time::Duration},
    tokio::{
        net::TcpListener,
        sync::{Semaphore, watch},
        task::JoinHandle,
        time::timeout,
    },
};

/// How long answers that are on their way may take once the server is told to stop.
const END: Duration = Duration::from_secs(5);

/// Time that a connection gets beyond the deadline of a request, for the request to come in and the answer to go out.
const TRANSFER: Duration = Duration::from_secs(20);

/// Why the API cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The token cannot be had.
    #[error("api.token: {0}")]
    Token(#[from] blockable_service::secrets::SecretSourceError),
    /// A token that can be guessed.
    #[error(
        "api.token: it has {found} characters; use {least} random ones or more, as `openssl rand -hex 32` makes"
    )]
    ShortToken {
        /// Characters that it has.
        found: usize,
        /// Characters that it needs.
        least: usize,
    },
    /// An address that cannot be listened at.
    #[error("cannot listen at {addr}: {reason}; set api.listen to a free address of this machine")]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// The reason.
        reason: String,
    },
}

/// A running server.
pub struct Server {
    addr: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Server {
    /// Listens and serves until `stop` is true or whoever would say so is gone. Errors: [`ServerError`].
    pub async fn start(
        settings: &Settings,
        state: ApiState,
        stop: watch::Receiver<bool>,
    ) -> Result<Server, ServerError> {
        let access = Access::open(settings.token.as_ref(), settings.deadline)?;
        let failed =
            |error: std::io::Error| ServerError::Listen { addr: settings.listen, reason: error.to_string() };
        let listener = TcpListener::bind(settings.listen).await.map_err(failed)?;
        let addr = listener.local_addr().map_err(failed)?;
        let bounds = Bounds {
            connections: Arc::new(Semaphore::new(settings.max_connections.min(Semaphore::MAX_PERMITS))),
            header: TRANSFER,
            limit: Limit::Turn(settings.deadline.saturating_add(TRANSFER)),
            // No route takes a body.
            body_bytes: 0,
        };
        let (own_stop, stopped) = watch::channel(false);
        let router = router(Arc::new(state), Arc::new(access));
        let task = tokio::spawn(http::serve(listener, router, bounds, either(stop, stopped)));
        tracing::info!(%addr, token = settings.token.is_some(), "serving");
        Ok(Server { addr, stop: own_stop, task })
    }

    /// The address that it listens at.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Takes no more connections, lets answers that are on their way end, and ends.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        if timeout(END, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }

    /// The task that serves, for whoever waits for many: it ends by the `stop` that the server was started with.
    pub fn into_task(self) -> JoinHandle<()> {
        self.task
    }
}

/// Waits for either to be true. The server's own handle may go without a word, the keeper's end is the server's.
async fn either(mut keeper: watch::Receiver<bool>, mut own: watch::Receiver<bool>) {
    let own = async {
        if own.wait_for(|stop| *stop).await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        _ = keeper.wait_for(|stop| *stop) => {}
        () = own => {}
    }
}

type Route = (&'static str, MethodRouter<Arc<ApiState>>);

/// What needs the token.
fn guarded() -> Vec<Route> {
    vec![
        ("/v1/portfolio", get(portfolio::portfolio)),
        ("/v1/credits", get(credits::credits)),
        ("/v1/credits/{address}", get(credit::credit)),
        ("/v1/credits/{address}/series", get(series::series)),
        ("/v1/credits/{address}/events", get(events::events)),
        ("/v1/alerts", get(alerts::alerts)),
        ("/v1/keeper", get(keeper::keeper)),
    ]
}

/// What probes and scrapers read without one: it names no credit.
fn open() -> Vec<Route> {
    vec![
        ("/openapi.json", get(openapi::document)),
        ("/livez", get(ops::livez)),
        ("/readyz", get(ops::readyz)),
        ("/metrics", get(ops::metrics)),
    ]
}

fn router(state: Arc<ApiState>, access: Arc<Access>) -> Router {
    let guard = from_fn_with_state(access.clone(), access::require_token);
    let guarded = guarded().into_iter().map(|(path, method)| (path, method.layer(guard.clone())));
    let add = |router: Router<Arc<ApiState>>, (path, method): Route| {
        let within = from_fn_with_state(access.clone(), access::within_deadline);
        router.route(path, method.layer(within).layer(from_fn_with_state(path, access::count)))
    };
    let router = guarded.chain(open()).fold(Router::new(), add);
    router.fallback(error::no_such_path).method_not_allowed_fallback(error::no_such_method).with_state(state)
}
