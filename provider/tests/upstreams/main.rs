//! Upstreams that fail, dawdle or talk nonsense, and clients that go away.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    reason = "a test ends by a panic where something is wrong"
)]

mod changes;
#[path = "../common/mod.rs"]
mod common;
mod connections;
mod early;
mod fleet;
mod health;
mod salt;
mod tokenize;

use {
    axum::{
        Router,
        body::Body,
        extract::State,
        http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
        response::{IntoResponse, Response},
        routing::post,
    },
    blockable_gate::UsageFilter,
    blockable_provider::config::{UnknownFields, UpstreamConfig},
    blockable_service::secrets::SecretSource,
    common::{Bench, chat_body, events, refused},
    futures_util::{StreamExt, stream},
    serde_json::{Value, json},
    std::{
        convert::Infallible,
        net::SocketAddr,
        sync::{Arc, Mutex},
        time::Duration,
    },
    tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpSocket, TcpStream},
        time::sleep,
    },
};

/// The next act of an upstream, and the requests that it got.
#[derive(Clone)]
struct Script {
    answer: Arc<dyn Fn() -> Response + Send + Sync>,
    delay: Duration,
    got: Arc<Mutex<Vec<(HeaderMap, Value)>>>,
}

async fn answer(State(script): State<Script>, headers: HeaderMap, body: String) -> Response {
    script.got.lock().unwrap().push((headers, serde_json::from_str(&body).unwrap()));
    sleep(script.delay).await;
    (script.answer)()
}

