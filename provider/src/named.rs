//! Requests with a name of their own (`Idempotency-Key`). A credit pays once for each name of each of its keys: a request that comes
//! again gets the answer of the first one.

use {
    crate::{
        error::{ApiError, ErrorShape},
        keys::Caller,
    },
    axum::{
        body::Body,
        http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::CONTENT_TYPE},
        response::Response,
    },
    blockable_gate::{Gate, KeptAnswer},
    blockable_sdk::Pubkey,
    blockable_service::lock::lock,
    sha2::{Digest, Sha256},
    std::{
        collections::{BTreeMap, HashMap},
        sync::{Arc, Mutex},
        time::Duration,
    },
    tokio::{
        sync::watch,
        time::{Instant, timeout_at},
    },
};

/// The request header with the name.
const NAME: &str = "idempotency-key";
/// The header of an answer that is given again.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// Most characters of a name.
const MAX_NAME: usize = 255;

/// A credit, the name space of the key that asks for it, and a name.
type NameOfCaller = (Pubkey, String, String);

/// The named requests that run, by credit, key and name.
///
/// The lock is held for single steps. An answer is recorded with its settlement, or waits with it in the gate's memory, and only then
/// does its name leave this table: so a request that comes again finds its first one running, or its answer, or nothing was charged.
/// A crash loses the table with the jobs that ran, and what was charged has its answer in the store.
#[derive(Clone, Default)]
pub(crate) struct NamedRequests {
    running: Arc<Mutex<HashMap<NameOfCaller, RunningName>>>,
}

struct RunningName {
    request: [u8; 32],
    ended: watch::Receiver<()>,
}

/// A named request that runs. Its name is free again once this is dropped.
pub(crate) struct NamedRequest {
    table: NamedRequests,
    name: NameOfCaller,
    request: [u8; 32],
    /// Most bytes of an answer that is kept.
    most: usize,
    _ended: watch::Sender<()>,
}

/// An answer as it is kept.
pub(crate) struct AnswerParts {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// `None` where it was too large to be recorded.
    pub body: Option<Vec<u8>>,
}

impl AnswerParts {
    /// The answer that names an error, in the shape that its client reads, to a request with an id.
    pub(crate) fn from_error(error: &ApiError, shape: ErrorShape, id: &str) -> AnswerParts {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let body = shape.body(error, id).to_string().into_bytes();
        AnswerParts { status: shape.status(error), headers, body: Some(body) }
    }
}

/// The beginning of a named request.
pub(crate) enum Begun {
    /// It is the first one of its name.
    First(NamedRequest),
    /// It has been answered before.
    Again(Response),
}

/// Reads the name of a request. Errors: 400 for one that is empty, too long, or not of visible ASCII characters.
pub(crate) fn read_name(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get(NAME) else { return Ok(None) };
    let name = value.to_str().unwrap_or_default();
    let is_good = (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic());
    let message =
        format!("`Idempotency-Key` must have 1 to {MAX_NAME} visible ASCII characters; make one per request");
    is_good
        .then(|| Some(name.to_string()))
        .ok_or_else(|| ApiError::invalid("invalid_idempotency_key", message))
}

impl NamedRequests {
    /// Begins a request of a name, a `path` and a body. Waits up to `patience` for one that runs under the same name. Errors: 409
    /// where that one still runs then, or its answer is not kept, 422 where it was another request.
    pub(crate) async fn begin(
        &self,
        gate: &Gate,
        caller: &Caller,
        name: String,
        (path, body): (&str, &[u8]),
        (patience, most): (Duration, usize),
    ) -> Result<Begun, ApiError> {
        let request = Sha256::new().chain_update(path).chain_update([0]).chain_update(body).finalize().into();
        let deadline = Instant::now() + patience;
        let name = (caller.credit, caller.name_space().to_string(), name);
        let named = loop {
            match self.enter(&name, request, most)? {
                Ok(named) => break named,
                Err(mut ended) => {
                    // Its sender sends nothing; it is dropped at the end.
                    if timeout_at(deadline, ended.changed()).await.is_err() {
                        return Err(still_runs());
                    }
                }
            }
        };
        match gate.kept_answer(&name.0, &name.1, &name.2).await? {
            None => Ok(Begun::First(named)),
            Some(kept) if kept.request != request => Err(another_request()),
            Some(kept) => replay(kept).map(Begun::Again),
        }
    }

    /// Takes a name, or returns the end of the request that has it. Errors: 422 where that is another request.
    fn enter(
        &self,
        name: &NameOfCaller,
        request: [u8; 32],
        most: usize,
    ) -> Result<Result<NamedRequest, watch::Receiver<()>>, ApiError> {
        let mut running = lock(&self.running);
        match running.get(name) {
            Some(other) if other.request != request => Err(another_request()),
            Some(other) => Ok(Err(other.ended.clone())),
            None => {
                let (sender, ended) = watch::channel(());
                running.insert(name.clone(), RunningName { request, ended });
                let (table, name) = (self.clone(), name.clone());
                Ok(Ok(NamedRequest { table, name, request, most, _ended: sender }))
            }
        }
    }
}

impl NamedRequest {
    /// Most bytes of an answer that is kept.
    pub(crate) fn most(&self) -> usize {
        self.most
    }

    /// The answer to be kept for it.
    pub(crate) fn keep(&self, answer: AnswerParts) -> KeptAnswer {
        let mut head = BTreeMap::new();
        for (name, value) in &answer.headers {
            if let Ok(value) = value.to_str() {
                head.insert(name.as_str(), value.to_string());
            }
        }
        KeptAnswer {
            caller: self.name.1.clone(),
            name: self.name.2.clone(),
            request: self.request,
            status: answer.status.as_u16(),
            head: serde_json::to_string(&head).unwrap_or_default(),
            body: answer.body.filter(|body| body.len() <= self.most),
        }
    }
}

impl Drop for NamedRequest {
    fn drop(&mut self) {
        lock(&self.table.running).remove(&self.name);
    }
}

/// Makes the answer anew. Errors: 409 where it is not kept.
fn replay(kept: KeptAnswer) -> Result<Response, ApiError> {
    let body = kept.body.ok_or_else(|| {
        let message = "the request of this `Idempotency-Key` was answered and charged, and its answer is not kept, for want of room; \
                       GET /v1/usage has its cost; send another key to ask anew";
        conflict("idempotency_answer_not_kept", message)
    })?;
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(kept.status).unwrap_or(StatusCode::OK);
    let head: BTreeMap<String, String> = serde_json::from_str(&kept.head).unwrap_or_default();
    for (name, value) in head {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

fn conflict(code: &'static str, message: &str) -> ApiError {
    ApiError::new(StatusCode::CONFLICT, "invalid_request_error", code, message)
}

fn still_runs() -> ApiError {
    let message = "the first request of this `Idempotency-Key` still runs; try again later for its answer";
    ApiError { retry_after: Some(5), ..conflict("idempotency_in_progress", message) }
}

fn another_request() -> ApiError {
    let message = "this `Idempotency-Key` was sent with another request; make a key for each request";
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    ApiError::new(status, "invalid_request_error", "idempotency_key_reused", message)
}
