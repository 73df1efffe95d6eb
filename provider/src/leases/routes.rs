//! `/v1/leases`. Only the credit's own key sees its leases.

use {
    super::{LeaseError, LeaseView, now_ms},
    crate::{app::App, error::ApiError},
    axum::{
        Json, Router,
        body::Body,
        extract::{Path, State},
        http::{HeaderMap, StatusCode},
        routing::{get, post},
    },
    serde::{Deserialize, de::DeserializeOwned},
    serde_json::{Value, json},
    std::{sync::Arc, time::Duration},
};

/// Most bytes of a request about a lease.
const MAX_BODY: usize = 16 << 10;

/// The routes of leases.
pub(crate) fn routes() -> Router<Arc<App>> {
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

impl LeaseView {
    fn json(&self) -> Value {
        json!({
            "id": self.rented.id, "object": "lease", "gpu": self.rented.gpu, "count": self.rented.count,
            "opened_ms": self.rented.opened_ms, "status": if self.open { "open" } else { "ended" },
            "units_per_second": self.units_per_second, "units_held": self.held, "units_settled": self.settled,
            "runs_until_ms": now_ms().saturating_add(i64::try_from(self.left.as_millis()).unwrap_or(i64::MAX)),
        })
    }
}

impl From<LeaseError> for ApiError {
    fn from(error: LeaseError) -> Self {
        let message = error.to_string();
        match error {
            LeaseError::UnknownGpu => ApiError::not_found("gpu_not_found", message),
            LeaseError::NoneFree { .. } => ApiError::unavailable("gpu_unavailable", message),
            LeaseError::TooMany(_) => ApiError::too_many("too_many_leases", message),
            LeaseError::Unknown => ApiError::not_found("lease_not_found", message),
            LeaseError::Ended => {
                ApiError::new(StatusCode::GONE, "invalid_request_error", "lease_ended", message)
            }
            LeaseError::Refused(refusal) => refusal.into(),
            LeaseError::Store(error) => error.into(),
        }
    }
}

async fn read<T: DeserializeOwned>(
    app: &App,
    headers: &HeaderMap,
    body: Body,
) -> Result<Option<T>, ApiError> {
    let body = app.read_body(headers, body, MAX_BODY).await?;
    if body.is_empty() {
        return Ok(None);
    }
    let wrong = |error| ApiError::invalid("invalid_json", format!("the body is not as it must be: {error}"));
    serde_json::from_slice(&body).map(Some).map_err(wrong)
}

/// A task of its own: a client that goes away must not leave a change half done.
async fn finish<T: Send + 'static>(
    change: impl Future<Output = Result<T, ApiError>> + Send + 'static,
) -> Result<T, ApiError> {
    tokio::spawn(change).await.unwrap_or_else(|_| Err(ApiError::internal()))
}

fn period(app: &App, seconds: u64) -> Result<Duration, ApiError> {
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
    let credit = app.authorise(&headers)?;
    let permit = app.running.enter(credit)?;
    let request: Option<OpenRequest> = read(&app, &headers, body).await?;
    let request = request.ok_or_else(|| ApiError::invalid("invalid_json", "say which `gpu` to rent"))?;
    if request.count == 0 {
        return Err(ApiError::param("count", "`count` must be above 0"));
    }
    let length = period(&app, request.heartbeat_seconds.unwrap_or(app.config.leases.heartbeat_seconds))?;
    let view = finish(async move {
        let _permit = permit;
        Ok(app.leases.open(credit, &request.gpu, request.count, length).await?)
    });
    Ok((StatusCode::CREATED, Json(view.await?.json())))
}

async fn heartbeat(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let credit = app.authorise(&headers)?;
    let permit = app.running.enter(credit)?;
    let request: HeartbeatRequest = read(&app, &headers, body).await?.unwrap_or_default();
    let length = request.heartbeat_seconds.map(|seconds| period(&app, seconds)).transpose()?;
    let view = finish(async move {
        let _permit = permit;
        app.leases.heartbeat(&credit, &id, length).await.map_err(|(error, view)| {
            let mut error = ApiError::from(error);
            error.beside.extend(view.map(|view| ("lease".to_string(), view.json())));
            error
        })
    });
    Ok(Json(view.await?.json()))
}

async fn close(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    let credit = app.authorise(&headers)?;
    let view = finish(async move { Ok(app.leases.close(&credit, &id).await?) });
    Ok(Json(view.await?.json()))
}

async fn show(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    let credit = app.authorise(&headers)?;
    Ok(Json(app.leases.get(&credit, &id).await?.json()))
}

async fn list(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Json<Value>, ApiError> {
    let credit = app.authorise(&headers)?;
    let leases: Vec<Value> = app.leases.list(&credit).await.iter().map(LeaseView::json).collect();
    let gpus: Vec<Value> = app
        .config
        .gpus
        .iter()
        .map(|gpu| json!({"gpu": gpu.name, "units_per_second": gpu.units_per_second, "count": gpu.count}))
        .collect();
    Ok(Json(json!({"object": "list", "data": leases, "gpus": gpus})))
}
