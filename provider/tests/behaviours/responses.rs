//! Answers in the form of `/v1/responses`, streamed and whole.

use {
    super::{
        case::{Case, event, head, json_answer, stream, whole},
        run::run,
        script::Act,
    },
    serde_json::{Value, json},
};

const PATH: &str = "/v1/responses";

fn streamed(name: &'static str) -> Case {
    stream(name).at(PATH)
}

fn response(status: &str, text: &str, usage: Value) -> Value {
    let content = json!([{"type": "output_text", "text": text}]);
    let output = json!([{"type": "message", "id": "msg_1", "role": "assistant", "content": content}]);
    let output = if text.is_empty() { json!([]) } else { output };
    json!({"id": "resp_1", "object": "response", "status": status, "model": "org/internal-7", "output": output,
        "usage": usage, "error": null})
}

fn begin() -> String {
    let response = response("in_progress", "", Value::Null);
    event(json!({"type": "response.created", "sequence_number": 0, "response": response}))
}

fn piece(kind: &str, text: &str) -> String {
    event(json!({"type": kind, "sequence_number": 1, "item_id": "msg_1", "output_index": 0, "delta": text}))
}

fn text(text: &str) -> String {
    piece("response.output_text.delta", text)
}

fn end(kind: &str, text: &str, usage: Value) -> String {
    let status = kind.trim_start_matches("response.");
    event(json!({"type": kind, "sequence_number": 9, "response": response(status, text, usage)}))
}

fn plain() -> Value {
    json!({"input_tokens": 10, "output_tokens": 3, "total_tokens": 13})
}

fn answered(name: &'static str, text: &str, usage: Value) -> Case {
    whole(name, response("completed", text, usage).to_string()).at(PATH)
}

pub fn cases() -> Vec<Case> {
    [usages(), classes(), breaks(), errors(), whole_answers()].concat()
}

fn usages() -> Vec<Case> {
    let (begin, a, complete) = (begin(), text("hello wo"), "response.completed");
    let item =
        json!({"type": "message", "id": "msg_1", "content": [{"type": "output_text", "text": "hello wo"}]});
    let done = event(json!({"type": "response.output_item.done", "output_index": 0, "item": item}));
    vec![
        Case {
            sends: Some(json!({"store": false, "stream": true})),
            ..streamed("a response with usage at its end").sends(&[
                &begin,
                &a,
                &end(complete, "hello wo", plain()),
            ])
        }
        .costs(16)
        .has(&[
            "event: response.created",
            "\"plain\"",
            "hello wo",
            "event: response.completed",
            "\"blockable\":{\"",
            "\"units\":16",
        ])
        .lacks(&["internal-7", "[DONE]"]),
        streamed("a response with usage in the running one")
            .sends(&[
                &event(json!({"type": "response.in_progress", "response": response("in_progress", "",
                    json!({"input_tokens": 10, "output_tokens": 1}))})),
                &a,
                &end(complete, "", plain()),
            ])
            .costs(16),
        streamed("a response that is incomplete by its limit")
            .sends(&[&begin, &a, &end("response.incomplete", "hello wo", plain())])
            .costs(16)
            .has(&["event: response.incomplete"])
            .lacks(&["event: error"]),
        streamed("a response without usage is counted")
            .sends(&[&begin, &a, &end(complete, "hello wo", Value::Null)])
            .costs(3 + 4)
            .has(&["response.completed"]),
        streamed("a response without usage whose text comes at its end alone")
            .sends(&[&begin, &end(complete, "hello wo", Value::Null)])
            .costs(3 + 4)
            .has(&["hello wo"]),
        streamed("a response without usage whose text comes in whole items")
            .sends(&[&begin, &done])
            .costs(3 + 4)
            .has(&["hello wo"])
            .fails(200, "upstream_incomplete"),
        streamed("a response whose pieces come again in its items")
            .sends(&[&begin, &a, &done, &end(complete, "hello wo", Value::Null)])
            .costs(3 + 4),
        streamed("a response of more than its limit")
            .with(json!({"max_output_tokens": 1}))
            .sends(&[
                &begin,
                &a,
                &end(complete, "", json!({"input_tokens": 10, "output_tokens": 100_000_000})),
            ])
            .costs(10 + 2),
        streamed("a response in another content type")
            .acts(vec![head("200 OK", "application/octet-stream")])
            .sends(&[&begin, &a, &end(complete, "", plain())])
            .costs(16)
            .has(&["hello wo", "response.completed"]),
    ]
}

