//! The routes of wallet links.

use {
    super::{
        act::Act,
        asked::{Asked, LinkQuery},
        chain::Chain,
        decide::{decide, instruction},
        error::LinkError,
        protocol::{Account, ActionError, ActionRule, ActionRules, ShownAction, ToSign, with_headers},
        qr,
        show::{LinkText, show},
    },
    crate::{
        chain::{Node, Nodes},
        limits::{ClientKey, ClientLimit},
    },
    axum::{
        Json, Router,
        body::Bytes,
        extract::{DefaultBodyLimit, Path, Query, Request, State},
        http::Uri,
        middleware::{Next, from_fn_with_state},
        response::Response,
        routing::{MethodRouter, get},
    },
    blockable_sdk::Pubkey,
    std::{sync::Arc, time::Duration},
    tokio::{
        sync::{Semaphore, SemaphorePermit},
        time::timeout,
    },
};

/// Requests that read the chain at the same time: each asks a node a few times.
const AT_ONCE: usize = 8;
/// Bytes of a request's body: an address, and room for what specifications add.
const BODY_BYTES: usize = 4_096;
/// Characters of a link's query.
const QUERY_CHARS: usize = 512;
/// Characters of a chain's identity by CAIP-2: so many of the hash of the first block.
const CHAIN_ID_CHARS: usize = 32;
/// Longest duration of a request.
const DEADLINE: Duration = Duration::from_secs(9);

/// The paths of the routes.
pub(crate) const PATHS: [&str; 4] =
    ["/actions.json", "/links/icon.svg", "/links/{act}/{address}", "/links/{act}/{address}/qr.svg"];

/// The state that links answer from. Nothing in it is secret.
pub(crate) struct LinkState {
    market: Pubkey,
    nodes: Nodes,
    /// The URL at which wallets reach this keeper, without a slash at its end. Links, icons and QR codes carry it: what a request
    /// says of its host is never believed.
    public_url: String,
    turns: Semaphore,
}

impl LinkState {
    /// The links of a market, read from nodes, at a public URL.
    pub(crate) fn new(public_url: &str, market: Pubkey, nodes: Nodes) -> LinkState {
        let public_url = public_url.trim_end_matches('/').to_string();
        LinkState { market, nodes, public_url, turns: Semaphore::new(AT_ONCE) }
    }

    /// Takes a turn to read the chain. Errors: [`LinkError::Busy`].
    fn turn(&self) -> Result<SemaphorePermit<'_>, LinkError> {
        self.turns.try_acquire().map_err(|_| LinkError::Busy)
    }

    /// The identity of the cluster by CAIP-2, once a node has told its first block.
    fn cluster(&self) -> Option<String> {
        let genesis = self.nodes.all().iter().find_map(Node::known_genesis)?;
        Some(format!("solana:{}", genesis.to_string().chars().take(CHAIN_ID_CHARS).collect::<String>()))
    }
}

/// Counts what a network asks for. Errors: [`LinkError::TooOften`].
async fn limit(
    State(limit): State<Arc<ClientLimit>>,
    request: Request,
    next: Next,
) -> Result<Response, LinkError> {
    limit.take(ClientKey::of_network(&request)).map_err(LinkError::TooOften)?;
    Ok(next.run(request).await)
}

/// The routes, with headers that let pages of any origin read them, on these alone. `requests` counts what each network asks for.
pub(crate) fn router(state: Arc<LinkState>, requests: Arc<ClientLimit>) -> Router {
    let identity = state.clone();
    let cluster: Arc<dyn Fn() -> Option<String> + Send + Sync> = Arc::new(move || identity.cluster());
    let routes = [get(rules), get(icon), get(shown).post(to_sign), get(qr_code)];
    // The layer answers a preflight.
    let add = |router: Router<_>, (path, route): (&str, MethodRouter<_>)| {
        router.route(path, route.options(|| async {}))
    };
    PATHS
        .into_iter()
        .zip(routes)
        .fold(Router::new(), add)
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(from_fn_with_state(requests, limit))
        .layer(from_fn_with_state(cluster, with_headers))
        .with_state(state)
}

/// A link as a path and a query name it.
struct Opened {
    act: Act,
    address: Pubkey,
    query: Option<LinkQuery>,
}

impl Opened {
    /// Reads a link. Errors: 404 for an act that there is not, 400 for what is malformed.
    fn read(act: &str, address: &str, uri: &Uri) -> Result<Opened, LinkError> {
        let names = Act::ALL.map(Act::name).join(", ");
        let no_act = || LinkError::Unknown(format!("There is no link for this act. Choose from {names}."));
        let no_address =
            |_| LinkError::BadRequest("The link has no address in base58. Check it.".to_string());
        let (act, address) = (Act::from_name(act).ok_or_else(no_act)?, address.parse().map_err(no_address)?);
        let query = match uri.query().filter(|query| !query.is_empty()) {
            Some(query) if query.len() > QUERY_CHARS => {
                return Err(LinkError::BadRequest("The link is too long. Open it anew.".to_string()));
            }
            Some(_) => {
                let read = Query::<LinkQuery>::try_from_uri(uri);
                let wrong =
                    |_| LinkError::BadRequest("The link's query cannot be read. Open it anew.".to_string());
                Some(read.map_err(wrong)?.0)
            }
            None => None,
        };
        Ok(Opened { act, address, query })
    }

    fn text<'a>(&self, state: &'a LinkState) -> LinkText<'a> {
        LinkText { public_url: &state.public_url, act: self.act, address: self.address }
    }
}

