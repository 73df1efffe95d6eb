//! Credits whose units are locked until they are paid for: what fits is served, what does not says what to pay.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    reason = "a test ends by a panic where something is wrong"
)]

mod common;

use {
    axum::{Json, Router, extract::State, routing::post},
    blockable_provider::{
        Price,
        config::{Config, UpstreamConfig},
    },
    blockable_sdk::{
        Pubkey,
        amounts::{MarketTime, Units},
        program::state::{Credit, MarketClock},
    },
    blockable_testkit::fixtures::{later, locked_credit},
    common::{Bench, GRANTED, chat_body, events, ours, refused},
    serde_json::{Value, json},
    std::sync::{Arc, Mutex},
};

/// The chain's clock in these tests.
const NOW: i64 = 1_800_000_000;

/// A loan of 100 micro-USDC per unit, issued ten days ago, of which some units are open.
fn locked(open: u64) -> Credit {
    later(&locked_credit(0, Units(GRANTED), Units(open), MarketTime(NOW - 10 * 86_400)), |_| {})
}

/// The loan after a payment that lands now.
fn pay(credit: &Credit, amount: u64) -> Credit {
    let clock = MarketClock { chain: NOW, market: NOW, is_paused: false, is_halted: false };
    later(credit, |credit| {
        let paid = credit.begin_payment(amount, &clock).unwrap();
        credit.receive_payment(Pubkey::default(), paid).unwrap();
    })
}

/// A server whose model costs a unit per token, of prompts without overheads, and is fitted to 20 tokens at least. The chain
/// shows a credit of which some units are open.
async fn bench(open: u64, change: impl FnOnce(&mut Config)) -> Bench {
    let bench = Bench::start(|config| {
        let model = &mut config.models[0];
        model.price = Price::new(Units(1_000), Units(1_000));
        (model.overhead_tokens, model.overhead_tokens_per_message) = (Some(0), Some(0));
        model.min_fitted_tokens = 20;
        change(config);
    })
    .await;
    bench.server.gate().observe_credit(ours(), 11, Some(&locked(open)));
    bench
}

