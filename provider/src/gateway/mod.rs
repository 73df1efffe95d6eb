//! The gateway to models, in the forms of OpenAI and Anthropic: admit, call the upstream, settle, answer.

mod anthropic;
mod client;
mod ending;
mod job;
mod large;
mod prepare;
mod stops;
mod stream;
mod tokenize;
mod unserved;
mod upstream;
mod whole;

use {
    crate::{
        app::App,
        config::Endpoint,
        error::ApiError,
        http::Route,
        keys::Caller,
        limits::Permit,
        meter::Stop,
        named::{Begun, NamedRequest, read_name},
        trace::Trace,
        upstreams::UpstreamFault,
    },
    axum::{
        Extension,
        body::Body,
        extract::State,
        http::{HeaderMap, HeaderValue},
        response::Response,
        routing::{MethodRouter, post},
    },
    blockable_gate::Job,
    client::Waiting,
    job::RunningJob,
    prepare::PreparedRequest,
    std::{
        sync::Arc,
        time::{Duration, Instant},
    },
    tracing::Instrument,
    upstream::{Tried, UpstreamAnswer, UpstreamTime},
    whole::WholeAnswer,
};

/// The number of the hold that a request ran on.
pub(crate) const HOLD_HEADER: &str = "x-blockable-hold";
/// The units that a request cost.
pub(crate) const UNITS_HEADER: &str = "x-blockable-units";
/// The tokens that each answer was limited to, since no more of what is open fits.
pub(crate) const MAX_TOKENS_HEADER: &str = "x-blockable-max-tokens";
/// Time by which a hold outlasts its job's bound, so that the job ends it and not its deadline.
const HOLD_MARGIN: Duration = Duration::from_secs(60);

/// The endpoints of models, and their paths.
pub(crate) const SERVED: [(&str, Endpoint); 5] = [
    ("/v1/chat/completions", Endpoint::Chat),
    ("/v1/completions", Endpoint::Text),
    ("/v1/embeddings", Endpoint::Embeddings),
    ("/v1/responses", Endpoint::Responses),
    ("/v1/messages", Endpoint::Messages),
];

/// The routes of all endpoints of models, and of what lies below them and is not served.
pub(crate) fn routes() -> Vec<Route> {
    let mut routes = unserved::routes();
    routes.extend(SERVED.into_iter().map(|(path, endpoint)| (path, requests(endpoint))));
    routes
}

/// Serves the requests to an endpoint.
fn requests(endpoint: Endpoint) -> MethodRouter<Arc<App>> {
    post(async move |State(app), Extension(trace), headers: HeaderMap, body: Body| {
        complete(app, endpoint, trace, headers, body).await
    })
}

async fn complete(
    app: Arc<App>,
    endpoint: Endpoint,
    trace: Trace,
    mut headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    anthropic::read_headers(endpoint, &mut headers)?;
    tracing::Span::current().record("credit", tracing::field::display(app.authorise(&headers)?));
    let (caller, body, permit) = app.receive(&headers, body, app.config.limits.body_bytes).await?;
    let begun = begin_named(&app, &caller, endpoint, &headers, &body).await?;
    // It may have waited for the first one of its name, and its key been revoked meanwhile.
    let caller = if begun.is_some() { app.authorise_caller(&headers)? } else { caller };
    let named = match begun {
        Some(Begun::Again(answer)) => return Ok(permit.answer(answer)),
        Some(Begun::First(named)) => Some(named),
        None => None,
    };
    let plan = PreparedRequest::read(&app, endpoint, &caller.credit, body)?;
    let (_handler, leaves) = Waiting::new();
    let client = if named.is_some() { Waiting::for_good() } else { leaves };
    // A task of its own: a client that disconnects must not leave a job without its settlement.
    let job = run(app, plan, (caller, named), trace, permit, client).in_current_span();
    tokio::spawn(job).await.unwrap_or_else(|_| Err(ApiError::internal()))
}

