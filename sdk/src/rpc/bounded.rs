//! The connection to a node: every answer has a deadline and a bound in bytes, whatever the node sends.

mod accounts;

use {
    super::{
        CommitmentConfig, RpcClient, RpcClientError, RpcClientErrorKind, RpcError, RpcRequest,
        RpcResponseErrorData,
    },
    crate::http::{HttpError, build, client_builder},
    async_trait::async_trait,
    reqwest::{
        Client, Response, StatusCode,
        header::{CONTENT_TYPE, RETRY_AFTER},
    },
    serde_json::Value,
    solana_rpc_client::{
        rpc_client::RpcClientConfig,
        rpc_sender::{RpcSender, RpcTransportStats},
    },
    solana_rpc_client_api::{
        custom_error::{
            JSON_RPC_SERVER_ERROR_NODE_UNHEALTHY, JSON_RPC_SERVER_ERROR_SEND_TRANSACTION_PREFLIGHT_FAILURE,
            NodeUnhealthyErrorData,
        },
        error_object::RpcErrorObject,
        response::RpcSimulateTransactionResult,
    },
    std::{
        sync::atomic::{AtomicU64, Ordering},
        time::Duration,
    },
    tokio::time::{Instant, sleep},
};

/// Most bytes of an answer that lists accounts: some 50,000 credits.
pub const MAX_LIST: usize = 128 << 20;
/// Most bytes of any other answer.
pub const MAX_ANSWER: usize = 32 << 20;
/// The reason for which no request is sent.
const NO_CLIENT: &str =
    "no HTTP client can be set up; check SSL_CERT_FILE, ca_file and the machine's TLS settings";
/// The reason for which an answer with accounts is given up.
const UNREADABLE: &str = "its answer has an account that cannot be read";
/// The reason for which a longer answer is given up.
const TOO_LARGE: &str = "its answer is longer than any that it has a reason to give";
/// The reasons of this connection's own, which carry no URL.
pub(super) const OWN: [&str; 3] = [NO_CLIENT, UNREADABLE, TOO_LARGE];
/// Pause before a request is repeated that the node had no time for, where it names none.
const BUSY: Duration = Duration::from_millis(500);

/// Least pause, whatever the node names.
const LEAST_PAUSE: Duration = Duration::from_millis(50);

/// A client of the node at a URL. A request has the deadline in all: also with a node that asks for patience (HTTP status 429), which is
/// asked again while the deadline allows. No answer takes more than [`MAX_ANSWER`] bytes, and no list of accounts more than [`MAX_LIST`].
/// Where no HTTP client can be set up, every request fails with that reason.
pub fn connect(url: impl Into<String>, deadline: Duration, commitment: CommitmentConfig) -> RpcClient {
    let url = url.into();
    let sender = BoundedSender {
        http: client_builder(&url).and_then(|builder| build(builder.timeout(deadline))),
        url,
        deadline,
        requests: AtomicU64::new(0),
    };
    RpcClient::new_sender(sender, RpcClientConfig::with_commitment(commitment))
}

/// Sends requests over HTTP. The RPC client's own sender waits for a node that is busy as long as that wants, and takes any answer.
struct BoundedSender {
    http: Result<Client, HttpError>,
    url: String,
    deadline: Duration,
    requests: AtomicU64,
}

#[async_trait]
impl RpcSender for BoundedSender {
    async fn send(&self, request: RpcRequest, mut params: Value) -> Result<Value, RpcClientError> {
        let is_decoded = accounts::ask_plainly(&request, &mut params);
        let http = self.http.as_ref().map_err(|_| RpcClientErrorKind::Custom(NO_CLIENT.to_string()))?;
        let id = self.requests.fetch_add(1, Ordering::Relaxed);
        let most = if request == RpcRequest::GetProgramAccounts { MAX_LIST } else { MAX_ANSWER };
        let body = request.build_request_json(id, params).to_string();
        let end = Instant::now() + self.deadline;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let post = http.post(&self.url).header(CONTENT_TYPE, "application/json");
            let response = post.timeout(left).body(body.clone()).send().await?;
            if response.status() == StatusCode::TOO_MANY_REQUESTS {
                let pause = asked_pause(&response);
                if Instant::now().checked_add(pause).is_some_and(|then| then < end) {
                    sleep(pause).await;
                    continue;
                }
            }
            let answer = read(response.error_for_status()?, most).await?;
            let result = result(serde_json::from_slice(&answer)?)?;
            return match accounts::are_readable(&request, &result, is_decoded) {
                true => Ok(result),
                false => Err(RpcClientErrorKind::Custom(UNREADABLE.to_string()).into()),
            };
        }
    }

    fn get_transport_stats(&self) -> RpcTransportStats {
        RpcTransportStats::default()
    }

    fn url(&self) -> String {
        self.url.clone()
    }
}

/// The pause that a busy node asks for.
fn asked_pause(response: &Response) -> Duration {
    let asked = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    asked.map_or(BUSY, Duration::from_secs).max(LEAST_PAUSE)
}

/// Reads an answer as far as it may be long.
async fn read(mut response: Response, most: usize) -> Result<Vec<u8>, RpcClientError> {
    let mut answer = Vec::new();
    while let Some(part) = response.chunk().await? {
        if answer.len().saturating_add(part.len()) > most {
            return Err(RpcClientErrorKind::Custom(TOO_LARGE.to_string()).into());
        }
        answer.extend_from_slice(&part);
    }
    Ok(answer)
}

/// The result in an answer. Errors: the node's own, and an answer that is none.
fn result(mut answer: Value) -> Result<Value, RpcClientError> {
    let unreadable = |reason: String| RpcClientError::from(RpcError::RpcRequestError(reason));
    if !answer.is_object() {
        return Err(unreadable("the answer is no object".to_string()));
    }
    if !answer["error"].is_object() {
        return Ok(answer["result"].take());
    }
    let details = answer["error"]["data"].take();
    let RpcErrorObject { code, message, .. } =
        serde_json::from_value(answer["error"].take()).map_err(|error| unreadable(error.to_string()))?;
    let data = match code {
        JSON_RPC_SERVER_ERROR_SEND_TRANSACTION_PREFLIGHT_FAILURE => {
            serde_json::from_value::<RpcSimulateTransactionResult>(details)
                .map_or(RpcResponseErrorData::Empty, RpcResponseErrorData::SendTransactionPreflightFailure)
        }
        JSON_RPC_SERVER_ERROR_NODE_UNHEALTHY => serde_json::from_value::<NodeUnhealthyErrorData>(details)
            .map_or(RpcResponseErrorData::Empty, |NodeUnhealthyErrorData { num_slots_behind }| {
                RpcResponseErrorData::NodeUnhealthy { num_slots_behind }
            }),
        _ => RpcResponseErrorData::Empty,
    };
    Err(RpcError::RpcResponseError { code, message, data }.into())
}
