//! The built-in model, which repeats the words of its prompt. It speaks OpenAI's protocol on a port of its own, with correct
//! `usage`, so that the gateway serves it as it serves real models. One token is one word between white space.

use {
    crate::config::ModelConfig,
    axum::{
        Json, Router,
        body::Body,
        extract::{State, rejection::JsonRejection},
        http::{StatusCode, header::CONTENT_TYPE},
        response::{IntoResponse, Response},
        routing::post,
    },
    futures_util::stream,
    serde::Deserialize,
    serde_json::{Value, json},
    std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration},
    tokio::{net::TcpListener, sync::watch, task::JoinHandle},
};

/// A running echo model.
pub struct Echo {
    /// Its address, on the loopback interface.
    pub addr: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

struct Settings {
    context: usize,
    max_output: usize,
    latency: Duration,
}

impl Echo {
    /// Starts one with a model's limits. Errors: no port is free.
    pub async fn start(model: &ModelConfig) -> io::Result<Echo> {
        let size = |tokens: u64| usize::try_from(tokens).unwrap_or(usize::MAX);
        let settings = Arc::new(Settings {
            context: size(model.context_tokens),
            max_output: size(model.max_output_tokens),
            latency: Duration::from_millis(model.latency_ms.unwrap_or(0)),
        });
        let router = Router::new()
            .route("/v1/chat/completions", post(chat))
            .route("/v1/completions", post(text))
            .layer(axum::extract::DefaultBodyLimit::disable())
            .with_state(settings);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let addr = listener.local_addr()?;
        let (stop, mut stopped) = watch::channel(false);
        let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
            // Otherwise the end of a small stream waits for an acknowledgement. A failure costs only that wait.
            let _ = stream.set_nodelay(true);
        });
        let task = tokio::spawn(async move {
            let ended = async move {
                let _ = stopped.wait_for(|stop| *stop).await;
            };
            if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(ended).await {
                tracing::error!(%error, "the echo model ended");
            }
        });
        Ok(Echo { addr, stop, task })
    }

    /// Stops it and aborts its connections.
    pub fn stop(&self) {
        self.stop.send_replace(true);
        self.task.abort();
    }
}

#[derive(Deserialize)]
struct ChatRequest {
    messages: Vec<Message>,
    #[serde(flatten)]
    common: Common,
}

