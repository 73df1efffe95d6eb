//! `/v1/messages`, in Anthropic's form.

use {
    super::{Posted, Settings, event, events, read, words::text_of},
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
pub(super) struct MessagesRequest {
    model: String,
    messages: Value,
    #[serde(default)]
    system: Value,
    max_tokens: usize,
    stream: Option<bool>,
}

pub(super) async fn messages(
    State(settings): State<Arc<Settings>>,
    body: Posted<MessagesRequest>,
) -> Response {
    let request = match read(body) {
        Ok(request) => request,
        Err(refusal) => return *refusal,
    };
    settings.wait().await;
    let prompt = text_of(&request.system) + &text_of(&request.messages);
    let echoed = match settings.repeat(&prompt, Some(request.max_tokens)) {
        Ok(echoed) => echoed,
        Err(refusal) => return *refusal,
    };
    match request.stream.unwrap_or(false) {
        true => streamed(&request, echoed.read, echoed.words),
        false => {
            let content = json!([{"type": "text", "text": echoed.words.join(" ")}]);
            let usage = usage(echoed.read, echoed.words.len());
            Json(message(&request, content, json!("max_tokens"), usage)).into_response()
        }
    }
}

fn usage(read: usize, generated: usize) -> Value {
    json!({"input_tokens": read, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
        "output_tokens": generated})
}

fn message(request: &MessagesRequest, content: Value, stop: Value, usage: Value) -> Value {
    json!({"id": "msg_echo", "type": "message", "role": "assistant", "model": request.model, "content": content,
        "stop_reason": stop, "stop_sequence": null, "usage": usage})
}

fn streamed(request: &MessagesRequest, read: usize, words: Vec<String>) -> Response {
    let start = message(request, json!([]), Value::Null, usage(read, 0));
    let before = [
        json!({"type": "message_start", "message": start}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        json!({"type": "ping"}),
    ];
    let after = [
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "max_tokens", "stop_sequence": null},
            "usage": {"output_tokens": words.len()}}),
        json!({"type": "message_stop"}),
    ];
    let pieces = words.into_iter().map(|word| {
        let delta = json!({"type": "text_delta", "text": word + " "});
        json!({"type": "content_block_delta", "index": 0, "delta": delta})
    });
    let all = before.into_iter().chain(pieces).chain(after);
    events(all.map(|data| event(data["type"].as_str().unwrap_or_default(), &data)))
}