fn header(answer: &reqwest::Response, name: &str) -> Option<u64> {
    Some(answer.headers().get(name)?.to_str().unwrap().parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_without_a_limit_is_fitted_to_what_is_open() {
    let bench = bench(60, |_| {}).await;
    // The prompt's ten bytes are ten tokens at most, which leaves fifty for the answer.
    let answer = bench.chat("a b c d ef", json!({})).await;
    assert_eq!((answer.status().as_u16(), header(&answer, "x-blockable-max-tokens")), (200, Some(50)));
    assert_eq!(header(&answer, "x-blockable-units"), Some(55));
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["usage"]["completion_tokens"], 50);
    assert_eq!(bench.counted(), (55, 0));
    // Five are left: less than the least answer.
    let body = refused(bench.chat("a", json!({})).await, 402, "credit_locked").await;
    assert_eq!((&body["error"]["param"], &body["fits"]), (&Value::Null, &json!({"max_tokens": 4})));

    // With all open nothing is limited: the echo model's own limit is as many words as the prompt has.
    bench.server.gate().observe_credit(ours(), 12, Some(&pay(&locked(60), u64::MAX)));
    let answer = bench.chat("a b c", json!({})).await;
    assert_eq!(header(&answer, "x-blockable-max-tokens"), None);
    assert_eq!(answer.json::<Value>().await.unwrap()["usage"]["completion_tokens"], 3);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_and_texts_are_fitted_as_well() {
    let bench = bench(60, |config| config.models[0].min_fitted_tokens = 10).await;
    let answer = bench.chat("a b c d ef", json!({"stream": true, "max_tokens": null})).await;
    assert_eq!(header(&answer, "x-blockable-max-tokens"), Some(50));
    let pieces = events(&answer.text().await.unwrap());
    assert_eq!(pieces.last().unwrap(), "[DONE]");
    assert_eq!(bench.used().await, 55);
    // Two prompts of four bytes, each answered twice: four answers share what is left of sixty.
    bench.server.gate().observe_credit(ours(), 12, Some(&later(&locked(55 + 60), |_| {})));
    let body = json!({"model": "echo", "prompt": ["a b", "c"], "n": 2});
    let answer = bench.post("/v1/completions", &body).send().await.unwrap();
    assert_eq!(header(&answer, "x-blockable-max-tokens"), Some(14));
    assert_eq!(header(&answer, "x-blockable-units"), Some(3 + 4 * 14));
    assert_eq!(bench.used().await, 55 + 59);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_above_what_is_open_is_refused_with_the_largest_that_fits() {
    let bench = bench(60, |_| {}).await;
    let body = refused(bench.chat("a b c d ef", json!({"max_tokens": 51})).await, 402, "credit_locked").await;
    assert_eq!((&body["error"]["param"], &body["fits"]), (&json!("max_tokens"), &json!({"max_tokens": 50})));
    let units = json!({"needed": 61, "missing": 1, "available": 60, "remaining": GRANTED, "locked": GRANTED - 60,
        "frozen": 0, "in_flight": 0, "unreported": 0});
    assert_eq!(body["units"], units);
    let message = body["error"]["message"].as_str().unwrap();
    assert!(message.contains("the largest `max_tokens` that fits now is 50"), "{message}");
    let two = json!({"max_completion_tokens": 90, "max_tokens": 60});
    let body = refused(bench.chat("a b c d ef", two).await, 402, "credit_locked").await;
    assert_eq!(body["fits"], json!({"max_completion_tokens": 50}));
    let answer = bench.chat("a b c d ef", json!({"max_tokens": 50})).await;
    assert_eq!((answer.status().as_u16(), header(&answer, "x-blockable-max-tokens")), (200, None));
    bench.stop().await;
}

/// The refusal names a payment; that payment, once the gate sees it, is enough.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_refusal_asks_for_opens_what_the_request_needs() {
    let bench = bench(60, |_| {}).await;
    let ask = json!({"max_tokens": 500});
    let body = refused(bench.chat("a b c d ef", ask.clone()).await, 402, "credit_locked").await;
    let (payment, missing) = (&body["payment"], body["units"]["missing"].as_u64().unwrap());
    assert_eq!(missing, 450);
    assert_eq!((&payment["least"]["opens"], &payment["least"]["available"]), (&json!(450), &json!(510)));
    assert_eq!(
        (&payment["whole_debt"]["opens"], &payment["good_for_seconds"]),
        (&json!(GRANTED - 60), &json!(120))
    );
    let next = &payment["next_instalment"];
    assert_eq!((&next["opens"], &next["due_at"]), (&json!(GRANTED / 10), &json!(NOW + 20 * 86_400)));
    let message = body["error"]["message"].as_str().unwrap();
    // 45,000 micro-USDC for the units, and the interest of ten days.
    for part in [
        "a payment of $0.38 within 2 minutes opens 450 units",
        "fall due on 2027-02-04 08:00 UTC, which open 100,000 units",
    ] {
        assert!(message.contains(part), "{message}");
    }
    let amount = payment["least"]["amount"].as_u64().unwrap();
    bench.server.gate().observe_credit(ours(), 12, Some(&pay(&locked(60), amount - 200)));
    refused(bench.chat("a b c d ef", ask.clone()).await, 402, "credit_locked").await;
    bench.server.gate().observe_credit(
        ours(),
        12,
        Some(&later(&pay(&locked(60), amount), |credit| credit.event_seq += 1)),
    );
    assert_eq!(bench.chat("a b c d ef", ask).await.status(), 200);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_payment_opens_says_what_the_most_is() {
    let bench = bench(60, |_| {}).await;
    let used = later(&locked(60), |credit| {
        (credit.collateral.consumed, credit.meter.cumulative) = (GRANTED - 1_000, GRANTED - 1_000);
        credit.collateral.released = GRANTED - 1_100;
    });
    bench.server.gate().observe_credit(ours(), 12, Some(&used));
    let body =
        refused(bench.chat("a b c d ef", json!({"max_tokens": 5_000})).await, 402, "credit_exhausted").await;
    assert_eq!((&body["payment"]["least"], &body["units"]["missing"]), (&Value::Null, &Value::Null));
    assert!(body["payment"]["whole_debt"]["opens"].as_u64().unwrap() > 0, "{body}");
    assert!(
        body["error"]["message"].as_str().unwrap().contains("the most that a payment can open"),
        "{body}"
    );
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_says_the_longest_period_that_fits_and_what_to_pay() {
    let bench = bench(600, |_| {}).await;
    let open = |seconds| json!({"gpu": "h100", "count": 2, "heartbeat_seconds": seconds});
    let answer = bench.post("/v1/leases", &open(31)).send().await.unwrap();
    let body = refused(answer, 402, "credit_locked").await;
    assert_eq!(body["fits"], json!({"heartbeat_seconds": 30}));
    assert_eq!(body["payment"]["least"]["opens"], 20);
    let answer = bench.post("/v1/leases", &open(30)).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    let lease: Value = answer.json().await.unwrap();
    // What the lease holds and has not used is open to its own renewal.
    let path = format!("/v1/leases/{}/heartbeat", lease["id"].as_str().unwrap());
    let answer = bench.post(&path, &json!({"heartbeat_seconds": 60})).send().await.unwrap();
    let body = refused(answer, 402, "credit_locked").await;
    assert_eq!(
        (&body["fits"], &body["lease"]["status"]),
        (&json!({"heartbeat_seconds": 29}), &json!("open"))
    );
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credit_shows_what_payments_open_and_metrics_the_providers_money() {
    let bench = bench(60, |_| {}).await;
    let shown: Value =
        bench.get(&format!("/v1/credits/{}?opens=40", ours())).send().await.unwrap().json().await.unwrap();
    assert_eq!((&shown["room"]["available"], &shown["room"]["locked"]), (&json!(60), &json!(GRANTED - 60)));
    assert_eq!(shown["payment"]["least"]["opens"], 40);
    let plain: Value =
        bench.get(&format!("/v1/credits/{}", ours())).send().await.unwrap().json().await.unwrap();
    assert_eq!(
        (&plain["payment"]["least"], &plain["payment"]["whole_debt"]["opens"]),
        (&Value::Null, &json!(GRANTED - 60))
    );
    let quoted: Value = bench
        .get(&format!("/v1/credits/{}?pay=10328813", ours()))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    // The interest of ten days and two minutes comes first; the rest is a tenth of the principal.
    assert_eq!(
        quoted["payment"]["quoted"],
        json!({"amount": 10_328_813, "opens": 100_000, "available": 100_060})
    );
    assert_eq!((&quoted["released"], &quoted["held_back"]), (&json!(0), &json!(0)));
    let answer = bench.get(&format!("/v1/credits/{}?opens=-1", ours())).send().await.unwrap();
    refused(answer, 400, "invalid_parameter").await;

    let held_back =
        later(&locked(60), |credit| (credit.holdback_left, credit.claims.provider) = (7_000, 300));
    bench.server.gate().observe_credit(ours(), 12, Some(&held_back));
    let url = format!("http://{}/metrics", bench.server.ops_addr());
    let text = bench.http.get(url).send().await.unwrap().text().await.unwrap();
    for line in [
        r#"blockable_provider_credit_units{state="available"} 60"#,
        r#"blockable_provider_credit_units{state="locked"} 999940"#,
        "blockable_provider_held_back_micro_usd 7000",
        "blockable_provider_claim_micro_usd 300",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}:\n{text}");
    }
    bench.stop().await;
}

/// Requests with and without a limit, streamed and whole, all at once: what is settled never exceeds what was open.
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_requests_at_once_use_no_more_than_is_open() {
    let bench = bench(2_000, |config| {
        (config.limits.requests_per_credit, config.limits.requests) = (2_000, 2_000);
        config.models[0].latency_ms = Some(5);
        config.models[0].max_output_tokens = 90;
    })
    .await;
    let ask = |number: u64| {
        let limit = number.is_multiple_of(3).then_some(30 + number % 40);
        bench.chat("a b c d ef", json!({"max_tokens": limit, "stream": number.is_multiple_of(2)}))
    };
    let answers = futures_util::future::join_all((0..1_000).map(ask)).await;
    let (mut served, mut fitted) = (0, 0);
    for answer in answers {
        let limit = header(&answer, "x-blockable-max-tokens");
        match answer.status().as_u16() {
            200 => {
                (served, fitted) = (served + 1, fitted + u64::from(limit.is_some()));
                assert!(header(&answer, "x-blockable-units").unwrap_or(0) <= 100);
                assert!(limit.is_none_or(|limit| (20..90).contains(&limit)), "{limit:?}");
            }
            402 => {}
            other => panic!("{other}: {}", answer.text().await.unwrap()),
        }
    }
    let used = bench.used().await;
    println!("{served} served, {fitted} fitted, {used} units used");
    assert!(served >= 20 && used <= 2_000, "{served} served, {used} used");
    // A fitted request takes all that is left, down to the least.
    let available = bench.server.gate().room(&ours()).unwrap().available;
    assert_eq!(available, Units(2_000 - used));
    bench.stop().await;
}

/// Two at once: the first is fitted to all that is open, and the second finds nothing until it has ended.
#[tokio::test(flavor = "multi_thread")]
async fn two_fitted_requests_never_hold_more_than_is_open_together() {
    let bench = bench(100, |config| config.models[0].latency_ms = Some(300)).await;
    let (one, other) = tokio::join!(bench.chat("a", json!({})), bench.chat("b", json!({})));
    let statuses = [one.status().as_u16(), other.status().as_u16()];
    assert!(statuses == [200, 402] || statuses == [402, 200], "{statuses:?}");
    let refusal = if statuses[0] == 402 { one } else { other };
    let body = refused(refusal, 402, "credit_locked").await;
    assert_eq!((&body["units"]["available"], &body["units"]["in_flight"]), (&json!(0), &json!(100)));
    assert!(body["error"]["message"].as_str().unwrap().contains("running requests hold 100 units"), "{body}");
    assert_eq!(bench.used().await, 100);
    bench.stop().await;
}

type Bodies = Arc<Mutex<Vec<Value>>>;

/// An upstream that ignores every limit costs the provider, not the borrower.
#[tokio::test(flavor = "multi_thread")]
async fn a_fitted_answer_is_never_charged_above_its_hold() {
    async fn answer(State(bodies): State<Bodies>, Json(body): Json<Value>) -> Json<Value> {
        bodies.lock().unwrap().push(body);
        Json(
            json!({"choices": [{"message": {"content": "x"}}], "usage": {"prompt_tokens": 3, "completion_tokens": 900}}),
        )
    }
    let bodies = Bodies::default();
    let router = Router::new().route("/v1/chat/completions", post(answer)).with_state(bodies.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let bench = bench(60, |config| config.models[0].upstreams = vec![UpstreamConfig::at(url)]).await;
    let answer =
        bench.post("/v1/chat/completions", &chat_body("a b c d ef", json!({}))).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), header(&answer, "x-blockable-units")), (200, Some(53)));
    assert_eq!(bodies.lock().unwrap()[0]["max_tokens"], 50);
    assert_eq!(bench.counted(), (53, 0), "the prompt, and the answer's limit");
    let url = format!("http://{}/metrics", bench.server.ops_addr());
    let text = bench.http.get(url).send().await.unwrap().text().await.unwrap();
    assert!(text.contains("blockable_provider_above_hold_units_total 850"), "{text}");
    assert!(text.contains("blockable_provider_fitted_requests_total 1"), "{text}");
    bench.stop().await;
}
