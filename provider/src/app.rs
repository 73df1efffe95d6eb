//! The state that the server's handlers share.

use {
    crate::{
        admin::AdminToken,
        config::{Config, ModelConfig},
        error::ApiError,
        intake::Intake,
        keys::{ApiKeys, Caller},
        leases::Leases,
        limits::Running,
        metrics::Metrics,
        parts::RunningParts,
        prices::Prices,
        progress::TaskProgress,
        upstreams::Pool,
    },
    axum::{
        body::{Body, BodyDataStream},
        http::{HeaderMap, header::CONTENT_LENGTH},
    },
    blockable_gate::Gate,
    blockable_sdk::Pubkey,
    bytes::{Bytes, BytesMut},
    futures_util::StreamExt,
    std::{collections::BTreeMap, sync::Arc, time::Duration},
    tokio::{
        sync::{Semaphore, watch},
        time::timeout,
    },
};

/// Bytes that are read of a body that is too large, as a multiple of its bound.
const DRAIN_FACTOR: usize = 8;

/// A model and its upstreams.
pub(crate) struct ServedModel {
    /// Its settings.
    pub config: ModelConfig,
    /// Its upstreams.
    pub pool: Arc<Pool>,
}

/// The state that the server's handlers and tasks share.
///
/// Each part has its own locks; no two of them are held together. Only the gate and what `parts` write is durable: models,
/// keys and limits come from the configuration, leases are restored from the gate's holds, and the rest begins anew.
pub(crate) struct App {
    /// The settings.
    pub config: Config,
    /// Admits jobs.
    pub gate: Gate,
    /// Makes and checks API keys.
    pub keys: ApiKeys,
    /// The models on offer, by name.
    pub models: BTreeMap<String, Arc<ServedModel>>,
    /// Calls upstreams.
    pub http: reqwest::Client,
    /// Requests that run.
    pub running: Running,
    /// Metrics.
    pub metrics: Metrics,
    /// Bounds the signed freezes that are examined.
    pub intake: Intake,
    /// Streams of reports that may be opened.
    pub report_streams: Arc<Semaphore>,
    /// The parts around the gate.
    pub parts: RunningParts,
    /// The prices in force.
    pub prices: Arc<Prices>,
    /// Leases of GPUs.
    pub leases: Leases,
    /// The operator's token.
    pub admin: Option<AdminToken>,
    /// Times of the last progress, for `/livez`.
    pub progress: TaskProgress,
    /// True from the moment that the server shuts down.
    pub stopping: watch::Receiver<bool>,
}

impl App {
    /// The credit whose key a request carries.
    pub(crate) fn authorise(&self, headers: &HeaderMap) -> Result<Pubkey, ApiError> {
        self.authorise_caller(headers).map(|caller| caller.credit)
    }

    /// The credit whose key a request carries, and the name of the key.
    pub(crate) fn authorise_caller(&self, headers: &HeaderMap) -> Result<Caller, ApiError> {
        self.keys.authorise(headers, |credit| {
            let credit = self.gate.credit(credit)?;
            (credit.borrower != credit.address_borrower()).then_some(credit.borrower)
        })
    }

    /// Reads a request's body. Errors: where it is too large or too slow.
    pub(crate) async fn read_body(
        &self,
        headers: &HeaderMap,
        body: Body,
        most: usize,
    ) -> Result<Bytes, ApiError> {
        let too_large = || {
            let message = format!("the body is larger than {most} bytes; send less");
            let status = axum::http::StatusCode::PAYLOAD_TOO_LARGE;
            ApiError::new(status, "invalid_request_error", "body_too_large", message)
        };
        let announced =
            headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        let is_announced_too_large = announced.is_some_and(|bytes| bytes > most as u64);
        let read = async {
            let mut pieces = body.into_data_stream();
            if is_announced_too_large {
                drain(&mut pieces, most).await;
                return Err(too_large());
            }
            let broken = |_| ApiError::invalid("body_incomplete", "the body broke off; send it again");
            let Some(first) = pieces.next().await else { return Ok(Bytes::new()) };
            let first = first.map_err(broken)?;
            let (mut length, mut whole) = (first.len(), None::<BytesMut>);
            while let Some(piece) = pieces.next().await {
                let piece = piece.map_err(broken)?;
                length = length.saturating_add(piece.len());
                if length > most {
                    drain(&mut pieces, most).await;
                    return Err(too_large());
                }
                whole.get_or_insert_with(|| BytesMut::from(&first[..])).extend_from_slice(&piece);
            }
            if length > most { Err(too_large()) } else { Ok(whole.map_or(first, BytesMut::freeze)) }
        };
        timeout(Duration::from_secs(self.config.limits.body_seconds), read).await.unwrap_or_else(|_| {
            let status = axum::http::StatusCode::REQUEST_TIMEOUT;
            let message = "the body did not arrive in time; send it again";
            Err(ApiError::new(status, "invalid_request_error", "body_timeout", message))
        })
    }
}

/// Reads a part of what a refused body still brings. A connection that is closed while its client writes is reset, and the
/// client would not get the answer.
async fn drain(pieces: &mut BodyDataStream, most: usize) {
    let mut left = most.saturating_mul(DRAIN_FACTOR);
    while left > 0 {
        match pieces.next().await {
            Some(Ok(piece)) => left = left.saturating_sub(piece.len().max(1)),
            Some(Err(_)) | None => return,
        }
    }
}
