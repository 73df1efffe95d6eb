//! Health and metrics, for the operator.

use {
    super::{openapi::refusals::Always, usage},
    crate::{app::App, config::Endpoint, http::Route, parts::Check, upstreams::UpstreamFault},
    axum::{
        Json,
        extract::State,
        http::{StatusCode, header::CONTENT_TYPE},
        response::{IntoResponse, Response},
        routing::get,
    },
    blockable_gate::gate::now_ms,
    serde_json::{Map, Value},
    std::{collections::BTreeMap, sync::Arc, time::Duration},
    utoipa::{OpenApi, ToSchema},
};

/// Time without progress after which a loop counts as stalled.
const STALLED_AFTER: Duration = Duration::from_secs(60);

/// Time before a sub-key's expiry in which it counts as ending.
const KEYS_ENDING: Duration = Duration::from_secs(7 * 86_400);

/// `/livez`, `/readyz` and `/metrics`, and what only the operator may see.
pub(crate) fn routes() -> Vec<Route> {
    let mut routes = vec![("/livez", get(livez)), ("/readyz", get(readyz)), ("/metrics", get(metrics))];
    routes.extend(usage::admin_routes());
    routes
}

#[derive(OpenApi)]
#[openapi(paths(livez, readyz, metrics))]
pub(super) struct Paths;

/// The state of each check: `ok`, or the fault and the next step.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes an answer and is never made")]
struct Health {
    /// True where every check holds.
    ok: bool,
    /// The checks by name.
    checks: BTreeMap<String, String>,
    /// The models by name, with upstreams that are down; of `/readyz` alone.
    #[schema(nullable = false)]
    models: Option<BTreeMap<String, String>>,
}

fn answer(checks: Vec<Check>) -> Response {
    let (status, body) = evaluate(checks);
    (status, Json(body)).into_response()
}

/// Status 200 where every check holds and 503 where one does not, and the body with each check by name.
fn evaluate(checks: Vec<Check>) -> (StatusCode, Map<String, Value>) {
    let good = checks.iter().all(|(_, check)| check.is_ok());
    let checks: Map<String, Value> = checks
        .into_iter()
        .map(|(name, check)| (name.to_string(), Value::from(check.err().unwrap_or("ok".to_string()))))
        .collect();
    let status = if good { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = [("ok".to_string(), Value::from(good)), ("checks".to_string(), Value::Object(checks))];
    (status, Map::from_iter(body))
}

fn require(good: bool, otherwise: &str) -> Result<(), String> {
    if good { Ok(()) } else { Err(otherwise.to_string()) }
}

/// Checks that every loop of the server makes progress. The server should be started anew where one does not.
#[utoipa::path(
    get, path = "/livez", tag = "operations",
    responses((status = 200, body = Health), (status = 503, body = Health, description = "A loop has stalled"))
)]
async fn livez(State(app): State<Arc<App>>) -> Response {
    let (watch, writer) = (app.progress.watch.age(), app.progress.writer.age());
    let mut checks: Vec<Check> = vec![
        ("watch", require(watch < STALLED_AFTER, "the watch task has stalled; start the server anew")),
        ("writer", require(writer < STALLED_AFTER, "the store's writer has stalled; check the disk")),
    ];
    let interval = app.config.reporter.as_ref().map_or(Duration::ZERO, |reporter| reporter.interval);
    checks.extend(app.parts.alive(3 * interval + STALLED_AFTER));
    answer(checks)
}

/// Checks that requests can be served. Requests should be sent elsewhere while they cannot.
#[utoipa::path(
    get, path = "/readyz", tag = "operations",
    responses((status = 200, body = Health), (status = 503, body = Health, description = "Requests would be refused"))
)]
async fn readyz(State(app): State<Arc<App>>) -> Response {
    let (age, fresh) = {
        let view = app.gate.chain_view();
        (view.age(), view.require_fresh().is_ok())
    };
    let moved = age.map_or("never".to_string(), |age| format!("{} s ago", age.as_secs()));
    let stale = format!("the chain last moved: {moved}; check the node at chain.rpc_url");
    let no_provider = "the provider's account has not been read; check chain.provider";
    let full = "the store is full; free disk space or raise gate.max_store_bytes";
    let mut checks: Vec<Check> = vec![
        ("shutdown", require(!*app.stopping.borrow(), "the server is shutting down; use another one")),
        ("chain", require(fresh, &stale)),
        ("provider", require(app.gate.provider().is_some(), no_provider)),
        ("prices", app.prices.ready()),
        ("storage", require(!app.gate.storage_is_full(), full)),
    ];
    checks.extend(app.parts.ready());
    let (check, models) = check_models(&app);
    checks.extend(check.map(|check| ("models", check)));
    let (status, mut body) = evaluate(checks);
    body.insert("models".to_string(), models);
    (status, Json(body)).into_response()
}

