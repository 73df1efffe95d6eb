//! Upstreams that say that they failed.

use super::{
    case::{Case, DONE, ERROR, FINISH, json_answer, stream, text, text_with_usage, usage, whole},
    run::run,
    script::Act,
};

pub fn cases() -> Vec<Case> {
    let a = text("hello wo");
    let shared = "data: {\"error\":{\"message\":\"x\"},\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":3}}\n\n";
    let old =
        "data: {\"object\":\"error\",\"message\":\"x\",\"type\":\"InternalServerError\",\"code\":500}\n\n";
    let named = "event: error\ndata: gpu-7.internal is gone\n\n";
    let text_error = "data: {\"error\":\"overloaded\"}\n\n";
    let no_error = text("b").replace("{\"choices\"", "{\"error\":null,\"choices\"");
    let false_error = text("c").replace("{\"choices\"", "{\"error\":false,\"choices\"");
    let failed = |case: Case| case.lacks(&["[DONE]"]);
    vec![
        failed(stream("an error first").sends(&[ERROR])).costs(0),
        failed(stream("text, then an error").sends(&[&a, ERROR])).costs(2 + 4),
        failed(stream("an error that becomes a clean end is none").sends(&[&a, ERROR, DONE])).costs(2 + 4),
        failed(stream("an error shares its event with usage").sends(&[&a, shared])).costs(16),
        failed(stream("usage, then an error").sends(&[&a, &usage(10, 3), ERROR])).costs(16),
        failed(stream("an error, then usage").sends(&[&a, ERROR, &usage(10, 3), DONE])).costs(16),
        failed(stream("text after an error is passed on and counted").sends(&[
            &a,
            ERROR,
            &text("more"),
            DONE,
        ]))
        .has(&[])
        .costs(2 + 6),
        failed(stream("an error, then nothing for ever").model("patient").then(&[&a, ERROR]).act(Act::Hang))
            .costs(2 + 4),
        failed(stream("an error in the manner of old servers").sends(&[&a, old, DONE])).costs(2 + 4),
        failed(stream("an error by its name and without JSON").sends(&[&a, named])).costs(2 + 4),
        failed(stream("an error that is a text").sends(&[&a, text_error])).costs(2 + 4),
        failed(stream("running usage, then an error").sends(&[&text_with_usage("a", 10, 3), ERROR]))
            .costs(16),
        stream("null and false are no errors")
            .sends(&[&no_error, &false_error, FINISH, &usage(10, 3), DONE])
            .costs(16)
            .has(&["\"b\"", "\"c\"", "[DONE]"]),
        failed(whole(
            "an answer with an error and no usage",
            "{\"error\":{\"message\":\"gpu-7.internal\"},\"choices\":[]}",
        ))
        .fails(502, "upstream_without_usage")
        .costs(0),
    ]
    .into_iter()
    .chain(statuses())
    .collect()
}

/// Answers with a status that is no success cost nothing, whatever they state.
fn statuses() -> Vec<Case> {
    let body = "{\"error\":{\"message\":\"Incorrect API key sk-abc123 at gpu-7.internal\"},\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":3}}";
    let status = |name, line, status| {
        Case { status, ..whole(name, "").acts(vec![json_answer(line, body)]) }.has(&["\"error\""])
    };
    vec![
        status("status 500 with usage", "500 Internal Server Error", 500),
        status("status 400", "400 Bad Request", 400),
        status("status 429", "429 Too Many Requests", 429),
        status("status 503 to a stream", "503 Service Unavailable", 503)
            .with(serde_json::json!({"stream": true})),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_is_never_lost_and_what_came_before_it_is_charged() {
    run(cases()).await;
}
