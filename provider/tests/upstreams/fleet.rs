//! Several upstreams of one model: fail-over, health, bounds, and what customers see of them.

use {
    super::common::{Bench, chat_body, events, refused},
    blockable_provider::{
        Price,
        config::{ModelConfig, UpstreamConfig},
    },
    blockable_sdk::amounts::Units,
    blockable_testkit::http::{Reply, Request, Server},
    serde_json::{Value, json},
    std::{
        sync::{Arc, Mutex},
        time::{Duration, Instant},
    },
    tokio::time::sleep,
};

/// A good answer that names the model and more of the upstream's own.
pub const GOOD: &str = r#"{"id":"chatcmpl-org/internal-7b-1","model":"org/internal-7b","system_fingerprint":"gpu-7","choices":[{"index":0,"message":{"role":"assistant","content":"a"},"finish_reason":"stop"}],"kv_transfer_params":{"remote_host":"10.0.0.7"},"usage":{"prompt_tokens":4,"completion_tokens":3}}"#;
const HEAD: &str = "200 OK\r\nserver: gpu-7\r\nx-litellm-model-api-base: http://10.0.0.7\r\nset-cookie: a=b";

/// An upstream by script. Probes get a good answer and are not written down.
pub struct Scripted {
    pub server: Server,
    pub got: Arc<Mutex<Vec<Request>>>,
}

impl Scripted {
    pub fn start(reply: impl Fn() -> Reply + Send + Sync + 'static) -> Scripted {
        let got: Arc<Mutex<Vec<Request>>> = Arc::default();
        let taken = got.clone();
        let server = Server::start(move |request| {
            if request.head.starts_with("GET") {
                return Reply::Body("{\"data\":[]}".to_string());
            }
            taken.lock().unwrap().push(request.clone());
            reply()
        });
        Scripted { server, got }
    }

    pub fn good() -> Scripted {
        Scripted::start(|| Reply::Status(HEAD.to_string(), GOOD.to_string()))
    }

    pub fn status(line: &'static str, body: &'static str) -> Scripted {
        Scripted::start(move || Reply::Status(line.to_string(), body.to_string()))
    }

    pub fn stream(body: String) -> Scripted {
        let line = "200 OK\r\ncontent-type: text/event-stream";
        Scripted::start(move || Reply::Status(line.to_string(), body.clone()))
    }

    pub fn count(&self) -> usize {
        self.got.lock().unwrap().len()
    }

    pub fn upstream(&self, name: &str) -> UpstreamConfig {
        let url = format!("{}/v1", self.server.url());
        UpstreamConfig {
            name: name.to_string(),
            model: Some("org/internal-7b".to_string()),
            ..UpstreamConfig::at(url)
        }
    }
}

/// A server whose model `echo` has these upstreams, in this order.
pub async fn before(upstreams: &[&Scripted]) -> Bench {
    probing(upstreams, Duration::from_millis(50)).await
}

/// A server before upstreams that it probes at such an interval.
pub async fn probing(upstreams: &[&Scripted], interval: Duration) -> Bench {
    let upstreams: Vec<UpstreamConfig> =
        upstreams.iter().enumerate().map(|(place, one)| one.upstream(&format!("u{place}"))).collect();
    Bench::start(|config| {
        config.models[0].upstreams = upstreams;
        config.models[0].timeout_seconds = 2;
        config.probes.interval = interval;
    })
    .await
}

