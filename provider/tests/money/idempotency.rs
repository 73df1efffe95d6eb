use {
    super::common::{Bench, address, chat_body, credit, ours, refused},
    blockable_gate::UsageFilter,
    blockable_provider::{Config, config::UpstreamConfig},
    futures_util::future::join_all,
    reqwest::{Method, RequestBuilder, Response},
    serde_json::{Value, json},
    std::time::Duration,
    tokio::net::TcpSocket,
};

/// Units of a chat of one word with five words of answer.
const COST: u64 = 1 + 2 * 5;

fn slow(config: &mut Config) {
    config.models[0].latency_ms = Some(200);
}

fn request(bench: &Bench, key: &str, more: Value) -> RequestBuilder {
    let mut body = chat_body("one", json!({"max_tokens": 5}));
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    bench.post("/v1/chat/completions", &body).header("Idempotency-Key", key)
}

async fn send(bench: &Bench, key: &str, more: Value) -> Response {
    request(bench, key, more).send().await.unwrap()
}

/// Requires one settlement of [`COST`] units.
async fn charged_once(bench: &Bench) {
    assert_eq!(bench.used().await, COST);
    let filter = UsageFilter { credit: Some(ours()), ..UsageFilter::default() };
    assert_eq!(bench.server.gate().usage_page(filter, 0, 10).await.unwrap().records.len(), 1);
}

