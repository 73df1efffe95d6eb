//! Answers in Anthropic's form, streamed and whole.

use {
    super::{
        case::{Case, event, head, json_answer, stream, whole},
        run::run,
        script::Act,
    },
    serde_json::{Value, json},
};

const PATH: &str = "/v1/messages";

fn streamed(name: &'static str) -> Case {
    stream(name).at(PATH)
}

fn start(usage: Value) -> String {
    let message = json!({"id": "msg_1", "type": "message", "role": "assistant", "content": [],
        "model": "org/internal-7", "usage": usage});
    event(json!({"type": "message_start", "message": message}))
}

fn block(block: Value) -> String {
    event(json!({"type": "content_block_start", "index": 0, "content_block": block}))
}

fn delta(delta: Value) -> String {
    event(json!({"type": "content_block_delta", "index": 0, "delta": delta}))
}

fn text(text: &str) -> String {
    delta(json!({"type": "text_delta", "text": text}))
}

fn usage(usage: Value) -> String {
    event(json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage}))
}

fn stop() -> String {
    event(json!({"type": "message_stop"}))
}

fn error(kind: &str) -> String {
    event(json!({"type": "error", "error": {"type": kind, "message": "gpu-7.internal is on fire"}}))
}

fn body(text: &str, usage: Value) -> String {
    let content = json!([{"type": "text", "text": text}]);
    json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "org/internal-7", "content": content,
        "stop_reason": "end_turn", "usage": usage})
    .to_string()
}

fn answered(name: &'static str, text: &str, usage: Value) -> Case {
    whole(name, body(text, usage)).at(PATH)
}

pub fn cases() -> Vec<Case> {
    [usages(), classes(), breaks(), errors(), whole_answers()].concat()
}

fn usages() -> Vec<Case> {
    let (begin, a) = (start(json!({"input_tokens": 10, "output_tokens": 1})), text("hello wo"));
    let end = [usage(json!({"output_tokens": 3})), stop()].concat();
    vec![
        streamed("a message with usage at both ends")
            .sends(&[&begin, &a, &end])
            .costs(16)
            .has(&[
                "event: message_start",
                "\"plain\"",
                "hello wo",
                "event: message_stop",
                "\"blockable\":{\"",
                "\"units\":16",
            ])
            .lacks(&["internal-7", "[DONE]"]),
        streamed("cumulative usage in several deltas of a message")
            .sends(&[
                &begin,
                &a,
                &usage(json!({"output_tokens": 2})),
                &a,
                &usage(json!({"output_tokens": 5})),
                &stop(),
            ])
            .costs(10 + 10),
        streamed("a later word about the input of a message counts")
            .sends(&[&begin, &a, &usage(json!({"input_tokens": 12, "output_tokens": 3})), &stop()])
            .costs(12 + 6),
        streamed("a last word about the input of a message that leaves the cache out takes nothing back")
            .sends(&[
                &start(json!({"input_tokens": 10, "cache_read_input_tokens": 30, "cache_creation_input_tokens": 20})),
                &a,
                &usage(json!({"input_tokens": 10, "output_tokens": 5})),
                &stop(),
            ])
            .costs(60 + 10),
        streamed("a message without usage is counted")
            .sends(&[&start(Value::Null), &a, &usage(Value::Null), &stop()])
            .costs(2 + 4)
            .has(&["hello wo", "message_stop"]),
        streamed("a message with usage at the start alone is counted from there")
            .sends(&[&begin, &a, &stop()])
            .costs(10 + 2 + 4),
        streamed("a message of more than its limit")
            .with(json!({"max_tokens": 1}))
            .sends(&[&begin, &a, &usage(json!({"output_tokens": 100_000_000})), &stop()])
            .costs(10 + 2),
        streamed("a message in another content type")
            .acts(vec![head("200 OK", "text/plain; charset=utf-8")])
            .sends(&[&begin, &a, &end])
            .costs(16)
            .has(&["hello wo", "message_stop"]),
        streamed("pings and comments in a message")
            .sends(&[": alive\n\n", &begin, &event(json!({"type": "ping"})), &a, &end])
            .costs(16)
            .has(&["event: ping", "hello wo", "message_stop"])
            .lacks(&["alive"]),
        streamed("a message with a last line in OpenAI's manner")
            .sends(&[&begin, &a, &end, "data: [DONE]\n\n"])
            .costs(16)
            .has(&["message_stop"])
            .lacks(&["[DONE]"]),
    ]
}

