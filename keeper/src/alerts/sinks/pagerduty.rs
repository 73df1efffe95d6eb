//! Sends events to a service of PagerDuty. The end of an alert resolves its incident.

use {
    super::{Channel, Http, Pace, Refusal},
    crate::alerts::{Severity, message::Message},
    futures_util::{FutureExt, future::BoxFuture},
    reqwest::{Url, header::HeaderMap},
    secrecy::{ExposeSecret, SecretString},
    serde_json::{Value, json},
    std::time::Duration,
};

/// Longest summary, in characters, as PagerDuty has it.
const SUMMARY_MAX: usize = 1_024;

/// The integration of one service.
pub(super) struct PagerDuty {
    pub(super) http: Http,
    pub(super) url: Url,
    pub(super) routing_key: SecretString,
}

fn body(message: &Message, routing_key: &str) -> Value {
    let dedup_key = &message.thread;
    if message.is_end() {
        return json!({ "routing_key": routing_key, "event_action": "resolve", "dedup_key": dedup_key });
    }
    let severity = match message.severity {
        Severity::Critical => "critical",
        Severity::Warning => "warning",
        Severity::Info => "info",
    };
    let summary: String = message.summary().chars().take(SUMMARY_MAX).collect();
    let mut event = json!({
        "routing_key": routing_key,
        "event_action": "trigger",
        "dedup_key": dedup_key,
        "client": "blockable-keeper",
        "payload": {
            "summary": summary,
            "source": message.source,
            "severity": severity,
            "component": message.rule,
            "custom_details": message.body,
        },
    });
    if let Some(link) = &message.link {
        event["links"] = json!([{ "href": link, "text": "the credit" }]);
    }
    event
}

impl Channel for PagerDuty {
    fn pace(&self) -> Pace {
        Pace { burst: 6, every: Duration::from_millis(500) }
    }

    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<(), Refusal>> {
        async {
            let body = body(message, self.routing_key.expose_secret()).to_string().into_bytes();
            let answer = self.http.post(&self.url, HeaderMap::new(), body).await?;
            answer.accepted_by(|body| (None, body["message"].as_str().map(str::to_string)))
        }
        .boxed()
    }

    fn check(&self) -> BoxFuture<'_, Result<(), String>> {
        self.http.check(&self.url).boxed()
    }
}
