//! Posts messages as JSON, signed as Standard Webhooks has it.

use {
    super::{Channel, Http, Pace, Refusal},
    crate::alerts::message::Message,
    blockable_service::webhook::{ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, WebhookKey, signatures},
    futures_util::{FutureExt, future::BoxFuture},
    reqwest::{
        Url,
        header::{HeaderMap, HeaderName, HeaderValue},
    },
    std::time::{SystemTime, UNIX_EPOCH},
};

/// One webhook.
pub(super) struct Webhook {
    pub(super) http: Http,
    pub(super) url: Url,
    /// The key of signatures, and a second one while they are changed.
    pub(super) keys: Vec<WebhookKey>,
}

impl Webhook {
    async fn post(&self, message: &Message) -> Result<(), Refusal> {
        let body = message.body.to_string().into_bytes();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        let mut headers = HeaderMap::new();
        for (name, value) in [
            (ID_HEADER, message.id.clone()),
            (TIMESTAMP_HEADER, now.to_string()),
            (SIGNATURE_HEADER, signatures(&self.keys, &message.id, now, &body)),
        ] {
            let value = HeaderValue::from_str(&value).map_err(|error| Refusal::never(error.to_string()))?;
            headers.insert(HeaderName::from_static(name), value);
        }
        self.http.post(&self.url, headers, body).await?.accepted()
    }
}

impl Channel for Webhook {
    fn pace(&self) -> Pace {
        Pace::NONE
    }

    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<(), Refusal>> {
        self.post(message).boxed()
    }

    fn check(&self) -> BoxFuture<'_, Result<(), String>> {
        self.http.check(&self.url).boxed()
    }
}