#[derive(Deserialize)]
struct Message {
    content: Option<Content>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
struct Part {
    text: Option<String>,
}

#[derive(Deserialize)]
struct TextRequest {
    prompt: Prompt,
    #[serde(flatten)]
    common: Common,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Prompt {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
struct Common {
    model: String,
    max_tokens: Option<usize>,
    max_completion_tokens: Option<usize>,
    n: Option<usize>,
    best_of: Option<usize>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
}

#[derive(Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: bool,
}

type Posted<T> = Result<Json<T>, JsonRejection>;

async fn chat(State(settings): State<Arc<Settings>>, body: Posted<ChatRequest>) -> Response {
    let Json(request) = match body {
        Ok(request) => request,
        Err(error) => return refuse("invalid_json", &error.body_text()),
    };
    let mut prompt = String::new();
    for message in request.messages {
        match message.content {
            Some(Content::Text(text)) => prompt += &format!(" {text}"),
            Some(Content::Parts(parts)) => {
                parts
                    .iter()
                    .filter_map(|part| part.text.as_ref())
                    .for_each(|text| prompt += &format!(" {text}"));
            }
            None => {}
        }
    }
    answer(&settings, true, vec![prompt], request.common).await
}

async fn text(State(settings): State<Arc<Settings>>, body: Posted<TextRequest>) -> Response {
    let Json(request) = match body {
        Ok(request) => request,
        Err(error) => return refuse("invalid_json", &error.body_text()),
    };
    let prompts = match request.prompt {
        Prompt::One(text) => vec![text],
        Prompt::Many(texts) => texts,
    };
    answer(&settings, false, prompts, request.common).await
}

fn refuse(code: &str, message: &str) -> Response {
    let error = json!({"message": message, "type": "invalid_request_error", "param": null, "code": code});
    (StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response()
}

async fn answer(settings: &Settings, chat: bool, prompts: Vec<String>, request: Common) -> Response {
    if !settings.latency.is_zero() {
        tokio::time::sleep(settings.latency).await;
    }
    let answers = request.n.unwrap_or(1);
    let made = request.best_of.unwrap_or(answers).max(answers);
    let (mut read, mut generated, mut choices) = (0, 0, Vec::new());
    for prompt in &prompts {
        let words: Vec<&str> = prompt.split_whitespace().collect();
        if words.len() > settings.context {
            let message =
                format!("the prompt has {} tokens and the context {}", words.len(), settings.context);
            return refuse("context_length_exceeded", &message);
        }
        let asked = request.max_completion_tokens.or(request.max_tokens).unwrap_or(words.len());
        let room = settings.max_output.min(settings.context - words.len());
        let most = if words.is_empty() { 0 } else { asked.min(room) };
        let answer: Vec<String> = words.iter().cycle().take(most).map(|word| (*word).to_string()).collect();
        read += words.len();
        generated += most * made;
        choices.extend(std::iter::repeat_n(answer, answers));
    }
    let usage =
        json!({"prompt_tokens": read, "completion_tokens": generated, "total_tokens": read + generated});
    match request.stream.unwrap_or(false) {
        true => streamed(chat, &request, choices, usage),
        false => whole(chat, &request, &choices, &usage),
    }
}

fn whole(chat: bool, request: &Common, choices: &[Vec<String>], usage: &Value) -> Response {
    let choice = |(index, words): (usize, &Vec<String>)| {
        let text = words.join(" ");
        match chat {
            true => {
                json!({"index": index, "message": {"role": "assistant", "content": text}, "finish_reason": "length"})
            }
            false => json!({"index": index, "text": text, "finish_reason": "length"}),
        }
    };
    let choices: Vec<Value> = choices.iter().enumerate().map(choice).collect();
    let object = if chat { "chat.completion" } else { "text_completion" };
    let body = json!({"id": "echo", "object": object, "created": 0, "model": request.model, "choices": choices,
        "usage": usage});
    Json(body).into_response()
}

fn streamed(chat: bool, request: &Common, choices: Vec<Vec<String>>, usage: Value) -> Response {
    let with_usage = request.stream_options.as_ref().is_some_and(|options| options.include_usage);
    let object = if chat { "chat.completion.chunk" } else { "text_completion" };
    let model = request.model.clone();
    let chunk = move |choices: Value, usage: &Value| {
        let mut chunk =
            json!({"id": "echo", "object": object, "created": 0, "model": model, "choices": choices});
        if with_usage {
            chunk["usage"] = usage.clone();
        }
        format!("data: {chunk}\n\n")
    };
    let piece = move |index: usize, text: &str, end: Option<&str>| match chat {
        true => json!([{"index": index, "delta": {"content": text}, "finish_reason": end}]),
        false => json!([{"index": index, "text": text, "finish_reason": end}]),
    };
    let words = choices.into_iter().enumerate().flat_map(|(index, words)| {
        let mut pieces: Vec<(usize, String, Option<&str>)> =
            words.into_iter().map(|word| (index, word + " ", None)).collect();
        pieces.push((index, String::new(), Some("length")));
        pieces
    });
    let last = chunk.clone();
    let frames = words.map(move |(index, text, end)| chunk(piece(index, &text, end), &Value::Null));
    let usage = with_usage.then(|| last(json!([]), &usage));
    let frames = frames.chain(usage).chain(std::iter::once("data: [DONE]\n\n".to_string()));
    let body = Body::from_stream(stream::iter(frames.map(Ok::<_, Infallible>)));
    ([(CONTENT_TYPE, "text/event-stream")], body).into_response()
}
