//! `/v1/keys`: the borrower gets its first key by signing in with its wallet, and makes sub-keys with it.

mod forms;

use {
    crate::{
        api::{
            body::read_json,
            openapi::{
                refusals::{Always, BodyRefusals, Conflict, Keyless, Malformed, Missing, NotAllowed},
                words::KeyName,
            },
            path::PathText,
            run_to_end,
        },
        app::App,
        error::ApiError,
        http::Route,
        keys::{BorrowersPlace, Caller, MOST_KEYS, SignInScope, SubKey},
    },
    axum::{
        Extension, Json,
        body::Body,
        extract::{Query, State, rejection::QueryRejection},
        http::{HeaderMap, StatusCode},
        routing::{get, post},
    },
    base64::{Engine, engine::general_purpose::STANDARD},
    blockable_gate::{StoredKey, gate::now_ms},
    blockable_sdk::Pubkey,
    blockable_service::{
        http::{ClientAddress, ClientNetwork},
        sign_in::{self, SignInRefused},
    },
    forms::{ChallengeQuery, ChallengeView, FirstKeyView, KeyList, KeyRequest, KeyView, SignInRequest},
    secrecy::ExposeSecret,
    std::sync::Arc,
    utoipa::OpenApi,
};

/// Most bytes of a request about keys.
const MAX_BODY: usize = 16 << 10;
/// Most characters of a sub-key's name.
const MAX_NAME: usize = 32;
/// The routes of keys.
pub(super) fn routes() -> Vec<Route> {
    vec![
        ("/v1/keys", get(list).post(sign_in_with)),
        ("/v1/keys/sign-in", get(challenge)),
        ("/v1/keys/{name}", get(show).put(put).delete(revoke)),
        ("/v1/keys/{name}/replace", post(replace)),
    ]
}

#[derive(OpenApi)]
#[openapi(paths(challenge, sign_in_with, list, show, put, replace, revoke))]
pub(super) struct Paths;

/// Gives a borrower a text to sign with its wallet, for a first key.
#[utoipa::path(
    get, path = "/v1/keys/sign-in", operation_id = "begin_sign_in", tag = "keys", params(ChallengeQuery),
    responses((status = 200, body = ChallengeView), Malformed, Missing, Always)
)]
async fn challenge(
    State(app): State<Arc<App>>,
    query: Result<Query<ChallengeQuery>, QueryRejection>,
) -> Result<Json<ChallengeView>, ApiError> {
    let wrong =
        |_| ApiError::param("credit", "name the credit, and true or false for `replace`: ?credit=ADDRESS");
    let Query(query) = query.map_err(wrong)?;
    let scope = scope(&app, &query.credit, query.replace)?;
    let challenge = app.sign_ins.challenge(&scope, now_ms());
    Ok(Json(ChallengeView {
        borrower: scope.borrower.to_string(),
        message: sign_in::message(&scope, &challenge),
        transaction: STANDARD.encode(sign_in::transaction(&scope, &challenge)),
        ends_at: challenge.ends_ms.div_euclid(1_000),
        challenge: challenge.text,
    }))
}

/// The scope of a sign-in. Errors: 400 for what is no address, 404 for a credit that the server does not know.
fn scope(app: &App, credit: &str, replace: bool) -> Result<SignInScope, ApiError> {
    let wrong = |_| ApiError::param("credit", "`credit` must be the credit's address");
    let credit: Pubkey = credit.parse().map_err(wrong)?;
    let place = app.borrowers_place(&credit).ok_or_else(|| {
        let message =
            "the server knows no such credit yet; correct the address, or try again once it is issued";
        ApiError::not_found("credit_not_found", message)
    })?;
    let (market, provider) = (app.config.chain.market, app.config.chain.provider);
    Ok(SignInScope { market, provider, credit, borrower: place.borrower, replace })
}

