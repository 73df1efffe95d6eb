//! Completions through the gateway, with the echo model behind it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    reason = "a test ends by a panic where something is wrong"
)]

#[path = "../common/mod.rs"]
mod common;
mod forms;

use {
    blockable_provider::config::{Revoked, RevokedKeys},
    blockable_testkit::fixtures::later,
    common::{Bench, GRANTED, address, chat_body, credit, events, frozen, ours, refused},
    secrecy::ExposeSecret,
    serde_json::{Value, json},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_is_answered_and_charged_by_its_usage() {
    let bench = Bench::start(|_| {}).await;
    let answer = bench.chat("one two three", json!({"max_tokens": 5})).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["x-blockable-units"], "13");
    assert!(
        answer.headers().contains_key("x-blockable-hold") && answer.headers().contains_key("x-request-id")
    );
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["choices"][0]["message"]["content"], "one two three one two");
    assert_eq!(body["usage"], json!({"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}));
    assert_eq!(bench.counted(), (13, 0));
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_completion_of_several_prompts_is_charged_as_one() {
    let bench = Bench::start(|_| {}).await;
    let body = json!({"model": "echo", "prompt": ["a b", "c"], "max_tokens": 3, "n": 2, "best_of": 4});
    let answer = bench.post("/v1/completions", &body).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["choices"].as_array().unwrap().len(), 4);
    assert_eq!(body["choices"][0]["text"], "a b a");
    assert_eq!(body["usage"]["completion_tokens"], 24);
    assert_eq!(bench.counted(), (3 + 48, 0));
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_settled_before_it_ends_and_states_usage_to_those_who_ask() {
    let bench = Bench::start(|_| {}).await;
    let more = json!({"max_tokens": 2, "stream": true});
    let answer = bench.chat("one two three", more.clone()).await;
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let plain = events(&answer.text().await.unwrap());
    assert_eq!(bench.counted(), (7, 0), "settled before [DONE] was sent");
    assert_eq!(plain.last().unwrap(), "[DONE]");
    let pieces: Vec<Value> =
        plain[..plain.len() - 1].iter().map(|data| serde_json::from_str(data).unwrap()).collect();
    let text: String =
        pieces.iter().filter_map(|piece| piece["choices"][0]["delta"]["content"].as_str()).collect();
    assert_eq!(text, "one two ");
    assert_eq!(pieces[0]["choices"][0]["delta"]["role"], "assistant", "clients take the role from it");
    assert!(pieces.iter().all(|piece| piece["usage"].is_null()), "nobody asked for it");

    let mut asked = more;
    asked["stream_options"] = json!({"include_usage": true});
    let asked_events = events(&bench.chat("one two three", asked).await.text().await.unwrap());
    assert_eq!(asked_events.len(), plain.len() + 1);
    let usage: Value = serde_json::from_str(&asked_events[asked_events.len() - 2]).unwrap();
    assert_eq!(usage["usage"]["completion_tokens"], 2);
    assert_eq!(bench.used().await, 14);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_say_why_and_what_to_do() {
    let bench = Bench::start(|_| {}).await;
    let gate = bench.server.gate().clone();
    gate.observe_credit(ours(), 11, Some(&frozen(0, GRANTED)));
    let body = refused(bench.chat("hello", json!({})).await, 402, "credit_frozen").await;
    assert_eq!(body["error"]["type"], "insufficient_quota");
    assert!(body["error"]["message"].as_str().unwrap().contains("pay the arrears"));

    let mut spent = credit(0);
    (spent.collateral.consumed, spent.meter.cumulative, spent.event_seq) = (GRANTED, GRANTED, 2);
    gate.observe_credit(ours(), 12, Some(&spent));
    refused(bench.chat("hello", json!({})).await, 402, "credit_exhausted").await;

    let mut expired = credit(0);
    (expired.units_expire_at, expired.event_seq) = (1, 3);
    gate.observe_credit(ours(), 13, Some(&expired));
    refused(bench.chat("hello", json!({})).await, 402, "credit_expired").await;

    gate.observe_credit(ours(), 14, None);
    refused(bench.chat("hello", json!({})).await, 402, "credit_closed").await;

    gate.stop_admitting();
    let answer = bench.chat("hello", json!({})).await;
    assert!(answer.headers().contains_key("retry-after"));
    refused(answer, 503, "shutting_down").await;
    assert!(gate.holds().is_empty());
    bench.stop().await;
}

/// The key of the borrower before, or whoever has it, uses nothing of the new one's units.
#[tokio::test(flavor = "multi_thread")]
async fn a_hand_over_of_the_borrowers_place_voids_its_keys() {
    let bench = Bench::start(|_| {}).await;
    assert_eq!(bench.chat("hi", json!({})).await.status(), 200);
    let handed_over = later(&credit(0), |credit| {
        (credit.original_borrower, credit.borrower) = (credit.borrower, address(50));
    });
    bench.server.gate().observe_credit(ours(), 11, Some(&handed_over));
    refused(bench.chat("hi", json!({})).await, 401, "invalid_api_key").await;
    let key = bench.server.keys().make(&ours(), 0, Some(&address(50)));
    let request = bench.http.post(bench.url("/v1/chat/completions")).json(&chat_body("hi", json!({})));
    assert_eq!(request.bearer_auth(key.expose_secret()).send().await.unwrap().status(), 200);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_credits_own_key_opens_it() {
    let bench = Bench::start(|config| {
        config.revoked.push(Revoked { credit: address(11), keys: RevokedKeys::Below(1) });
    })
    .await;
    let ask = |key: Option<String>| {
        let request = bench.http.post(bench.url("/v1/chat/completions")).json(&chat_body("hi", json!({})));
        match key {
            Some(key) => request.header("authorization", key).send(),
            None => request.send(),
        }
    };
    let good = bench.key(&ours());
    for key in [
        None,
        Some(String::new()),
        Some(good.clone()),
        Some(format!("Basic {good}")),
        Some(format!("Bearer {}", good.replace(&ours().to_string(), &address(12).to_string()))),
        Some(format!("Bearer {}0", good)),
        Some(format!("Bearer {}", bench.key(&address(11)))),
    ] {
        refused(ask(key).await.unwrap(), 401, "invalid_api_key").await;
    }
    assert_eq!(ask(Some(format!("bearer {good}"))).await.unwrap().status(), 200);
    let stranger = ask(Some(format!("Bearer {}", bench.key(&address(12))))).await.unwrap();
    refused(stranger, 402, "credit_unknown").await;
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_requests_get_clear_errors() {
    let bench = Bench::start(|config| config.limits.body_bytes = 2_000).await;
    let unknown = bench.post("/v1/chat/completions", &json!({"model": "no", "messages": [{}]}));
    let body = refused(unknown.send().await.unwrap(), 404, "model_not_found").await;
    assert_eq!(body["error"]["param"], "model");
    let text = "x ".repeat(2_000);
    refused(bench.chat(&text, json!({})).await, 413, "body_too_large").await;
    let pieces = futures_util::stream::iter((0..100).map(|_| Ok::<_, std::io::Error>(vec![b'x'; 100])));
    let unannounced = bench.post("/v1/chat/completions", &json!({})).body(reqwest::Body::wrap_stream(pieces));
    refused(unannounced.send().await.unwrap(), 413, "body_too_large").await;
    refused(bench.chat("hi", json!({"n": 0})).await, 400, "invalid_parameter").await;
    refused(bench.get("/v1/nothing").send().await.unwrap(), 404, "no_such_path").await;
    refused(bench.get("/v1/completions").send().await.unwrap(), 405, "method_not_allowed").await;
    let models: Value = bench.get("/v1/models").send().await.unwrap().json().await.unwrap();
    assert_eq!(models["data"][0]["id"], "echo");
    assert_eq!(bench.counted(), (0, 0));
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_requests_run_than_may() {
    let bench = Bench::start(|config| {
        config.limits.requests_per_credit = 2;
        config.models[0].latency_ms = Some(400);
    })
    .await;
    let answers = futures_util::future::join_all((0..6).map(|_| bench.chat("hi", json!({})))).await;
    let count = |status: u16| answers.iter().filter(|answer| answer.status() == status).count();
    assert_eq!((count(200), count(429)), (2, 4));
    assert_eq!(bench.used().await, 6);
    bench.stop().await;
}
