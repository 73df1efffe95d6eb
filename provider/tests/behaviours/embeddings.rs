//! Answers of `/v1/embeddings`, which are never streamed.

use {
    super::{
        case::{Case, json_answer, whole},
        run::run,
        script::Act,
    },
    serde_json::json,
};

const PATH: &str = "/v1/embeddings";

fn answered(name: &'static str, usage: &str) -> Case {
    let data = "[{\"object\":\"embedding\",\"index\":0,\"embedding\":[0.25,-1]}]";
    let body =
        format!("{{\"object\":\"list\",\"model\":\"org/internal-7\",\"data\":{data},\"usage\":{usage}}}");
    whole(name, body).at(PATH).has(&["\"plain\"", "[0.25,-1]"]).lacks(&["internal-7"])
}

fn none(name: &'static str, body: &str) -> Case {
    whole(name, body).at(PATH).costs(0)
}

pub fn cases() -> Vec<Case> {
    let announced =
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9000\r\n\r\n{\"data\":";
    let empty = "{\"data\":[],\"usage\":null}";
    let error = "{\"error\":{\"message\":\"gpu-7.internal is on fire\",\"type\":\"server_error\"}}";
    vec![
        answered("embeddings with usage", "{\"prompt_tokens\":10,\"total_tokens\":10}").costs(10),
        answered("embeddings with a total alone", "{\"total_tokens\":10}").costs(10),
        answered("embeddings with a total above their prompt", "{\"prompt_tokens\":10,\"total_tokens\":12}")
            .costs(12),
        answered("embeddings with generated tokens", "{\"prompt_tokens\":10,\"completion_tokens\":2}")
            .costs(12),
        answered("embeddings with other names of their tokens", "{\"input_tokens\":10}").costs(10),
        answered("embeddings with usage as fractions and texts", "{\"prompt_tokens\":\"9.5\"}").costs(10),
        answered("embeddings without usage: the prompt is counted", "null").costs(3),
        answered(
            "embeddings with a usage of zeros: the prompt is counted",
            "{\"prompt_tokens\":0,\"total_tokens\":0}",
        )
        .costs(3),
        answered("embeddings of more than the hold", "{\"prompt_tokens\":100000000}").costs_hold(),
        none("no embeddings and no usage", empty).has(&["\"data\":[]"]),
        none("an object without embeddings", "{\"object\":\"list\"}").fails(502, "upstream_no_answer"),
        none("embeddings that are an error", error).lacks(&["gpu-7"]).fails(502, "upstream_failed"),
        none("embeddings are refused", "")
            .acts(vec![json_answer("400 Bad Request", "{\"error\":{\"message\":\"input is too large\"}}")])
            .fails(400, "invalid_request"),
        none("an upstream without embeddings", "")
            .acts(vec![json_answer("404 Not Found", "{\"detail\":\"Not Found\"}")])
            .fails(502, "upstream_refused"),
        none("embeddings that break off", "")
            .acts(vec![Act::Raw(announced.as_bytes().to_vec()), Act::Close])
            .fails(502, "upstream_unreachable"),
        none("embeddings that never come", "").acts(vec![Act::Hang]).costs(3).fails(504, "upstream_timeout"),
        none("embeddings whose client leaves", "").model("patient").acts(vec![Act::Hang]).leaves("").costs(3),
        Case {
            sends: Some(json!({"encoding_format": "base64", "dimensions": 2, "stream": null})),
            ..answered("embeddings pass their parameters on", "{\"prompt_tokens\":10}")
        }
        .with(json!({"encoding_format": "base64", "dimensions": 2}))
        .costs(10),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn embeddings_are_charged_by_their_usage_or_their_prompt() {
    run(cases()).await;
}
