//! Makes the parts of a server from its configuration.

use {
    crate::{
        admin::AdminToken,
        app::App,
        config::{Config, FreezeSettings, Limits},
        http::{OTHER, ROUTES},
        intake::Intake,
        keys::ApiKeys,
        leases::Leases,
        limits::Running,
        metrics::Metrics,
        models::Models,
        named::NamedRequests,
        parts::{Parts, RunningParts},
        prices::Prices,
        progress::TaskProgress,
        serve_error::ServeError,
        shares::ReportStreams,
        upstreams::UpstreamHttp,
        webhooks::Sender,
    },
    blockable_gate::{
        FollowConfig, Follower, FreezeDesk, FreezeDeskConfig, Gate, GateConfig, KeptBytes, ReporterConfig,
        Reporters,
    },
    blockable_sdk::keys::SigningKey,
    blockable_service::{http::Connections, shutdown::Stage, sign_in::SignIns},
    std::{io, net::SocketAddr, sync::Arc, time::Duration},
    tokio::net::TcpListener,
};

/// Time that a receiver of notices may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Sign-ins that are examined: anyone may send one, and each is a signature to verify.
const SIGN_INS: FreezeSettings = FreezeSettings { at_once: 16, per_second: 20, burst: 200 };

/// A server that is put together and does not run yet.
pub(crate) struct Assembled {
    pub app: Arc<App>,
    /// Signals listeners and tasks to stop; without them yet.
    pub stage: Stage,
    pub listeners: Vec<(TcpListener, SocketAddr)>,
    pub ops: (TcpListener, SocketAddr),
    pub webhooks: Vec<Sender>,
}

/// The parts that can fail. They are made before anything runs that would have to be stopped.
struct Made {
    keys: ApiKeys,
    listeners: Vec<(TcpListener, SocketAddr)>,
    ops: (TcpListener, SocketAddr),
    http: Arc<UpstreamHttp>,
    webhooks: Vec<Sender>,
    admin: Option<AdminToken>,
    models: Models,
}

/// Puts a server together. Errors: [`ServeError`], with the parts as they were given.
pub(crate) async fn assemble(
    config: Config,
    gate: &Gate,
    parts: RunningParts,
) -> Result<Assembled, (ServeError, RunningParts)> {
    let made = match make(&config, gate).await {
        Ok(made) => made,
        Err(error) => return Err((error, parts)),
    };
    let prices = match Prices::load(gate.clone(), &config).await {
        Ok(prices) => Arc::new(prices),
        Err(error) => return Err((error.into(), parts)),
    };
    let (stage, stopping) = Stage::new("server");
    let metrics = Metrics::new();
    ROUTES.iter().chain([&OTHER]).for_each(|route| metrics.begin_route(route));
    let app = App {
        running: Running::new(&config.limits),
        body_bounds: config.limits.body_bounds(),
        connections: connections(&config.limits),
        intake: Intake::new(&config.freezes),
        sign_ins: SignIns::new(),
        sign_in_intake: Intake::new(&SIGN_INS),
        report_streams: ReportStreams::new(&config.limits),
        leases: Leases::restore(gate.clone(), &config.gpus, &config.leases),
        reloading: tokio::sync::Mutex::default(),
        named: NamedRequests::default(),
        prices,
        gate: gate.clone(),
        keys: made.keys,
        admin: made.admin,
        models: made.models,
        http: made.http,
        metrics,
        progress: TaskProgress::new(),
        stopping,
        parts,
        config,
    };
    Ok(Assembled {
        app: Arc::new(app),
        stage,
        listeners: made.listeners,
        ops: made.ops,
        webhooks: made.webhooks,
    })
}

