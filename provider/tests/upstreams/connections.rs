//! Connections that an upstream closes just as a request is sent on them.

use {
    super::{
        common::{Bench, refused},
        fleet::{GOOD, Scripted, metric, probing, ready},
    },
    blockable_testkit::http::Reply,
    serde_json::json,
    std::{
        sync::atomic::{AtomicUsize, Ordering},
        time::Duration,
    },
};

/// Replies to its requests by their numbers, from 0 on.
fn numbered(reply: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Scripted {
    let count = AtomicUsize::new(0);
    Scripted::start(move || reply(count.fetch_add(1, Ordering::Relaxed)))
}

fn good() -> Reply {
    Reply::Body(GOOD.to_string())
}

/// A server whose probes use no connection of a request.
async fn quiet(upstreams: &[&Scripted]) -> Bench {
    probing(upstreams, Duration::from_secs(3_600)).await
}

/// Sends requests until one has come to an upstream: whose turn it is depends on probes as well. Returns its answer.
async fn next_at(bench: &Bench, upstream: &Scripted) -> reqwest::Response {
    for _ in 0..8 {
        let before = upstream.count();
        let answer = bench.chat("hi", json!({})).await;
        if upstream.count() > before {
            return answer;
        }
        assert_eq!(answer.status(), 200, "the other one's turn");
    }
    panic!("it never was its turn");
}

/// The units of answers, of which another upstream has given the rest.
fn served(by_one: u64, other: &Scripted) -> u64 {
    (by_one + u64::try_from(other.count()).unwrap()) * 10
}

async fn failures(bench: &Bench, class: &str) -> String {
    let line = format!(
        "blockable_provider_upstream_failures_total{{model=\"echo\",upstream=\"u0\",class=\"{class}\"}}"
    );
    metric(bench, &line).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_connection_that_closes_as_a_request_comes_costs_nobody_anything() {
    let upstream = numbered(|number| if number % 3 == 1 { Reply::HangUp } else { good() });
    let bench = quiet(&[&upstream]).await;
    for _ in 0..4 {
        assert_eq!(bench.chat("hi", json!({"max_tokens": 5})).await.status(), 200);
    }
    // Each second one was sent once in vain, on the connection of the one before, and once on a new one.
    assert_eq!((upstream.count(), bench.used().await), (6, 4 * 10));
    assert_eq!(failures(&bench, "broken").await, "0", "it says nothing about health");
    assert_eq!(ready(&bench).await.1["models"]["echo"], "ok");
    let sent =
        metric(&bench, "blockable_provider_upstream_requests_total{model=\"echo\",upstream=\"u0\"}").await;
    assert_eq!(sent, "6");
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_repeated_once_and_nowhere_else() {
    let (broken, other) =
        (numbered(|number| if number > 0 { Reply::HangUp } else { good() }), Scripted::good());
    let bench = quiet(&[&broken, &other]).await;
    assert_eq!(next_at(&bench, &broken).await.status(), 200);
    refused(next_at(&bench, &broken).await, 502, "upstream_unreachable").await;
    assert_eq!((broken.count(), bench.used().await), (3, served(1, &other)));
    assert_eq!(failures(&bench, "broken").await, "1");
    bench.stop().await;
}

/// It may have broken down by the request: neither it nor another one shall by the same request again.
#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_goes_away_with_its_connection_passes_the_request_on_to_nobody() {
    let (gone, other) =
        (numbered(|number| if number > 0 { Reply::HangUp } else { good() }), Scripted::good());
    let bench = quiet(&[&gone, &other]).await;
    assert_eq!(next_at(&bench, &gone).await.status(), 200);
    gone.server.refuse_new();
    refused(next_at(&bench, &gone).await, 502, "upstream_unreachable").await;
    assert_eq!((gone.count(), bench.used().await), (2, served(1, &other)));
    assert_eq!(failures(&bench, "unreachable").await, "1");
    bench.stop().await;
}

/// An upstream that has worked on a request for a while may have served it.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_closes_later_is_no_reason_to_ask_again() {
    let late = numbered(|number| match number {
        0 => good(),
        _ => {
            std::thread::sleep(Duration::from_millis(1_100));
            Reply::HangUp
        }
    });
    let bench = quiet(&[&late]).await;
    assert_eq!(bench.chat("hi", json!({})).await.status(), 200);
    refused(bench.chat("hi", json!({})).await, 502, "upstream_unreachable").await;
    assert_eq!((late.count(), bench.used().await), (2, 10));
    bench.stop().await;
}