fn is_again(answer: &Response) -> bool {
    answer.headers().get("idempotent-replayed").is_some_and(|again| again == "true")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_gets_the_same_answer_and_is_charged_once_also_after_a_restart() {
    for more in [json!({}), json!({"stream": true})] {
        let bench = Bench::start(|_| {}).await;
        let first = send(&bench, "key-1", more.clone()).await;
        assert!(first.status() == 200 && !is_again(&first));
        let (kind, hold) =
            (first.headers()["content-type"].clone(), first.headers()["x-blockable-hold"].clone());
        let text = first.text().await.unwrap();
        assert!(text.contains("one") && text.contains("\"units\":11"), "{text}");
        charged_once(&bench).await;
        let bench = Bench::start_in(bench.stop().await, |_| {}).await;
        for _ in 0..2 {
            let again = send(&bench, "key-1", more.clone()).await;
            assert!(again.status() == 200 && is_again(&again));
            assert_eq!(
                (&again.headers()["content-type"], &again.headers()["x-blockable-hold"]),
                (&kind, &hold)
            );
            assert_eq!(again.headers()["x-blockable-units"], "11");
            assert_eq!(again.text().await.unwrap(), text);
        }
        charged_once(&bench).await;
        refused(send(&bench, "key-1", json!({"max_tokens": 6})).await, 422, "idempotency_key_reused").await;
        let body = json!({"model": "echo", "prompt": "one", "max_tokens": 5});
        let other = bench.post("/v1/completions", &body).header("Idempotency-Key", "key-1");
        refused(other.send().await.unwrap(), 422, "idempotency_key_reused").await;
        charged_once(&bench).await;
        assert_eq!(send(&bench, "key-2", more).await.status(), 200);
        assert_eq!(bench.used().await, 2 * COST);
        bench.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_comes_again_while_the_first_runs_waits_for_its_answer() {
    let bench = Bench::start(slow).await;
    let (first, again, other) = tokio::join!(
        send(&bench, "key", json!({})),
        async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            send(&bench, "key", json!({})).await
        },
        async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            send(&bench, "key", json!({"max_tokens": 6})).await
        }
    );
    assert!(!is_again(&first) && is_again(&again));
    assert_eq!(first.text().await.unwrap(), again.text().await.unwrap());
    refused(other, 422, "idempotency_key_reused").await;
    charged_once(&bench).await;
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_revoked_while_its_request_waits_gets_no_kept_answer() {
    let bench = Bench::start(|config| config.models[0].latency_ms = Some(600)).await;
    let keys = |method| bench.http.request(method, bench.url("/v1/keys/app")).bearer_auth(bench.key(&ours()));
    let made: Value = keys(Method::PUT).json(&json!({})).send().await.unwrap().json().await.unwrap();
    let send = async || {
        let body = chat_body("one", json!({"max_tokens": 5}));
        let request = bench.http.post(bench.url("/v1/chat/completions")).json(&body);
        let key = made["key"].as_str().unwrap();
        request.bearer_auth(key).header("Idempotency-Key", "key").send().await.unwrap()
    };
    let (first, again, revoked) = tokio::join!(
        send(),
        async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            send().await
        },
        async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            keys(Method::DELETE).send().await.unwrap().status()
        }
    );
    assert_eq!((first.status().as_u16(), revoked.as_u16()), (200, 200));
    refused(again, 401, "invalid_api_key").await;
    charged_once(&bench).await;
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_and_comes_again_gets_its_answer_for_one_charge() {
    for more in [json!({}), json!({"stream": true})] {
        let bench = Bench::start(slow).await;
        for _ in 0..2 {
            let early = request(&bench, "key", more.clone()).timeout(Duration::from_millis(50)).send().await;
            assert!(early.is_err_and(|error| error.is_timeout()));
        }
        let answer = send(&bench, "key", more).await;
        assert!(answer.status() == 200 && is_again(&answer));
        assert!(answer.text().await.unwrap().contains("one"));
        charged_once(&bench).await;
        bench.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_runs_for_too_long_is_named() {
    let bench = Bench::start(|config| {
        config.models[0].latency_ms = Some(1_500);
        config.limits.client_patience_seconds = 1;
    })
    .await;
    let (first, again) = tokio::join!(send(&bench, "key", json!({})), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        send(&bench, "key", json!({})).await
    });
    assert_eq!(first.status(), 200);
    assert!(again.headers().contains_key("retry-after"));
    refused(again, 409, "idempotency_in_progress").await;
    charged_once(&bench).await;
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_cost_nothing_is_tried_again() {
    // Bound without listening: connections are refused, and nobody else is given the port.
    let unheard = TcpSocket::new_v4().unwrap();
    unheard.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = unheard.local_addr().unwrap();
    let bench = Bench::start(|config| {
        config.models[0].upstreams = vec![UpstreamConfig::at(format!("http://{address}/v1"))];
    })
    .await;
    refused(send(&bench, "key", json!({})).await, 502, "upstream_unreachable").await;
    assert_eq!(bench.counted(), (0, 0));
    let bench = Bench::start_in(bench.stop().await, |_| {}).await;
    let answer = send(&bench, "key", json!({})).await;
    assert!(answer.status() == 200 && !is_again(&answer));
    assert_eq!(bench.used().await, COST);
    bench.stop().await;
}

/// However many come after it: the name of a request stays, and only its answer goes.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_comes_again_is_never_charged_anew_whatever_came_since() {
    let bench = Bench::start(|config| config.idempotency.credit_bytes = 2_000).await;
    for number in 0..30 {
        assert_eq!(send(&bench, &format!("key-{number}"), json!({})).await.status(), 200);
    }
    let used = bench.used().await;
    assert_eq!(used, 30 * COST);
    refused(send(&bench, "key-0", json!({})).await, 409, "idempotency_answer_not_kept").await;
    refused(send(&bench, "key-0", json!({"max_tokens": 6})).await, 422, "idempotency_key_reused").await;
    assert!(is_again(&send(&bench, "key-29", json!({})).await));
    assert_eq!(bench.used().await, used);
    bench.stop().await;
}

/// More answers at once than the store and its reserve have room for: each is charged, and another customer is served after it.
#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_charged_however_large_the_kept_ones_are() {
    let bench = Bench::start(|config| config.gate.max_store_bytes = Some(2_000_000)).await;
    bench.server.gate().observe_credit(address(11), 10, Some(&credit(1)));
    let (requests, tokens) = (120, 1_000);
    let streams = (0..requests).map(async |number: u64| {
        let answer =
            send(&bench, &format!("key-{number}"), json!({"max_tokens": tokens, "stream": true})).await;
        let text = answer.text().await.unwrap();
        assert!(text.len() > 160_000 && text.ends_with("data: [DONE]\n\n"), "{number}: {} bytes", text.len());
    });
    join_all(streams).await;
    assert_eq!(bench.used().await, requests * (1 + 2 * tokens));
    let metrics = bench.http.get(bench.ops_url("/metrics")).send().await.unwrap().text().await.unwrap();
    for none in ["lost_settlements_total 0", "settlements_waiting 0", "storage_full 0"] {
        assert!(metrics.contains(&format!("\nblockable_provider_{none}\n")), "{none}");
    }
    let body = chat_body("one", json!({"max_tokens": 5}));
    let other = bench.http.post(bench.url("/v1/chat/completions")).bearer_auth(bench.key(&address(11)));
    assert_eq!(other.json(&body).send().await.unwrap().status(), 200);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_of_one_credit_and_plain_and_large_answers_are_not_kept() {
    let bench = Bench::start(|config| config.idempotency.answer_bytes = 100).await;
    bench.server.gate().observe_credit(address(11), 10, Some(&credit(1)));
    for more in [json!({}), json!({"stream": true})] {
        let key = format!("large-{more}").replace(' ', "");
        assert!(send(&bench, &key, more.clone()).await.text().await.unwrap().contains("one"));
        let used = bench.used().await;
        refused(send(&bench, &key, more).await, 409, "idempotency_answer_not_kept").await;
        assert_eq!(bench.used().await, used);
    }
    let body = chat_body("one", json!({"max_tokens": 5}));
    let other = bench.http.post(bench.url("/v1/chat/completions")).bearer_auth(bench.key(&address(11)));
    let other = other.json(&body).header("Idempotency-Key", "large-{}").send().await.unwrap();
    assert!(other.status() == 200 && !is_again(&other), "a key is of one credit");
    for bad in ["", "a b", &"x".repeat(256)] {
        refused(send(&bench, bad, json!({})).await, 400, "invalid_idempotency_key").await;
    }
    bench.stop().await;
}