async fn make(config: &Config, gate: &Gate) -> Result<Made, ServeError> {
    let chain = &config.chain;
    let keys = ApiKeys::load(&config.secret_file, chain.market, chain.provider, &config.revoked)?;
    keys.restore(gate, &config.key_changes_file).await?;
    let mut listeners = Vec::new();
    for addr in &config.listen {
        listeners.push(bind(*addr).await?);
    }
    let ops = bind(config.ops_listen).await?;
    let no_client = |error: reqwest::Error| ServeError::Http(error.to_string());
    let http = Arc::new(UpstreamHttp::new().map_err(no_client)?);
    let none = reqwest::redirect::Policy::none();
    let outside = reqwest::Client::builder().connect_timeout(CONNECT_TIMEOUT).redirect(none);
    let outside = outside.build().map_err(no_client)?;
    let webhooks = config.webhooks.iter().map(|webhook| Sender::new(webhook, outside.clone()));
    let webhooks = webhooks.collect::<Result<_, _>>()?;
    let admin = config.admin_token.as_ref().map(AdminToken::read).transpose()?;
    let models = Models::start(&config.models).await?;
    Ok(Made { keys, listeners, ops, http, webhooks, admin, models })
}

fn connections(limits: &Limits) -> Arc<Connections> {
    Connections::new(limits.connections, limits.connections_per_address, limits.sending_bytes)
}

async fn bind(addr: SocketAddr) -> Result<(TcpListener, SocketAddr), ServeError> {
    let failed = |error: io::Error| ServeError::Listen { addr: addr.to_string(), reason: error.to_string() };
    let listener = TcpListener::bind(addr).await.map_err(failed)?;
    let addr = listener.local_addr().map_err(failed)?;
    Ok((listener, addr))
}

/// Settings of the gate.
pub(crate) fn gate_config(config: &Config) -> GateConfig {
    let gate = &config.gate;
    GateConfig {
        max_store_bytes: gate.max_store_bytes,
        durability: gate.durability,
        max_staleness: Duration::from_secs(gate.max_staleness_seconds),
        when_stale: gate.when_stale,
        keep_usage: Duration::from_secs(gate.usage_days * 86_400),
        keep_totals: Duration::from_secs(gate.totals_days * 86_400),
        keep_answers: Duration::from_secs(config.idempotency.keep_hours * 3_600),
        kept_bytes: KeptBytes {
            per_credit: config.idempotency.credit_bytes,
            total: config.idempotency.total_bytes,
        },
        keep_notices: Duration::from_secs(gate.usage_days * 86_400),
        ..GateConfig::new(config.chain.market, config.chain.provider, &gate.store)
    }
}

/// Opens the keys that sign reports. Errors: [`ServeError::Key`].
pub(crate) async fn open_keys(config: &Config) -> Result<Vec<SigningKey>, ServeError> {
    let mut keys = Vec::new();
    for source in config.reporter.iter().flat_map(|reporter| &reporter.key) {
        keys.push(source.open().await?);
    }
    Ok(keys)
}

/// Starts follower, freeze desk and reporter. Errors: [`ServeError`]; those that were started have ended then.
pub(crate) async fn start_parts(
    config: &Config,
    gate: &Gate,
    keys: Vec<SigningKey>,
) -> Result<Parts, ServeError> {
    let chain = &config.chain;
    let follower = Follower::start(gate.clone(), FollowConfig::new(&chain.rpc_url, &chain.ws_url));
    let mut parts = Parts { follower: Some(follower), ..Parts::default() };
    match start_others(config, gate, keys, &mut parts).await {
        Ok(()) => Ok(parts),
        Err(error) => {
            RunningParts::new(parts).stop().await;
            Err(error)
        }
    }
}

async fn start_others(
    config: &Config,
    gate: &Gate,
    keys: Vec<SigningKey>,
    parts: &mut Parts,
) -> Result<(), ServeError> {
    parts.desk = Some(FreezeDesk::start(gate.clone(), FreezeDeskConfig::new(&config.chain.rpc_url)).await?);
    if let Some(settings) = &config.reporter {
        let times = ReporterConfig { interval: settings.interval, keep: settings.keep };
        parts.reporters = Some(Reporters::start(gate.clone(), keys, times).await?);
    }
    Ok(())
}
