//! Hands a signed freeze to the provider's server, which obeys it before it lands.

use {
    crate::{error::CliError, output::notice},
    base64::{Engine, prelude::BASE64_STANDARD},
    blockable_sdk::{VersionedTransaction, amounts::Units, transactions},
    blockable_service::{command::Gate, text},
    reqwest::Client,
    serde_json::{Value, json},
    std::{
        future::Future,
        pin::Pin,
        time::{Duration, Instant},
    },
};

/// Deadline of the server's answer. The freeze lands without it as well.
const DEADLINE: Duration = Duration::from_secs(10);
/// Most characters of the server's own message that are passed on.
const MESSAGE: usize = 200;

/// The provider's server at a URL, to which a change hands its transactions over. Its connections serve all of them. Errors:
/// [`CliError::Failed`] where no HTTPS is available.
pub(crate) fn gate<'a>(url: &str) -> Result<Gate<'a>, CliError> {
    let client = Client::builder().timeout(DEADLINE).redirect(reqwest::redirect::Policy::none());
    let client = client.build().map_err(|_| CliError::Failed("no HTTPS is available".to_string()))?;
    let to = format!("{}/v1/freezes", url.trim_end_matches('/'));
    let hand_over = move |transaction| -> Pin<Box<dyn Future<Output = Value> + 'a>> {
        let (client, to) = (client.clone(), to.clone());
        Box::pin(async move { Handed::hand_over(&client, &to, &transaction).await.json() })
    };
    Ok(Gate { url: url.to_string(), hand_over: Box::new(hand_over) })
}

/// The server's answer to a freeze.
#[derive(Clone, Debug)]
struct Handed {
    /// Time from the signature to the answer.
    took: Duration,
    /// Units that are closed to new jobs in all, or the reason for which it obeys nothing yet.
    answer: Result<Units, String>,
}

impl Handed {
    /// Hands a transaction over. A server that fails holds nothing up: the transaction goes to the chain at the same time.
    async fn hand_over(client: &Client, to: &str, transaction: &VersionedTransaction) -> Handed {
        let signed_at = Instant::now();
        let answer = post(client, to, transaction).await;
        let handed = Handed { took: signed_at.elapsed(), answer };
        let millis = handed.took.as_millis();
        match &handed.answer {
            Ok(frozen) => notice(&format!(
                "the provider obeys after {millis} ms: {} are closed to new jobs",
                text::units(*frozen)
            )),
            Err(reason) => {
                notice(&format!("the provider has not obeyed yet ({reason}); it will once the freeze lands"))
            }
        }
        handed
    }

    /// The answer as data.
    fn json(&self) -> Value {
        json!({
            "obeyed": self.answer.is_ok(),
            "after_ms": u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
            "frozen": self.answer.as_ref().ok(),
            "error": self.answer.as_ref().err(),
        })
    }
}

async fn post(client: &Client, to: &str, transaction: &VersionedTransaction) -> Result<Units, String> {
    let body = json!({"transaction": BASE64_STANDARD.encode(transactions::encode(transaction))});
    let sent = client.post(to).json(&body).send().await;
    // Its own text has the URL in it.
    let answer =
        sent.map_err(|error| if error.is_timeout() { "no answer in time" } else { "it cannot be reached" })?;
    let status = answer.status();
    let body: Value = answer.json().await.unwrap_or_default();
    match body.get("frozen").and_then(Value::as_u64) {
        Some(frozen) if status.is_success() => Ok(Units(frozen)),
        _ => {
            let message = body
                .pointer("/error/message")
                .and_then(Value::as_str)
                .unwrap_or("an answer without a reason");
            let message: String =
                message.chars().filter(|character| !character.is_control()).take(MESSAGE).collect();
            Err(format!("HTTP status {}: {message}", status.as_u16()))
        }
    }
}
