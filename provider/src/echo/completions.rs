//! `/v1/chat/completions` and `/v1/completions`.

use {
    super::{Posted, Settings, events, read, words::text_of},
    axum::{
        Json,
        extract::State,
        response::{IntoResponse, Response},
    },
    serde::Deserialize,
    serde_json::{Value, json},
    std::sync::Arc,
};

#[derive(Deserialize)]
pub(super) struct ChatRequest {
    messages: Vec<Message>,
    #[serde(flatten)]
    common: Common,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    content: Value,
}

#[derive(Deserialize)]
pub(super) struct TextRequest {
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

pub(super) async fn chat(State(settings): State<Arc<Settings>>, body: Posted<ChatRequest>) -> Response {
    let request = match read(body) {
        Ok(request) => request,
        Err(refusal) => return *refusal,
    };
    let prompt: String = request.messages.iter().map(|message| text_of(&message.content)).collect();
    answer(&settings, true, vec![prompt], request.common).await
}

pub(super) async fn text(State(settings): State<Arc<Settings>>, body: Posted<TextRequest>) -> Response {
    let request = match read(body) {
        Ok(request) => request,
        Err(refusal) => return *refusal,
    };
    let prompts = match request.prompt {
        Prompt::One(text) => vec![text],
        Prompt::Many(texts) => texts,
    };
    answer(&settings, false, prompts, request.common).await
}

async fn answer(settings: &Settings, chat: bool, prompts: Vec<String>, request: Common) -> Response {
    settings.wait().await;
    let answers = request.n.unwrap_or(1);
    let made = request.best_of.unwrap_or(answers).max(answers);
    let (mut read, mut generated, mut choices) = (0, 0, Vec::new());
    for prompt in &prompts {
        let echoed = match settings.repeat(prompt, request.max_completion_tokens.or(request.max_tokens)) {
            Ok(echoed) => echoed,
            Err(refusal) => return *refusal,
        };
        read += echoed.read;
        generated += echoed.words.len() * made;
        choices.extend(std::iter::repeat_n(echoed.words, answers));
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
    let piece = move |index: usize, text: &str, is_first: bool, end: Option<&str>| match (chat, is_first) {
        // Clients take the role from an answer's first piece, and some refuse an answer without one.
        (true, true) => {
            let delta = json!({"role": "assistant", "content": text});
            json!([{"index": index, "delta": delta, "finish_reason": end}])
        }
        (true, false) => json!([{"index": index, "delta": {"content": text}, "finish_reason": end}]),
        (false, _) => json!([{"index": index, "text": text, "finish_reason": end}]),
    };
    let words = choices.into_iter().enumerate().flat_map(|(index, words)| {
        let words = words.into_iter().map(|word| (word + " ", None));
        let pieces = words.chain([(String::new(), Some("length"))]).enumerate();
        pieces.map(|(at, (text, end))| (index, text, at == 0, end)).collect::<Vec<_>>()
    });
    let last = chunk.clone();
    let frames = words
        .map(move |(index, text, is_first, end)| chunk(piece(index, &text, is_first, end), &Value::Null));
    let usage = with_usage.then(|| last(json!([]), &usage));
    events(frames.chain(usage).chain(std::iter::once("data: [DONE]\n\n".to_string())))
}
