//! Who may read, and for how long a request may take.

use {
    crate::api::{ServerError, error::ApiError},
    axum::{
        extract::{Request, State},
        http::{HeaderMap, HeaderValue, header},
        middleware::Next,
        response::{IntoResponse, Response},
    },
    blockable_service::secrets::SecretSource,
    hmac::{Hmac, Mac},
    secrecy::ExposeSecret,
    sha2::Sha256,
    std::{sync::Arc, time::Duration},
    tokio::{sync::Semaphore, time::timeout},
};

/// Requests to `/v1` that are answered at once: the keeper's own work shares the store with them.
const AT_ONCE: usize = 16;
/// Characters that a token must have.
const TOKEN_LEAST: usize = 16;

/// Who may read, and for how long.
pub(super) struct Access {
    token: Option<Token>,
    deadline: Duration,
    turns: Semaphore,
}

/// A token, by its code under a key of this process: comparing codes tells nothing of the token by the time it takes.
struct Token {
    key: [u8; 32],
    code: Vec<u8>,
}

impl Access {
    /// Reads the token. Errors: [`ServerError`].
    pub fn open(token: Option<&SecretSource>, deadline: Duration) -> Result<Access, ServerError> {
        let token = match token {
            Some(source) => Some(Token::new(source.read()?.expose_secret())?),
            None => None,
        };
        Ok(Access { token, deadline, turns: Semaphore::new(AT_ONCE) })
    }
}

impl Token {
    fn new(token: &str) -> Result<Token, ServerError> {
        let found = token.chars().count();
        if found < TOKEN_LEAST {
            return Err(ServerError::ShortToken { found, least: TOKEN_LEAST });
        }
        let key = rand::random::<[u8; 32]>();
        // A key of any length is taken.
        let code = mac(&key, token).map(|mac| mac.finalize().into_bytes().to_vec()).unwrap_or_default();
        Ok(Token { key, code })
    }

    fn is(&self, shown: &str) -> bool {
        mac(&self.key, shown).is_some_and(|mac| mac.verify_slice(&self.code).is_ok())
    }
}

fn mac(key: &[u8], token: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(token.as_bytes());
    Some(mac)
}

/// Lets requests through that show the token, where there is one, a few at once.
pub(super) async fn require_token(
    State(access): State<Arc<Access>>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = match allowed(&access, request.headers()) {
        Ok(()) => {
            // The semaphore is never closed.
            let _turn = access.turns.acquire().await;
            next.run(request).await
        }
        Err(error) => error.into_response(),
    };
    // What lenders and borrowers owe is nothing for caches.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn allowed(access: &Access, headers: &HeaderMap) -> Result<(), ApiError> {
    let Some(token) = &access.token else { return Ok(()) };
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let shown = shown.and_then(|value| value.split_once(' '));
    match shown {
        Some((scheme, shown)) if scheme.eq_ignore_ascii_case("bearer") && token.is(shown.trim()) => Ok(()),
        Some(_) => Err(ApiError::unauthorised("the token is wrong; send the one of api.token")),
        None => Err(ApiError::unauthorised("a token is needed; send `Authorization: Bearer TOKEN`")),
    }
}

/// Ends requests that take too long.
pub(super) async fn within_deadline(
    State(access): State<Arc<Access>>,
    request: Request,
    next: Next,
) -> Response {
    match timeout(access.deadline, next.run(request)).await {
        Ok(response) => response,
        Err(_) => ApiError::deadline().into_response(),
    }
}

/// Counts a route's answers.
pub(super) async fn count(State(route): State<&'static str>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status().as_u16().to_string();
    metrics::counter!("blockable_keeper_requests_total", "route" => route, "status" => status).increment(1);
    response
}
