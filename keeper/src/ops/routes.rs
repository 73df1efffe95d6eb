//! `/livez`, `/readyz` and `/metrics`, for operators. They need no token and name no credit.

use {
    crate::ops::OpsState,
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

/// Content type of the text that Prometheus reads.
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The progress of the keeper's loops.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Liveness {
    /// True while every loop makes progress.
    pub(crate) alive: bool,
    /// Loops that make no progress, with the seconds since their last.
    #[schema(value_type = BTreeMap<String, u64>)]
    pub(crate) stalled: BTreeMap<&'static str, u64>,
    /// The parts that cannot do their work while a loop makes no progress, with the reason and the next step.
    #[schema(value_type = BTreeMap<String, String>)]
    pub(crate) reasons: BTreeMap<&'static str, String>,
}

/// The state of the keeper's parts.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Readiness {
    /// True while every part can do its work.
    pub(crate) ready: bool,
    /// Each part: `ok`, or the reason for which it cannot do its work, and the next step.
    #[schema(value_type = BTreeMap<String, String>)]
    pub(crate) parts: BTreeMap<&'static str, String>,
}

/// Reports whether the keeper makes progress. A keeper that makes none should be started again.
#[utoipa::path(
    get, path = "/livez", tag = "operations",
    responses(
        (status = 200, body = Liveness), (status = 503, description = "A loop makes no progress", body = Liveness)
    )
)]
pub(crate) async fn livez(State(state): State<Arc<OpsState>>) -> Response {
    let stalled: BTreeMap<_, _> =
        state.health.stalled().into_iter().map(|(name, age)| (name, age.as_secs())).collect();
    let alive = stalled.is_empty();
    let parts = state.health.parts().into_iter().filter(|_| !alive);
    let reasons = parts.filter_map(|(part, state)| state.err().map(|reason| (part, reason))).collect();
    (status(alive), Json(Liveness { alive, stalled, reasons })).into_response()
}

/// Reports whether the keeper can do its work. A keeper that cannot needs its operator; starting it again does not help.
#[utoipa::path(
    get, path = "/readyz", tag = "operations",
    responses(
        (status = 200, body = Readiness), (status = 503, description = "A part cannot do its work", body = Readiness)
    )
)]
pub(crate) async fn readyz(State(state): State<Arc<OpsState>>) -> Response {
    let parts = state.health.parts().into_iter();
    let mut parts: BTreeMap<_, _> = parts.map(|(part, state)| (part, state.err())).collect();
    let unread =
        state.snapshot.borrow().is_none().then(|| "the market has not been read yet; wait".to_string());
    parts.insert("snapshot", unread);
    let ready = parts.values().all(Option::is_none);
    let parts = parts.into_iter().map(|(part, fault)| (part, fault.unwrap_or("ok".to_string()))).collect();
    (status(ready), Json(Readiness { ready, parts })).into_response()
}

fn status(is_ok: bool) -> StatusCode {
    if is_ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

/// Gives the keeper's metrics, as Prometheus reads them.
#[utoipa::path(
    get, path = "/metrics", tag = "operations",
    responses(
        (status = 200, body = String, content_type = "text/plain"),
        (status = 404, description = "This process records no metrics", body = OpsErrorBody)
    )
)]
pub(crate) async fn metrics(State(state): State<Arc<OpsState>>) -> Response {
    let Some(metrics) = &state.metrics else {
        let message = "this process records no metrics; read them from the keeper that runs";
        return refuse("no_metrics", message);
    };
    ([(header::CONTENT_TYPE, PROMETHEUS)], metrics.render()).into_response()
}

/// Refuses a path that this listener has not.
pub(crate) async fn no_such_path() -> Response {
    refuse(
        "no_such_path",
        "this listener has /livez, /readyz and /metrics alone; ask api.listen for the rest",
    )
}

/// A refusal, in the form that those of the API have.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct OpsErrorBody {
    /// The refusal.
    error: OpsErrorDetail,
}

/// The fault of a request.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct OpsErrorDetail {
    /// For programs: `no_metrics` or `no_such_path`.
    #[schema(value_type = String, example = "no_metrics")]
    code: &'static str,
    /// For people: the fault and the next step.
    #[schema(value_type = String)]
    message: &'static str,
}

/// Answers with 404.
fn refuse(code: &'static str, message: &'static str) -> Response {
    let body = OpsErrorBody { error: OpsErrorDetail { code, message } };
    (StatusCode::NOT_FOUND, Json(body)).into_response()
}
