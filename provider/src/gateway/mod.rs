//! The OpenAI-compatible gateway: admit, call the upstream, settle, answer.

mod job;
mod stream;
mod upstream;
mod usage;
mod whole;

use {
    crate::{
        app::{App, ServedModel},
        error::ApiError,
        http::RequestId,
        limits::Permit,
        request::{CompletionKind, CompletionRequest},
    },
    axum::{
        Extension, Json, Router,
        body::Body,
        extract::State,
        http::{HeaderMap, HeaderValue, header::CONTENT_TYPE},
        response::Response,
        routing::{MethodRouter, get, post},
    },
    blockable_gate::Job,
    blockable_sdk::{Pubkey, amounts::Units},
    bytes::Bytes,
    job::RunningJob,
    serde_json::{Value, json},
    std::{
        sync::Arc,
        time::{Duration, Instant},
    },
    tracing::Instrument,
};

/// The number of the hold that a request ran on.
pub(crate) const HOLD_HEADER: &str = "x-blockable-hold";
/// The units that a request cost.
pub(crate) const UNITS_HEADER: &str = "x-blockable-units";
/// Time by which a hold outlasts its job's bound, so that the job ends it and not its deadline.
const HOLD_MARGIN: Duration = Duration::from_secs(60);

/// The routes of completions.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/chat/completions", completions(CompletionKind::Chat))
        .route("/v1/completions", completions(CompletionKind::Text))
        .route("/v1/models", get(models))
}

/// Serves completions in the manner of an endpoint.
fn completions(endpoint: CompletionKind) -> MethodRouter<Arc<App>> {
    post(async move |State(app), Extension(id), headers: HeaderMap, body: Body| {
        complete(app, endpoint, id, headers, body).await
    })
}

/// `GET /v1/models`.
async fn models(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Json<Value>, ApiError> {
    app.authorise(&headers)?;
    let models: Vec<Value> = app
        .models
        .values()
        .map(|model| {
            let config = &model.config;
            json!({"id": config.name, "object": "model", "created": 0, "owned_by": "provider",
            "context_tokens": config.context_tokens, "max_output_tokens": config.max_output_tokens,
            "units_per_1k_prompt": config.units_per_1k_prompt,
            "units_per_1k_generated": config.units_per_1k_generated})
        })
        .collect();
    Ok(Json(json!({"object": "list", "data": models})))
}

/// A request ready for its upstream, with the most it can cost.
struct PreparedRequest {
    endpoint: CompletionKind,
    model: Arc<ServedModel>,
    units: Units,
    body: Bytes,
    streamed: bool,
    wants_usage: bool,
}

async fn complete(
    app: Arc<App>,
    endpoint: CompletionKind,
    RequestId(id): RequestId,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let credit = app.authorise(&headers)?;
    tracing::Span::current().record("credit", tracing::field::display(credit));
    let permit = app.running.enter(credit)?;
    let body = app.read_body(&headers, body, app.config.limits.body_bytes).await?;
    let plan = plan(&app, endpoint, &body)?;
    // A task of its own: a client that disconnects must not leave a job without its settlement.
    let job = run(app, plan, credit, id, permit).in_current_span();
    tokio::spawn(job).await.unwrap_or_else(|_| Err(ApiError::internal()))
}

/// Reads a request and bounds its cost. Errors: 400 for a mistake in it, 404 for an unknown model.
fn plan(app: &App, endpoint: CompletionKind, body: &Bytes) -> Result<PreparedRequest, ApiError> {
    let request = CompletionRequest::parse(endpoint, body)?;
    let model = app.models.get(&request.model).ok_or_else(|| {
        let message = "the provider has no such model; GET /v1/models lists those on offer";
        let error = ApiError::not_found("model_not_found", message);
        ApiError { param: Some("model".to_string()), ..error }
    })?;
    let bound = request.bound(&model.config)?;
    let units = model.config.price().most(&bound).map_err(|_| {
        ApiError::invalid("request_too_large", "the request may cost more than can be counted; ask for less")
    })?;
    Ok(PreparedRequest {
        endpoint,
        model: model.clone(),
        units,
        body: request.forward(body, &model.config),
        streamed: request.streamed,
        wants_usage: request.wants_usage,
    })
}

/// Holds the units, calls the upstream and answers.
async fn run(
    app: Arc<App>,
    plan: PreparedRequest,
    credit: Pubkey,
    id: String,
    permit: Permit,
) -> Result<Response, ApiError> {
    let patience = Duration::from_secs(app.config.limits.client_patience_seconds);
    let limit = plan.model.config.timeout() + patience + HOLD_MARGIN;
    let reference = format!("{}/{id}", plan.endpoint.name());
    let began = Instant::now();
    let hold = app.gate.admit(&credit, Job::new(plan.units, reference, limit)).await?;
    app.metrics.record_time("blockable_provider_admit_seconds", began.elapsed());
    app.metrics.add_units("blockable_provider_held_units_total", plan.units);
    let deadline = tokio::time::Instant::now() + plan.model.config.timeout();
    let job = RunningJob::new(app, plan.model.clone(), hold, permit);
    let answer = match upstream::call(&job, &plan, deadline).await {
        Ok(answer) => answer,
        Err(error) => {
            job.release().await;
            return Err(error);
        }
    };
    let is_stream = answer
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
    match answer.status().is_success() && plan.streamed && is_stream {
        true => Ok(stream::answer(job, answer, plan.wants_usage, deadline)),
        false => whole::answer(job, answer, deadline).await,
    }
}

/// The header that names a job's hold.
fn hold_header(job: &RunningJob) -> HeaderValue {
    HeaderValue::from(job.hold.id.0)
}