/// A token costs: prompt 10, cached 1; generated 100, reasoning 50.
fn classes() -> Vec<Case> {
    let stated = json!({"input_tokens": 10, "input_tokens_details": {"cached_tokens": 4}, "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 3}, "total_tokens": 15});
    let few = json!({"max_output_tokens": 100});
    let cost = 10 * 6 + 4 + 100 * 2 + 50 * 3;
    vec![
        answered("a response from the cache", "x", stated.clone())
            .model("classes")
            .with(few.clone())
            .costs(cost)
            .has(&["\"cached_tokens\":4"]),
        streamed("a streamed response from the cache")
            .model("classes")
            .with(few)
            .sends(&[&begin(), &text("x"), &end("response.completed", "x", stated)])
            .costs(cost)
            .has(&["\"reasoning_tokens\":3"]),
    ]
}

fn breaks() -> Vec<Case> {
    let (begin, a) = (begin(), text("hello wo"));
    let call = piece("response.function_call_arguments.delta", "{\"q\":1}");
    let finished =
        event(json!({"type": "response.output_text.done", "sequence_number": 2, "text": "hello wo"}));
    let thought = piece("response.reasoning_text.delta", "hmm, well");
    vec![
        streamed("a response that is reset")
            .then(&[&begin, &a])
            .act(Act::Pause(50))
            .act(Act::Reset)
            .costs(3 + 4)
            .has(&["hello wo", "event: error"])
            .fails(200, "upstream_unreachable"),
        streamed("a response that goes silent")
            .then(&[&begin, &a])
            .act(Act::Hang)
            .costs(3 + 4)
            .fails(200, "upstream_timeout"),
        streamed("a response without its last event")
            .sends(&[&begin, &a])
            .costs(3 + 4)
            .fails(200, "upstream_incomplete"),
        streamed("a response whose text comes finished alone, and is reset")
            .then(&[&begin, &finished])
            .act(Act::Pause(50))
            .act(Act::Reset)
            .costs(3 + 4)
            .has(&["hello wo", "event: error"])
            .fails(200, "upstream_unreachable"),
        Case {
            aborts: false,
            ..streamed("a response whose client leaves before its usage").leaves("text.done")
        }
        .then(&[&begin, &a, &finished])
        .act(Act::Pause(150))
        .sends(&[&end("response.completed", "hello wo", plain())])
        .costs(16),
        streamed("a response whose client leaves")
            .model("patient")
            .then(&[&begin, &a])
            .act(Act::Hang)
            .leaves("hello")
            .costs(3 + 4),
        streamed("a response whose client leaves at once")
            .model("patient")
            .acts(vec![Act::Hang])
            .leaves("")
            .costs(3),
        streamed("calls of a response are counted")
            .then(&[&begin, &call])
            .act(Act::Hang)
            .costs(3 + 2 * 3)
            .fails(200, "upstream_timeout"),
        streamed("thoughts of a response are counted")
            .then(&[&begin, &thought])
            .act(Act::Hang)
            .costs(3 + 2 * 3)
            .fails(200, "upstream_timeout"),
    ]
}

fn errors() -> Vec<Case> {
    let (begin, a) = (begin(), text("hello wo"));
    let failed = |usage: Value| {
        let mut response = response("failed", "", usage);
        response["error"] = json!({"code": "server_error", "message": "gpu-7.internal is on fire"});
        event(json!({"type": "response.failed", "sequence_number": 7, "response": response}))
    };
    let bare =
        event(json!({"type": "error", "code": "server_error", "message": "gpu-7.internal", "param": null}));
    let shaped = |case: Case| {
        case.has(&["event: error\ndata: {"])
            .lacks(&["gpu-7", "response.completed", "[DONE]"])
            .fails(200, "upstream_failed")
    };
    let own = "{\"error\":{\"message\":\"Incorrect API key sk-abc at gpu-7\"}}";
    let refusal = |name, line, body: &str| {
        whole(name, "").at(PATH).acts(vec![json_answer(line, body)]).costs(0).lacks(&["sk-abc", "gpu-7"])
    };
    vec![
        shaped(streamed("a response that fails after a text").sends(&[&begin, &a, &failed(Value::Null)]))
            .costs(3 + 4),
        shaped(streamed("a response that fails with usage").sends(&[&begin, &a, &failed(plain())])).costs(16),
        streamed("a response that fails at once")
            .sends(&[&failed(Value::Null)])
            .costs(0)
            .lacks(&["gpu-7", "event:"])
            .fails(502, "upstream_failed"),
        shaped(streamed("an error within a response").sends(&[&begin, &a, &bare]))
            .costs(3 + 4)
            .has(&["\"sequence_number\":2"]),
        refusal("a response is refused with status 401", "401 Unauthorized", own)
            .fails(502, "upstream_refused"),
        refusal("an upstream without responses", "404 Not Found", "{\"detail\":\"Not Found\"}")
            .fails(502, "upstream_refused"),
        refusal("a response has no room", "503 Service Unavailable", own).fails(503, "model_busy"),
        whole("a whole response that has failed", {
            let mut failed = response("failed", "", Value::Null);
            failed["error"] = json!({"code": "server_error", "message": "gpu-7.internal is on fire"});
            failed.to_string()
        })
        .at(PATH)
        .costs(0)
        .lacks(&["gpu-7"])
        .fails(502, "upstream_failed"),
    ]
}

fn whole_answers() -> Vec<Case> {
    vec![
        answered("a whole response with usage", "sixteen bytes ..", plain())
            .costs(16)
            .has(&["\"blockable\":{\"", "\"units\":16", "sixteen bytes"])
            .lacks(&["internal-7"]),
        answered("a whole response without usage", "sixteen bytes ..", Value::Null)
            .costs(3 + 8)
            .has(&["sixteen bytes"]),
        answered(
            "a whole response of more than the hold",
            "x",
            json!({"input_tokens": 1e9, "output_tokens": 1e9}),
        )
        .with(json!({"max_output_tokens": 2}))
        .costs_hold(),
        whole("no response at all", "{\"object\":\"response\"}")
            .at(PATH)
            .costs(0)
            .fails(502, "upstream_no_answer"),
        answered("a whole response to a request for a stream", "sixteen bytes ..", plain())
            .with(json!({"stream": true}))
            .costs(16)
            .has(&["sixteen bytes"]),
        whole("a whole response whose client leaves", "")
            .at(PATH)
            .model("patient")
            .acts(vec![Act::Hang])
            .leaves("")
            .costs(3),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn responses_are_charged_by_their_usage_or_their_text() {
    run(cases()).await;
}
