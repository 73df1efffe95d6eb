//! Access to the API: who asks, how often, for how long, and how many at once.

use {
    crate::{
        api::{
            ApiServerError, ApiSettings, error::ApiError, session::Sessions, sites::Sites,
            stream::places::Places,
        },
        limits::{ClientKey, ClientLimit},
    },
    axum::{
        extract::{FromRequestParts, Request, State},
        http::{HeaderMap, header, request::Parts},
        middleware::Next,
        response::{IntoResponse, Response},
    },
    blockable_sdk::Pubkey,
    hmac::{Hmac, Mac},
    secrecy::ExposeSecret,
    sha2::Sha256,
    std::{net::SocketAddr, sync::Arc, time::Duration},
    tokio::{sync::Semaphore, time::timeout},
};

/// Requests to `/v1` that are answered at the same time: the keeper's own work shares the store with them.
const AT_ONCE: usize = 16;
/// Least characters of a token.
const TOKEN_LEAST: usize = 16;
/// Most challenges and sign-ins of a network in a minute.
const SIGN_INS: u32 = 60;

/// Access to the API.
pub(super) struct Access {
    token: Option<AccessToken>,
    deadline: Duration,
    turns: Semaphore,
    /// Requests, by network or wallet.
    pub(super) requests: Arc<ClientLimit>,
    /// Challenges and sign-ins, by network.
    pub(super) sign_ins: ClientLimit,
    /// Those that have signed in.
    pub(super) sessions: Sessions,
    /// The sites that browsers reach the API by.
    pub(super) sites: Sites,
    /// The places of streams.
    pub(super) streams: Places,
}

/// A token, by its authentication code under a key of this process. The time that comparing codes takes reveals nothing of the
/// token.
struct AccessToken {
    key: [u8; 32],
    code: Vec<u8>,
}

impl Access {
    /// Reads the token. `addr` is where the API listens. Errors: [`ApiServerError`].
    pub(super) fn open(settings: &ApiSettings, addr: SocketAddr) -> Result<Access, ApiServerError> {
        let token = match &settings.token {
            Some(source) => Some(AccessToken::new(source.read_private()?.expose_secret())?),
            None => None,
        };
        Ok(Access {
            token,
            deadline: settings.deadline,
            turns: Semaphore::new(AT_ONCE),
            requests: Arc::new(ClientLimit::per_minute(settings.requests_per_minute)),
            sign_ins: ClientLimit::per_minute(SIGN_INS),
            sessions: Sessions::default(),
            sites: Sites::new(settings, addr),
            streams: Places::new(settings.max_streams),
        })
    }

    fn caller(&self, headers: &HeaderMap) -> Caller {
        let Some(shown) = headers.get(header::AUTHORIZATION) else { return Caller::Public };
        let shown = shown.to_str().ok().and_then(|value| value.split_once(' '));
        let Some((scheme, shown)) = shown else { return Caller::Wrong };
        let shown = shown.trim();
        match &self.token {
            _ if !scheme.eq_ignore_ascii_case("bearer") => Caller::Wrong,
            Some(token) if token.matches(shown) => Caller::Operator,
            _ => self.sessions.wallet(shown).map_or(Caller::Wrong, Caller::Wallet),
        }
    }
}

impl AccessToken {
    fn new(token: &str) -> Result<AccessToken, ApiServerError> {
        let found = token.chars().count();
        if found < TOKEN_LEAST {
            return Err(ApiServerError::ShortToken { found, least: TOKEN_LEAST });
        }
        let key = rand::random::<[u8; 32]>();
        // A key of any length is taken.
        let code = mac(&key, token).map(|mac| mac.finalize().into_bytes().to_vec()).unwrap_or_default();
        Ok(AccessToken { key, code })
    }

    fn matches(&self, shown: &str) -> bool {
        mac(&self.key, shown).is_some_and(|mac| mac.verify_slice(&self.code).is_ok())
    }
}

fn mac(key: &[u8], token: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(token.as_bytes());
    Some(mac)
}

/// The one that asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Somebody without a token.
    Public,
    /// Somebody with a token that is wrong, or has ended.
    Wrong,
    /// A wallet that has signed in.
    Wallet(Pubkey),
    /// The operator.
    Operator,
}

impl Caller {
    /// Returns whether it may see what is for the parties of a credit.
    pub(crate) fn sees(self, lender: Pubkey, borrower: Pubkey) -> bool {
        match self {
            Caller::Operator => true,
            Caller::Wallet(wallet) => wallet == lender || wallet == borrower,
            Caller::Public | Caller::Wrong => false,
        }
    }
}

/// The one that asks, of a route that shows more to a party. Errors: 401 for a wrong token.
pub(crate) struct Anybody(pub(crate) Caller);

/// A party: a wallet that has signed in, or the operator. Errors: 401.
pub(crate) struct Party(pub(crate) Caller);

/// The operator. Errors: 401; 403 for a wallet.
pub(crate) struct Operator;

fn caller(parts: &Parts) -> Caller {
    parts.extensions.get().copied().unwrap_or(Caller::Public)
}

impl<S: Send + Sync> FromRequestParts<S> for Anybody {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Anybody, ApiError> {
        match caller(parts) {
            Caller::Wrong => Err(ApiError::wrong_token()),
            caller => Ok(Anybody(caller)),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Party {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Party, ApiError> {
        match caller(parts) {
            Caller::Wrong => Err(ApiError::wrong_token()),
            Caller::Public => Err(ApiError::no_token()),
            caller => Ok(Party(caller)),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Operator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Operator, ApiError> {
        match caller(parts) {
            Caller::Wrong => Err(ApiError::wrong_token()),
            Caller::Public => Err(ApiError::no_token()),
            Caller::Wallet(_) => Err(ApiError::operator_alone()),
            Caller::Operator => Ok(Operator),
        }
    }
}

/// Notes who asks, and refuses clients that ask too often.
pub(super) async fn identify(
    State(access): State<Arc<Access>>,
    mut request: Request,
    next: Next,
) -> Response {
    let caller = access.caller(request.headers());
    let client = match caller {
        Caller::Operator => None,
        Caller::Wallet(wallet) => Some(ClientKey::Wallet(wallet)),
        Caller::Public | Caller::Wrong => Some(ClientKey::of_network(&request)),
    };
    if let Some(Err(wait)) = client.map(|client| access.requests.take(client)) {
        return ApiError::too_often(wait).into_response();
    }
    request.extensions_mut().insert(caller);
    next.run(request).await
}

/// Answers a few requests at the same time, each within the deadline.
pub(super) async fn within_deadline(
    State(access): State<Arc<Access>>,
    request: Request,
    next: Next,
) -> Response {
    let answer = async {
        // The semaphore is never closed.
        let _turn = access.turns.acquire().await;
        next.run(request).await
    };
    match timeout(access.deadline, answer).await {
        Ok(response) => response,
        Err(_) => ApiError::deadline().into_response(),
    }
}

/// Counts answers by route and status.
pub(super) async fn count(State(route): State<&'static str>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status().as_u16().to_string();
    metrics::counter!("blockable_keeper_requests_total", "route" => route, "status" => status).increment(1);
    response
}
