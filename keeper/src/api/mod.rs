//! The HTTP API: the data behind the page, the sign-in of parties, and the page itself.
//!
//! Nothing here changes a loan. [`openapi`](mod@openapi) describes the routes, and the server gives the same document at
//! `/openapi.json`.
//!
//! | module | contents |
//! |---|---|
//! | [`settings`] | the section `[api]` of the file |
//! | [`state`] | the state that handlers answer from |
//! | [`portfolio`], [`credits`], [`credit`], [`series`], [`events`], [`alerts`], [`keeper`], [`market`] | the routes under `/v1` |
//! | [`history`], [`feed`], [`lots`] | further routes under `/v1` |
//! | [`stream`] | changes as they come |
//! | [`session`] | sign-in by a wallet |
//! | [`page_routes`] | the page |
//! | [`change`], [`settings_view`] | changes of a credit, and settings, as JSON |
//! | [`credit_health`] | the health of a credit: green, amber or red |
//! | [`openapi`](mod@openapi) | the OpenAPI description |
//! | [`query`], [`body`], [`error`] | parameters and bodies of requests, and refusals |
//! | [`access`], [`sites`] | who asks, how often, and from which site |
//! | [`cache`] | copies of answers |

mod access;
mod alerts;
mod body;
mod cache;
mod change;
mod credit;
mod credit_health;
mod credits;
mod deliveries;
mod error;
mod events;
mod exposure;
mod feed;
mod history;
mod keeper;
mod lots;
mod market;
mod openapi;
mod own_settings;
mod page_routes;
mod portfolio;
mod query;
mod series;
mod session;
mod settings;
mod settings_view;
mod sites;
mod state;
pub(crate) mod stream;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use {credit::Explanation, settings::ApiSettings, state::ApiState};

use {
    crate::{
        links::{self, LinkState},
        page::Page,
        server::{ListenError, ListenerBounds, Listening},
    },
    access::Access,
    axum::{
        Extension, Router,
        middleware::{from_fn, from_fn_with_state},
        routing::{MethodRouter, get, post},
    },
    blockable_service::{http::allow_origins, secrets::SecretSourceError},
    cache::Readers,
    std::{net::SocketAddr, sync::Arc},
    tokio::{sync::watch, task::JoinHandle},
};

/// Most bytes of a body: a signed transaction in base64, and some more.
const BODY_BYTES: usize = 16 << 10;

/// Tests whether the API's token can be read and is long enough. Errors: [`ApiServerError`].
pub(crate) fn check_token(settings: &ApiSettings) -> Result<(), ApiServerError> {
    access::Access::open(settings, settings.listen).map(drop)
}

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
    #[error(transparent)]
    Listen(#[from] ListenError),
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
        stop: watch::Receiver<bool>,
    ) -> Result<ApiServer, ApiServerError> {
        let listening = Listening::bind("api.listen", settings.listen).await?;
        let addr = listening.addr();
        let access = Access::open(settings, addr)?;
        let bounds = ListenerBounds {
            connections: settings.max_connections,
            deadline: settings.deadline,
            body_bytes: BODY_BYTES,
            proxies: settings.http.trusted_proxies.clone(),
        };
        let links = LinkState::new(access.sites.name(), state.market, state.nodes.clone());
        // Outside of what guards the other routes: any page may show a link, and a wallet has no token. What a client asks for
        // counts together.
        let links = links::router(Arc::new(links), access.requests.clone());
        let router = router(Arc::new(state), Arc::new(access)).merge(links);
        Ok(ApiServer { addr, task: listening.serve(router, bounds, stop) })
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

/// A route: its path, whom its answers are for, and its handlers.
type Route = (&'static str, Readers, MethodRouter<Arc<ApiState>>);

/// Lists the routes under `/v1`.
fn v1_routes(access: &Arc<Access>) -> Vec<Route> {
    let signing = from_fn_with_state(access.clone(), session::routes::limit);
    let begin = post(session::routes::begin).layer(signing.clone());
    let sessions = get(session::routes::show).delete(session::routes::end).merge(begin);
    vec![
        ("/v1/portfolio", Readers::All, get(portfolio::portfolio)),
        ("/v1/portfolio/history", Readers::All, get(history::history)),
        ("/v1/credits", Readers::All, get(credits::credits)),
        ("/v1/credits/{address}", Readers::AllAndParties, get(credit::credit)),
        ("/v1/credits/{address}/series", Readers::All, get(series::series)),
        ("/v1/credits/{address}/events", Readers::All, get(events::events)),
        ("/v1/credits/{address}/schedule", Readers::All, get(credit::schedule)),
        ("/v1/lots", Readers::All, get(lots::lots)),
        ("/v1/events", Readers::All, get(feed::feed)),
        ("/v1/market", Readers::All, get(market::market)),
        ("/v1/providers", Readers::All, get(market::providers)),
        ("/v1/alerts", Readers::Party, get(alerts::alerts)),
        ("/v1/settings", Readers::Party, get(own_settings::settings)),
        ("/v1/keeper", Readers::Party, get(keeper::keeper)),
        ("/v1/sessions", Readers::Party, sessions),
        ("/v1/sessions/challenge", Readers::Party, post(session::routes::challenge).layer(signing)),
        ("/v1/sessions/refresh", Readers::Party, post(session::routes::refresh)),
    ]
}

/// The stream, which has no end: it has no deadline and no tag, and takes no turn.
const STREAM: &str = "/v1/stream";

/// Lists the routes beside those under `/v1`.
fn other_routes() -> Vec<Route> {
    vec![
        ("/openapi.json", Readers::All, get(openapi::document)),
        ("/page.json", Readers::All, get(page_routes::settings)),
    ]
}

fn router(state: Arc<ApiState>, access: Arc<Access>) -> Router {
    let page = state.page.as_ref().map(|settings| Arc::new(Page::new(settings)));
    let add = |router: Router<Arc<ApiState>>, (path, readers, method): Route| {
        let method = method
            .layer(from_fn_with_state(access.clone(), access::within_deadline))
            .layer(from_fn_with_state(readers, cache::tag))
            .layer(from_fn_with_state(path, access::count));
        router.route(path, method)
    };
    let router = v1_routes(&access).into_iter().chain(other_routes()).fold(Router::new(), add);
    router
        .route(STREAM, get(stream::stream).layer(from_fn_with_state(STREAM, access::count)))
        .fallback(page_routes::file)
        .method_not_allowed_fallback(error::no_such_method)
        .layer(Extension(page))
        .layer(Extension(access.clone()))
        .layer(from_fn_with_state(access.clone(), access::identify))
        .layer(from_fn_with_state(access.sites.cross_origin(), allow_origins))
        .layer(from_fn(cache::harden))
        .with_state(state)
}
