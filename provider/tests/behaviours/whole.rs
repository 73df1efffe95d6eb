//! Answers that are not streamed.

use {
    super::{
        case::{Case, DONE, body, head, json_answer, stream, text, usage, whole},
        run::run,
        script::Act,
    },
    serde_json::json,
};

pub fn cases() -> Vec<Case> {
    let plain = "{\"prompt_tokens\":10,\"completion_tokens\":3}";
    let good = body("sixteen bytes ..", plain);
    let raw = |text: &str| Act::Raw(text.as_bytes().to_vec());
    let none = |name, text: &str| whole(name, text).costs(0).fails(502, "upstream_no_answer");
    let announced =
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9000\r\n\r\n{\"choices\":";
    vec![
        whole("an answer with usage", &good).costs(16).has(&["sixteen bytes"]),
        whole(
            "null for the generated tokens",
            body("sixteen bytes ..", "{\"prompt_tokens\":10,\"completion_tokens\":null}"),
        )
        .costs(10 + 8)
        .has(&["sixteen bytes"]),
        whole("fractions in an answer", body("x", "{\"prompt_tokens\":10.0,\"completion_tokens\":3.0}"))
            .costs(16)
            .has(&["\"x\""]),
        whole("texts in an answer", body("x", "{\"prompt_tokens\":\"10\",\"completion_tokens\":\"3\"}"))
            .costs(16)
            .has(&["\"x\""]),
        whole("an answer without usage is counted", body("sixteen bytes ..", "null"))
            .costs(2 + 8)
            .has(&["sixteen bytes"]),
        whole("an answer with a byte order mark", format!("\u{feff}{good}"))
            .costs(16)
            .has(&["sixteen bytes"]),
        whole("an answer in pieces", "")
            .acts(vec![head("200 OK", "application/json")])
            .sends(&[&good[..20], &good[20..]])
            .costs(16)
            .has(&["sixteen bytes"]),
        whole(
            "an answer without text and with usage",
            "{\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":0}}",
        )
        .costs(10),
        none("an empty answer", ""),
        none("a page", "<html>gpu-7.internal</html>").lacks(&["internal"]),
        none("a list", "[1,2]"),
        none("half an object", "{\"choices\":["),
        none("an object that is no answer", "{\"id\":\"x\"}"),
        whole("no content", "")
            .acts(vec![raw("HTTP/1.1 204 No Content\r\n\r\n")])
            .costs(0)
            .fails(502, "upstream_no_answer"),
        whole("a redirect", "")
            .acts(vec![raw(
                "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
            )])
            .costs(0)
            .fails(502, "upstream_refused"),
        whole("no HTTP", "")
            .acts(vec![raw("SSH-2.0-OpenSSH\r\n")])
            .costs(0)
            .fails(502, "upstream_unreachable"),
        whole("a body that is shorter than announced", "")
            .acts(vec![raw(announced), Act::Close])
            .costs(0)
            .fails(502, "upstream_unreachable"),
        whole("a body that stops", "")
            .acts(vec![raw(announced), Act::Hang])
            .costs(2)
            .fails(504, "upstream_timeout"),
        whole("a body that is reset", "")
            .acts(vec![raw(announced), Act::Pause(50), Act::Reset])
            .costs(0)
            .fails(502, "upstream_unreachable"),
        whole("no answer at all: the prompt is charged", "")
            .acts(vec![Act::Hang])
            .costs(2)
            .fails(504, "upstream_timeout"),
        whole("a body that stops within its text", "")
            .acts(vec![raw(&format!("{announced}[{{\"message\":{{\"content\":\"hello wo")), Act::Hang])
            .costs(2 + 4)
            .lacks(&["hello"])
            .fails(504, "upstream_timeout"),
        whole("a text that is too large is charged up to its limit", body(&"x".repeat(2 << 20), "null"))
            .costs(2 + 32_000)
            .lacks(&["xxx"])
            .fails(502, "upstream_too_large"),
        whole(
            "an answer that is too large by what is no text",
            good.replace(
                "\"usage\"",
                &format!("\"prompt_logprobs\":[\"{}\"],\"usage\"", "x".repeat(2 << 20)),
            ),
        )
        .costs(2 + 8)
        .fails(502, "upstream_too_large"),
        whole("an answer that takes longer than the silence of streams", "")
            .acts(vec![Act::Pause(1_300), json_answer("200 OK", &good)])
            .costs(16)
            .has(&["sixteen bytes"]),
        whole("JSON to a request for a stream", &good)
            .with(json!({"stream": true}))
            .costs(16)
            .has(&["sixteen bytes"]),
        whole("a stream to a request for JSON", "")
            .acts(stream("").sends(&[&text("a"), &usage(10, 3), DONE]).acts)
            .costs(0)
            .fails(502, "upstream_no_answer"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_charged_by_its_usage_or_its_text() {
    run(cases()).await;
}
