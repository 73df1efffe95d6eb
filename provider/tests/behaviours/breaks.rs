//! Streams that end too early, or never.

use {
    super::{
        case::{Case, DONE, FINISH, stream, text, text_with_usage, usage},
        run::run,
        script::Act,
    },
    serde_json::json,
};

pub fn cases() -> Vec<Case> {
    let (a, b) = (text("hello wo"), text("r"));
    let choice = |index: u64, end: &str| {
        format!(
            "data: {{\"choices\":[{{\"index\":{index},\"delta\":{{\"content\":\"x\"}},\"finish_reason\":{end}}}]}}\n\n"
        )
    };
    let (first, second) = (choice(0, "\"stop\""), choice(1, "\"length\""));
    let two = json!({"n": 2});
    let tool = "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"call_1234567890\",\"type\":\"function\",\
                \"function\":{\"name\":\"find\",\"arguments\":\"{\\\"q\\\":1}\"}}]}}]}\n\n";
    let thinking = "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\",\"reasoning_content\":\"hmm, well\"}}]}\n\n";
    let long =
        format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{}\"}}}}]}}\n\n", "x".repeat(5 << 20));
    let words = "data: {\"choices\":[{\"text\":\"hello wo\",\"index\":0}]}\n\n";
    let echoed = words.replace("hello wo", &"word ".repeat(2_000));
    vec![
        stream("ends after a text")
            .sends(&[&a, &b])
            .costs(2 + 6)
            .has(&["hello wo"])
            .fails(200, "upstream_incomplete"),
        stream("ends after its answer, without the last line")
            .sends(&[&a, FINISH])
            .costs(2 + 4)
            .has(&["hello wo", "stop"])
            .lacks(&["error"]),
        stream("ends after its usage, without the last line")
            .sends(&[&a, &usage(10, 3)])
            .costs(16)
            .has(&["hello wo"])
            .lacks(&["error"]),
        stream("ends at once").sends(&[]).costs(0).fails(502, "upstream_incomplete"),
        stream("the last line alone").sends(&[DONE]).costs(0).has(&["[DONE]"]),
        stream("one of two answers is missing")
            .with(two.clone())
            .sends(&[&choice(1, "null"), &first])
            .costs(2 + 4)
            .fails(200, "upstream_incomplete"),
        stream("two answers").with(two).sends(&[&first, &second]).costs(2 + 4).lacks(&["error"]),
        stream("closes in the middle of its body")
            .then(&[&a, &b])
            .act(Act::Close)
            .costs(2 + 6)
            .has(&["hello wo"])
            .fails(200, "upstream_unreachable"),
        stream("closes in the middle of an event")
            .then(&[&a, "data: {\"choi"])
            .act(Act::Close)
            .costs(2 + 4)
            .lacks(&["choi\n"])
            .fails(200, "upstream_unreachable"),
        stream("is reset after a text")
            .then(&[&a, &b])
            .act(Act::Pause(50))
            .act(Act::Reset)
            .costs(2 + 6)
            .fails(200, "upstream_unreachable"),
        stream("is reset after running usage")
            .then(&[&text_with_usage("a", 10, 3)])
            .act(Act::Pause(50))
            .act(Act::Reset)
            .costs(16)
            .fails(200, "upstream_unreachable"),
        stream("is silent after a text")
            .then(&[&a, &b])
            .act(Act::Hang)
            .costs(2 + 6)
            .fails(200, "upstream_timeout"),
        stream("is silent after usage and text")
            .then(&[&usage(10, 0), &a])
            .act(Act::Hang)
            .costs(10 + 4)
            .fails(200, "upstream_timeout"),
        stream("is silent after its head: the prompt is charged")
            .act(Act::Hang)
            .costs(2)
            .fails(504, "upstream_timeout"),
        stream("is silent at once: the prompt is charged")
            .acts(vec![Act::Hang])
            .costs(2)
            .fails(504, "upstream_timeout"),
        stream("keeps alive for ever and says nothing: the prompt is charged")
            .act(Act::Forever(b": alive\n\n".to_vec()))
            .costs(2)
            .fails(504, "upstream_timeout"),
        stream("closes before its first text").act(Act::Close).costs(0).fails(502, "upstream_unreachable"),
        stream("keeps alive for ever and says nothing more")
            .then(&[&a, &b])
            .act(Act::Forever(b": alive\n\n".to_vec()))
            .costs(2 + 6)
            .fails(200, "upstream_timeout"),
        stream("repeats its usage for ever")
            .then(&[&a])
            .act(Act::Forever(usage(10, 3).into_bytes()))
            .costs(16)
            .fails(200, "upstream_timeout"),
        stream("an event that is too long")
            .then(&[&a, &long])
            .act(Act::Hang)
            .costs(2 + 4)
            .has(&["hello wo"])
            .lacks(&["xxxx"])
            .fails(200, "upstream_too_large"),
        stream("a first event that is too long: the prompt is charged")
            .then(&[&long])
            .act(Act::Hang)
            .costs(2)
            .lacks(&["xxxx"])
            .fails(502, "upstream_too_large"),
        Case { aborts: true, ..stream("an answer far above its limit is stopped") }
            .with(json!({"max_tokens": 4}))
            .act(Act::Forever(text(&"hello wo".repeat(200)).into_bytes()))
            .costs(2 + 8)
            .has(&["hello wo"])
            .fails(200, "upstream_above_limit"),
        stream("a prompt that is repeated is no part of the limit")
            .text()
            .with(json!({"max_tokens": 1, "echo": true, "prompt": "word ".repeat(2_000)}))
            .sends(&[&echoed, &usage(2_000, 1), DONE])
            .costs(2_000 + 2)
            .has(&["word word", "[DONE]"]),
        stream("tokens of many bytes are within their limit")
            .with(json!({"max_tokens": 500}))
            .sends(&[&text(&"-".repeat(64)).repeat(400), FINISH, &usage(10, 400), DONE])
            .costs(10 + 800)
            .has(&["[DONE]"]),
        stream("a limit is kept by the usage that is stated on the way")
            .with(json!({"max_tokens": 100}))
            .sends(&[&text_with_usage(&"words ".repeat(1_500), 10, 90), FINISH, DONE])
            .costs(10 + 180)
            .has(&["[DONE]"]),
        stream("hangs after the last line")
            .then(&[&a, FINISH, &usage(10, 3), DONE])
            .act(Act::Hang)
            .costs(16)
            .has(&["[DONE]"]),
        stream("tools are counted").then(&[tool]).act(Act::Hang).costs(2 + 8).fails(200, "upstream_timeout"),
        stream("thoughts are counted")
            .then(&[thinking])
            .act(Act::Hang)
            .costs(2 + 6)
            .fails(200, "upstream_timeout"),
        stream("small pieces are a token each")
            .then(&[&text("a").repeat(40)])
            .act(Act::Hang)
            .costs(2 + 80)
            .fails(200, "upstream_timeout"),
        stream("characters of three bytes are a token each")
            .then(&[&text(&"\u{6f22}".repeat(40))])
            .act(Act::Hang)
            .costs(2 + 80)
            .fails(200, "upstream_timeout"),
        stream("large pieces are counted by their bytes")
            .then(&[&text(&"word ".repeat(40))])
            .act(Act::Hang)
            .costs(2 + 100)
            .fails(200, "upstream_timeout"),
        stream("digits are a token each")
            .then(&[&text(&"7".repeat(40))])
            .act(Act::Hang)
            .costs(2 + 80)
            .fails(200, "upstream_timeout"),
        stream("a counted answer costs no more than its limit")
            .with(json!({"max_tokens": 1}))
            .then(&[&text("a").repeat(400)])
            .act(Act::Hang)
            .costs(2 + 2)
            .fails(200, "upstream_timeout"),
        stream("text completions are counted as well")
            .text()
            .then(&[words, words])
            .act(Act::Hang)
            .costs(3 + 8)
            .fails(200, "upstream_timeout"),
        stream("text completions with usage")
            .text()
            .sends(&[words, &usage(10, 3), DONE])
            .costs(16)
            .has(&["hello wo", "[DONE]"]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn text_is_charged_however_its_stream_ends() {
    run(cases()).await;
}