/// Starts an upstream; it ends with the test's runtime.
async fn upstream(
    delay: Duration,
    answer_with: impl Fn() -> Response + Send + Sync + 'static,
) -> (SocketAddr, Script) {
    let script = Script { answer: Arc::new(answer_with), delay, got: Arc::default() };
    let router = Router::new().route("/v1/chat/completions", post(answer)).with_state(script.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (addr, script)
}

/// A server whose model `echo` is served at an address.
async fn before(addr: SocketAddr) -> Bench {
    Bench::start(|config| {
        config.models[0].upstreams = vec![UpstreamConfig::at(format!("http://{addr}/v1"))];
        config.models[0].timeout_seconds = 1;
    })
    .await
}

fn sse(pieces: Vec<&'static str>, then_hang: bool) -> Response {
    let end = stream::once(async move {
        if then_hang {
            sleep(Duration::from_secs(60)).await;
        }
        Ok::<_, Infallible>("")
    });
    let body = Body::from_stream(stream::iter(pieces.into_iter().map(Ok)).chain(end));
    ([(CONTENT_TYPE, "text/event-stream; charset=utf-8")], body).into_response()
}

const PIECE: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"usage\":null}\n\n";
const USAGE: &str = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":3}}\n\n";

#[tokio::test(flavor = "multi_thread")]
async fn an_upstreams_error_becomes_one_of_ours_and_charges_nothing() {
    let (addr, _) = upstream(Duration::ZERO, || {
        let headers = [("retry-after", "7"), ("server", "gpu-7.internal"), ("www-authenticate", "Bearer")];
        (StatusCode::TOO_MANY_REQUESTS, headers, "{\"error\":{\"message\":\"tea at gpu-7.internal\"}}")
            .into_response()
    })
    .await;
    let bench = before(addr).await;
    for more in [json!({}), json!({"stream": true})] {
        let answer = bench.chat("hi", more).await;
        assert_eq!(
            (&answer.headers()["retry-after"], &answer.headers()["x-blockable-units"]),
            (&"7".parse().unwrap(), &"0".parse().unwrap())
        );
        assert!(answer.headers().contains_key("x-blockable-hold"));
        for name in ["server", "www-authenticate"] {
            assert_eq!(answer.headers().get(name), None);
        }
        let body = refused(answer, 429, "model_busy").await.to_string();
        assert!(!body.contains("tea") && !body.contains("gpu"), "{body}");
        assert!(body.contains("nothing was charged"), "{body}");
    }
    assert_eq!(bench.counted(), (0, 0));
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_is_late_costs_the_prompt_and_one_that_is_gone_or_answers_nothing_does_not() {
    let (late, _) = upstream(Duration::from_secs(60), || "{}".into_response()).await;
    let bench = before(late).await;
    for (more, units) in [(json!({}), 2), (json!({"stream": true}), 4)] {
        let body = refused(bench.chat("hi", more).await, 504, "upstream_timeout").await.to_string();
        assert!(body.contains("2 units were charged"), "{body}");
        assert_eq!(bench.counted(), (units, 0), "the upstream has had it for as long as it may");
    }
    let page = bench.server.gate().usage_page(UsageFilter::default(), 0, 10).await.unwrap();
    assert_eq!(page.records.iter().map(|record| record.ended.as_str()).collect::<Vec<_>>(), ["timeout"; 2]);
    bench.stop().await;

    // Bound without listening: connections are refused, and nobody else is given the port.
    let unheard = TcpSocket::new_v4().unwrap();
    unheard.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let bench = before(unheard.local_addr().unwrap()).await;
    refused(bench.chat("hi", json!({})).await, 502, "upstream_unreachable").await;
    assert_eq!(bench.counted(), (0, 0));
    bench.stop().await;

    for body in ["", "<html>", "{\"usage\":null}", "{\"usage\":{\"prompt_tokens\":-4}}", "[1,2"] {
        let (addr, _) = upstream(Duration::ZERO, move || body.into_response()).await;
        let bench = before(addr).await;
        for more in [json!({}), json!({"stream": true})] {
            refused(bench.chat("hi", more).await, 502, "upstream_no_answer").await;
        }
        assert_eq!(bench.counted(), (0, 0));
        bench.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_breaks_says_so_and_charges_what_was_delivered() {
    let cases = [
        (vec![PIECE, PIECE], false, 2 + 4, "upstream_incomplete"),
        (vec![PIECE, PIECE], true, 2 + 4, "upstream_timeout"),
        (vec![PIECE, USAGE], true, 10, "upstream_timeout"),
    ];
    for (pieces, hang, units, code) in cases {
        let (addr, _) = upstream(Duration::ZERO, move || sse(pieces.clone(), hang)).await;
        let bench = before(addr).await;
        let text = bench.chat("hi", json!({"stream": true})).await.text().await.unwrap();
        let last: Value = serde_json::from_str(events(&text).last().unwrap()).unwrap();
        assert_eq!(last["error"]["code"], code, "{text}");
        assert!(!text.contains("[DONE]"));
        assert_eq!(bench.used().await, units, "{text}");
        bench.stop().await;
    }
    let pieces = vec!["garbage", "\n\n\n\n", "data: {{{\n\n"];
    let (addr, _) = upstream(Duration::ZERO, move || sse(pieces.clone(), false)).await;
    let bench = before(addr).await;
    refused(bench.chat("hi", json!({"stream": true})).await, 502, "upstream_incomplete").await;
    assert_eq!(bench.counted(), (0, 0));
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_without_its_last_line_is_whole_once_its_usage_is_stated() {
    let (addr, script) = upstream(Duration::ZERO, || sse(vec![PIECE, USAGE], false)).await;
    let bench = before(addr).await;
    let text = bench.chat("hi", json!({"stream": true})).await.text().await.unwrap();
    let figures = text.strip_prefix(PIECE).unwrap();
    assert!(figures.starts_with(": {\"blockable\":{") && figures.contains("\"units\":10"), "{figures}");
    assert_eq!(bench.used().await, 10);
    let (_, sent) = script.got.lock().unwrap().pop().unwrap();
    assert_eq!(sent["stream_options"], json!({"include_usage": true}));
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_pays_for_what_was_produced() {
    let bench = Bench::start(|config| config.models[0].latency_ms = Some(150)).await;
    for more in [json!({"max_tokens": 50}), json!({"max_tokens": 50, "stream": true})] {
        let before = bench.counted().0;
        let request = bench
            .post("/v1/chat/completions", &chat_body("one two", more))
            .timeout(Duration::from_millis(60));
        assert!(request.send().await.unwrap_err().is_timeout());
        let prompt = "userone two".len().div_ceil(4) as u64;
        assert_eq!(bench.used().await, before + prompt, "the prompt, counted");
    }
    // One that leaves in the middle of a stream.
    let more = json!({"max_tokens": 4_000, "stream": true});
    let mut answer = bench.chat("one two", more).await;
    assert!(answer.chunk().await.unwrap().is_some());
    drop(answer);
    let used = bench.used().await;
    assert!((7..6 + 2 + 8_000).contains(&used), "{used}");
    bench.stop().await;
}

/// Over TCP it cannot be told from one that has closed: who waits must keep its sending half open.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_closes_its_sending_half_has_left_and_pays() {
    let bench = Bench::start(|config| config.models[0].latency_ms = Some(60_000)).await;
    let body = chat_body("one two", json!({"max_tokens": 50})).to_string();
    let (key, length) = (bench.key(&common::ours()), body.len());
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n"
    );
    let mut stream = TcpStream::connect(bench.server.addr()).await.unwrap();
    stream.write_all([head.as_bytes(), body.as_bytes()].concat().as_slice()).await.unwrap();
    let at_work = async {
        while bench.counted().1 == 0 {
            sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), at_work).await.expect("the request is at work");
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let prompt = "userone two".len().div_ceil(4) as u64;
    assert_eq!((answer.len(), bench.used().await), (0, prompt), "the prompt, counted");
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_reads_too_slowly_is_left_behind_and_pays() {
    let bench = Bench::start(|config| config.limits.client_patience_seconds = 1).await;
    let more = json!({"max_tokens": 16_000, "stream": true, "n": 3});
    let mut answer = bench.chat(&"word ".repeat(400), more).await;
    assert!(answer.chunk().await.unwrap().is_some());
    let used = bench.used().await;
    assert!((400..400 + 2 * 3 * 16_000).contains(&used), "{used}");
    drop(answer);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_use_than_was_held_is_the_providers_loss() {
    let (addr, _) = upstream(Duration::ZERO, || {
        "{\"choices\":[],\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":500000}}".into_response()
    })
    .await;
    let bench = before(addr).await;
    let answer = bench.chat("hi", json!({"max_tokens": 1})).await;
    let units: u64 = answer.headers()["x-blockable-units"].to_str().unwrap().parse().unwrap();
    assert!((3..1_000).contains(&units), "the hold: {units}");
    assert_eq!(bench.counted(), (units, 0));
    assert_eq!(bench.chat("hi", json!({"max_tokens": 1})).await.status(), 200);
    assert_eq!(bench.counted(), (2 * units, 0));
    let metrics = bench.http.get(bench.ops_url("/metrics")).send().await.unwrap().text().await.unwrap();
    let above = 2 * (1_001_000 - units);
    assert!(metrics.contains(&format!("blockable_provider_above_hold_units_total {above}\n")), "{metrics}");
    // No more tokens are recorded than the request can have.
    let page = bench.server.gate().usage_page(UsageFilter::default(), 0, 10).await.unwrap();
    for record in page.records {
        assert_eq!(record.generated, 1);
        assert!((1..1_000).contains(&record.prompt), "{record:?}");
    }
    let tokens = "blockable_provider_tokens_total{model=\"echo\",endpoint=\"chat\",class=\"generated\"} 2\n";
    assert!(metrics.contains(tokens), "{metrics}");
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_gets_its_own_key_and_name_and_never_the_clients_key() {
    let (addr, script) = upstream(Duration::ZERO, || {
        "{\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}".into_response()
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key"), "upstream-key\n").unwrap();
    let file = folder.path().join("key");
    let bench = Bench::start_in(folder, |config| {
        config.models[0].upstreams = vec![UpstreamConfig::at(format!("http://{addr}/v1"))];
        config.models[0].upstreams[0].model = Some("org/model".to_string());
        config.models[0].upstreams[0].key = Some(SecretSource::File(file));
        config.models[0].unknown_fields = UnknownFields::Count;
    })
    .await;
    assert_eq!(bench.chat("hi", json!({"x": [1, {"y": null}]})).await.status(), 200);
    let (headers, sent) = script.got.lock().unwrap().pop().unwrap();
    assert_eq!(headers["authorization"], "Bearer upstream-key");
    assert_eq!((&sent["model"], &sent["x"]), (&json!("org/model"), &json!([1, {"y": null}])));
    bench.stop().await;
}
