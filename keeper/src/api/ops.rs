//! `/livez`, `/readyz` and `/metrics`, for whoever runs the keeper. They need no token and name no credit.

use {
    crate::api::{
        error::{ApiError, ErrorBody},
        state::ApiState,
    },
    axum::{
        Json,
        extract::State,
        http::{StatusCode, header},
        response::{IntoResponse, Response},
    },
    serde::Serialize,
    std::{collections::BTreeMap, sync::Arc},
    utoipa::ToSchema,
};

/// Of the text that Prometheus reads.
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Whether every loop goes round.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Liveness {
    /// Whether every loop does.
    pub alive: bool,
    /// Those that do not, and for how many seconds they have not.
    #[schema(value_type = BTreeMap<String, u64>)]
    pub stalled: BTreeMap<&'static str, u64>,
}

/// Whether every part can do its work.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Readiness {
    /// Whether every part can.
    pub ready: bool,
    /// Each part: `ok`, or why it cannot and what to do.
    #[schema(value_type = BTreeMap<String, String>)]
    pub parts: BTreeMap<&'static str, String>,
}

/// Whether the keeper makes progress. A keeper that does not should be started again.
#[utoipa::path(
    get, path = "/livez", tag = "operations",
    responses(
        (status = 200, body = Liveness), (status = 503, description = "A loop does not go round", body = Liveness)
    )
)]
pub(super) async fn livez(State(state): State<Arc<ApiState>>) -> Response {
    let stalled: BTreeMap<_, _> =
        state.health.stalled().into_iter().map(|(name, age)| (name, age.as_secs())).collect();
    let alive = stalled.is_empty();
    (status(alive), Json(Liveness { alive, stalled })).into_response()
}

/// Whether the keeper can do its work. One that cannot should be looked at; starting it again does not help.
#[utoipa::path(
    get, path = "/readyz", tag = "operations",
    responses(
        (status = 200, body = Readiness), (status = 503, description = "A part cannot do its work", body = Readiness)
    )
)]
pub(super) async fn readyz(State(state): State<Arc<ApiState>>) -> Response {
    let said = state.health.parts().into_iter();
    let mut parts: BTreeMap<_, _> = said.map(|(part, state)| (part, state.err())).collect();
    let unread = state.latest().is_none().then(|| "the market has not been read yet; wait".to_string());
    parts.insert("snapshot", unread);
    let ready = parts.values().all(Option::is_none);
    let parts = parts.into_iter().map(|(part, fault)| (part, fault.unwrap_or("ok".to_string()))).collect();
    (status(ready), Json(Readiness { ready, parts })).into_response()
}

fn status(good: bool) -> StatusCode {
    if good { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

/// The keeper's figures, as Prometheus reads them.
#[utoipa::path(
    get, path = "/metrics", tag = "operations",
    responses(
        (status = 200, body = String, content_type = "text/plain"),
        (status = 404, description = "This process records no figures", body = ErrorBody)
    )
)]
pub(super) async fn metrics(State(state): State<Arc<ApiState>>) -> Result<Response, ApiError> {
    let figures = state.metrics.as_ref().ok_or_else(ApiError::no_metrics)?.render();
    Ok(([(header::CONTENT_TYPE, PROMETHEUS)], figures).into_response())
}
