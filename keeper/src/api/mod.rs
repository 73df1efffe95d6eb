//! The HTTP API: the data behind a lender's dashboard, and the keeper's health.
//!
//! All routes only read. [`openapi`](mod@openapi) describes them, and the server gives the same document at `/openapi.json`.
//!
//! | module | contents |
//! |---|---|
//! | [`settings`] | the section `[api]` of the file |
//! | [`state`] | the state that handlers answer from |
//! | [`portfolio`], [`credits`], [`credit`], [`series`], [`events`], [`alerts`], [`keeper`], [`market`] | the routes under `/v1` |
//! | [`change`], [`settings_view`] | changes of a credit, and settings, as JSON |
//! | [`credit_health`] | the health of a credit: green, amber or red |
//! | [`ops`], [`recorder`] | health and metrics |
//! | [`openapi`](mod@openapi) | the OpenAPI description |
//! | [`query`], [`error`] | parameters of requests, and refusals |
//! | [`access`] | tokens and deadlines |

mod access;
mod alerts;
mod change;
mod credit;
mod credit_health;
mod credits;
mod error;
mod events;
mod keeper;
mod market;
mod openapi;
mod ops;
mod portfolio;
mod query;
mod recorder;
mod series;
mod settings;
mod settings_view;
mod state;

#[cfg(test)]
mod tests;

pub(crate) use {credit::Explanation, recorder::install_recorder, settings::ApiSettings, state::ApiState};

use {
    access::Access,
    axum::{
        Router,
        middleware::from_fn_with_state,
        routing::{MethodRouter, get},
    },
    blockable_service::{
        http::{self, Bounds, Connections, Deadlines, Limit, Reading},
        secrets::SecretSourceError,
    },
    std::{net::SocketAddr, sync::Arc, time::Duration},
    tokio::{net::TcpListener, sync::watch, task::JoinHandle},
};

/// Time that a connection gets beyond the deadline of a request, for the request to come in and the answer to go out.
const TRANSFER: Duration = Duration::from_secs(20);
/// Bytes of all large answers that go out at once; past them the longest unread ones end.
const SENDING_BYTES: usize = 256 << 20;
/// Bytes of an answer that a client must take for a second of the time for which it may let it wait.
const READ_PER_SECOND: u64 = 4_096;

/// A fault that keeps the API from being served.
#[derive(Debug, thiserror::Error)]
pub enum ApiServerError {
    /// The token cannot be read.
    #[error("api.token: {0}")]
    Token(#[from] SecretSourceError),
    /// The token is so short that it can be guessed.
    #[error(
        "api.token: it has {found} characters; use {least} random ones or more, as `openssl rand -hex 32` makes"
    )]
    ShortToken {
        /// Its characters.
        found: usize,
        /// Least characters of a token.
        least: usize,
    },
    /// The address is not free.
    #[error("cannot listen at {addr}: {reason}; set api.listen to a free address of this machine")]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// The reason.
        reason: String,
    },
}

/// A running server. It serves on when this handle is dropped, and ends when the keeper stops it.
pub(crate) struct ApiServer {
    addr: SocketAddr,
    task: JoinHandle<()>,
}

impl ApiServer {
    /// Listens and serves until `stop` is true or its sender is dropped. Errors: [`ApiServerError`].
    pub(crate) async fn start(
        settings: &ApiSettings,
        state: ApiState,
        mut stop: watch::Receiver<bool>,
    ) -> Result<ApiServer, ApiServerError> {
        let access = Access::open(settings.token.as_ref(), settings.deadline)?;
        let failed = |error: std::io::Error| ApiServerError::Listen {
            addr: settings.listen,
            reason: error.to_string(),
        };
        let listener = TcpListener::bind(settings.listen).await.map_err(failed)?;
        let addr = listener.local_addr().map_err(failed)?;
        let bounds = Bounds {
            // One network may take half of the places: those of the others read while it fails to end its own.
            connections: Connections::new(
                settings.max_connections,
                settings.max_connections.div_ceil(2),
                SENDING_BYTES,
            ),
            deadlines: Deadlines {
                first_byte: TRANSFER,
                header: TRANSFER,
                keep_alive: settings.deadline.saturating_add(TRANSFER),
                serving: Limit::Turn(settings.deadline.saturating_add(TRANSFER)),
                reading: Reading { patience: TRANSFER, bytes_per_second: READ_PER_SECOND },
            },
            // No route takes a body.
            body_bytes: 0,
            proxies: Arc::default(),
        };
        let stopped = async move {
            // A sender that is dropped stops the server as well.
            let _ = stop.wait_for(|stop| *stop).await;
        };
        let router = router(Arc::new(state), Arc::new(access));
        let task = tokio::spawn(http::serve(listener, router, bounds, stopped));
        Ok(ApiServer { addr, task })
    }

    /// Gives the address that it listens at.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Gives the task that serves. It ends once the answers that are under way have gone out.
    pub(crate) fn into_task(self) -> JoinHandle<()> {
        self.task
    }
}

type Route = (&'static str, MethodRouter<Arc<ApiState>>);

/// Lists the routes that need the token.
fn guarded_routes() -> Vec<Route> {
    vec![
        ("/v1/portfolio", get(portfolio::portfolio)),
        ("/v1/credits", get(credits::credits)),
        ("/v1/credits/{address}", get(credit::credit)),
        ("/v1/credits/{address}/series", get(series::series)),
        ("/v1/credits/{address}/events", get(events::events)),
        ("/v1/alerts", get(alerts::alerts)),
        ("/v1/keeper", get(keeper::keeper)),
        ("/v1/market", get(market::market)),
        ("/v1/providers", get(market::providers)),
    ]
}

/// Lists the routes that probes and scrapers read without the token: they name no credit.
fn open_routes() -> Vec<Route> {
    vec![
        ("/openapi.json", get(openapi::document)),
        ("/livez", get(ops::livez)),
        ("/readyz", get(ops::readyz)),
        ("/metrics", get(ops::metrics)),
    ]
}

fn router(state: Arc<ApiState>, access: Arc<Access>) -> Router {
    let guard = from_fn_with_state(access.clone(), access::require_token);
    let guarded = guarded_routes().into_iter().map(|(path, method)| (path, method.layer(guard.clone())));
    let add = |router: Router<Arc<ApiState>>, (path, method): Route| {
        let within = from_fn_with_state(access.clone(), access::within_deadline);
        router.route(path, method.layer(within).layer(from_fn_with_state(path, access::count)))
    };
    let router = guarded.chain(open_routes()).fold(Router::new(), add);
    router.fallback(error::no_such_path).method_not_allowed_fallback(error::no_such_method).with_state(state)
}