/// Begins a request that has a name; `None` where it has none. Errors: see [`crate::named::NamedRequests::begin`].
async fn begin_named(
    app: &App,
    caller: &Caller,
    endpoint: Endpoint,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Option<Begun>, ApiError> {
    let Some(name) = read_name(headers)? else { return Ok(None) };
    let patience = Duration::from_secs(app.config.limits.client_patience_seconds);
    let most = app.config.idempotency.answer_bytes;
    let request = (endpoint.path(), body);
    app.named.begin(&app.gate, caller, name, request, (patience, most)).await.map(Some)
}

/// Holds the units, fits the request to them, calls the upstream and answers.
async fn run(
    app: Arc<App>,
    mut plan: PreparedRequest,
    caller: (Caller, Option<NamedRequest>),
    trace: Trace,
    permit: Permit,
    mut client: Waiting,
) -> Result<Response, ApiError> {
    tokio::select! {
        biased;
        stop = client.stop(&permit) => return Err(stops::stopped(stop)),
        () = tokenize::tighten(&app, &mut plan, &caller.0, &trace) => {}
    }
    let job = begin(app, plan, caller, trace).await?;
    let time = UpstreamTime::begin(&job.plan.model.config);
    let (mut tried, mut last) = (Tried::new(), None);
    loop {
        let called = tokio::select! {
            biased;
            stop = client.stop(&permit) => return Err(whole::stopped(job, stop.into()).await),
            called = upstream::call(&job, time, &mut tried) => called,
        };
        let mut answer = match called {
            Ok(answer) => answer,
            Err(fault) => {
                let fault = fault.or(last).unwrap_or_else(UpstreamFault::without_room);
                return Err(whole::failed(job, fault).await);
            }
        };
        tracing::Span::current().record("upstream", answer.upstream());
        let read = match is_stream(&job, &mut answer, time, &mut client, &permit).await {
            Ok(true) => return stream::answer(job, answer, (time, tried), permit, &mut client).await,
            Ok(false) => whole::read(&job, &mut answer, time, &mut client, &permit).await,
            Err(stop) => Err(stop.into()),
        };
        match read {
            Ok(WholeAnswer::Good(good)) => return whole::pass_on(job, good, permit).await,
            Ok(WholeAnswer::Bad { fault, allows_another: true, .. }) => last = Some(fault),
            Ok(WholeAnswer::Bad { fault, outcome, .. }) => {
                return Err(whole::end(job, &outcome, fault.error).await);
            }
            Err(unfinished) => return Err(whole::stopped(job, unfinished).await),
        }
    }
}

/// True where a request for a stream is answered by one. Errors: the reason for which the answer stops before that is known.
async fn is_stream(
    job: &RunningJob,
    answer: &mut UpstreamAnswer,
    time: UpstreamTime,
    client: &mut Waiting,
    permit: &Permit,
) -> Result<bool, Stop> {
    if !job.plan.streamed {
        return Ok(false);
    }
    tokio::select! {
        biased;
        stop = client.stop(permit) => Err(stop),
        is_stream = answer.is_stream(time) => is_stream,
    }
}

/// Holds the units and fits the request to them. Errors: the refusal of the gate, or of the caller's key.
async fn begin(
    app: Arc<App>,
    plan: PreparedRequest,
    (caller, named): (Caller, Option<NamedRequest>),
    trace: Trace,
) -> Result<RunningJob, ApiError> {
    let patience = Duration::from_secs(app.config.limits.client_patience_seconds);
    let limit = plan.model.config.timeout() + patience + HOLD_MARGIN;
    let reference = format!("{}/{}", plan.endpoint.name(), trace.id);
    let began = Instant::now();
    let credit = caller.credit;
    let grant = caller.begin(plan.units, plan.least).map_err(|refusal| plan.refuse_by_key(refusal))?;
    let job = Job::new(grant.units, reference, limit)
        .fitted_from(plan.least)
        .of_this_process()
        .labelled(&plan.model.config.name, caller.api_key);
    let hold = app.gate.admit(&credit, job).await.map_err(|refusal| plan.refuse(&app, &credit, refusal))?;
    app.metrics.record_time("blockable_provider_admit_seconds", began.elapsed());
    app.metrics.add_units("blockable_provider_held_units_total", hold.units);
    let fitted = plan.fit(hold.units);
    if fitted.is_some() {
        app.metrics.add("blockable_provider_fitted_requests_total", 1);
    }
    let span = tracing::Span::current();
    span.record("model", &plan.model.config.name).record("hold", hold.id.0);
    Ok(RunningJob::new(app, plan, hold, fitted, trace, grant, named))
}

/// Adds the headers that name a job's hold and, where its answers are limited, the limit.
fn insert_headers(headers: &mut HeaderMap, job: &RunningJob) {
    headers.insert(HOLD_HEADER, HeaderValue::from(job.hold.id.0));
    if let Some(limit) = job.fitted {
        headers.insert(MAX_TOKENS_HEADER, HeaderValue::from(limit));
    }
}
