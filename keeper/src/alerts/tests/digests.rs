//! Messages that come together: info once a day, and rules that raise many alerts.

use {
    super::{servers::hook, *},
    crate::finding::PaymentAmounts,
};

const DAY: i64 = 86_400;
/// Seven in the morning, in UTC, of the day after [`NOW`], which is eight in the morning.
const NEXT_DIGEST: i64 = NOW - 3_600 + DAY;

/// A payment that falls due on a credit: an alert of severity info.
fn payment_due(credit: u8) -> Finding {
    let amounts = PaymentAmounts {
        amount: MicroUsd(1_000_000),
        principal: MicroUsd(1_000_000),
        interest: MicroUsd::ZERO,
        late_fees: MicroUsd::ZERO,
        reserve: MicroUsd::ZERO,
    };
    let (due_at, due_market_time) = (ChainTime(NOW + DAY), MarketTime(NOW + DAY));
    let fact = Fact::PaymentDue { seconds_left: DAY, due_at, due_market_time, amounts };
    Finding::is(key(credit), fact).between(parties())
}

async fn case(url: &str, more: &str) -> (Case, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let secret = secret(folder.path(), "secret", SECRET);
    let text =
        format!("[[webhook]]\nname = \"a\"\nurl = \"{url}\"\nparty = \"all\"\nsecret = {secret}\n{more}\n");
    let sinks = sinks(&text);
    (Case::open(folder.path(), sinks).await, folder)
}

#[tokio::test]
async fn info_comes_once_a_day_and_a_critical_alert_at_once() {
    let (url, mut received) = hook(&[]).await;
    let (case, _folder) = case(&url, "").await;
    let many: Vec<Finding> = (10..60).map(payment_due).collect();
    case.alerts.apply(many, ChainTime(NOW)).await.unwrap();
    case.alerts.apply(vec![funds(5, Some("it does not sign"))], ChainTime(NOW)).await.unwrap();
    assert_eq!(case.alerts.deliver_due().await.unwrap(), 1, "nothing is before it");
    assert_eq!(received.try_recv().unwrap().json()["rule"], "funds");
    // The end of an alert whose beginning has not been told is told with it.
    case.alerts.apply(vec![Finding::over(Rule::PaymentDue, key(10))], ChainTime(NOW + 60)).await.unwrap();
    case.pass(NEXT_DIGEST - NOW - 1);
    assert_eq!(case.alerts.deliver_due().await.unwrap(), 0, "not before its hour");
    case.pass(1);
    assert_eq!(case.alerts.deliver_due().await.unwrap(), 1);
    let digest = received.try_recv().unwrap().json();
    assert_eq!(
        (&digest["type"], &digest["rule"], &digest["count"]),
        (&"digest".into(), &"payment_due".into(), &51.into())
    );
    assert!(received.try_recv().is_err(), "one message");
    assert!(case.outbox().await.iter().all(|(_, _, state, _)| state == "delivered"));
}

#[tokio::test]
async fn beyond_a_rate_the_alerts_of_a_rule_come_together() {
    let (url, mut received) = hook(&[]).await;
    let (case, _folder) = case(&url, "digest_above = 3\ninfo = \"each\"").await;
    let low = |number: u8| {
        let fact = coverage(LOW)[0].fact().unwrap().clone();
        Finding::is(key(number), fact).between(parties())
    };
    case.alerts.apply((10..20).map(low).collect(), ChainTime(NOW)).await.unwrap();
    assert_eq!(case.alerts.deliver_due().await.unwrap(), 3);
    case.pass(900);
    assert_eq!(case.alerts.deliver_due().await.unwrap(), 1);
    let counts: Vec<serde_json::Value> =
        std::iter::from_fn(|| received.try_recv().ok()).map(|got| got.json()["count"].clone()).collect();
    assert_eq!(counts, [serde_json::Value::Null, serde_json::Value::Null, serde_json::Value::Null, 7.into()]);
    // Within the hour that counts, a further one waits; later it comes by itself.
    case.alerts.apply(vec![low(30)], ChainTime(NOW)).await.unwrap();
    assert_eq!(case.alerts.deliver_due().await.unwrap(), 0);
    case.pass(4_000);
    case.alerts.apply(vec![low(31)], ChainTime(NOW)).await.unwrap();
    assert_eq!(case.alerts.deliver_due().await.unwrap(), 2, "by itself, and the digest");
}

#[tokio::test]
async fn a_digest_that_is_not_taken_stays_whole_and_is_sent_again() {
    let (url, mut received) = hook(&[503]).await;
    let (case, _folder) = case(&url, "").await;
    case.alerts.apply((10..14).map(payment_due).collect(), ChainTime(NOW)).await.unwrap();
    case.pass(NEXT_DIGEST - NOW);
    assert_eq!(case.alerts.deliver_due().await.unwrap(), 0);
    case.pass(5);
    assert_eq!(case.alerts.deliver_due().await.unwrap(), 1);
    let (first, again) = (received.try_recv().unwrap(), received.try_recv().unwrap());
    assert_eq!(first.headers["webhook-id"], again.headers["webhook-id"]);
    assert_eq!(again.json()["count"], 4);
}