/// Bounds what a request may take. Errors: [`LinkError::Chain`] past the deadline.
async fn within_deadline<T>(work: impl Future<Output = Result<T, LinkError>>) -> Result<T, LinkError> {
    timeout(DEADLINE, work).await.unwrap_or(Err(LinkError::Chain))
}

/// Shows a link
#[utoipa::path(
    get, path = "/links/{act}/{address}", tag = "links",
    params(
        ("act" = inline(Act), Path, description = "The act"),
        ("address" = String, Path, description = "The credit; for a purchase the lot"),
    ),
    responses(
        (status = 200, body = ShownAction), (status = 400, body = ActionError), (status = 404, body = ActionError),
        (status = 429, body = ActionError), (status = 503, body = ActionError),
    )
)]
pub(crate) async fn shown(
    State(state): State<Arc<LinkState>>,
    Path((act, address)): Path<(String, String)>,
    uri: Uri,
) -> Result<Json<ShownAction>, LinkError> {
    let opened = Opened::read(&act, &address, &uri)?;
    let _turn = state.turn()?;
    within_deadline(async {
        let chain = Chain::open(&state.nodes, state.market).await?;
        let view = chain.view(opened.act, opened.address).await?;
        let asked = opened.query.as_ref().map(|query| Asked::read(opened.act, query, &view)).transpose()?;
        Ok(Json(show(&opened.text(&state), asked, &view)))
    })
    .await
}

/// Makes the transaction that a wallet signs and sends
///
/// Its only signer is the wallet, which pays as well. It is bound by what the link has shown, and has been simulated.
#[utoipa::path(
    post, path = "/links/{act}/{address}", tag = "links",
    params(
        ("act" = inline(Act), Path, description = "The act"),
        ("address" = String, Path, description = "The credit; for a purchase the lot"),
    ),
    request_body = Account,
    responses(
        (status = 200, body = ToSign), (status = 400, body = ActionError), (status = 404, body = ActionError),
        (status = 422, body = ActionError), (status = 429, body = ActionError), (status = 503, body = ActionError),
    )
)]
pub(crate) async fn to_sign(
    State(state): State<Arc<LinkState>>,
    Path((act, address)): Path<(String, String)>,
    uri: Uri,
    body: Bytes,
) -> Result<Json<ToSign>, LinkError> {
    let opened = Opened::read(&act, &address, &uri)?;
    let account = account(&body)?;
    let _turn = state.turn()?;
    within_deadline(async {
        let chain = Chain::open(&state.nodes, state.market).await?;
        let view = chain.view(opened.act, opened.address).await?;
        let asked = Asked::read(opened.act, &opened.query.clone().unwrap_or_default(), &view)?;
        let message = decide(&asked, &view, &account).map_err(LinkError::Refused)?;
        let instruction = instruction(&asked, &view, &account).ok_or(LinkError::Chain)?;
        let transaction = chain.to_sign(instruction, &account).await?;
        Ok(Json(ToSign { kind: "transaction", transaction, message }))
    })
    .await
}

/// Reads the wallet's address. Errors: 400.
fn account(body: &[u8]) -> Result<Pubkey, LinkError> {
    let wrong = || {
        LinkError::BadRequest(
            "The request has no address of a wallet. Send {\"account\": ADDRESS}.".to_string(),
        )
    };
    let Account { account } = serde_json::from_slice(body).map_err(|_| wrong())?;
    account.parse().ok().filter(Pubkey::is_on_curve).ok_or_else(wrong)
}

/// Draws the QR code of a link
#[utoipa::path(
    get, path = "/links/{act}/{address}/qr.svg", tag = "links",
    params(
        ("act" = inline(Act), Path, description = "The act"),
        ("address" = String, Path, description = "The credit; for a purchase the lot"),
    ),
    responses(
        (status = 200, body = String, content_type = "image/svg+xml"), (status = 400, body = ActionError),
        (status = 404, body = ActionError), (status = 422, body = ActionError), (status = 429, body = ActionError),
        (status = 503, body = ActionError),
    )
)]
pub(crate) async fn qr_code(
    State(state): State<Arc<LinkState>>,
    Path((act, address)): Path<(String, String)>,
    uri: Uri,
) -> Result<Response, LinkError> {
    let opened = Opened::read(&act, &address, &uri)?;
    let _turn = state.turn()?;
    within_deadline(async {
        let chain = Chain::open(&state.nodes, state.market).await?;
        let view = chain.view(opened.act, opened.address).await?;
        let text = opened.text(&state);
        // A wallet that scans it shows little: the code itself says what its signature is bound by.
        let asked = match &opened.query {
            Some(query) => Some(Asked::read(opened.act, query, &view)?),
            None => Asked::first(opened.act, &view),
        };
        qr::image(&asked.map_or_else(|| text.url(), |asked| text.url_of(&asked)))
    })
    .await
}

/// Lists the paths that are links
#[utoipa::path(get, path = "/actions.json", tag = "links", responses((status = 200, body = ActionRules), (status = 429, body = ActionError)))]
pub(crate) async fn rules() -> Json<ActionRules> {
    let path = "/links/**".to_string();
    Json(ActionRules { rules: vec![ActionRule { path_pattern: path.clone(), api_path: path }] })
}

/// Gives the icon of links
#[utoipa::path(
    get, path = "/links/icon.svg", tag = "links",
    responses((status = 200, body = String, content_type = "image/svg+xml"), (status = 429, body = ActionError))
)]
pub(crate) async fn icon() -> Response {
    qr::svg_image(include_str!("icon.svg"))
}
