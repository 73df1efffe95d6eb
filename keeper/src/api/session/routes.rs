//! `/v1/sessions`: sign-in, refresh and sign-out.

use {
    super::{OpenSession, PartyScope, now_ms},
    crate::{
        api::{
            access::{Access, Caller, Party},
            body::StrictJson,
            error::{ApiError, ErrorBody},
            query::AddressParam,
            state::ApiState,
        },
        limits::ClientKey,
        values::{Address, Time},
    },
    axum::{
        Extension, Json,
        extract::{Request, State},
        http::{HeaderMap, StatusCode, header},
        middleware::Next,
        response::{IntoResponse, Response},
    },
    base64::{Engine, engine::general_purpose::STANDARD},
    blockable_sdk::{Hash, Pubkey, amounts::ChainTime},
    blockable_service::sign_in::{self, Proof, SignInRefused},
    serde::{Deserialize, Serialize},
    std::sync::Arc,
    utoipa::ToSchema,
};

/// The wallet that signs in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChallengeRequest {
    /// Its address.
    #[schema(value_type = Address)]
    wallet: AddressParam,
}

/// A text to sign, in two forms.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChallengeView {
    /// The challenge, to be sent back with the signature.
    #[schema(pattern = "^[0-9a-f]{92}$")]
    challenge: String,
    /// The message to sign.
    message: String,
    /// A transaction with the message, in base64, for wallets that sign no messages. It can never land.
    #[schema(pattern = "^[A-Za-z0-9+/]+=*$")]
    transaction: String,
    /// The end of the challenge.
    ends_at: Time,
}

/// A signed challenge. It has either `signature` or `transaction`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionRequest {
    /// The wallet.
    #[schema(value_type = Address)]
    wallet: AddressParam,
    /// The challenge that was signed.
    #[schema(pattern = "^[0-9a-f]{92}$")]
    challenge: String,
    /// The signature of the message, in base58 or base64.
    signature: Option<String>,
    /// The signed transaction in its wire format, in base64.
    transaction: Option<String>,
}

/// A session that has begun.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionView {
    /// The token: send it as `Authorization: Bearer TOKEN`. It is shown once.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    token: String,
    /// The wallet.
    wallet: Address,
    /// The end of the token.
    ends_at: Time,
    /// The time until which it can be exchanged for a further one.
    refresh_until: Time,
}

/// The holder of a token.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HolderView {
    /// The wallet; none for the operator.
    wallet: Option<Address>,
    /// True for the operator.
    is_operator: bool,
    /// The end of the token; none for the operator's.
    ends_at: Option<Time>,
}

impl SessionView {
    fn new(open: OpenSession) -> SessionView {
        SessionView {
            token: open.token,
            wallet: Address(open.session.wallet),
            ends_at: time(open.session.ends_ms),
            refresh_until: time(open.session.refresh_until_ms),
        }
    }
}

fn time(ms: i64) -> Time {
    Time::from(ChainTime(ms.div_euclid(1_000)))
}

/// Refuses networks that ask for challenges or sign in too often: each costs the check of a signature, or a place.
pub(in crate::api) async fn limit(
    State(access): State<Arc<Access>>,
    request: Request,
    next: Next,
) -> Response {
    match access.sign_ins.take(ClientKey::of_network(&request)) {
        Ok(()) => next.run(request).await,
        Err(wait) => ApiError::too_often(wait).into_response(),
    }
}

fn scope(
    state: &ApiState,
    access: &Access,
    headers: &HeaderMap,
    wallet: Pubkey,
) -> Result<PartyScope, ApiError> {
    let genesis = genesis(state).ok_or_else(ApiError::not_read_yet)?;
    let domain = access.sites.domain(headers)?;
    let keeper = access.sites.name().to_string();
    Ok(PartyScope { domain, keeper, genesis, market: state.market, wallet })
}

/// The hash of the cluster's first block, as the first node that has answered names it.
fn genesis(state: &ApiState) -> Option<Hash> {
    state.nodes.genesis()
}

/// Gives a wallet a text to sign. It names the site, the wallet, the cluster and the market, and is good once.
#[utoipa::path(
    post, path = "/v1/sessions/challenge", operation_id = "begin_sign_in", tag = "sessions", request_body = ChallengeRequest,
    responses(
        (status = 200, body = ChallengeView), (status = 400, body = ErrorBody),
        (status = 403, description = "The page is of a site that is not listed", body = ErrorBody),
        (status = 413, body = ErrorBody), (status = 415, body = ErrorBody),
        (status = 421, description = "The host is not this keeper's", body = ErrorBody),
        (status = 429, description = "The client asks too often", body = ErrorBody), (status = 503, body = ErrorBody)
    )
)]
pub(in crate::api) async fn challenge(
    State(state): State<Arc<ApiState>>,
    Extension(access): Extension<Arc<Access>>,
    headers: HeaderMap,
    StrictJson(request): StrictJson<ChallengeRequest>,
) -> Result<Json<ChallengeView>, ApiError> {
    let scope = scope(&state, &access, &headers, request.wallet.0)?;
    let challenge = access.sessions.sign_ins.challenge(&scope, now_ms());
    Ok(Json(ChallengeView {
        message: sign_in::message(&scope, &challenge),
        transaction: STANDARD.encode(sign_in::transaction(&scope, &challenge)),
        ends_at: time(challenge.ends_ms),
        challenge: challenge.text,
    }))
}

