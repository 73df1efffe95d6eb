//! Posts messages to a channel's webhook of Discord.

use {
    super::{Channel, Http, Pace, Refusal},
    crate::alerts::{Severity, message::Message},
    futures_util::{FutureExt, future::BoxFuture},
    reqwest::{Url, header::HeaderMap},
    serde_json::{Value, json},
    std::time::Duration,
};

/// Longest title and description of an embed, in characters, as Discord has them.
const TITLE_MAX: usize = 256;
const DESCRIPTION_MAX: usize = 4_096;
/// Longest footer; with it an embed stays below 6,000 characters.
const FOOTER_MAX: usize = 1_024;
/// Colours by severity, and that of an end.
const RED: u32 = 0xC0_392B;
const AMBER: u32 = 0xE6_7E22;
const BLUE: u32 = 0x29_80B9;
const GREEN: u32 = 0x27_AE60;

/// One webhook. Its URL is its secret.
pub(super) struct Discord {
    pub(super) http: Http,
    pub(super) url: Url,
}

fn body(message: &Message) -> Value {
    let cut = |text: &str, most: usize| text.chars().take(most).collect::<String>();
    let color = match (message.is_end(), message.severity) {
        (true, _) => GREEN,
        (false, Severity::Critical) => RED,
        (false, Severity::Warning) => AMBER,
        (false, Severity::Info) => BLUE,
    };
    let mut embed = json!({
        "title": cut(&message.title, TITLE_MAX),
        "description": cut(&message.paragraphs.join("\n\n"), DESCRIPTION_MAX),
        "color": color,
        "footer": { "text": cut(&message.footer, FOOTER_MAX) },
    });
    if let Some(link) = &message.link {
        embed["url"] = json!(link);
    }
    // Nobody is mentioned by a text that looks like a mention.
    json!({ "embeds": [embed], "allowed_mentions": { "parse": [] } })
}

impl Channel for Discord {
    fn pace(&self) -> Pace {
        Pace { burst: 3, every: Duration::from_millis(400) }
    }

    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<(), Refusal>> {
        async {
            let body = body(message).to_string().into_bytes();
            let answer = self.http.post(&self.url, HeaderMap::new(), body).await?;
            answer.accepted_by(|body| {
                (body["retry_after"].as_f64(), body["message"].as_str().map(str::to_string))
            })
        }
        .boxed()
    }

    fn check(&self) -> BoxFuture<'_, Result<(), String>> {
        self.http.check(&self.url).boxed()
    }
}
