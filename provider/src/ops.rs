//! For whoever runs the server: is it alive, is it ready, what has it done.

use {
    crate::{app::App, parts::Check},
    axum::{
        Json, Router,
        extract::State,
        http::{StatusCode, header::CONTENT_TYPE},
        response::{IntoResponse, Response},
        routing::get,
    },
    blockable_service::lock::lock,
    serde_json::{Map, Value, json},
    std::{
        sync::{Arc, Mutex},
        time::{Duration, Instant},
    },
    tokio::time::{interval, timeout},
};

/// How often the parts are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How long a part may make no progress before the server counts as stalled.
const STALLED: Duration = Duration::from_secs(30);

/// When the parts last made progress, on the monotonic clock.
pub(crate) struct Progress {
    looked: Mutex<Instant>,
    journal: Mutex<Instant>,
}

impl Progress {
    /// All of them now.
    pub fn new() -> Progress {
        let now = Instant::now();
        Progress { looked: Mutex::new(now), journal: Mutex::new(now) }
    }
}

fn note(mark: &Mutex<Instant>) {
    *lock(mark) = Instant::now();
}

fn since(mark: &Mutex<Instant>) -> Duration {
    lock(mark).elapsed()
}

/// `/livez`, `/readyz` and `/metrics`.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new().route("/livez", get(livez)).route("/readyz", get(readyz)).route("/metrics", get(metrics))
}

/// Looks at the parts while the server runs.
pub(crate) async fn watch(app: Arc<App>) {
    let (mut ticks, mut stopping) = (interval(LOOK), app.stopping.subscribe());
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stopping.wait_for(|stopping| *stopping) => return,
        }
        // A read goes the way of every write, so it shows that the journal moves.
        if matches!(timeout(STALLED, app.gate.cursor("alive")).await, Ok(Ok(_))) {
            note(&app.progress.journal);
        }
        app.parts.look();
        app.leases.forget_ended();
        app.metrics.upkeep();
        note(&app.progress.looked);
    }
}

/// What is so and what should be.
struct Checks(Vec<Check>);

impl Checks {
    fn answer(self) -> Response {
        let good = self.0.iter().all(|(_, check)| check.is_ok());
        let checks: Map<String, Value> = self
            .0
            .into_iter()
            .map(|(name, check)| (name.to_string(), Value::from(check.err().unwrap_or("ok".to_string()))))
            .collect();
        let status = if good { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        (status, Json(json!({"ok": good, "checks": checks}))).into_response()
    }
}

fn require(good: bool, otherwise: &str) -> Result<(), String> {
    if good { Ok(()) } else { Err(otherwise.to_string()) }
}

/// Whether every loop of the server makes progress; where not it should be started anew.
async fn livez(State(app): State<Arc<App>>) -> Response {
    let mut checks: Vec<Check> = vec![
        ("watch", require(since(&app.progress.looked) < 2 * STALLED, "the watching loop has stalled")),
        (
            "journal",
            require(since(&app.progress.journal) < 2 * STALLED, "the journal has stalled; look at the disk"),
        ),
    ];
    let interval = app.config.reporter.as_ref().map_or(Duration::ZERO, |reporter| reporter.interval);
    checks.extend(app.parts.alive(3 * interval + 2 * STALLED));
    Checks(checks).answer()
}

/// Whether requests can be served; where not, send them elsewhere.
async fn readyz(State(app): State<Arc<App>>) -> Response {
    let (age, fresh) = {
        let sight = app.gate.sight();
        (sight.age(), sight.require_fresh().is_ok())
    };
    let seen = age.map_or("never".to_string(), |age| format!("{} s ago", age.as_secs()));
    let mut checks: Vec<Check> = vec![
        ("shutdown", require(!*app.stopping.borrow(), "the server is shutting down")),
        ("chain", require(fresh, &format!("the chain was last seen to move: {seen}; check the node"))),
        (
            "provider",
            require(
                app.gate.provider().is_some(),
                "the provider's account has not been seen; check chain.provider",
            ),
        ),
        (
            "storage",
            require(
                !app.gate.storage_is_full(),
                "the store is full; free disk space or raise gate.max_store_bytes",
            ),
        ),
    ];
    checks.extend(app.parts.ready());
    Checks(checks).answer()
}

/// All figures in Prometheus's text format.
async fn metrics(State(app): State<Arc<App>>) -> Response {
    let gauge = |name, value: usize| app.metrics.set(name, value as f64);
    let holds = app.gate.holds();
    gauge("blockable_holds_open", holds.len());
    gauge("blockable_leases_open", app.leases.count());
    gauge("blockable_requests_running", app.running.count());
    app.metrics.set("blockable_held_units", holds.iter().map(|hold| hold.units as f64).sum());
    gauge("blockable_storage_full", usize::from(app.gate.storage_is_full()));
    let (age, slot) = {
        let sight = app.gate.sight();
        (sight.age(), sight.slot())
    };
    app.metrics.set("blockable_sight_age_seconds", age.map_or(-1.0, |age| age.as_secs_f64()));
    app.metrics.set("blockable_slot", slot as f64);
    app.parts.measure(&app.metrics);
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], app.metrics.render()).into_response()
}