pub async fn metric(bench: &Bench, line: &str) -> String {
    let text = bench.http.get(bench.ops_url("/metrics")).send().await.unwrap().text().await.unwrap();
    let found = text.lines().find(|found| found.starts_with(line));
    found.and_then(|found| found.rsplit(' ').next()).unwrap_or("none").to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn another_upstream_is_asked_where_nothing_was_produced_and_only_then() {
    let body = "{\"error\":{\"message\":\"x at gpu-7\"}}";
    let context = "{\"error\":{\"code\":\"context_length_exceeded\",\"message\":\"x\"}}";
    for (line, body, class, passes) in [
        ("401 Unauthorized", body, "refused", true),
        ("402 Payment Required", body, "refused", true),
        ("404 Not Found", "<html>", "refused", true),
        ("429 Too Many Requests\r\nretry-after: 9", body, "busy", true),
        ("500 Internal Server Error", "", "failed", true),
        ("503 Service Unavailable", body, "busy", true),
        ("400 Bad Request", context, "request", false),
        ("504 Gateway Timeout", body, "timed_out", false),
    ] {
        let (first, second) = (Scripted::status(line, body), Scripted::good());
        let bench = before(&[&first, &second]).await;
        let answer = bench.chat("hi", json!({})).await;
        let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
        assert_eq!(
            (status == 200, first.count(), second.count()),
            (passes, 1, usize::from(passes)),
            "{line}: {text}"
        );
        assert_eq!(bench.used().await, if passes { 10 } else { 0 }, "{line}: charged once");
        assert!(!text.contains("gpu-7"), "{text}");
        let failures = format!(
            "blockable_provider_upstream_failures_total{{model=\"echo\",upstream=\"u0\",class=\"{class}\"}}"
        );
        assert_eq!(metric(&bench, &failures).await, "1", "{line}");
        bench.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_may_have_been_served_is_never_sent_again() {
    let piece = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n".to_string();
    let (gone, cut) = (Scripted::start(|| Reply::HangUp), Scripted::stream(piece));
    let second = Scripted::good();
    let bench = before(&[&gone, &second]).await;
    refused(bench.chat("hi", json!({})).await, 502, "upstream_unreachable").await;
    assert_eq!((second.count(), bench.used().await), (0, 0));
    bench.stop().await;
    let bench = before(&[&cut, &second]).await;
    let text = bench.chat("hi", json!({"stream": true})).await.text().await.unwrap();
    assert!(text.contains("upstream_incomplete"), "{text}");
    assert_eq!((cut.count(), second.count(), bench.used().await), (1, 0, 2 + 2), "it is charged once");
    let failures =
        "blockable_provider_upstream_failures_total{model=\"echo\",upstream=\"u0\",class=\"failed\"}";
    assert_eq!(metric(&bench, failures).await, "1");
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_is_gone_is_left_out_until_it_is_back() {
    let (first, second) = (Scripted::good(), Scripted::good());
    first.server.refuse();
    let bench = before(&[&first, &second]).await;
    for _ in 0..4 {
        assert_eq!(bench.chat("hi", json!({})).await.status(), 200);
    }
    assert_eq!((first.count(), second.count()), (0, 4));
    let (status, body) = ready(&bench).await;
    assert_eq!((status, &body["models"]["echo"]), (200, &json!("some upstreams are down: u0")));
    let healthy =
        |name: &str| format!("blockable_provider_upstream_healthy{{model=\"echo\",upstream=\"{name}\"}}");
    assert_eq!(
        (metric(&bench, &healthy("u0")).await, metric(&bench, &healthy("u1")).await),
        ("0".into(), "1".into())
    );
    first.server.accept();
    let deadline = Instant::now() + Duration::from_secs(10);
    while first.count() == 0 {
        assert!(Instant::now() < deadline, "it stays left out");
        assert_eq!(bench.chat("hi", json!({})).await.status(), 200);
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(ready(&bench).await.1["models"]["echo"], "ok");
    bench.stop().await;
}

/// Status and body of `/readyz`.
pub async fn ready(bench: &Bench) -> (u16, Value) {
    let answer = bench.http.get(bench.ops_url("/readyz")).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_ready_while_any_model_can_be_served() {
    let (first, second) = (Scripted::good(), Scripted::good());
    let upstreams = [first.upstream("rack-1"), second.upstream("rack-2")];
    let bench = Bench::start(|config| {
        let price = Price::new(Units(1_000), Units(2_000));
        let other = ModelConfig::echo("other", price);
        config.models.push(other);
        for (model, upstream) in config.models.iter_mut().zip(upstreams) {
            model.upstreams = vec![upstream];
        }
        config.probes.interval = Duration::from_millis(20);
    })
    .await;
    assert_eq!(ready(&bench).await.0, 200);
    let until = async |name: &str, text: &str| {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let (status, body) = ready(&bench).await;
            if body["models"][name].as_str().unwrap().starts_with(text) {
                assert!(!body.to_string().contains("127.0.0.1"), "no address is shown: {body}");
                return status;
            }
            assert!(Instant::now() < deadline, "{body}");
            sleep(Duration::from_millis(10)).await;
        }
    };
    first.server.refuse();
    assert_eq!(until("echo", "all upstreams are down: rack-1").await, 200);
    second.server.refuse();
    assert_eq!(until("other", "all upstreams are down: rack-2").await, 503);
    // Requests are tried in spite of it.
    refused(bench.chat("hi", json!({})).await, 502, "upstream_unreachable").await;
    first.server.accept();
    assert_eq!(until("echo", "ok").await, 200);
    assert_eq!(bench.chat("hi", json!({})).await.status(), 200);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_serves_no_more_at_once_than_it_may() {
    let slow = Scripted::start(|| {
        std::thread::sleep(Duration::from_millis(500));
        Reply::Body(GOOD.to_string())
    });
    let bench = Bench::start(|config| {
        config.models[0].upstreams = vec![UpstreamConfig { connections: 2, ..slow.upstream("1") }];
    })
    .await;
    let all = (0..5).map(|_| bench.chat("hi", json!({"max_tokens": 5})));
    let answers = futures_util::future::join_all(all).await;
    let (good, busy): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status() == 200);
    assert_eq!((good.len(), busy.len(), slow.count()), (2, 3, 2));
    for answer in busy {
        assert_eq!(answer.headers()["retry-after"], "5");
        refused(answer, 429, "model_busy").await;
    }
    assert_eq!(bench.used().await, 20);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_names_the_public_model_and_nothing_of_the_upstream() {
    let good = Scripted::good();
    let bench = before(&[&good]).await;
    let answer = bench.chat("hi", json!({})).await;
    let names: Vec<String> = answer.headers().keys().map(ToString::to_string).collect();
    for name in ["server", "x-litellm-model-api-base", "set-cookie"] {
        assert!(!names.contains(&name.to_string()), "{names:?}");
    }
    let text = answer.text().await.unwrap();
    let body: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&body["model"], &body["choices"][0]["message"]["content"]), (&json!("echo"), &json!("a")));
    assert_eq!((&body["blockable"]["units"], &body["usage"]["prompt_tokens"]), (&json!(10), &json!(4)));
    bench.stop().await;
    let chunk = GOOD
        .replace("message", "delta")
        .replace(",\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":3}", "");
    let usage = "{\"id\":\"x\",\"model\":\"org/internal-7b\",\"choices\":[],\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":3,\"prompt_tokens_details\":{\"cached_tokens\":1}}}";
    let stream = Scripted::stream(format!(
        ": by gpu-7\n\nevent: gpu-7\nid: 7\ndata: {chunk}\n\ndata: {usage}\n\n: gpu-7\ndata: [DONE]\n\n"
    ));
    let bench = before(&[&stream]).await;
    let more = json!({"stream": true, "stream_options": {"include_usage": true}});
    let streamed = bench.chat("hi", more).await.text().await.unwrap();
    let parts = events(&streamed);
    let last: Value = serde_json::from_str(&parts[parts.len() - 2]).unwrap();
    let expected = json!({"units": 10, "hold": last["blockable"]["hold"], "prompt_tokens": 4, "cached_tokens": 1,
        "generated_tokens": 3, "reasoning_tokens": 0});
    assert_eq!((&last["blockable"], &last["model"]), (&expected, &json!("echo")));
    assert!(last["blockable"]["hold"].is_u64() && streamed.ends_with("data: [DONE]\n\n"), "{streamed}");
    let silent = bench.chat("hi", json!({"stream": true})).await.text().await.unwrap();
    assert!(silent.contains(": {\"blockable\":{") && silent.contains("\"units\":10"), "{silent}");
    for text in [text, streamed, silent] {
        for own in ["internal", "gpu-7", "10.0.0.7", "org/"] {
            assert!(!text.contains(own), "{own}: {text}");
        }
    }
    let tokens = |class: &str| {
        format!("blockable_provider_tokens_total{{model=\"echo\",endpoint=\"chat\",class=\"{class}\"}}")
    };
    for (class, count) in [("prompt", "8"), ("cached", "2"), ("generated", "6"), ("reasoning", "none")] {
        assert_eq!(metric(&bench, &tokens(class)).await, count);
    }
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn id_and_trace_of_a_request_go_to_the_upstream_and_come_back() {
    let good = Scripted::good();
    let bench = before(&[&good]).await;
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let ask = async |headers: &[(&str, &str)]| {
        let request = bench.post("/v1/chat/completions", &chat_body("hi", json!({})));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let head = good.got.lock().unwrap().pop().unwrap().head.to_ascii_lowercase();
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_string();
        let (id, trace) = (header("x-request-id"), header("traceparent"));
        let (sent, unsampled) = (format!("{id}-{}", header("x-blockable-hold")), &trace[..trace.len() - 2]);
        assert!(
            head.contains(&format!("x-request-id: {sent}\r"))
                && head.contains(&format!("traceparent: {unsampled}00\r")),
            "{head}"
        );
        assert!(!head.contains("tracestate"), "{head}");
        assert!(!head.contains("authorization"), "the customer's key does not go on: {head}");
        (id, trace, head)
    };
    let named = [("x-request-id", "run-7"), ("traceparent", parent), ("tracestate", "a=1")];
    let (id, trace, sent) = ask(&named).await;
    assert_eq!((id.as_str(), trace.as_str()), ("run-7", parent));
    let (_, _, again) = ask(&named).await;
    let number = |head: &str| head.lines().find(|line| line.starts_with("x-request-id")).unwrap().to_string();
    assert_ne!(number(&sent), number(&again), "vLLM refuses a second request of one id");
    let (_, first, _) = ask(&[]).await;
    let (_, second, _) = ask(&[("traceparent", "00-odd"), ("tracestate", "a=1")]).await;
    assert!(first != second && first.len() == parent.len());
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_shared_by_weight() {
    let (first, second) = (Scripted::good(), Scripted::good());
    let mut upstreams = vec![first.upstream("a"), second.upstream("b")];
    upstreams[0].weight = 3;
    upstreams[1].model = None;
    let bench = Bench::start(|config| config.models[0].upstreams = upstreams).await;
    for _ in 0..8 {
        assert_eq!(bench.chat("hi", json!({})).await.status(), 200);
    }
    assert_eq!((first.count(), second.count()), (6, 2));
    let sent = |upstream: &Scripted| {
        serde_json::from_slice::<Value>(&upstream.got.lock().unwrap()[0].body).unwrap()["model"].clone()
    };
    assert_eq!((sent(&first), sent(&second)), (json!("org/internal-7b"), json!("echo")));
    assert_eq!(bench.used().await, 80);
    let requests = "blockable_provider_upstream_requests_total{model=\"echo\",upstream=\"a\"}";
    assert_eq!(metric(&bench, requests).await, "6");
    let seconds = "blockable_provider_upstream_seconds_count{model=\"echo\",upstream=\"b\"}";
    assert_eq!(metric(&bench, seconds).await, "2");
    bench.stop().await;
}
