//! The bound on a prompt by the upstream's own count.

use {
    super::{
        common::{Bench, GRANTED, chat_body, frozen, ours},
        fleet::{GOOD, metric},
    },
    blockable_gate::UsageFilter,
    blockable_provider::config::UpstreamConfig,
    blockable_testkit::http::{Reply, Server},
    serde_json::{Value, json},
    std::{
        sync::{
            Arc, Mutex,
            atomic::{AtomicUsize, Ordering},
        },
        thread,
        time::{Duration, Instant},
    },
};

/// Units per prompt token 1, per generated token 2; bound of a chat by its family beyond its bytes.
const OVERHEAD: u64 = 64 + 2 * 8;
const PROMPT: u64 = 6_000;

/// Units that are open in most cases: less than [`PROMPT`] bytes may cost by their family, and more than they cost by a count.
const OPEN: u64 = PROMPT - 1_000;

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
        Some("/tokenize" | "/v1/messages/count_tokens") => {
            noted.lock().unwrap().push(serde_json::from_slice(&request.body).unwrap());
            answer()
        }
        _ => Reply::Body(served.clone()),
    });
    let url = format!("{}/v1", server.url());
    let bench = Bench::start(|config| {
        config.models[0].min_fitted_tokens = 1;
        let upstream = UpstreamConfig { model: Some("org/own".to_string()), ..UpstreamConfig::at(url) };
        config.models[0].upstreams = vec![upstream];
        config.models[0].tokenize = true;
    })
    .await;
    let case = Counting { _server: server, asked, bench };
    case.open(OPEN);
    case
}

impl Counting {
    /// Has so many units open from now on.
    fn open(&self, units: u64) {
        let gate = self.bench.server.gate();
        let used = gate.readings().iter().map(|reading| reading.cumulative.get()).sum::<u64>();
        let mut credit = frozen(0, GRANTED - units - used);
        credit.event_seq = gate.credit(&ours()).unwrap().event_seq + 1;
        gate.observe_credit(ours(), 11 + credit.event_seq, Some(&credit));
    }

    /// Asks for a chat of [`PROMPT`] bytes; returns the units that were held.
    async fn held(&self, more: Value) -> u64 {
        let answer = self.bench.chat(&"x".repeat(PROMPT as usize), more).await;
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
        let page = self.bench.server.gate().usage_page(UsageFilter::default(), 0, 100).await.unwrap();
        page.records.last().unwrap().held.get()
    }

