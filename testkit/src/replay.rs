//! A client that replays a trace through a gateway: it sends each request at its recorded time, with a borrower's API key.

use {
    crate::trace::Request,
    blockable_sdk::amounts::Units,
    futures_util::{StreamExt, stream},
    reqwest::{Client, StatusCode},
    serde::{Deserialize, Serialize},
    std::time::Duration,
    tokio::time::{Instant, sleep_until},
};

/// Requests that may be under way at once; later ones wait.
const AT_ONCE: usize = 512;
/// Longest time in which a gateway answers one request.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// The trace to replay, and its target.
#[derive(Clone)]
pub struct ReplayConfig {
    /// The gateway, like `http://127.0.0.1:8402`.
    pub url: String,
    /// One API key per borrower; requests take turns.
    pub keys: Vec<String>,
    /// The model asked for.
    pub model: String,
    /// Speed as a multiple of the recorded one.
    pub speed: f64,
}

/// The end of one request of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The gateway answered.
    Answered {
        /// The hold it was admitted under.
        hold: u64,
        /// Tokens of the prompt, as the gateway says.
        prompt_tokens: u64,
        /// Tokens generated, as the gateway says.
        completion_tokens: u64,
        /// Units charged.
        units: Units,
    },
    /// The gateway refused.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The error's code.
        code: String,
    },
    /// No answer came. The request may have been charged.
    Unanswered,
}

/// One request of a trace and how it ended.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// Its number in the trace.
    pub number: usize,
    /// The index of the key that it was sent with.
    pub borrower: usize,
    /// The request.
    pub request: Request,
    /// The end of the request.
    pub reply: Reply,
    /// From sending it until its answer was read.
    pub took: Duration,
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    max_tokens: u64,
    messages: [Message<'a>; 1],
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: &'a str,
}

#[derive(Deserialize)]
struct Completion {
    usage: Usage,
}

#[derive(Deserialize)]
struct Usage {
    prompt_tokens: u64,
    completion_tokens: u64,
}

#[derive(Deserialize)]
struct Failure {
    error: FailureBody,
}

#[derive(Deserialize)]
struct FailureBody {
    code: Option<String>,
}

/// The reference under which the gateway's ledger holds request `number` of a run.
pub fn request_id(run: &str, number: usize) -> String {
    format!("{run}-{number}")
}

/// Replays a trace. A prompt of n tokens is n words, as the built-in echo model counts. `run` names the requests (see
/// [`request_id`]); `progress` receives the number of requests that have ended. Never fails: a failed request has its failure
/// as its reply.
pub async fn replay(
    config: &ReplayConfig,
    trace: &[Request],
    run: &str,
    mut progress: impl FnMut(usize),
) -> Vec<Replayed> {
    let client = Client::builder().timeout(TIME_LIMIT).build().unwrap_or_default();
    let start = Instant::now();
    let mut running = stream::iter(trace.iter().enumerate())
        .map(|(number, request)| {
            let (client, due) = (client.clone(), due(start, request, config.speed));
            async move {
                sleep_until(due).await;
                send(&client, config, run, number, *request).await
            }
        })
        .buffer_unordered(AT_ONCE);
    let mut replayed = Vec::with_capacity(trace.len());
    while let Some(next) = running.next().await {
        replayed.push(next);
        progress(replayed.len());
    }
    replayed.sort_unstable_by_key(|next| next.number);
    replayed
}

fn due(start: Instant, request: &Request, speed: f64) -> Instant {
    start + Duration::from_millis(request.at_ms).div_f64(speed.max(f64::MIN_POSITIVE))
}

async fn send(
    client: &Client,
    config: &ReplayConfig,
    run: &str,
    number: usize,
    request: Request,
) -> Replayed {
    let borrower = number % config.keys.len().max(1);
    let key = config.keys.get(borrower).map_or("", String::as_str);
    let words = usize::try_from(request.context).unwrap_or(usize::MAX);
    let prompt = "w ".repeat(words);
    let body = Body {
        model: &config.model,
        max_tokens: request.generated,
        messages: [Message { role: "user", content: &prompt }],
    };
    let started = Instant::now();
    let sent = client
        .post(format!("{}/v1/chat/completions", config.url))
        .bearer_auth(key)
        .header("x-request-id", request_id(run, number))
        .json(&body)
        .send()
        .await;
    let reply = match sent {
        Ok(response) => read(response).await.unwrap_or(Reply::Unanswered),
        Err(_) => Reply::Unanswered,
    };
    Replayed { number, borrower, request, reply, took: started.elapsed() }
}

/// Reads an answer; `None` where it was cut short.
async fn read(response: reqwest::Response) -> Option<Reply> {
    let status = response.status();
    let number = |name: &str| response.headers().get(name)?.to_str().ok()?.parse::<u64>().ok();
    let (hold, units) = (number("x-blockable-hold"), number("x-blockable-units"));
    let body = response.bytes().await.ok()?;
    if status != StatusCode::OK {
        let code = serde_json::from_slice::<Failure>(&body).ok().and_then(|failure| failure.error.code);
        return Some(Reply::Refused { status: status.as_u16(), code: code.unwrap_or_default() });
    }
    let Completion { usage } = serde_json::from_slice(&body).ok()?;
    Some(Reply::Answered {
        hold: hold?,
        prompt_tokens: usage.prompt_tokens,
        completion_tokens: usage.completion_tokens,
        units: Units(units?),
    })
}
