//! Sends messages to a chat, as a bot of Telegram.

use {
    super::{Channel, Http, Pace, Refusal},
    crate::alerts::message::Message,
    futures_util::{FutureExt, future::BoxFuture},
    reqwest::{Url, header::HeaderMap},
    secrecy::{ExposeSecret, SecretString},
    serde_json::{Value, json},
    std::time::Duration,
};

/// Longest text of a message, in characters; Telegram takes 4,096.
const TEXT_MAX: usize = 4_000;

/// One chat of a bot. The bot's token is a part of every URL.
pub(super) struct Telegram {
    http: Http,
    server: Url,
    token: SecretString,
    chat: String,
}

impl Telegram {
    pub(super) fn new(http: Http, server: Url, token: SecretString, chat: String) -> Telegram {
        Telegram { http, server, token, chat }
    }

    fn url(&self, method: &str) -> Url {
        let mut url = self.server.clone();
        let base = url.path().trim_end_matches('/').to_string();
        url.set_path(&format!("{base}/bot{}/{method}", self.token.expose_secret()));
        url
    }

    async fn post(&self, message: &Message) -> Result<(), Refusal> {
        let mut lines = vec![message.title.clone()];
        lines.extend(message.paragraphs.iter().filter(|paragraph| !paragraph.is_empty()).cloned());
        lines.push(message.footer.clone());
        let text: String = lines.join("\n\n").chars().take(TEXT_MAX).collect();
        // Without a parse mode the text is taken as it is.
        let body = json!({
            "chat_id": self.chat, "text": text, "link_preview_options": { "is_disabled": true },
        });
        let url = self.url("sendMessage");
        let answer = self.http.post(&url, HeaderMap::new(), body.to_string().into_bytes()).await?;
        answer.accepted_by(wait_and_words)
    }
}

/// The wait and the words of an answer that refuses.
fn wait_and_words(body: &Value) -> (Option<f64>, Option<String>) {
    (body["parameters"]["retry_after"].as_f64(), body["description"].as_str().map(str::to_string))
}

impl Channel for Telegram {
    fn pace(&self) -> Pace {
        Pace { burst: 3, every: Duration::from_secs(3) }
    }

    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<(), Refusal>> {
        self.post(message).boxed()
    }

    /// Asks the server for the bot and the chat, which shows a wrong token and a wrong chat.
    fn check(&self) -> BoxFuture<'_, Result<(), String>> {
        async {
            let mut url = self.url("getChat");
            url.query_pairs_mut().append_pair("chat_id", &self.chat);
            let answer = self.http.get(&url).await.map_err(|refusal| refusal.reason)?;
            answer.accepted_by(wait_and_words).map_err(|refusal| refusal.reason)
        }
        .boxed()
    }
}