/// A token costs: prompt 10, cached 1; generated 100.
fn classes() -> Vec<Case> {
    let cached = json!({"input_tokens": 10, "cache_read_input_tokens": 4, "cache_creation_input_tokens": 5,
        "output_tokens": 5});
    let few = json!({"max_tokens": 100});
    let cost = 10 * (10 + 5) + 4 + 5 * 100;
    vec![
        answered("a message from the cache", "x", cached.clone())
            .model("classes")
            .with(few.clone())
            .costs(cost)
            .has(&["\"cached_tokens\":4"]),
        streamed("a streamed message from the cache")
            .model("classes")
            .with(few.clone())
            .sends(&[&start(cached), &text("x"), &usage(json!({"output_tokens": 5})), &stop()])
            .costs(cost),
        streamed("a message whose cache is told of at its end")
            .model("classes")
            .with(few)
            .sends(&[
                &start(json!({"input_tokens": 10, "output_tokens": 1})),
                &text("x"),
                &usage(json!({"input_tokens": 10, "cache_read_input_tokens": 4, "output_tokens": 5})),
                &stop(),
            ])
            .costs(10 * 10 + 4 + 5 * 100),
    ]
}

fn breaks() -> Vec<Case> {
    let (begin, a) = (start(json!({"input_tokens": 10, "output_tokens": 1})), text("hello wo"));
    let tool = block(json!({"type": "tool_use", "id": "toolu_1234567890", "name": "find", "input": {}}));
    let arguments = delta(json!({"type": "input_json_delta", "partial_json": "{\"q\":1}"}));
    // "find", "id" and 800 bytes.
    let input = json!({"id": "x".repeat(800)});
    let written =
        block(json!({"type": "tool_use", "id": "toolu_1234567890", "name": "find", "input": input}));
    let thinking = delta(json!({"type": "thinking_delta", "thinking": "hmm, well"}));
    let signature = delta(json!({"type": "signature_delta", "signature": "A".repeat(400)}));
    vec![
        streamed("a message that is reset")
            .then(&[&begin, &a])
            .act(Act::Pause(50))
            .act(Act::Reset)
            .costs(10 + 2 + 4)
            .has(&["hello wo", "event: error"])
            .fails(200, "upstream_unreachable"),
        streamed("a message that goes silent")
            .then(&[&begin, &a])
            .act(Act::Hang)
            .costs(10 + 2 + 4)
            .fails(200, "upstream_timeout"),
        streamed("a message that pings for ever")
            .then(&[&begin, &a])
            .act(Act::Forever(event(json!({"type": "ping"})).into_bytes()))
            .costs(10 + 2 + 4)
            .fails(200, "upstream_timeout"),
        streamed("a message without its last event")
            .sends(&[&begin, &a, &usage(json!({"output_tokens": 3}))])
            .costs(16)
            .fails(200, "upstream_incomplete"),
        streamed("a message whose client leaves")
            .model("patient")
            .then(&[&begin, &a])
            .act(Act::Hang)
            .leaves("hello")
            .costs(10 + 2 + 4),
        streamed("a message whose client leaves at once")
            .model("patient")
            .acts(vec![Act::Hang])
            .leaves("")
            .costs(2),
        // "find" and its arguments are 11 characters in two pieces, one of them a digit.
        streamed("tools of a message are counted")
            .then(&[&start(Value::Null), &tool, &arguments])
            .act(Act::Hang)
            .costs(2 + 2 * 4)
            .has(&["tool_use", "input_json_delta"])
            .fails(200, "upstream_timeout"),
        streamed("what a model writes into a tool is counted by any name")
            .then(&[&start(Value::Null), &written])
            .act(Act::Hang)
            .costs(2 + 2 * 202)
            .fails(200, "upstream_timeout"),
        Case {
            aborts: false,
            ..streamed("a message whose client leaves before its usage").leaves("block_stop")
        }
        .then(&[&begin, &a, &event(json!({"type": "content_block_stop", "index": 0}))])
        .act(Act::Pause(150))
        .sends(&[&usage(json!({"output_tokens": 3})), &stop()])
        .costs(16),
        streamed("thoughts of a message are counted, and no signatures")
            .then(&[&start(Value::Null), &thinking, &signature])
            .act(Act::Hang)
            .costs(2 + 2 * 3)
            .fails(200, "upstream_timeout"),
    ]
}

