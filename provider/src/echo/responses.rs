//! `/v1/responses`.

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
pub(super) struct ResponsesRequest {
    model: String,
    input: Value,
    #[serde(default)]
    instructions: Value,
    max_output_tokens: Option<usize>,
    stream: Option<bool>,
}

/// The id of the one message in an answer.
const ITEM: &str = "msg_echo";

pub(super) async fn responses(
    State(settings): State<Arc<Settings>>,
    body: Posted<ResponsesRequest>,
) -> Response {
    let request = match read(body) {
        Ok(request) => request,
        Err(refusal) => return *refusal,
    };
    settings.wait().await;
    let prompt = text_of(&request.instructions) + &text_of(&request.input);
    let echoed = match settings.repeat(&prompt, request.max_output_tokens) {
        Ok(echoed) => echoed,
        Err(refusal) => return *refusal,
    };
    let (read, generated) = (echoed.read, echoed.words.len());
    let usage = json!({"input_tokens": read, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": generated,
        "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": read + generated});
    match request.stream.unwrap_or(false) {
        true => streamed(&request, echoed.words, &usage),
        false => {
            let output = json!([item("completed", &echoed.words.join(" "))]);
            Json(response(&request, "completed", output, usage)).into_response()
        }
    }
}

fn item(status: &str, text: &str) -> Value {
    let content = match status {
        "completed" => json!([part(text)]),
        _ => json!([]),
    };
    json!({"id": ITEM, "type": "message", "role": "assistant", "status": status, "content": content})
}

fn part(text: &str) -> Value {
    json!({"type": "output_text", "text": text, "annotations": []})
}

fn response(request: &ResponsesRequest, status: &str, output: Value, usage: Value) -> Value {
    json!({"id": "resp_echo", "object": "response", "created_at": 0, "status": status, "model": request.model,
        "output": output, "usage": usage, "error": null, "incomplete_details": null, "instructions": request.instructions,
        "max_output_tokens": request.max_output_tokens, "metadata": {}, "parallel_tool_calls": true,
        "previous_response_id": null, "store": false, "temperature": 1, "text": {"format": {"type": "text"}},
        "tool_choice": "auto", "tools": [], "top_p": 1, "truncation": "disabled"})
}

fn streamed(request: &ResponsesRequest, words: Vec<String>, usage: &Value) -> Response {
    let running = response(request, "in_progress", json!([]), Value::Null);
    let text: String = words.iter().map(|word| format!("{word} ")).collect();
    let done = response(request, "completed", json!([item("completed", &text)]), usage.clone());
    let place = json!({"item_id": ITEM, "output_index": 0, "content_index": 0});
    let placed = |more: Value| merged(place.clone(), more);
    let before = [
        ("response.created", json!({"response": running})),
        ("response.in_progress", json!({"response": running})),
        ("response.output_item.added", json!({"output_index": 0, "item": item("in_progress", "")})),
        ("response.content_part.added", placed(json!({"part": part("")}))),
    ];
    let after = [
        ("response.output_text.done", placed(json!({"text": text, "logprobs": []}))),
        ("response.content_part.done", placed(json!({"part": part(&text)}))),
        ("response.output_item.done", json!({"output_index": 0, "item": item("completed", &text)})),
        ("response.completed", json!({"response": done})),
    ];
    let pieces = words.into_iter().map(move |word| {
        let delta = json!({"delta": word + " ", "logprobs": []});
        ("response.output_text.delta", merged(place.clone(), delta))
    });
    let all = before.into_iter().chain(pieces).chain(after).enumerate();
    events(all.map(|(number, (name, data))| {
        event(name, &merged(json!({"type": name, "sequence_number": number}), data))
    }))
}

/// The members of two objects.
fn merged(mut one: Value, other: Value) -> Value {
    if let (Value::Object(members), Value::Object(more)) = (&mut one, other) {
        members.extend(more);
    }
    one
}