/// Begins a session, for a signed challenge.
#[utoipa::path(
    post, path = "/v1/sessions", operation_id = "sign_in", tag = "sessions", request_body = SessionRequest,
    responses(
        (status = 201, body = SessionView), (status = 400, body = ErrorBody),
        (status = 401, description = "The challenge or the signature is wrong", body = ErrorBody),
        (status = 403, description = "The page is of a site that is not listed", body = ErrorBody),
        (status = 413, body = ErrorBody), (status = 415, body = ErrorBody),
        (status = 421, description = "The host is not this keeper's", body = ErrorBody),
        (status = 429, description = "The client asks too often", body = ErrorBody), (status = 503, body = ErrorBody)
    )
)]
pub(in crate::api) async fn begin(
    State(state): State<Arc<ApiState>>,
    Extension(access): Extension<Arc<Access>>,
    headers: HeaderMap,
    StrictJson(request): StrictJson<SessionRequest>,
) -> Result<(StatusCode, Json<SessionView>), ApiError> {
    let (wallet, now) = (request.wallet.0, now_ms());
    let scope = scope(&state, &access, &headers, wallet)?;
    let proof = Proof::read(request.signature.as_deref(), request.transaction.as_deref());
    let proof = proof.map_err(|error| ApiError::bad_parameter(error.to_string()))?;
    let sign_ins = &access.sessions.sign_ins;
    sign_ins.verify(&scope, &request.challenge, &proof, now).map_err(refused)?;
    sign_ins.use_up(&request.challenge, now).map_err(refused)?;
    let is_party = state.watch.measures().values().any(|of| of.lender == wallet || of.borrower == wallet);
    let opened = access.sessions.open(wallet, is_party, now).map_err(|_| ApiError::too_many_sessions())?;
    Ok((StatusCode::CREATED, Json(SessionView::new(opened))))
}

fn refused(refusal: SignInRefused) -> ApiError {
    match refusal {
        SignInRefused::Busy => ApiError::too_many_sessions(),
        other => ApiError::sign_in_refused(other.to_string()),
    }
}

/// Exchanges a token for one that ends later. The old one is void.
#[utoipa::path(
    post, path = "/v1/sessions/refresh", operation_id = "refresh_session", tag = "sessions", security(("token" = [])),
    responses(
        (status = 200, body = SessionView), (status = 401, body = ErrorBody),
        (status = 403, description = "The operator's token has no end", body = ErrorBody),
        (status = 429, description = "The client asks too often", body = ErrorBody)
    )
)]
pub(in crate::api) async fn refresh(
    Party(caller): Party,
    Extension(access): Extension<Arc<Access>>,
    headers: HeaderMap,
) -> Result<Json<SessionView>, ApiError> {
    if caller == Caller::Operator {
        return Err(ApiError::wallets_alone());
    }
    let refreshed = access.sessions.refresh(token(&headers), now_ms());
    refreshed.map(|open| Json(SessionView::new(open))).ok_or_else(ApiError::wrong_token)
}

/// Names the holder of a token.
#[utoipa::path(
    get, path = "/v1/sessions", operation_id = "show_session", tag = "sessions", security(("token" = [])),
    responses(
        (status = 200, body = HolderView), (status = 401, body = ErrorBody),
        (status = 429, description = "The client asks too often", body = ErrorBody)
    )
)]
pub(in crate::api) async fn show(
    Party(caller): Party,
    Extension(access): Extension<Arc<Access>>,
    headers: HeaderMap,
) -> Result<Json<HolderView>, ApiError> {
    if caller == Caller::Operator {
        return Ok(Json(HolderView { wallet: None, is_operator: true, ends_at: None }));
    }
    let session = access.sessions.find(token(&headers), now_ms()).ok_or_else(ApiError::wrong_token)?;
    let (wallet, ends_at) = (Some(Address(session.wallet)), Some(time(session.ends_ms)));
    Ok(Json(HolderView { wallet, is_operator: false, ends_at }))
}

/// Ends a session. Its token is void.
#[utoipa::path(
    delete, path = "/v1/sessions", operation_id = "end_session", tag = "sessions", security(("token" = [])),
    responses(
        (status = 204, description = "The session has ended"), (status = 401, body = ErrorBody),
        (status = 403, description = "The operator's token has no end", body = ErrorBody),
        (status = 429, description = "The client asks too often", body = ErrorBody)
    )
)]
pub(in crate::api) async fn end(
    Party(caller): Party,
    Extension(access): Extension<Arc<Access>>,
    headers: HeaderMap,
) -> Result<StatusCode, ApiError> {
    if caller == Caller::Operator {
        return Err(ApiError::wallets_alone());
    }
    access.sessions.close(token(&headers));
    Ok(StatusCode::NO_CONTENT)
}

/// The token of a request that was let in by one.
fn token(headers: &HeaderMap) -> &str {
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    shown.and_then(|value| value.split_once(' ')).map_or("", |(_, token)| token.trim())
}
