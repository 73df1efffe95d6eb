//! A loan with a lock, from the refused request over its payment to the answer.

use {
    super::setup::{PATIENCE, Setup},
    serde_json::{Value, json},
    std::time::{Duration, Instant},
    tokio::time::sleep,
};

/// Units that are open at issue.
const AHEAD: u64 = 1_000;
/// Longest pause after a payment that a poll of the chain would explain: the server compares its view every 15 seconds.
const WITHOUT_POLL: Duration = Duration::from_secs(10);

/// Asks for a chat; returns the status, the fitted limit and the body.
async fn ask(setup: &Setup, key: &str, limit: Option<u64>) -> (u16, Option<u64>, Value) {
    let body = json!({
        "model": "echo", "max_tokens": limit,
        "messages": [{ "role": "user", "content": "one two three" }],
    });
    let url = format!("{}/v1/chat/completions", setup.url());
    let answer = reqwest::Client::new().post(url).bearer_auth(key).json(&body).send().await.unwrap();
    let fitted = answer.headers().get("x-blockable-max-tokens");
    let fitted = fitted.map(|limit| limit.to_str().unwrap().parse().unwrap());
    (answer.status().as_u16(), fitted, answer.json().await.unwrap_or_default())
}

/// Pays for the first credit. Anyone may pay.
async fn pay(setup: &mut Setup, amount: u64) {
    setup.cluster.chain.borrower = "borrower".to_string();
    let payment = setup.cluster.chain.repay(&setup.credits[0], amount).await;
    setup.cluster.chain.send(&[payment], &["borrower"]).await;
}

/// Units of the first credit, by the server's count.
async fn room(setup: &Setup, key: &str, units: &str) -> u64 {
    let url = format!("{}/v1/credits/{}", setup.url(), setup.credits[0]);
    let answer = reqwest::Client::new().get(url).bearer_auth(key).send().await.unwrap();
    answer.json::<Value>().await.unwrap()["room"][units].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_is_answered_once_the_payment_that_it_names_has_landed() {
    let mut setup = Setup::with_terms(1, |terms| {
        terms.unlocked_ahead = AHEAD;
        terms.holdback = terms.principal / 2;
    })
    .await;
    let server = setup.serve().await;
    let (key, credit) = (setup.keys().remove(0), setup.credits[0]);

    let (status, _, body) = ask(&setup, &key, Some(2_000)).await;
    assert_eq!((status, &body["error"]["code"]), (402, &json!("credit_locked")), "{body}");
    assert_eq!(body["units"]["available"], AHEAD);
    let amount = body["payment"]["least"]["amount"].as_u64().unwrap();

    let began = Instant::now();
    pay(&mut setup, amount).await;
    let landed = began.elapsed();
    let answered = loop {
        match ask(&setup, &key, Some(2_000)).await {
            (200, None, body) => break body,
            (402, _, _) if began.elapsed() < PATIENCE => sleep(Duration::from_millis(1)).await,
            other => panic!("{other:?}\n{}", setup.log()),
        }
    };
    println!("landed after {landed:?}, answered after {:?}", began.elapsed());
    assert!(began.elapsed() < WITHOUT_POLL, "{:?}", began.elapsed());
    assert_eq!(answered["usage"]["completion_tokens"], 2_000);

    // Less is open than a whole answer may cost: a request without a limit gets what fits, and the next one nothing.
    pay(&mut setup, 2 * amount).await;
    while room(&setup, &key, "available").await < AHEAD {
        assert!(began.elapsed() < PATIENCE, "{}", setup.log());
        sleep(Duration::from_millis(10)).await;
    }
    let (status, fitted, body) = ask(&setup, &key, None).await;
    assert_eq!((status, fitted), (200, body["usage"]["completion_tokens"].as_u64()), "{body}");
    assert!(fitted.is_some_and(|limit| (3_000..4_096).contains(&limit)), "{fitted:?}");
    let (status, _, body) = ask(&setup, &key, None).await;
    assert_eq!((status, &body["error"]["code"]), (402, &json!("credit_locked")), "{body}");
    // Nothing is metered yet: all use is unreported, and the chain has as much open.
    let used = room(&setup, &key, "unreported").await;
    let open = setup.cluster.chain.credit(&credit).await.collateral.available();
    assert!((20_000..=open).contains(&used), "{used} used of {open}");
    server.stop().await;
    setup.cluster.stop();
}
