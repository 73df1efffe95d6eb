//! The bound on a prompt by the upstream's own count.

use {
    super::{
        common::{Bench, GRANTED, frozen, ours},
        fleet::{GOOD, metric},
    },
    blockable_gate::UsageFilter,
    blockable_provider::config::UpstreamConfig,
    blockable_testkit::http::{Reply, Server},
    serde_json::{Value, json},
    std::{
        sync::{Arc, Mutex},
        thread,
        time::{Duration, Instant},
    },
};

/// Units per prompt token 1, per generated token 2; bound of a chat by its family beyond its bytes.
const OVERHEAD: u64 = 64 + 2 * 8;
const PROMPT: u64 = 6_000;

/// An upstream whose `/tokenize` answers by a script, and what that was asked.
struct Counting {
    _server: Server,
    asked: Arc<Mutex<Vec<Value>>>,
    bench: Bench,
}

async fn counting(answer: impl Fn() -> Reply + Send + Sync + 'static) -> Counting {
    serving(GOOD.to_string(), answer).await
}

/// The same, with an answer to chats.
async fn serving(served: String, answer: impl Fn() -> Reply + Send + Sync + 'static) -> Counting {
    let asked: Arc<Mutex<Vec<Value>>> = Arc::default();
    let noted = asked.clone();
    let server = Server::start(move |request| match request.head.split(' ').nth(1) {
        Some("/tokenize") => {
            noted.lock().unwrap().push(serde_json::from_slice(&request.body).unwrap());
            answer()
        }
        _ => Reply::Body(served.clone()),
    });
    let url = format!("{}/v1", server.url());
    let bench = Bench::start(|config| {
        let upstream = UpstreamConfig { model: Some("org/own".to_string()), ..UpstreamConfig::at(url) };
        config.models[0].upstreams = vec![upstream];
        config.models[0].tokenize = true;
    })
    .await;
    Counting { _server: server, asked, bench }
}

impl Counting {
    /// Asks for a chat of [`PROMPT`] bytes; returns the units that were held.
    async fn held(&self, more: Value) -> u64 {
        let answer = self.bench.chat(&"x".repeat(PROMPT as usize), more).await;
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
        let page = self.bench.server.gate().usage_page(UsageFilter::default(), 0, 100).await.unwrap();
        page.records.last().unwrap().held.get()
    }

    async fn result(&self, result: &str) -> String {
        let name = "blockable_provider_tokenized_total";
        metric(&self.bench, &format!("{name}{{model=\"echo\",upstream=\"1\",result=\"{result}\"}}")).await
    }
}

fn count(count: u64) -> Reply {
    Reply::Body(json!({"count": count, "max_model_len": 131_072, "tokens": []}).to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_is_held_by_its_upstreams_count_where_that_is_less() {
    let limit = json!({"max_tokens": 100});
    let case = counting(|| count(1_500)).await;
    assert_eq!(case.held(limit.clone()).await, 1_500 + OVERHEAD + 2 * 100);
    let asked = case.asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 1);
    assert_eq!((&asked[0]["model"], &asked[0]["max_tokens"]), (&json!("org/own"), &Value::Null));
    assert_eq!(asked[0]["messages"][0]["content"].as_str().unwrap().len() as u64, PROMPT);
    assert_eq!(case.result("used").await, "1");
    assert_eq!(case.bench.chat("short", limit).await.status(), 200);
    assert_eq!(case.asked.lock().unwrap().len(), 1, "a short prompt is not worth it");
    case.bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_is_held_by_its_family_where_the_count_fails_or_cannot_be_true() {
    for (name, answer, result) in [
        ("no such path", Reply::Status("404 Not Found".to_string(), "{}".to_string()), "failed"),
        (
            "a count with an error's status",
            Reply::Status("500 Oh".to_string(), "{\"count\":1500}".to_string()),
            "failed",
        ),
        ("no count", Reply::Body("{\"tokens\":[1,2]}".to_string()), "failed"),
        ("closed", Reply::HangUp, "failed"),
        ("none", count(0), "unbelievable"),
        ("too few for its bytes", count(PROMPT / 256), "unbelievable"),
        ("more than its bytes", count(PROMPT * 9), "used"),
    ] {
        let case = counting(move || answer.clone()).await;
        assert_eq!(case.held(json!({"max_tokens": 100})).await, PROMPT + OVERHEAD + 2 * 100, "{name}");
        assert_eq!(case.result(result).await, "1", "{name}");
        assert_eq!(metric(&case.bench, "blockable_provider_upstream_healthy").await, "1", "{name}");
        case.bench.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_count_is_not_waited_for() {
    let case = counting(|| {
        thread::sleep(Duration::from_secs(4));
        count(1_500)
    })
    .await;
    let began = Instant::now();
    assert_eq!(case.held(json!({"max_tokens": 100})).await, PROMPT + OVERHEAD + 2 * 100);
    assert!(began.elapsed() < Duration::from_millis(3_500), "{:?}", began.elapsed());
    assert_eq!(case.result("late").await, "1");
    case.bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_fits_by_a_count_and_a_frozen_credit_makes_no_work() {
    let case = counting(|| count(1_500)).await;
    let gate = case.bench.server.gate();
    gate.observe_credit(ours(), 11, Some(&frozen(0, GRANTED - 2_000)));
    assert_eq!(
        case.held(json!({"max_tokens": 100})).await,
        1_500 + OVERHEAD + 200,
        "its bytes would not fit"
    );
    let mut all = frozen(0, GRANTED);
    all.event_seq = 2;
    gate.observe_credit(ours(), 12, Some(&all));
    let asked = case.asked.lock().unwrap().len();
    let refused = case.bench.chat(&"x".repeat(PROMPT as usize), json!({"max_tokens": 100})).await;
    assert_eq!((refused.status().as_u16(), case.asked.lock().unwrap().len()), (402, asked));
    case.bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_that_no_usage_states_is_charged_by_its_upstreams_count() {
    let usage = ",\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":3}";
    let case = serving(GOOD.replace(usage, ""), || count(1_234)).await;
    case.held(json!({"max_tokens": 100})).await;
    assert_eq!(case.bench.used().await, 1_234 + 2, "and not a fourth of its bytes");
    case.bench.stop().await;
}
