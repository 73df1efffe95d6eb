//! Posts messages to an incoming webhook of Slack, and of what takes the same.

use {
    super::{Channel, Http, Pace, Refusal},
    crate::alerts::message::Message,
    futures_util::{FutureExt, future::BoxFuture},
    reqwest::{Url, header::HeaderMap},
    serde_json::{Value, json},
    std::time::Duration,
};

/// Longest text of a section, in characters; Slack takes 3,000.
const SECTION_MAX: usize = 2_900;
/// Longest header, in characters, as Slack has it.
const HEADER_MAX: usize = 150;
/// Most sections; Slack takes 50 blocks.
const SECTIONS_MAX: usize = 40;

/// One incoming webhook. Its URL is its secret.
pub(super) struct Slack {
    pub(super) http: Http,
    pub(super) url: Url,
}

/// The body of a message.
fn body(message: &Message) -> Value {
    let section = |text: &String| {
        let text: String = escape(text).chars().take(SECTION_MAX).collect();
        json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } })
    };
    let title: String = message.title.chars().take(HEADER_MAX).collect();
    let mut blocks =
        vec![json!({ "type": "header", "text": { "type": "plain_text", "text": title, "emoji": false } })];
    // A block without text is refused as a whole.
    let paragraphs = message.paragraphs.iter().filter(|paragraph| !paragraph.is_empty());
    blocks.extend(paragraphs.take(SECTIONS_MAX).map(section));
    let context: String = escape(&message.footer).chars().take(SECTION_MAX).collect();
    blocks.push(json!({ "type": "context", "elements": [{ "type": "mrkdwn", "text": context }] }));
    let text: String = escape(&message.summary()).chars().take(SECTION_MAX).collect();
    json!({ "text": text, "blocks": blocks })
}

/// Writes the characters that Slack gives a meaning so that they are text.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

impl Channel for Slack {
    fn pace(&self) -> Pace {
        Pace { burst: 3, every: Duration::from_secs(1) }
    }

    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<(), Refusal>> {
        async {
            let body = body(message).to_string().into_bytes();
            self.http.post(&self.url, HeaderMap::new(), body).await?.accepted()
        }
        .boxed()
    }

    fn check(&self) -> BoxFuture<'_, Result<(), String>> {
        self.http.check(&self.url).boxed()
    }
}
