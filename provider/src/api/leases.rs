//! `/v1/leases`. A credit's leases are shown to its first key, and each to the sub-key that opened it.

use {
    crate::{
        api::{
            body::read_json,
            openapi::{
                refusals::{
                    Always, BodyRefusals, Conflict, ErrorBody, Keyless, Malformed, Missing, NameReused,
                    NotAllowed, Shortage,
                },
                words::LeaseId,
            },
            path::PathText,
            run_to_end,
        },
        app::App,
        config::GpuConfig,
        error::ApiError,
        http::Route,
        keys::Caller,
        leases::{LeaseError, LeaseView, all_gpus},
        limits::Permit,
        named::{REPLAYED, read_name},
        shortage,
    },
    axum::{
        Json,
        body::Body,
        extract::State,
        http::{HeaderMap, HeaderValue, StatusCode},
        routing::{get, post},
    },
    blockable_sdk::{Pubkey, amounts::Units},
    serde::{Deserialize, Serialize, de::DeserializeOwned},
    serde_json::json,
    std::{sync::Arc, time::Duration},
    utoipa::{OpenApi, ToSchema},
};

/// Most bytes of a request about a lease.
const MAX_BODY: usize = 16 << 10;

/// The routes of leases.
pub(super) fn routes() -> Vec<Route> {
    vec![
        ("/v1/leases", get(list).post(open)),
        ("/v1/leases/{id}", get(show).delete(remove)),
        ("/v1/leases/{id}/heartbeat", post(heartbeat)),
        ("/v1/leases/{id}/close", post(close)),
    ]
}

#[derive(OpenApi)]
#[openapi(paths(list, open, show, remove, heartbeat, close))]
pub(super) struct Paths;

/// The GPUs to rent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OpenRequest {
    /// A kind of GPU of `GET /v1/leases`.
    gpu: String,
    /// Number of GPUs.
    #[serde(default = "one")]
    #[schema(minimum = 1, default = 1)]
    count: u32,
    /// Seconds that are held in advance, until the next heartbeat.
    #[schema(minimum = 1)]
    heartbeat_seconds: Option<u64>,
}

fn one() -> u32 {
    1
}

/// The next period of a lease.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HeartbeatRequest {
    /// Seconds that are held in advance, from now on; without it as many as before.
    #[schema(minimum = 1)]
    heartbeat_seconds: Option<u64>,
}

/// A lease.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct LeaseEntry {
    /// Its name.
    #[schema(value_type = LeaseId)]
    id: String,
    #[schema(value_type = String, example = "lease")]
    object: &'static str,
    /// The kind of its GPUs.
    gpu: String,
    /// Number of its GPUs.
    count: u32,
    /// The time at which it was opened, in milliseconds since 1970.
    opened_ms: i64,
    status: LeaseStatus,
    /// Its price, of all GPUs.
    #[schema(value_type = u64)]
    units_per_second: Units,
    /// Units held for the running period.
    #[schema(value_type = u64)]
    units_held: Units,
    /// Units charged so far.
    #[schema(value_type = u64)]
    units_settled: Units,
    /// The end of the running period, or of the lease where that has ended, in milliseconds since 1970.
    runs_until_ms: i64,
}

/// The status of a lease.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum LeaseStatus {
    Open,
    Ended,
}

/// The leases of a credit, and the GPUs on offer.
#[derive(Serialize, ToSchema)]
struct LeaseList {
    #[schema(value_type = String, example = "list")]
    object: &'static str,
    /// The leases.
    data: Vec<LeaseEntry>,
    /// GPUs on offer.
    gpus: Vec<GpuOffer>,
}

/// GPUs on offer.
#[derive(Serialize, ToSchema)]
struct GpuOffer {
    /// Their kind.
    gpu: String,
    /// The price of one; null while no price list is in force.
    #[schema(required, value_type = Option<u64>)]
    units_per_second: Option<Units>,
    /// Number of them, rented ones included.
    count: u32,
}

impl LeaseEntry {
    fn new(lease: &LeaseView) -> LeaseEntry {
        LeaseEntry {
            id: lease.rented.id.clone(),
            object: "lease",
            gpu: lease.rented.gpu.clone(),
            count: lease.rented.count,
            opened_ms: lease.rented.opened_ms,
            status: if lease.open { LeaseStatus::Open } else { LeaseStatus::Ended },
            units_per_second: lease.units_per_second,
            units_held: lease.held,
            units_settled: lease.settled,
            runs_until_ms: lease.runs_until_ms,
        }
    }
}

