//! Posts alerts to webhooks, signed.

use {
    crate::alerts::{
        AlertError,
        entries::Phase,
        message,
        record::Alert,
        settings::{Format, Webhook, WebhookUrl},
    },
    blockable_service::hex,
    hmac::{Hmac, Mac},
    reqwest::{Client, header::CONTENT_TYPE, redirect::Policy},
    secrecy::{ExposeSecret, SecretString},
    sha2::Sha256,
    std::time::Duration,
};

/// Longest time for one post.
const DEADLINE: Duration = Duration::from_secs(10);
/// Time for which an idle connection stays open.
const IDLE: Duration = Duration::from_secs(30);

/// One webhook.
pub(super) struct Poster {
    http: Client,
    url: WebhookUrl,
    secret: Option<SecretString>,
    format: Format,
    pub(crate) deadline: Duration,
}

impl Poster {
    /// Reads a webhook's secret. Errors: [`AlertError`].
    pub(crate) fn new(webhook: &Webhook) -> Result<Poster, AlertError> {
        let secret = webhook.secret.as_ref().map(|secret| secret.read()).transpose();
        let secret = secret
            .map_err(|reason| AlertError::Secret { of: format!("webhook {}", webhook.name), reason })?;
        // A redirect would take the alert to a place that nobody named.
        let http = Client::builder().redirect(Policy::none()).pool_idle_timeout(IDLE).build();
        let http = http.map_err(|error| AlertError::Http(error.without_url().to_string()))?;
        let url = webhook.url.clone();
        Ok(Poster { http, url, secret, format: webhook.format, deadline: DEADLINE })
    }

    /// Posts an alert. Errors: the reason for which it was not taken.
    pub(crate) async fn post(&self, alert: &Alert, phase: Phase) -> Result<(), String> {
        let body = message::body(self.format, alert, phase).map_err(|error| error.to_string())?;
        let mut post = self
            .http
            .post(self.url.get())
            .timeout(self.deadline)
            .header(CONTENT_TYPE, "application/json")
            .header("x-blockable-alert", alert.id)
            .header("x-blockable-phase", phase.name());
        if let Some(secret) = &self.secret {
            post = post.header("x-blockable-signature", signature(secret, &body)?);
        }
        let answer = post.body(body).send().await.map_err(|error| reason(error.without_url()))?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => Err(format!("it answers {status}")),
        }
    }
}

/// `sha256=` and the HMAC-SHA256 of a body in hex.
fn signature(secret: &SecretString, body: &[u8]) -> Result<String, String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .map_err(|error| error.to_string())?;
    mac.update(body);
    Ok(format!("sha256={}", hex::encode(mac.finalize().into_bytes())))
}

/// The innermost cause of a failure: the outer errors only say that a request was sent.
fn reason(error: reqwest::Error) -> String {
    if error.is_timeout() {
        return "it does not answer in time".to_string();
    }
    let mut cause: &dyn std::error::Error = &error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
