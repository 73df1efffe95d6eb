//! Access to the API: the token, the deadline of requests, and the number of requests at once.

use {
    crate::api::{ApiServerError, error::ApiError},
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

/// Requests to `/v1` that are answered at the same time: the keeper's own work shares the store with them.
const AT_ONCE: usize = 16;
/// Least characters of a token.
const TOKEN_LEAST: usize = 16;

/// Access to the API.
pub(super) struct Access {
    token: Option<AccessToken>,
    deadline: Duration,
    turns: Semaphore,
}

/// A token, by its authentication code under a key of this process. The time that comparing codes takes reveals nothing of the
/// token.
struct AccessToken {
    key: [u8; 32],
    code: Vec<u8>,
}

impl Access {
    /// Reads the token. Errors: [`ApiServerError`].
    pub(crate) fn open(token: Option<&SecretSource>, deadline: Duration) -> Result<Access, ApiServerError> {
        let token = match token {
            Some(source) => Some(AccessToken::new(source.read()?.expose_secret())?),
            None => None,
        };
        Ok(Access { token, deadline, turns: Semaphore::new(AT_ONCE) })
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

/// Passes on requests with the token, where one is set; a few at the same time.
pub(super) async fn require_token(
    State(access): State<Arc<Access>>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = match check_token(&access, request.headers()) {
        Ok(()) => {
            // The semaphore is never closed.
            let _turn = access.turns.acquire().await;
            next.run(request).await
        }
        Err(error) => error.into_response(),
    };
    // Debts of lenders and borrowers must not stay in caches.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn check_token(access: &Access, headers: &HeaderMap) -> Result<(), ApiError> {
    let Some(token) = &access.token else { return Ok(()) };
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let shown = shown.and_then(|value| value.split_once(' '));
    match shown {
        Some((scheme, shown)) if scheme.eq_ignore_ascii_case("bearer") && token.matches(shown.trim()) => {
            Ok(())
        }
        Some(_) => Err(ApiError::unauthorised("the token is wrong; send the one that api.token names")),
        None => Err(ApiError::unauthorised("a token is needed; send `Authorization: Bearer TOKEN`")),
    }
}

/// Refuses requests that take longer than the deadline.
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

/// Counts answers by route and status.
pub(super) async fn count(State(route): State<&'static str>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status().as_u16().to_string();
    metrics::counter!("blockable_keeper_requests_total", "route" => route, "status" => status).increment(1);
    response
}