impl From<LeaseError> for ApiError {
    fn from(error: LeaseError) -> Self {
        let message = error.to_string();
        match error {
            LeaseError::UnknownGpu => ApiError::not_found("gpu_not_found", message),
            // No failure that passes by itself: clients must not send it again and again.
            LeaseError::NoneFree { .. } => {
                ApiError::new(StatusCode::CONFLICT, "invalid_request_error", "gpu_unavailable", message)
            }
            LeaseError::TooMany(_) | LeaseError::TooManyEnded(_) => {
                ApiError::too_many("too_many_leases", message)
            }
            LeaseError::KeyReused => {
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                ApiError::new(status, "invalid_request_error", "idempotency_key_reused", message)
            }
            LeaseError::Unknown => ApiError::not_found("lease_not_found", message),
            LeaseError::Ended => {
                ApiError::new(StatusCode::GONE, "invalid_request_error", "lease_ended", message)
            }
            LeaseError::Refused(refusal) => refusal.into(),
            LeaseError::Store(error) => error.into(),
        }
    }
}

/// Makes the answer to a lease that the gate refuses: with what to pay, and the longest period that fits at `units_per_second`.
fn refuse(app: &App, credit: &Pubkey, error: LeaseError, units_per_second: Option<Units>) -> ApiError {
    let LeaseError::Refused(refusal) = error else { return error.into() };
    shortage::refuse(app, credit, refusal, |open| {
        let seconds = open.get().checked_div(units_per_second?.get())?;
        (seconds > 0).then_some(("heartbeat_seconds", seconds.min(app.config.leases.max_heartbeat_seconds)))
    })
}

/// Reads a body of JSON and begins the request of a caller that may change leases. `None` where the body is empty. Errors: see
/// [`App::receive`], and 403 for a key with bounds on its units.
async fn receive<T: DeserializeOwned>(
    app: &App,
    headers: &HeaderMap,
    body: Body,
) -> Result<(Caller, Option<T>, Permit), ApiError> {
    authorise(app, headers)?;
    let (caller, body, permit) = app.receive(headers, body, MAX_BODY).await?;
    caller.require_no_bounds()?;
    if body.is_empty() {
        return Ok((caller, None, permit));
    }
    let request = read_json(&body)?;
    Ok((caller, Some(request), permit))
}

fn period_length(app: &App, seconds: u64) -> Result<Duration, ApiError> {
    let most = app.config.leases.max_heartbeat_seconds;
    match (1..=most).contains(&seconds) {
        true => Ok(Duration::from_secs(seconds)),
        false => {
            Err(ApiError::param("heartbeat_seconds", format!("`heartbeat_seconds` must be from 1 to {most}")))
        }
    }
}

/// Rents GPUs. Their first period is held at once.
#[utoipa::path(
    post, path = "/v1/leases", operation_id = "open_lease", tag = "leases", security(("api_key" = [])), request_body = OpenRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "A name: a request that comes again gets the same lease",
        min_length = 1, max_length = 255, pattern = "^[!-~]+$")),
    responses(
        (status = 201, body = LeaseEntry),
        BodyRefusals, Keyless, Shortage, NotAllowed, Missing, Conflict, NameReused, Always
    )
)]
async fn open(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, HeaderMap, Json<LeaseEntry>), ApiError> {
    let (caller, request, permit) = receive::<OpenRequest>(&app, &headers, body).await?;
    let request = request
        .ok_or_else(|| ApiError::invalid("invalid_json", "the body is empty; name the `gpu` to rent"))?;
    if request.count == 0 {
        return Err(ApiError::param("count", "`count` is 0; ask for at least one GPU"));
    }
    let key = read_name(&headers)?;
    let length =
        period_length(&app, request.heartbeat_seconds.unwrap_or(app.config.leases.heartbeat_seconds))?;
    let lease = run_to_end(async move {
        let _permit = permit;
        let is_offered = app.leases.offers(&request.gpu);
        let price = if is_offered { app.prices.gpu(&request.gpu)? } else { Units::ZERO };
        let opened =
            app.leases.open(&caller, &request.gpu, request.count, price, length, key.as_deref()).await;
        opened.map_err(|error| {
            let price = is_offered.then(|| all_gpus(price, request.count));
            refuse(&app, &caller.credit, error, price)
        })
    });
    let (lease, is_again) = lease.await?;
    let replayed = is_again.then_some((REPLAYED, HeaderValue::from_static("true")));
    Ok((StatusCode::CREATED, replayed.into_iter().collect(), Json(LeaseEntry::new(&lease))))
}

