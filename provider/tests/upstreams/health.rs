//! The health of upstreams: no customer may talk one down, and none may take all of it.

use {
    super::{
        common::{Bench, address, chat_body, credit, ours, refused},
        fleet::{GOOD, Scripted, metric, probing, ready},
    },
    blockable_provider::{
        Price,
        config::{ModelConfig, UpstreamConfig},
    },
    blockable_sdk::{Pubkey, amounts::Units},
    blockable_testkit::http::Reply,
    futures_util::future::join_all,
    serde_json::json,
    std::time::Duration,
};

/// Adds another credit to a server.
fn another(bench: &Bench) -> Pubkey {
    let other = address(100);
    bench.server.gate().observe_credit(other, 10, Some(&credit(1)));
    other
}

async fn ask(bench: &Bench, credit: &Pubkey) -> reqwest::Response {
    let body = chat_body("hi", json!({"max_tokens": 5}));
    let request = bench.http.post(bench.url("/v1/chat/completions")).bearer_auth(bench.key(credit));
    request.json(&body).send().await.unwrap()
}

async fn healthy(bench: &Bench, name: &str) -> String {
    metric(bench, &format!("blockable_provider_upstream_healthy{{model=\"echo\",upstream=\"{name}\"}}")).await
}

/// A filter before an upstream refuses content with 403, as it refuses keys.
#[tokio::test(flavor = "multi_thread")]
async fn one_customers_content_takes_no_provider_out_of_its_balancer() {
    let blocked = || Scripted::status("403 Forbidden", "<html>blocked</html>");
    let (first, second) = (blocked(), blocked());
    let bench = probing(&[&first, &second], Duration::from_secs(3_600)).await;
    for _ in 0..6 {
        refused(ask(&bench, &ours()).await, 502, "upstream_refused").await;
    }
    assert_eq!(ready(&bench).await.0, 200);
    assert_eq!((healthy(&bench, "u0").await, healthy(&bench, "u1").await), ("1".into(), "1".into()));
    let failures = |class: &str| {
        format!(
            "blockable_provider_upstream_failures_total{{model=\"echo\",upstream=\"u0\",class=\"{class}\"}}"
        )
    };
    let counted = (metric(&bench, &failures("blocked")).await, metric(&bench, &failures("refused")).await);
    assert_eq!(counted, ("6".into(), "0".into()), "no alert asks for another key");
    // A filter refuses the content of others as well, perhaps of one borrower's other credit, while probes are answered.
    let other = another(&bench);
    for credit in [other, ours(), other] {
        refused(ask(&bench, &credit).await, 502, "upstream_refused").await;
    }
    assert_eq!(ready(&bench).await.0, 200);
    bench.stop().await;

    let refusing = Scripted::status("401 Unauthorized", "<html>who are you</html>");
    let bench = probing(&[&refusing], Duration::from_secs(3_600)).await;
    refused(ask(&bench, &ours()).await, 502, "upstream_refused").await;
    assert_eq!(ready(&bench).await.0, 503, "a key that is refused says enough");
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_take_too_long_or_become_too_large_say_nothing_about_health() {
    let large = Scripted::start(|| Reply::Body(GOOD.replace("\"a\"", &format!("\"{}\"", "x".repeat(9_000)))));
    let bench = Bench::start(|config| {
        config.models[0].upstreams = vec![large.upstream("u0")];
        config.probes.interval = Duration::from_secs(3_600);
        config.limits.answer_bytes = 8_000;
    })
    .await;
    let other = another(&bench);
    for credit in [ours(), other, ours(), other] {
        refused(ask(&bench, &credit).await, 502, "upstream_too_large").await;
    }
    assert_eq!((ready(&bench).await.0, healthy(&bench, "u0").await), (200, "1".into()));
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_credit_leaves_places_of_an_upstream_to_the_others() {
    let slow = Scripted::start(|| {
        std::thread::sleep(Duration::from_millis(700));
        Reply::Body(GOOD.to_string())
    });
    let bench = Bench::start(|config| {
        config.models[0].upstreams = vec![UpstreamConfig { connections: 4, ..slow.upstream("1") }];
    })
    .await;
    let (one, other) = (ours(), another(&bench));
    let all = join_all((0..9).map(|_| ask(&bench, &one)));
    let later = async {
        // Once the first ones are at work.
        while slow.count() < 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        ask(&bench, &other).await
    };
    let (answers, later) = tokio::join!(all, later);
    let (good, busy): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status() == 200);
    assert_eq!((good.len(), busy.len(), later.status().as_u16()), (3, 6, 200));
    for answer in busy {
        refused(answer, 429, "model_busy").await;
    }
    bench.stop().await;
}

/// The built-in model is always up, so that it would hide that the others are not.
#[tokio::test(flavor = "multi_thread")]
async fn the_built_in_model_makes_no_server_ready_that_has_others() {
    let gone = Scripted::good();
    gone.server.refuse();
    let bench = Bench::start(|config| {
        let mut real = ModelConfig::echo("real", Price::new(Units(1_000), Units(2_000)));
        real.upstreams = vec![gone.upstream("rack-1")];
        config.models.push(real);
        config.probes.interval = Duration::from_millis(20);
    })
    .await;
    let wait = async |status: u16| {
        while ready(&bench).await.0 != status {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), wait(503))
        .await
        .expect("no model but the built-in one is up");
    let (_, body) = ready(&bench).await;
    assert_eq!(
        (&body["models"]["echo"], &body["models"]["real"].as_str().unwrap()[..3]),
        (&json!("ok"), "all")
    );
    gone.server.accept();
    tokio::time::timeout(Duration::from_secs(10), wait(200)).await.expect("the other model is up");
    bench.stop().await;
}
