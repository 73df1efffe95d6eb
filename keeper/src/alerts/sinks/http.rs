//! Requests to sinks. Every request has a deadline, every answer a bound, and a redirect is not followed: it would take a message to
//! a place that nobody named.

use {
    super::{Refusal, Retry},
    crate::alerts::AlertError,
    blockable_service::{
        http::retry_after,
        outgoing::{build, client_builder, is_loopback},
    },
    reqwest::{
        Client, RequestBuilder, Response, StatusCode, Url,
        header::{CONTENT_TYPE, HeaderMap},
    },
    std::time::{Duration, SystemTime},
    tokio::{net::TcpStream, time::timeout},
};

/// Longest time for one request, from the connection to the end of the answer.
const DEADLINE: Duration = Duration::from_secs(10);
/// Time for which an idle connection stays open.
const IDLE: Duration = Duration::from_secs(30);
/// Most bytes of an answer that are read: what sinks answer is short.
const ANSWER_MAX: usize = 16 << 10;
/// Longest time that a sink can ask to wait.
const WAIT_MAX: Duration = Duration::from_secs(3_600);
/// Longest answer that is repeated as a reason, in characters.
const WORDS_MAX: usize = 200;

/// The clients of all sinks. Clones share their connections.
#[derive(Clone)]
pub(in crate::alerts) struct Http {
    outside: Client,
    /// For servers on this machine, which no proxy reaches.
    local: Client,
    deadline: Duration,
}

/// A sink's answer.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Http {
    /// Sets up the client. Errors: [`AlertError::Http`].
    pub(in crate::alerts) fn new() -> Result<Http, AlertError> {
        Http::with_deadline(DEADLINE)
    }

    /// As [`Http::new`], with another time for one request.
    pub(in crate::alerts) fn with_deadline(deadline: Duration) -> Result<Http, AlertError> {
        let client = |url| {
            let client = client_builder(url).and_then(|builder| build(builder.pool_idle_timeout(IDLE)));
            client.map_err(|error| AlertError::Http(error.to_string()))
        };
        Ok(Http { outside: client("")?, local: client("http://localhost")?, deadline })
    }

    fn client(&self, url: &Url) -> &Client {
        if is_loopback(url.as_str()) { &self.local } else { &self.outside }
    }

    /// Posts JSON, with headers. Errors: [`Refusal`] where no answer comes.
    pub(super) async fn post(&self, url: &Url, headers: HeaderMap, body: Vec<u8>) -> Result<Answer, Refusal> {
        let post =
            self.client(url).post(url.clone()).header(CONTENT_TYPE, "application/json").headers(headers);
        self.ask(post.body(body)).await
    }

    /// Asks for a URL. Errors: [`Refusal`] where no answer comes.
    pub(super) async fn get(&self, url: &Url) -> Result<Answer, Refusal> {
        self.ask(self.client(url).get(url.clone())).await
    }

    async fn ask(&self, request: RequestBuilder) -> Result<Answer, Refusal> {
        let answer = async {
            let response =
                request.send().await.map_err(|error| Refusal::later(reason(error.without_url())))?;
            let (status, headers) = (response.status(), response.headers().clone());
            Ok::<_, Refusal>(Answer { status, headers, body: read(response).await })
        };
        timeout(self.deadline, answer)
            .await
            .unwrap_or_else(|_| Err(Refusal::later("it does not answer in time")))
    }

    /// Tests whether a URL's server takes connections. Errors: the reason.
    pub(super) async fn check(&self, url: &Url) -> Result<(), String> {
        let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        let port = url.port_or_known_default().unwrap_or(443);
        match timeout(self.deadline, TcpStream::connect((host, port))).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(format!("cannot connect to {host}: {error}")),
            Err(_) => Err(format!("cannot connect to {host} in time")),
        }
    }
}

impl Answer {
    /// The message was taken, with any status of success. Errors: [`Refusal`]. 408, 425, 429 and 5xx are worth another attempt, after
    /// the time that the sink asks for, if it does. Everything else stays as it is until somebody corrects the settings.
    pub(super) fn accepted(&self) -> Result<(), Refusal> {
        if self.status.is_success() {
            return Ok(());
        }
        let is_passing = self.status.is_server_error() || matches!(self.status.as_u16(), 408 | 425 | 429);
        let retry = match (is_passing, retry_after(&self.headers, SystemTime::now(), WAIT_MAX)) {
            (false, _) => Retry::Never,
            (true, Some(wait)) => Retry::After(wait),
            (true, None) => Retry::Later,
        };
        Err(Refusal { reason: format!("it answers {}", self.status), retry })
    }

    /// As [`Answer::accepted`], with the sink's own wait where its answer's body has one, and its own words: `find` reads both.
    pub(super) fn accepted_by(
        &self,
        find: impl FnOnce(&serde_json::Value) -> (Option<f64>, Option<String>),
    ) -> Result<(), Refusal> {
        let Err(mut refusal) = self.accepted() else { return Ok(()) };
        let Ok(body) = serde_json::from_slice(&self.body) else { return Err(refusal) };
        let (wait, words) = find(&body);
        if let (Some(wait), Retry::Later | Retry::After(_)) = (wait, refusal.retry)
            && wait >= 0.0
        {
            // A fraction of a second still is a wait.
            let wait = Duration::try_from_secs_f64(wait.ceil()).unwrap_or(WAIT_MAX);
            refusal.retry = Retry::After(wait.min(WAIT_MAX));
        }
        if let Some(words) = words {
            let words: String = words.chars().take(WORDS_MAX).collect();
            refusal.reason = format!("{}: {words}", refusal.reason);
        }
        Err(refusal)
    }
}

/// Reads the beginning of an answer's body. What follows, or cannot be read, decides nothing: the status has come.
async fn read(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = ANSWER_MAX.saturating_sub(body.len());
        body.extend(chunk.iter().take(room));
        if body.len() >= ANSWER_MAX {
            break;
        }
    }
    body
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
