//! Health, figures, logs, webhooks, and what a credit's key may see.

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
mod files;
mod floods;
mod key_changes;
mod keys;
mod leaving;
mod listener;
mod teams;
mod usage;

use {
    axum::{
        Router,
        body::Bytes,
        extract::State,
        http::{HeaderMap, StatusCode},
        routing::post,
    },
    base64::{Engine, engine::general_purpose::STANDARD},
    blockable_gate::{Notice, NoticeKind, gate::now_ms},
    blockable_provider::config::{Webhook, WebhookParty},
    blockable_sdk::amounts::Units,
    blockable_service::secrets::SecretSource,
    blockable_testkit::fixtures::{MARKET, PROVIDER},
    common::{Bench, GRANTED, address, chat_body, frozen, ours, refused},
    hmac::{Hmac, Mac},
    serde_json::{Value, json},
    sha2::Sha256,
    std::{
        io,
        sync::{Arc, Mutex},
        time::{Duration, Instant},
    },
    tokio::{net::TcpListener, time::sleep},
};

/// Secrets of a webhook.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER_SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

async fn get(bench: &Bench, path: &str) -> (u16, String) {
    let answer = bench.http.get(format!("http://{}{path}", bench.server.ops_addr())).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn health_and_figures_have_an_address_of_their_own() {
    let bench = Bench::start(|_| {}).await;
    assert_ne!(bench.server.addr(), bench.server.ops_addr());
    refused(bench.get("/metrics").send().await.unwrap(), 404, "no_such_path").await;
    assert_eq!(get(&bench, "/livez").await.0, 200);
    assert_eq!(get(&bench, "/readyz").await.0, 200);
    assert_eq!(bench.chat("one two", json!({"max_tokens": 3})).await.status(), 200);
    refused(bench.chat("hi", json!({"n": 0})).await, 400, "invalid_parameter").await;
    let (_, figures) = get(&bench, "/metrics").await;
    for line in [
        "blockable_provider_requests_total{route=\"/v1/chat/completions\",status=\"200\"} 1",
        "blockable_provider_refusals_total{code=\"invalid_parameter\"} 1",
        "blockable_provider_settled_units_total 8",
        "blockable_provider_holds_open 0",
        "blockable_provider_slot 10",
        "blockable_provider_storage_full 0",
        "blockable_provider_settle_seconds_count 1",
    ] {
        assert!(figures.lines().any(|found| found == line), "{line}\n{figures}");
    }
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_not_ready_while_it_would_refuse() {
    let bench = Bench::start(|_| {}).await;
    bench.server.gate().stop_admitting();
    assert_eq!(get(&bench, "/livez").await.0, 200);
    let folder = bench.stop().await;

    // A gate that has not seen the chain.
    let gate_config = blockable_gate::GateConfig::new(MARKET, PROVIDER, folder.path().join("gate.db"));
    let gate = blockable_gate::Gate::open(gate_config).unwrap();
    let config = common::config(folder.path());
    let server = blockable_provider::Server::start_with(config, gate, Default::default()).await.unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = http.get(format!("http://{}/readyz", server.ops_addr())).send().await.unwrap();
    assert_eq!(answer.status(), 503);
    let body: Value = answer.json().await.unwrap();
    assert!(body["checks"]["chain"].as_str().unwrap().contains("never"), "{body}");
    assert_eq!(body["checks"]["storage"], "ok");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn running_requests_end_at_a_shutdown_and_new_ones_are_refused() {
    let bench = Bench::start(|config| config.models[0].latency_ms = Some(300)).await;
    let running = tokio::spawn(bench.post("/v1/chat/completions", &chat_body("one", json!({}))).send());
    bench.until_held().await;
    let gate = bench.server.gate().clone();
    let folder = bench.stop().await;
    assert_eq!(running.await.unwrap().unwrap().status(), 200);
    assert_eq!(gate.readings()[0].cumulative, Units(3), "settled before the store was closed");
    drop((gate, folder));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_sees_its_own_credit_and_no_other() {
    let bench = Bench::start(|_| {}).await;
    assert_eq!(bench.chat("one two", json!({"max_tokens": 3})).await.status(), 200);
    bench.server.gate().observe_credit(ours(), 11, Some(&frozen(0, 400)));
    let path = format!("/v1/credits/{}", ours());
    let seen: Value = bench.get(&path).send().await.unwrap().json().await.unwrap();
    assert_eq!((&seen["status"], &seen["refused"]), (&json!("active"), &Value::Null));
    let room = json!({"available": GRANTED - 408, "remaining": GRANTED, "locked": 0, "frozen": 400, "in_flight": 0, "unreported": 8});
    assert_eq!(seen["room"], room);
    let other = bench.get(&format!("/v1/credits/{}", address(12))).send().await.unwrap();
    refused(other, 404, "credit_not_found").await;
    let nobody = bench.http.get(bench.url(&path)).send().await.unwrap();
    refused(nobody, 401, "invalid_api_key").await;
    refused(bench.get("/v1/reports/latest").send().await.unwrap(), 404, "no_reporter").await;
    let freeze = bench.post("/v1/freezes", &json!({"transaction": "AAAA"})).send().await.unwrap();
    refused(freeze, 503, "freezes_unavailable").await;
    bench.stop().await;
}

fn notice(credit: u8, lender: u8) -> Notice {
    Notice {
        seq: 0,
        at_ms: 0,
        credit: address(credit).to_string(),
        lender: address(lender).to_string(),
        borrower: address(5).to_string(),
        kind: NoticeKind::FreezeLanded { signature: "signature".to_string(), slot: 7 },
        standing: None,
    }
}

type Posts = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

async fn take(State((posts, fail)): State<(Posts, usize)>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let mut posts = posts.lock().unwrap();
    posts.push((headers, body));
    if posts.len() <= fail { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_reach_the_parties_once_each_over_failures_and_restarts() {
    let posts = Posts::default();
    let router = Router::new().route("/hook", post(take)).with_state((posts.clone(), 1));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("webhook.secret");
    std::fs::write(&secret, SECRET).unwrap();
    let other = folder.path().join("other.secret");
    std::fs::write(&other, OTHER_SECRET).unwrap();
    let webhook = Webhook {
        url,
        party: WebhookParty::Key(address(4)),
        secret: SecretSource::File(secret),
        other_secret: Some(SecretSource::File(other)),
        give_up_hours: 1,
    };
    let with_webhook = |config: &mut blockable_provider::Config| config.webhooks.push(webhook.clone());

    let bench = Bench::start_in(folder, with_webhook).await;
    for (credit, lender) in [(10, 4), (11, 6), (10, 4)] {
        bench.server.gate().notify(notice(credit, lender)).await.unwrap();
    }
    wait_for(&posts, 3).await;
    let listed: Value = bench.get("/v1/notices").send().await.unwrap().json().await.unwrap();
    assert_eq!(listed["data"].as_array().unwrap().len(), 2, "those of its own credit");
    assert_eq!(listed["next"], 3);
    let rest: Value = bench.get("/v1/notices?after=1&most=1").send().await.unwrap().json().await.unwrap();
    assert_eq!(rest["data"][0]["seq"], 3);
    let folder = bench.stop().await;

    let bench = Bench::start_in(folder, with_webhook).await;
    bench.server.gate().notify(notice(12, 4)).await.unwrap();
    wait_for(&posts, 4).await;
    bench.stop().await;
    let posts = posts.lock().unwrap();
    let numbers = numbers(&posts);
    assert_eq!(numbers, ["1", "1", "3", "4"], "the first was not taken at once");
    for (headers, body) in posts.iter() {
        let text = |name: &str| headers[name].to_str().unwrap().to_string();
        let age = now_ms() / 1_000 - text("webhook-timestamp").parse::<i64>().unwrap();
        assert!((0..60).contains(&age), "{age}");
        let expected = [SECRET, OTHER_SECRET].map(|secret| {
            let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
            let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
            mac.update(format!("{}.{}.", text("webhook-id"), text("webhook-timestamp")).as_bytes());
            mac.update(body);
            format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
        });
        assert_eq!(text("webhook-signature"), expected.join(" "));
    }
    let ids: Vec<_> = posts.iter().map(|(headers, _)| headers["webhook-id"].clone()).collect();
    assert_eq!(ids[0], ids[1], "an attempt has the id of the one before it");
    assert_ne!(ids[1], ids[2]);
}

/// The numbers of the notices that were posted, from their ids.
fn numbers(posts: &[(HeaderMap, Bytes)]) -> Vec<&str> {
    posts
        .iter()
        .map(|(headers, _)| headers["webhook-id"].to_str().unwrap().rsplit('-').next().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_is_posted_once_while_its_delivery_cannot_be_recorded() {
    let posts = Posts::default();
    let router = Router::new().route("/hook", post(take)).with_state((posts.clone(), 0));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let folder = Bench::start(|_| {}).await.stop().await;
    let full = "CREATE TRIGGER full BEFORE INSERT ON cursors \
                WHEN NEW.name LIKE 'webhook/%' AND (SELECT COUNT(*) FROM notices) < 3 \
                BEGIN SELECT RAISE(ABORT, 'full'); END";
    rusqlite::Connection::open(folder.path().join("gate.db")).unwrap().execute_batch(full).unwrap();
    let secret = folder.path().join("webhook.secret");
    std::fs::write(&secret, SECRET).unwrap();
    let webhook = Webhook {
        url,
        party: WebhookParty::All,
        secret: SecretSource::File(secret),
        other_secret: None,
        give_up_hours: 1,
    };

    let bench = Bench::start_in(folder, |config| config.webhooks.push(webhook)).await;
    bench.server.gate().notify(notice(10, 4)).await.unwrap();
    wait_for(&posts, 1).await;
    let unrecorded = "blockable_provider_webhooks_total{result=\"unrecorded\"}";
    let (before, deadline) = (bench.figure(unrecorded).await, Instant::now() + Duration::from_secs(10));
    bench.server.gate().notify(notice(10, 4)).await.unwrap();
    while bench.figure(unrecorded).await <= before {
        assert!(Instant::now() < deadline, "the place is not recorded again");
        sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(posts.lock().unwrap().len(), 1, "no notice is posted while the last is not recorded");
    bench.server.gate().notify(notice(10, 4)).await.unwrap();
    wait_for(&posts, 3).await;
    bench.stop().await;
    let posts = posts.lock().unwrap();
    let numbers = numbers(&posts);
    assert_eq!(numbers, ["1", "2", "3"]);
}

async fn wait_for(posts: &Posts, count: usize) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while posts.lock().unwrap().len() < count {
        assert!(Instant::now() < deadline, "{:?}", posts.lock().unwrap());
        sleep(Duration::from_millis(5)).await;
    }
}

/// The output of a log subscriber.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_log_line_holds_a_key_a_secret_or_a_prompt() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    // All threads of the runtime write to it, and those of other tests in this file as well.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key"), "upstream-secret-77").unwrap();
    let file = folder.path().join("key");
    let bench = Bench::start_in(folder, |config| {
        config.models[0].upstreams =
            vec![blockable_provider::config::UpstreamConfig::at("http://127.0.0.1:1/v1")];
        config.models[0].upstreams[0].key = Some(SecretSource::File(file));
    })
    .await;
    let key = bench.key(&ours());
    let answer = bench.chat("prompt-marker-55", json!({})).await;
    let charged = answer.headers()["x-request-id"].to_str().unwrap().to_string();
    refused(answer, 502, "upstream_unreachable").await;
    let forged = format!("{key}0");
    let request =
        bench.http.post(bench.url("/v1/completions")).bearer_auth(&forged).json(&json!({"prompt": "x"}));
    refused(request.send().await.unwrap(), 401, "invalid_api_key").await;
    let id =
        bench.get("/v1/models").send().await.unwrap().headers()["x-request-id"].to_str().unwrap().to_string();
    bench.stop().await;
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains(&id) && text.contains("upstream_unreachable"), "{text}");
    // Its own: a request of another test that began before the subscriber was set has a line without a span.
    let settled =
        text.lines().find(|line| line.contains("settled") && line.contains(&charged)).expect("its own line");
    for field in ["held=", "units=", "prompt=", "cached=", "generated=", "end=", "model=", "hold=", "trace="]
    {
        assert!(settled.contains(field), "{field}: {settled}");
    }
    // The client of this test logs its own request at TRACE; the server's lines name its modules.
    let lines = text.lines().filter(|line| line.contains("blockable"));
    let code = key.rsplit('-').next().unwrap();
    for line in lines {
        for secret in [code, "upstream-secret-77", "prompt-marker-55", &"5a".repeat(32), "Bearer"] {
            assert!(!line.contains(secret), "{line}");
        }
    }
    assert!(!text.contains("upstream-secret-77"), "the header is marked as sensitive");
}
