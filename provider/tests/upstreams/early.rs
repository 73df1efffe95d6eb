//! Answers that fail before their first text: another upstream is asked.

use {
    super::{
        common::{Bench, refused},
        fleet::{Scripted, before, metric},
    },
    blockable_testkit::http::Reply,
    serde_json::{Value, json},
    std::time::{Duration, Instant},
};

fn event(data: Value) -> String {
    format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap())
}

const ROLE: &str =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n";
const TEXT: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"good\"}}]}\n\n";
const END: &str =
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":3}}\n\ndata: [DONE]\n\n";
const ERROR: &str = "data: {\"error\":{\"message\":\"gpu-7 is on fire\",\"type\":\"server_error\"}}\n\n";

/// Asks for a stream; returns status and body.
async fn ask(bench: &Bench, path: &str) -> (u16, String) {
    let body = match path {
        "/v1/responses" => json!({"model": "echo", "input": "hi", "max_output_tokens": 9, "stream": true}),
        _ => {
            json!({"model": "echo", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 9, "stream": true})
        }
    };
    let answer = bench.post(path, &body).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_fails_before_its_first_text_is_answered_by_another_upstream() {
    let good = [ROLE, TEXT, END].concat();
    for (name, first) in [
        ("an error", ERROR.to_string()),
        ("a role and an error", [ROLE, ERROR].concat()),
        ("no room", ERROR.replace("server_error", "overloaded_error")),
        ("nothing", String::new()),
        ("a role and nothing", ROLE.to_string()),
        ("an error without an end", ERROR.trim_end().to_string()),
    ] {
        let (first, second) = (Scripted::stream(first), Scripted::stream(good.clone()));
        let bench = before(&[&first, &second]).await;
        let (status, text) = ask(&bench, "/v1/chat/completions").await;
        assert!(
            status == 200 && text.contains("good") && text.contains("[DONE]") && !text.contains("error"),
            "{name}: {text}"
        );
        assert_eq!(text.matches("\"role\"").count(), 1, "{name}: {text}");
        assert_eq!((first.count(), second.count(), bench.used().await), (1, 1, 10), "{name}");
        bench.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_begun_or_is_wrong_is_not_asked_for_again() {
    let wrong = ERROR.replace("server_error", "invalid_request_error");
    for (first, status, code, charge) in [
        ([TEXT, ERROR].concat(), 200, "upstream_failed", 2 + 2),
        (TEXT.to_string(), 200, "upstream_incomplete", 2 + 2),
        (wrong, 400, "invalid_request", 0),
    ] {
        let (first, second) = (Scripted::stream(first), Scripted::stream([TEXT, END].concat()));
        let bench = before(&[&first, &second]).await;
        let (answered, text) = ask(&bench, "/v1/chat/completions").await;
        assert!(answered == status && text.contains(code) && !text.contains("gpu-7"), "{answered} {text}");
        assert_eq!((first.count(), second.count(), bench.used().await), (1, 0, charge), "{code}");
        bench.stop().await;
    }
    let all = [Scripted::stream(ERROR.to_string()), Scripted::stream(ERROR.to_string())];
    let bench = before(&[&all[0], &all[1]]).await;
    // Its status is one that clients send again for, and that metrics show.
    let (status, text) = ask(&bench, "/v1/chat/completions").await;
    assert!(
        status == 502 && text.contains("upstream_failed") && text.contains("nothing was charged"),
        "{text}"
    );
    let requests = "blockable_provider_requests_total{route=\"/v1/chat/completions\",status=\"502\"}";
    assert_eq!(metric(&bench, requests).await, "1");
    assert_eq!((all[0].count(), all[1].count(), bench.used().await), (1, 1, 0));
    bench.stop().await;
}

/// The second upstream has the whole prompt to read: a client that leaves meanwhile pays for it, as at the first one.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_the_second_upstream_pays_the_prompt() {
    let first = Scripted::stream(ROLE.to_string());
    let second = Scripted::start(|| {
        std::thread::sleep(Duration::from_millis(1_500));
        Reply::Body("{}".to_string())
    });
    let bench = before(&[&first, &second]).await;
    let asked = tokio::time::timeout(Duration::from_millis(600), ask(&bench, "/v1/chat/completions")).await;
    assert!(
        asked.is_err() && (first.count(), second.count()) == (1, 1),
        "it left while the second one worked"
    );
    let deadline = Instant::now() + Duration::from_secs(5);
    while bench.used().await == 0 {
        assert!(Instant::now() < deadline, "nothing is charged");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(bench.used().await, 2, "the prompt");
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_and_responses_fail_over_before_their_first_text() {
    let start =
        event(json!({"type": "message_start", "message": {"id": "msg_1", "usage": {"input_tokens": 900}}}));
    let failed = event(json!({"type": "error", "error": {"type": "api_error", "message": "gpu-7"}}));
    let good = [
        start.replace("900", "4"),
        event(json!({"type": "content_block_delta", "delta": {"type": "text_delta", "text": "good"}})),
        event(json!({"type": "message_delta", "delta": {}, "usage": {"output_tokens": 3}})),
        event(json!({"type": "message_stop"})),
    ];
    let created = event(json!({"type": "response.created", "response": {"id": "resp_1", "usage": null}}));
    let error = json!({"error": {"code": "server_error", "message": "gpu-7"}});
    let broken = event(json!({"type": "response.failed", "response": error}));
    let usage = json!({"usage": {"input_tokens": 4, "output_tokens": 3}});
    let finished = [
        created.clone(),
        event(json!({"type": "response.output_text.delta", "delta": "good"})),
        event(json!({"type": "response.completed", "response": usage})),
    ];
    for (path, first, second, begins) in [
        ("/v1/messages", [start, failed].concat(), good.concat(), "event: message_start"),
        ("/v1/responses", [created.clone(), broken].concat(), finished.concat(), "event: response.created"),
    ] {
        let (first, second) = (Scripted::stream(first), Scripted::stream(second));
        let bench = before(&[&first, &second]).await;
        let (_, text) = ask(&bench, path).await;
        assert!(
            text.contains("good") && text.matches(begins).count() == 1 && !text.contains("gpu-7"),
            "{text}"
        );
        assert_eq!((first.count(), second.count(), bench.used().await), (1, 1, 10), "{path}");
        bench.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_an_error_under_a_good_status_is_asked_for_again() {
    let error = || {
        Reply::Body("{\"error\":{\"message\":\"gpu-7 is on fire\",\"type\":\"server_error\"}}".to_string())
    };
    let (first, second) = (Scripted::start(error), Scripted::good());
    let bench = before(&[&first, &second]).await;
    assert_eq!(bench.chat("hi", json!({})).await.status(), 200);
    assert_eq!((first.count(), second.count(), bench.used().await), (1, 1, 10));
    let none = Scripted::start(|| Reply::Body("{\"id\":\"x\"}".to_string()));
    let alone = before(&[&none, &second]).await;
    refused(alone.chat("hi", json!({})).await, 502, "upstream_no_answer").await;
    assert_eq!((none.count(), alone.used().await), (1, 0), "it may have been at work");
    bench.stop().await;
    alone.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_without_an_endpoint_serves_the_others() {
    let lacking = Scripted::status("404 Not Found", "{\"detail\":\"Not Found\"}");
    let bench = before(&[&lacking]).await;
    for (path, body) in [
        ("/v1/embeddings", json!({"model": "echo", "input": "hi"})),
        ("/v1/responses", json!({"model": "echo", "input": "hi"})),
        (
            "/v1/messages",
            json!({"model": "echo", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]}),
        ),
    ] {
        refused(bench.post(path, &body).send().await.unwrap(), 502, "upstream_refused").await;
    }
    let healthy = "blockable_provider_upstream_healthy{model=\"echo\",upstream=\"u0\"}";
    assert_eq!(metric(&bench, healthy).await, "1");
    refused(bench.chat("hi", json!({})).await, 502, "upstream_refused").await;
    assert_eq!(bench.used().await, 0);
    bench.stop().await;
}