/// Gives a borrower the first key of its credit, for a signed challenge.
#[utoipa::path(
    post, path = "/v1/keys", operation_id = "sign_in", tag = "keys", request_body = SignInRequest,
    responses((status = 200, body = FirstKeyView), BodyRefusals, Keyless, Missing, Always)
)]
async fn sign_in_with(
    State(app): State<Arc<App>>,
    Extension(client): Extension<ClientAddress>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<FirstKeyView>, ApiError> {
    let body = app.read_body(&headers, body, MAX_BODY).await?;
    // After the body: who sends slowly keeps no place.
    if !app.sign_in_intake.admit(ClientNetwork::new(client.0)) {
        return Err(too_many_sign_ins());
    }
    let request: SignInRequest = read_json(&body)?;
    let scope = scope(&app, &request.credit, request.replace)?;
    let (proof, now) = (request.proof()?, now_ms());
    app.sign_ins.verify(&scope, &request.challenge, &proof, now).map_err(refused)?;
    // After the signature: only a borrower takes a place of those that sign in.
    let signature = proof.signature().unwrap_or_default();
    let _permit = app.sign_in_intake.enter(signature, scope.borrower, true).ok_or_else(too_many_sign_ins)?;
    app.sign_ins.use_up(&request.challenge, now).map_err(refused)?;
    if scope.replace {
        let (app, credit) = (app.clone(), scope.credit);
        let voided = run_to_end(async move { Ok(app.keys.void_all(&app.gate, &credit).await?) });
        let generation = voided.await?;
        tracing::info!(%credit, generation, "the borrower voided all API keys");
    }
    let place = app.borrowers_place(&scope.credit).ok_or_else(ApiError::internal)?;
    let (key, generation) = app.keys.make_first(&scope.credit, &place);
    let (credit, key) = (scope.credit.to_string(), key.expose_secret().to_string());
    Ok(Json(FirstKeyView { object: "api_key", credit, generation, key }))
}

fn too_many_sign_ins() -> ApiError {
    ApiError::too_many("too_many_sign_ins", "too many sign-ins come from you at once; try again")
}

fn refused(refusal: SignInRefused) -> ApiError {
    let (code, message) = ("sign_in_refused", refusal.to_string());
    match refusal {
        SignInRefused::Busy => ApiError::too_many("too_many_sign_ins", message),
        _ => ApiError::new(StatusCode::UNAUTHORIZED, "authentication_error", code, message),
    }
}

/// The credit and its borrower, of a request with the first key. Errors: 403 for a sub-key.
fn first_key(app: &App, headers: &HeaderMap) -> Result<(Pubkey, BorrowersPlace), ApiError> {
    let Caller { credit, sub_key, .. } = app.authorise_caller(headers)?;
    if sub_key.is_some() {
        let message = "a sub-key neither sees nor makes other keys; use the credit's first key";
        return Err(ApiError::new(StatusCode::FORBIDDEN, "permission_error", "key_not_allowed", message));
    }
    let unknown =
        || ApiError::unavailable("credit_unknown", "the server has not seen the credit yet; try again");
    Ok((credit, app.borrowers_place(&credit).ok_or_else(unknown)?))
}

/// Lists the sub-keys of a credit, for its first key.
#[utoipa::path(
    get, path = "/v1/keys", operation_id = "list_keys", tag = "keys", security(("api_key" = [])),
    responses((status = 200, body = KeyList), Keyless, NotAllowed, Always)
)]
async fn list(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Json<KeyList>, ApiError> {
    let (credit, place) = first_key(&app, &headers)?;
    let keys = app.keys.list(&credit, &place.borrower);
    let data = keys.iter().map(|key| KeyView::new(&app, key)).collect();
    Ok(Json(KeyList { object: "list", generation: app.keys.lowest(&credit), data }))
}

/// Shows a sub-key.
#[utoipa::path(
    get, path = "/v1/keys/{name}", operation_id = "show_key", tag = "keys", security(("api_key" = [])),
    params(("name" = KeyName, Path, description = "The sub-key")),
    responses((status = 200, body = KeyView), Malformed, Keyless, NotAllowed, Missing, Always)
)]
async fn show(
    State(app): State<Arc<App>>,
    PathText(name): PathText,
    headers: HeaderMap,
) -> Result<Json<KeyView>, ApiError> {
    let (credit, place) = first_key(&app, &headers)?;
    let key = app.keys.find(&credit, &place.borrower, &name).ok_or_else(no_such_key)?;
    Ok(Json(KeyView::new(&app, &key)))
}

fn no_such_key() -> ApiError {
    ApiError::not_found("key_not_found", "the credit has no sub-key of this name; GET /v1/keys lists them")
}