    /// Requires that a chat of [`PROMPT`] bytes has its family's bound after the upstream was asked: its answer is limited to what
    /// that leaves.
    async fn held_by_family(&self, name: &str) {
        let open = PROMPT + OVERHEAD + 50;
        self.open(open);
        let answer = self.bench.chat(&"x".repeat(PROMPT as usize), json!({})).await;
        assert_eq!(answer.status(), 200, "{name}");
        assert_eq!(answer.headers()["x-blockable-max-tokens"], "25", "{name}");
        assert!(!self.asked.lock().unwrap().is_empty(), "{name}");
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
async fn a_prompt_is_held_by_its_upstreams_count_where_its_familys_bound_does_not_fit() {
    let limit = json!({"max_tokens": 100});
    let case = counting(|| count(1_500)).await;
    assert_eq!(case.held(limit.clone()).await, 1_500 + OVERHEAD + 2 * 100);
    let asked = case.asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 1);
    assert_eq!((&asked[0]["model"], &asked[0]["max_tokens"]), (&json!("org/own"), &Value::Null));
    assert_eq!(asked[0]["messages"][0]["content"].as_str().unwrap().len() as u64, PROMPT);
    assert_eq!(case.result("used").await, "1");
    assert_eq!(case.bench.chat("short", limit.clone()).await.status(), 200);
    assert_eq!(case.asked.lock().unwrap().len(), 1, "a short prompt is not worth it");
    case.open(PROMPT + OVERHEAD + 2 * 100);
    assert_eq!(case.held(limit).await, PROMPT + OVERHEAD + 2 * 100);
    assert_eq!(case.asked.lock().unwrap().len(), 1, "what fits makes no work");
    case.bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_is_not_asked_for_what_is_refused_anyway() {
    let case = counting(|| count(1_500)).await;
    let refused = async |units: u64, more: Value| {
        case.open(units);
        let answer = case.bench.chat(&"x".repeat(PROMPT as usize), more).await;
        assert_eq!(answer.status(), 402);
        case.asked.lock().unwrap().len()
    };
    assert_eq!(refused(0, json!({"max_tokens": 100})).await, 0, "nothing is open");
    let least = PROMPT.div_ceil(256) + OVERHEAD;
    assert_eq!(refused(least + 2 * 100 - 1, json!({"max_tokens": 100})).await, 0, "too little for any count");
    assert_eq!(refused(least + 2 * 100, json!({"max_tokens": 100})).await, 1, "it could fit");
    let made = case.bench.http.put(case.bench.url("/v1/keys/team")).bearer_auth(case.bench.key(&ours()));
    let made = made.json(&json!({"budget": {"units": 200}})).send().await.unwrap();
    let key = made.json::<Value>().await.unwrap()["key"].as_str().unwrap().to_string();
    case.open(OPEN);
    let body = chat_body(&"x".repeat(PROMPT as usize), json!({"max_tokens": 100}));
    let request = case.bench.http.post(case.bench.url("/v1/chat/completions")).bearer_auth(key).json(&body);
    assert_eq!(request.send().await.unwrap().status(), 402);
    assert_eq!(case.asked.lock().unwrap().len(), 1, "the key's budget is too small for any count");
    case.bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_credit_has_a_few_prompts_counted_at_once() {
    let running: Arc<(AtomicUsize, AtomicUsize)> = Arc::default();
    let noted = running.clone();
    let case = counting(move || {
        let now = noted.0.fetch_add(1, Ordering::SeqCst) + 1;
        noted.1.fetch_max(now, Ordering::SeqCst);
        thread::sleep(Duration::from_millis(300));
        noted.0.fetch_sub(1, Ordering::SeqCst);
        count(PROMPT)
    })
    .await;
    let text = "x".repeat(PROMPT as usize);
    let requests = (0..24).map(|_| case.bench.chat(&text, json!({"max_tokens": 100})));
    for answer in futures_util::future::join_all(requests).await {
        assert_eq!(answer.status(), 402, "it counts as many as the family");
    }
    let most = running.1.load(Ordering::SeqCst);
    assert!((1..=4).contains(&most), "{most}");
    case.bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newer_forms_are_counted_as_well() {
    let case = counting(|| Reply::Body(json!({"count": 1_500, "input_tokens": 1_500}).to_string())).await;
    let text = "x".repeat(PROMPT as usize);
    for (path, body, asked) in [
        (
            "/v1/responses",
            json!({"model": "echo", "input": text, "max_output_tokens": 100}),
            json!([{"role": "user", "content": text}]),
        ),
        (
            "/v1/messages",
            json!({"model": "echo", "max_tokens": 100, "messages": [{"role": "user", "content": text}]}),
            json!([{"role": "user", "content": text}]),
        ),
    ] {
        case.open(OPEN);
        // The upstream's answer is none of these forms; what counts is that it was called.
        let answer = case.bench.post(path, &body).send().await.unwrap();
        assert_ne!(answer.status(), 402, "{path}: {}", answer.text().await.unwrap());
        assert_eq!(case.asked.lock().unwrap().last().unwrap()["messages"], asked, "{path}");
    }
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
        case.held_by_family(name).await;
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
    case.held_by_family("late").await;
    assert!(began.elapsed() < Duration::from_millis(3_500), "{:?}", began.elapsed());
    assert_eq!(case.result("late").await, "1");
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