fn errors() -> Vec<Case> {
    let (begin, a) = (start(json!({"input_tokens": 10, "output_tokens": 1})), text("hello wo"));
    let shaped = |case: Case| case.has(&["event: error\ndata: {"]).lacks(&["gpu-7", "message_stop"]);
    let refusal = |name, line, body: &str| whole(name, "").at(PATH).acts(vec![json_answer(line, body)]);
    let own = "{\"type\":\"error\",\"error\":{\"type\":\"authentication_error\",\"message\":\"invalid x-api-key sk-abc\"}}";
    let overloaded =
        "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"gpu-7 is full\"}}";
    let wrong = "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"temperature must be less than 3\"}}";
    vec![
        shaped(streamed("an error within a message").sends(&[&begin, &a, &error("api_error")]))
            .costs(10 + 2 + 4)
            .fails(200, "upstream_failed"),
        shaped(streamed("an error within a message, after its usage").sends(&[
            &begin,
            &a,
            &usage(json!({"output_tokens": 3})),
            &error("overloaded_error"),
            &stop(),
        ]))
        .costs(16)
        .fails(200, "model_busy"),
        streamed("an error in the place of a message")
            .sends(&[&error("api_error")])
            .costs(0)
            .lacks(&["gpu-7", "event:"])
            .fails(502, "upstream_failed"),
        refusal("a message is refused with status 401", "401 Unauthorized", own)
            .costs(0)
            .has(&["\"type\":\"api_error\""])
            .lacks(&["sk-abc"])
            .fails(502, "upstream_refused"),
        refusal("a message is refused with status 529", "529 Overloaded", overloaded)
            .costs(0)
            .has(&["\"type\":\"overloaded_error\""])
            .lacks(&["gpu-7"])
            .fails(529, "model_busy"),
        refusal("a message is refused since it is wrong", "400 Bad Request", wrong)
            .costs(0)
            .has(&["\"type\":\"invalid_request_error\""])
            .fails(400, "invalid_request"),
        refusal("an upstream without messages", "404 Not Found", "{\"detail\":\"Not Found\"}")
            .costs(0)
            .fails(502, "upstream_refused"),
        refusal("a message that is an error under status 200", "200 OK", overloaded)
            .costs(0)
            .lacks(&["gpu-7"])
            .fails(429, "model_busy"),
    ]
}

fn whole_answers() -> Vec<Case> {
    let plain = json!({"input_tokens": 10, "output_tokens": 3});
    vec![
        answered("a whole message with usage", "sixteen bytes ..", plain.clone())
            .costs(16)
            .has(&["\"blockable\":{\"", "\"units\":16", "sixteen bytes"])
            .lacks(&["internal-7"]),
        answered("a whole message without usage", "sixteen bytes ..", Value::Null)
            .costs(2 + 8)
            .has(&["sixteen bytes"]),
        answered(
            "a whole message with a word about its input alone",
            "sixteen bytes ..",
            json!({"input_tokens": 10}),
        )
        .costs(10 + 8),
        answered(
            "a whole message of more than its limit",
            "x",
            json!({"input_tokens": 10, "output_tokens": 1_000_000_000_u64}),
        )
        .with(json!({"max_tokens": 2}))
        .costs(10 + 4),
        whole("no message at all", "{\"type\":\"message\"}")
            .at(PATH)
            .costs(0)
            .fails(502, "upstream_no_answer"),
        answered("a whole message to a request for a stream", "sixteen bytes ..", plain)
            .with(json!({"stream": true}))
            .costs(16)
            .has(&["sixteen bytes"]),
        whole("a whole message whose client leaves", "")
            .at(PATH)
            .model("patient")
            .acts(vec![Act::Hang])
            .leaves("")
            .costs(2),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_charged_by_their_usage_or_their_text() {
    run(cases()).await;
}