/// Makes a sub-key, or changes the bounds of one. What the body leaves out stays as it is.
#[utoipa::path(
    put, path = "/v1/keys/{name}", operation_id = "put_key", tag = "keys", security(("api_key" = [])),
    params(("name" = KeyName, Path, description = "The sub-key")), request_body = Option<KeyRequest>,
    responses((status = 200, body = KeyView), BodyRefusals, Keyless, NotAllowed, Conflict, Always)
)]
async fn put(
    State(app): State<Arc<App>>,
    PathText(name): PathText,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<KeyView>, ApiError> {
    first_key(&app, &headers)?;
    require_name(&name)?;
    let body = app.read_body(&headers, body, MAX_BODY).await?;
    // Again, now that the body is there: a key that was voided meanwhile changes nothing.
    let (credit, place) = first_key(&app, &headers)?;
    let body = if body.is_empty() { "{}".into() } else { body };
    let request: KeyRequest = read_json(&body)?;
    let now = now_ms();
    request.require_end(now)?;
    let (owner, keys) = (place.borrower, app.clone());
    let id = (credit, owner, name.clone());
    let change = move |found: Option<StoredKey>, count: usize| {
        if found.as_ref().is_some_and(|key| key.is_revoked) {
            return Err(revoked());
        }
        if keys.keys.is_named_by_file(&credit, &name) {
            return Err(listed());
        }
        if found.is_none() && count >= MOST_KEYS {
            return Err(too_many_keys());
        }
        let key = found.unwrap_or_else(|| new_key((credit, owner, name), now));
        // Its text, which the answer has, is of the generation in force.
        let generation = keys.keys.lowest(&credit);
        Ok(StoredKey { generation, ..request.change(key, now) })
    };
    let changed = app.clone();
    let key = run_to_end(async move { changed.keys.change(&changed.gate, id, change).await }).await?;
    Ok(Json(with_text(&app, &key)))
}

/// A sub-key without bounds and without an end.
fn new_key((credit, owner, name): (Pubkey, Pubkey, String), now_ms: i64) -> StoredKey {
    StoredKey {
        credit,
        owner,
        name,
        version: 1,
        generation: 0,
        revision: 0,
        budget: None,
        requests_per_minute: None,
        units_per_minute: None,
        created_ms: now_ms,
        expires_ms: None,
        is_revoked: false,
    }
}

fn too_many_keys() -> ApiError {
    let message = "the credit has 1,000 sub-keys, revoked ones included; change one that it has";
    ApiError::new(StatusCode::CONFLICT, "invalid_request_error", "too_many_keys", message)
}

fn revoked() -> ApiError {
    let message = "the sub-key of this name was revoked for good; choose another name";
    ApiError::new(StatusCode::CONFLICT, "invalid_request_error", "key_revoked", message)
}

/// A key that the provider's file lists, which is good again once it no longer does.
fn listed() -> ApiError {
    let message =
        "the provider has revoked the sub-key of this name; choose another name, or ask the provider for it";
    ApiError::new(StatusCode::CONFLICT, "invalid_request_error", "key_revoked", message)
}

/// Shows a sub-key with its text.
fn with_text(app: &App, key: &SubKey) -> KeyView {
    KeyView::new(app, key).with_text(app.keys.make_sub(&key.stored()).expose_secret())
}

fn require_name(name: &str) -> Result<(), ApiError> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let is_good = name.len() <= MAX_NAME && name.starts_with(|first: char| first.is_ascii_lowercase());
    match is_good && name.bytes().all(plain) {
        true => Ok(()),
        false => Err(ApiError::param(
            "name",
            "a sub-key's name has up to 32 lower-case letters, digits and `_`, and begins with a letter",
        )),
    }
}

/// Makes a new text of a sub-key; the one before is void.
#[utoipa::path(
    post, path = "/v1/keys/{name}/replace", operation_id = "replace_key", tag = "keys", security(("api_key" = [])),
    params(("name" = KeyName, Path, description = "The sub-key")),
    responses((status = 200, body = KeyView), Malformed, Keyless, NotAllowed, Missing, Conflict, Always)
)]
async fn replace(
    State(app): State<Arc<App>>,
    PathText(name): PathText,
    headers: HeaderMap,
) -> Result<Json<KeyView>, ApiError> {
    let keys = app.clone();
    let replaced = move |key: StoredKey| match keys.keys.is_revoked(&key) {
        true if key.is_revoked => Err(revoked()),
        true => Err(listed()),
        false => Ok(StoredKey {
            version: key.version.saturating_add(1),
            generation: keys.keys.lowest(&key.credit),
            ..key
        }),
    };
    let key = change_found(&app, &headers, name, replaced).await?;
    Ok(Json(with_text(&app, &key)))
}

/// Revokes a sub-key for good.
#[utoipa::path(
    delete, path = "/v1/keys/{name}", operation_id = "revoke_key", tag = "keys", security(("api_key" = [])),
    params(("name" = KeyName, Path, description = "The sub-key")),
    responses((status = 200, body = KeyView), Malformed, Keyless, NotAllowed, Missing, Conflict, Always)
)]
async fn revoke(
    State(app): State<Arc<App>>,
    PathText(name): PathText,
    headers: HeaderMap,
) -> Result<Json<KeyView>, ApiError> {
    let (credit, place) = first_key(&app, &headers)?;
    let found = app.keys.find(&credit, &place.borrower, &name);
    // Revoking it again changes nothing; one that the file alone lists is revoked for good by this.
    if let Some(key) = found.filter(|key| key.stored().is_revoked) {
        return Ok(Json(KeyView::new(&app, &key)));
    }
    // Nor where another request revokes it in this moment.
    let key = change_found(&app, &headers, name, |key| Ok(StoredKey { is_revoked: true, ..key })).await?;
    Ok(Json(KeyView::new(&app, &key)))
}

/// Changes a sub-key that exists. Errors: 404, those of `change`.
async fn change_found(
    app: &Arc<App>,
    headers: &HeaderMap,
    name: String,
    change: impl FnOnce(StoredKey) -> Result<StoredKey, ApiError> + Send + 'static,
) -> Result<Arc<SubKey>, ApiError> {
    let (credit, place) = first_key(app, headers)?;
    let app = app.clone();
    run_to_end(async move {
        let change = |found: Option<StoredKey>, _| found.map_or_else(|| Err(no_such_key()), change);
        app.keys.change(&app.gate, (credit, place.borrower, name), change).await
    })
    .await
}
