//! Hands a signed freeze to the provider's server, which obeys it before it lands.

use {
    crate::output::notice,
    base64::{Engine, prelude::BASE64_STANDARD},
    blockable_sdk::{VersionedTransaction, amounts::Units, transactions},
    blockable_service::text,
    serde_json::{Value, json},
    std::time::{Duration, Instant},
};

/// Deadline of the server's answer. The freeze lands without it as well.
const DEADLINE: Duration = Duration::from_secs(10);
/// Most characters of the server's own message that are passed on.
const MESSAGE: usize = 200;

/// The server's answer to a freeze.
#[derive(Clone, Debug)]
pub(crate) struct Handed {
    /// Time from the signature to the answer.
    took: Duration,
    /// Units that are closed to new jobs in all, or the reason for which it obeys nothing yet.
    answer: Result<Units, String>,
}

impl Handed {
    /// Hands a transaction over. A server that fails holds nothing up: the transaction goes to the chain at the same time.
    pub(crate) async fn hand_over(
        url: &str,
        transaction: &VersionedTransaction,
        signed_at: Instant,
    ) -> Handed {
        let answer = post(url, transaction).await;
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
    pub(crate) fn json(&self) -> Value {
        json!({
            "obeyed": self.answer.is_ok(),
            "after_ms": u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
            "frozen": self.answer.as_ref().ok(),
            "error": self.answer.as_ref().err(),
        })
    }
}

async fn post(url: &str, transaction: &VersionedTransaction) -> Result<Units, String> {
    let client =
        reqwest::Client::builder().timeout(DEADLINE).redirect(reqwest::redirect::Policy::none()).build();
    let client = client.map_err(|_| "no HTTPS is available".to_string())?;
    let body = json!({"transaction": BASE64_STANDARD.encode(transactions::encode(transaction))});
    let sent = client.post(format!("{}/v1/freezes", url.trim_end_matches('/'))).json(&body).send().await;
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
