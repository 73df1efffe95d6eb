//! Talks to a provider's server: hands it signed freezes, which it obeys before they land, and fetches its reports.

use {
    crate::{
        change::{SendToGate, Step},
        error::CliError,
        output::note,
    },
    base64::{Engine, prelude::BASE64_STANDARD},
    blockable_sdk::{VersionedTransaction, amounts::Units, rpc::shorten, transactions},
    blockable_service::text,
    reqwest::{Client, Response, StatusCode},
    serde_json::{Value, json},
    std::{
        future::Future,
        pin::Pin,
        time::{Duration, Instant},
    },
};

/// Deadline of the server's answer. The freeze lands without it as well.
const DEADLINE: Duration = Duration::from_secs(10);
/// Most bytes of its answer to a freeze.
const FREEZE_BYTES: u64 = 64 << 10;

/// The server that a freeze is handed to, and the units that it must then have closed in all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recipient {
    /// Its URL.
    pub url: String,
    /// The units.
    pub target: Units,
}

/// A function that hands the transaction of a step to the server that `recipient_of` names for it, over connections that serve all of
/// them. A step without a server is handed to nobody. Errors: [`CliError::Failed`] where no HTTPS is available.
pub(crate) fn send_to_gate<'a>(
    recipient_of: impl Fn(&Step) -> Option<Recipient> + 'a,
) -> Result<SendToGate<'a>, CliError> {
    let client = client().map_err(CliError::Failed)?;
    let send_to_gate = move |step: &Step, transaction| -> Pin<Box<dyn Future<Output = Value> + 'a>> {
        let (client, recipient) = (client.clone(), recipient_of(step));
        Box::pin(async move {
            let handed = match recipient {
                Some(recipient) => Handed::send_to_gate(&client, &recipient, &transaction).await,
                None => Handed { took: Duration::ZERO, answer: Err("no server is named".to_string()) },
            };
            handed.json()
        })
    };
    Ok(Box::new(send_to_gate))
}

/// Fetches what the server at a URL has at a path, of at most so many bytes. Errors: the reason, without the URL.
pub(crate) async fn get(url: &str, path: &str, most: u64) -> Result<Vec<u8>, String> {
    let sent = client()?.get(format!("{}{path}", url.trim_end_matches('/'))).send().await;
    let (status, body) = read(sent, most).await?;
    if status.is_success() {
        return Ok(body);
    }
    Err(refusal(status, &serde_json::from_slice(&body).unwrap_or_default()))
}

/// A client that follows no redirects. Errors: no HTTPS is available.
fn client() -> Result<Client, String> {
    let client = Client::builder().timeout(DEADLINE).redirect(reqwest::redirect::Policy::none());
    client.build().map_err(|_| "no HTTPS is available".to_string())
}

/// A failed request in words. Its own text has the URL in it.
fn failure(error: &reqwest::Error) -> String {
    if error.is_timeout() { "no answer in time" } else { "it cannot be reached" }.to_string()
}

/// The server's own reason, cut.
fn refusal(status: StatusCode, body: &Value) -> String {
    let message =
        body.pointer("/error/message").and_then(Value::as_str).unwrap_or("an answer without a reason");
    format!("HTTP status {}: {}", status.as_u16(), shorten(message))
}

/// The server's answer to a freeze.
#[derive(Clone, Debug)]
struct Handed {
    /// Time from the signature to the answer.
    took: Duration,
    /// Units that are closed to new jobs in all, or the reason for which it obeys nothing yet. `None` where it has seen as large a
    /// freeze on the chain already, such as this one where it lands very fast.
    answer: Result<Option<Units>, String>,
}

impl Handed {
    /// Hands a transaction over. A server that fails holds nothing up: the transaction goes to the chain at the same time.
    async fn send_to_gate(client: &Client, to: &Recipient, transaction: &VersionedTransaction) -> Handed {
        let signed_at = Instant::now();
        let answer = post(client, to, transaction).await;
        let handed = Handed { took: signed_at.elapsed(), answer };
        let millis = handed.took.as_millis();
        match &handed.answer {
            Ok(None) => {
                note(&format!("the provider obeys after {millis} ms: it has seen the freeze on the chain"))
            }
            Ok(Some(frozen)) => note(&format!(
                "the provider obeys after {millis} ms: {} are closed to new jobs",
                text::units(*frozen)
            )),
            Err(reason) => {
                note(&format!("the provider has not obeyed yet ({reason}); it will once the freeze lands"))
            }
        }
        handed
    }

    /// The answer as data.
    fn json(&self) -> Value {
        json!({
            "obeyed": self.answer.is_ok(),
            "after_ms": u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
            "frozen": self.answer.as_ref().ok().copied().flatten(),
            "error": self.answer.as_ref().err(),
        })
    }
}

async fn post(
    client: &Client,
    to: &Recipient,
    transaction: &VersionedTransaction,
) -> Result<Option<Units>, String> {
    let body = json!({"transaction": BASE64_STANDARD.encode(transactions::encode(transaction))});
    let url = format!("{}/v1/freezes", to.url.trim_end_matches('/'));
    let (status, body) = read(client.post(url).json(&body).send().await, FREEZE_BYTES).await?;
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let code = body.pointer("/error/code").and_then(Value::as_str);
    match body.get("frozen").and_then(Value::as_u64).map(Units) {
        Some(frozen) if status.is_success() && frozen < to.target => {
            Err(format!("it says that it has closed {} of {}", text::units(frozen), text::units(to.target)))
        }
        Some(frozen) if status.is_success() => Ok(Some(frozen)),
        None if status == StatusCode::FORBIDDEN && code == Some("already_frozen") => Ok(None),
        _ => Err(refusal(status, &body)),
    }
}

/// Reads an answer of at most so many bytes, whatever its status. Errors: the reason, without the URL.
async fn read(sent: reqwest::Result<Response>, most: u64) -> Result<(StatusCode, Vec<u8>), String> {
    let mut answer = sent.map_err(|error| failure(&error))?;
    let (status, mut body) = (answer.status(), Vec::new());
    while let Some(part) = answer.chunk().await.map_err(|error| failure(&error))? {
        if part.len().saturating_add(body.len()) as u64 > most {
            return Err(format!("its answer has more than {most} bytes"));
        }
        body.extend_from_slice(&part);
    }
    Ok((status, body))
}