/// Checks that a model has an upstream that is up, where any model is on offer. Each model is named with the upstreams that are
/// down: one without any is only named, as the others can be served. The built-in model counts only where there is no other one:
/// it is always up.
fn check_models(app: &App) -> (Option<Result<(), String>>, Value) {
    let (mut served, mut models) = (false, Map::new());
    let all_models = app.models.all();
    let has_others = all_models.values().any(|model| !model.config.is_built_in());
    for (name, model) in all_models.iter() {
        let down = model.pool.down();
        let all = down.len() == model.pool.servers().len();
        let counts = !has_others || !model.config.is_built_in();
        served |= counts && !all;
        let text = match (down.is_empty(), all) {
            (true, _) => "ok".to_string(),
            (false, false) => format!("some upstreams are down: {}", down.join(", ")),
            (false, true) => {
                format!("all upstreams are down: {}; see the log for the reasons", down.join(", "))
            }
        };
        models.insert(name.clone(), Value::from(text));
    }
    let check = (!models.is_empty())
        .then(|| require(served, "no model has an upstream that is up; see `models` and the log"));
    (check, Value::Object(models))
}

/// Renders all metrics in Prometheus's text format.
#[utoipa::path(
    get, path = "/metrics", tag = "operations",
    responses((status = 200, content_type = "text/plain", body = String), Always)
)]
async fn metrics(State(app): State<Arc<App>>) -> Response {
    let gauge = |name, value: usize| app.metrics.set(name, value as f64);
    let holds = app.gate.holds();
    gauge("blockable_provider_holds_open", holds.len());
    gauge("blockable_provider_settlements_waiting", app.gate.unwritten_settlements());
    gauge("blockable_provider_leases_open", app.leases.count());
    gauge("blockable_provider_requests_running", app.running.count());
    gauge("blockable_provider_bodies_coming", app.running.bodies());
    gauge("blockable_provider_connections_open", app.connections.open());
    gauge("blockable_provider_storage_full", usize::from(app.gate.storage_is_full()));
    gauge("blockable_provider_requests_limit", app.config.limits.requests);
    gauge("blockable_provider_connections_limit", app.config.limits.connections);
    gauge("blockable_provider_keys_ending", app.keys.count_ending(KEYS_ENDING));
    let quorum = app.gate.provider().map_or(0, |provider| provider.settings.quorum);
    gauge("blockable_provider_report_quorum", usize::from(quorum));
    let first = holds.iter().map(|hold| hold.deadline_ms).min().unwrap_or(i64::MAX);
    let overdue_ms = now_ms().saturating_sub(first).max(0);
    app.metrics.set("blockable_provider_overdue_hold_seconds", overdue_ms as f64 / 1e3);
    // A sum of no floats is -0.
    let held = holds.iter().fold(0_u64, |sum, hold| sum.saturating_add(hold.units.get()));
    app.metrics.set("blockable_provider_held_units", held as f64);
    measure_credits(&app);
    let (age, slot) = {
        let view = app.gate.chain_view();
        (view.age(), view.slot())
    };
    let age = age.map_or(-1.0, |age| age.as_secs_f64());
    app.metrics.set("blockable_provider_chain_view_age_seconds", age);
    app.metrics.set("blockable_provider_slot", slot as f64);
    let behind = app.gate.units_behind_chain().get();
    app.metrics.set_total("blockable_provider_behind_chain_units_total", behind);
    app.parts.measure(&app.metrics);
    for (name, model) in app.models.all().iter() {
        app.metrics.begin_model(name, &Endpoint::ALL.map(Endpoint::name));
        for (place, server) in model.pool.servers().iter().enumerate() {
            app.metrics.begin_upstream(name, &server.name, &UpstreamFault::CLASS_NAMES);
            let (is_up, running) = (model.pool.is_up(place), model.pool.running(place));
            app.metrics.set_upstream(name, &server.name, is_up, running);
        }
    }
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], app.metrics.render()).into_response()
}

/// Measures the units of all credits, and the provider's money in them.
fn measure_credits(app: &App) {
    let totals = app.gate.totals();
    for (state, units) in [
        ("available", totals.available),
        ("locked", totals.locked),
        ("frozen", totals.frozen),
        ("in_flight", totals.in_flight),
        ("unreported", totals.unreported),
    ] {
        let (name, value) = ("blockable_provider_credit_units", units.get() as f64);
        app.metrics.set_labelled(name, "state", state.to_string(), value);
    }
    app.metrics.set("blockable_provider_held_back_micro_usd", totals.held_back.get() as f64);
    app.metrics.set("blockable_provider_claim_micro_usd", totals.claim.get() as f64);
}