/// The caller of what changes a lease, which uses units. Errors: 401, and 403 for a key with bounds on its units.
fn authorise(app: &App, headers: &HeaderMap) -> Result<Caller, ApiError> {
    let caller = app.authorise_caller(headers)?;
    caller.require_no_bounds()?;
    Ok(caller)
}

/// Ends the running period and holds the next one.
#[utoipa::path(
    post, path = "/v1/leases/{id}/heartbeat", operation_id = "renew_lease", tag = "leases", security(("api_key" = [])),
    params(("id" = LeaseId, Path, description = "The lease")), request_body = Option<HeartbeatRequest>,
    responses(
        (status = 200, body = LeaseEntry),
        BodyRefusals, Keyless, NotAllowed, Shortage, Missing, (status = 410, body = ErrorBody, description = "The lease has ended"), Always
    )
)]
async fn heartbeat(
    State(app): State<Arc<App>>,
    PathText(id): PathText,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<LeaseEntry>, ApiError> {
    let (caller, request, permit) = receive::<HeartbeatRequest>(&app, &headers, body).await?;
    let request = request.unwrap_or_default();
    let length = request.heartbeat_seconds.map(|seconds| period_length(&app, seconds)).transpose()?;
    let lease = run_to_end(async move {
        let _permit = permit;
        app.leases.heartbeat(&caller, &id, length).await.map_err(|(error, lease)| {
            let mut error =
                refuse(&app, &caller.credit, error, lease.as_ref().map(|lease| lease.units_per_second));
            error.details.extend(lease.map(|lease| ("lease".to_string(), json!(LeaseEntry::new(&lease)))));
            error
        })
    });
    Ok(Json(LeaseEntry::new(&lease.await?)))
}

/// Ends a lease; the seconds until now are charged. A lease that has ended stays as it is.
#[utoipa::path(
    post, path = "/v1/leases/{id}/close", operation_id = "close_lease", tag = "leases", security(("api_key" = [])),
    params(("id" = LeaseId, Path, description = "The lease")),
    responses((status = 200, body = LeaseEntry), Malformed, Keyless, NotAllowed, Missing, Always)
)]
async fn close(
    State(app): State<Arc<App>>,
    PathText(id): PathText,
    headers: HeaderMap,
) -> Result<Json<LeaseEntry>, ApiError> {
    let caller = authorise(&app, &headers)?;
    let lease = run_to_end(async move { Ok(app.leases.close(&caller, &id).await?) });
    Ok(Json(LeaseEntry::new(&lease.await?)))
}

/// Ends a lease, as `POST /v1/leases/{id}/close` does.
#[utoipa::path(
    delete, path = "/v1/leases/{id}", operation_id = "delete_lease", tag = "leases", security(("api_key" = [])),
    params(("id" = LeaseId, Path, description = "The lease")),
    responses((status = 200, body = LeaseEntry), Malformed, Keyless, NotAllowed, Missing, Always)
)]
async fn remove(
    app: State<Arc<App>>,
    id: PathText,
    headers: HeaderMap,
) -> Result<Json<LeaseEntry>, ApiError> {
    close(app, id, headers).await
}

/// Shows a lease.
#[utoipa::path(
    get, path = "/v1/leases/{id}", operation_id = "show_lease", tag = "leases", security(("api_key" = [])),
    params(("id" = LeaseId, Path, description = "The lease")),
    responses((status = 200, body = LeaseEntry), Malformed, Keyless, Missing, Always)
)]
async fn show(
    State(app): State<Arc<App>>,
    PathText(id): PathText,
    headers: HeaderMap,
) -> Result<Json<LeaseEntry>, ApiError> {
    let caller = app.authorise_caller(&headers)?;
    Ok(Json(LeaseEntry::new(&app.leases.get(&caller, &id).await?)))
}

/// Lists the leases of the API key, or of its credit for a first key, and the GPUs on offer.
#[utoipa::path(
    get, path = "/v1/leases", operation_id = "list_leases", tag = "leases", security(("api_key" = [])),
    responses((status = 200, body = LeaseList), Keyless, Always)
)]
async fn list(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Json<LeaseList>, ApiError> {
    let caller = app.authorise_caller(&headers)?;
    let data = app.leases.list(&caller).await.iter().map(LeaseEntry::new).collect();
    let offer = |gpu: &GpuConfig| GpuOffer {
        gpu: gpu.name.clone(),
        units_per_second: app.prices.gpu(&gpu.name).ok(),
        count: gpu.count,
    };
    Ok(Json(LeaseList { object: "list", data, gpus: app.config.gpus.iter().map(offer).collect() }))
}
