//! `/v1/leases`. A credit's leases are shown to its own key alone.

use {
    crate::{
        api::path::PathText,
        app::App,
        error::ApiError,
        leases::{LeaseError, LeaseView, all_gpus},
        limits::Permit,
        named::read_name,
        shortage,
    },
    axum::{
        Json, Router,
        body::Body,
        extract::State,
        http::{HeaderMap, StatusCode},
        routing::{get, post},
    },
    blockable_gate::gate::now_ms,
    blockable_sdk::{Pubkey, amounts::Units},
    serde::{Deserialize, de::DeserializeOwned},
    serde_json::{Value, json},
    std::{sync::Arc, time::Duration},
};

/// Most bytes of a request about a lease.
const MAX_BODY: usize = 16 << 10;

/// The routes of leases.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/leases", get(list).post(open))
        .route("/v1/leases/{id}", get(show).delete(close))
        .route("/v1/leases/{id}/heartbeat", post(heartbeat))
        .route("/v1/leases/{id}/close", post(close))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OpenRequest {
    gpu: String,
    #[serde(default = "one")]
    count: u32,
    heartbeat_seconds: Option<u64>,
}

fn one() -> u32 {
    1
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeartbeatRequest {
    heartbeat_seconds: Option<u64>,
}

fn lease_json(lease: &LeaseView) -> Value {
    let left_ms = i64::try_from(lease.left.as_millis()).unwrap_or(i64::MAX);
    json!({
        "id": lease.rented.id, "object": "lease", "gpu": lease.rented.gpu, "count": lease.rented.count,
        "opened_ms": lease.rented.opened_ms, "status": if lease.open { "open" } else { "ended" },
        "units_per_second": lease.units_per_second, "units_held": lease.held, "units_settled": lease.settled,
        "runs_until_ms": now_ms().saturating_add(left_ms),
    })
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
            LeaseError::TooMany(_) => ApiError::too_many("too_many_leases", message),
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

/// Reads a body of JSON and begins the request. `None` where the body is empty.
async fn receive<T: DeserializeOwned>(
    app: &App,
    credit: Pubkey,
    headers: &HeaderMap,
    body: Body,
) -> Result<(Option<T>, Permit), ApiError> {
    let (body, permit) = app.receive(credit, headers, body, MAX_BODY).await?;
    if body.is_empty() {
        return Ok((None, permit));
    }
    let request = serde_json::from_slice(&body).map_err(ApiError::malformed_body)?;
    Ok((Some(request), permit))
}

/// Runs a change as a task of its own: a client that disconnects must not leave it half done.
async fn run_to_end<T: Send + 'static>(
    change: impl Future<Output = Result<T, ApiError>> + Send + 'static,
) -> Result<T, ApiError> {
    tokio::spawn(change).await.unwrap_or_else(|_| Err(ApiError::internal()))
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

async fn open(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let caller = app.authorise_caller(&headers)?;
    caller.require_no_bounds()?;
    let (request, permit) = receive::<OpenRequest>(&app, caller.credit, &headers, body).await?;
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
    Ok((StatusCode::CREATED, Json(lease_json(&lease.await?))))
}

async fn heartbeat(
    State(app): State<Arc<App>>,
    PathText(id): PathText,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let credit = app.authorise(&headers)?;
    let (request, permit) = receive::<HeartbeatRequest>(&app, credit, &headers, body).await?;
    let request = request.unwrap_or_default();
    let length = request.heartbeat_seconds.map(|seconds| period_length(&app, seconds)).transpose()?;
    let lease = run_to_end(async move {
        let _permit = permit;
        app.leases.heartbeat(&credit, &id, length).await.map_err(|(error, lease)| {
            let mut error = refuse(&app, &credit, error, lease.as_ref().map(|lease| lease.units_per_second));
            error.details.extend(lease.map(|lease| ("lease".to_string(), lease_json(&lease))));
            error
        })
    });
    Ok(Json(lease_json(&lease.await?)))
}

async fn close(
    State(app): State<Arc<App>>,
    PathText(id): PathText,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    let credit = app.authorise(&headers)?;
    let lease = run_to_end(async move { Ok(app.leases.close(&credit, &id).await?) });
    Ok(Json(lease_json(&lease.await?)))
}

async fn show(
    State(app): State<Arc<App>>,
    PathText(id): PathText,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    let credit = app.authorise(&headers)?;
    Ok(Json(lease_json(&app.leases.get(&credit, &id).await?)))
}

async fn list(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Json<Value>, ApiError> {
    let credit = app.authorise(&headers)?;
    let leases: Vec<Value> = app.leases.list(&credit).await.iter().map(lease_json).collect();
    let gpus: Vec<Value> = app
        .config
        .gpus
        .iter()
        .map(|gpu| {
            let price = app.prices.gpu(&gpu.name).ok();
            json!({"gpu": gpu.name, "units_per_second": price, "count": gpu.count})
        })
        .collect();
    Ok(Json(json!({"object": "list", "data": leases, "gpus": gpus})))
}
