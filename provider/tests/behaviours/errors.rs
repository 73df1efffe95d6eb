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
    let failed = |case: Case| case.lacks(&["[DONE]", "gpu-7", "CUDA", "sk-abc"]).has(&["\"error\""]);
    vec![
        failed(stream("an error first").sends(&[ERROR])).costs(0).fails(502, "upstream_failed"),
        failed(stream("comments, then an error").sends(&[": alive\n\n", ERROR]))
            .costs(0)
            .fails(502, "upstream_failed"),
        failed(stream("an error first, without room").sends(&[text_error]))
            .costs(0)
            .fails(502, "upstream_failed"),
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
        .fails(502, "upstream_failed")
        .costs(0),
    ]
    .into_iter()
    .chain(statuses())
    .collect()
}

/// Answers with a status that is no success cost nothing, whatever they state.
fn statuses() -> Vec<Case> {
    let body = "{\"error\":{\"message\":\"Incorrect API key sk-abc123 at gpu-7.internal\"},\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":3}}";
    let about = "{\"error\":{\"message\":\"temperature must be less than 3\",\"param\":\"temperature\"}}";
    let answered = |name, line, body| whole(name, "").acts(vec![json_answer(line, body)]);
    let status = |name, line, status, code| {
        answered(name, line, body).fails(status, code).lacks(&["sk-abc", "gpu-7", "Incorrect", "API key"])
    };
    vec![
        status("status 500 with usage", "500 Internal Server Error", 502, "upstream_failed"),
        status("status 400 that is the provider's own", "400 Bad Request", 502, "upstream_refused"),
        status("status 401", "401 Unauthorized", 502, "upstream_refused"),
        status("status 402", "402 Payment Required", 502, "upstream_refused"),
        status("status 302", "302 Found", 502, "upstream_refused"),
        status("status 429", "429 Too Many Requests", 429, "model_busy"),
        status("status 504", "504 Gateway Timeout", 504, "upstream_timeout"),
        status("status 503 to a stream", "503 Service Unavailable", 503, "model_busy")
            .with(serde_json::json!({"stream": true})),
        answered("status 400 about the request", "400 Bad Request", about)
            .fails(400, "invalid_request")
            .has(&["temperature must be less than 3"]),
        answered("a page of a proxy", "502 Bad Gateway", "<html>nginx at gpu-7.internal</html>")
            .fails(502, "upstream_failed")
            .lacks(&["nginx", "gpu-7"]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_is_never_lost_and_what_came_before_it_is_charged() {
    run(cases()).await;
}
