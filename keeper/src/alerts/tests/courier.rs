//! Deliveries: their order, their attempts and their ends.

use {
    super::{
        servers::{Got, HANGS, hook, hook_by, silent},
        *,
    },
    crate::{alerts::courier::pause, health::Health},
    blockable_service::webhook::{WebhookKey, signatures},
    std::time::Duration,
    tokio::{
        sync::{mpsc::UnboundedReceiver, watch},
        time::timeout,
    },
};

const SOON: Duration = Duration::from_secs(20);

async fn next(received: &mut UnboundedReceiver<Got>) -> Got {
    timeout(SOON, received.recv()).await.expect("nothing came").unwrap()
}

fn phase(got: &Got) -> String {
    got.json()["phase"].as_str().unwrap().to_string()
}

/// A finding of coverage on another credit.
fn coverage_of(number: u8, bps: u64) -> Finding {
    let fact = coverage(bps)[0].fact().unwrap().clone();
    Finding::is(key(number), fact).between(parties())
}

#[tokio::test]
async fn a_post_is_signed_as_standard_webhooks_has_it_with_both_secrets() {
    let (folder, (url, mut received)) = (tempfile::tempdir().unwrap(), hook(&[500]).await);
    let text = hooks_text(folder.path(), &[("a", &url, "all")]);
    let other = secret(folder.path(), "other", OTHER_SECRET);
    let case = Case::open(folder.path(), sinks(&format!("{text}other_secret = {other}\n"))).await;
    case.alerts.apply(coverage(LOW), ChainTime(NOW)).await.unwrap();
    assert_eq!(case.alerts.deliver_due().await.unwrap(), 0);
    case.pass(5);
    assert_eq!(case.alerts.deliver_due().await.unwrap(), 1);
    let (first, again) = (next(&mut received).await, next(&mut received).await);
    assert_eq!(first.headers["webhook-id"], again.headers["webhook-id"], "it is the same message");
    let header = |name: &str| again.headers[name].to_str().unwrap().to_string();
    let stamp: i64 = header("webhook-timestamp").parse().unwrap();
    let keys = [SECRET, OTHER_SECRET].map(|secret| WebhookKey::parse(&secret.into()).unwrap());
    assert_eq!(header("webhook-signature"), signatures(&keys, &header("webhook-id"), stamp, &again.body));
    assert_eq!(header("webhook-signature").split(' ').count(), 2);
    let body = again.json();
    assert_eq!((&body["id"], &body["market"]), (&header("webhook-id").into(), &MARKET.to_string().into()));
    assert_eq!(body["keeper"], "keeper");
    assert_eq!(case.alerts.deliver_due().await.unwrap(), 0, "delivered once");
}

#[tokio::test]
async fn what_was_raised_before_a_restart_is_delivered_after_it() {
    let (folder, (url, mut received)) = (tempfile::tempdir().unwrap(), hook(&[]).await);
    let hooks = [("a", url.as_str(), "all")];
    let case = Case::open(folder.path(), webhooks(folder.path(), &hooks)).await;
    case.alerts.apply(coverage(LOW), ChainTime(NOW)).await.unwrap();
    drop(case);
    let case = Case::open(folder.path(), webhooks(folder.path(), &hooks)).await;
    assert_eq!(
        case.alerts.apply(coverage(LOW), ChainTime(NOW + 9)).await.unwrap().raised.len(),
        0,
        "still open"
    );
    assert_eq!(case.alerts.deliver_due().await.unwrap(), 1);
    assert_eq!(phase(&next(&mut received).await), "raised");
}

#[tokio::test]
async fn a_sink_gets_an_alert_once_while_the_store_is_full() {
    let (folder, (url, mut received)) = (tempfile::tempdir().unwrap(), hook(&[]).await);
    let case = Case::open(folder.path(), webhooks(folder.path(), &[("a", &url, "all")])).await;
    case.alerts.apply(coverage(LOW), ChainTime(NOW)).await.unwrap();
    let full = "CREATE TRIGGER full BEFORE UPDATE ON outbox BEGIN SELECT RAISE(ABORT, 'full'); END";
    case.store.write(move |tx| Ok(tx.execute_batch(full)?)).await.unwrap();
    for _ in 0..3 {
        case.alerts.deliver_due().await.unwrap_err();
    }
    assert_eq!(phase(&next(&mut received).await), "raised");
    assert!(received.try_recv().is_err(), "it is not sent again");
    case.store.write(move |tx| Ok(tx.execute_batch("DROP TRIGGER full")?)).await.unwrap();
    assert_eq!(case.alerts.deliver_due().await.unwrap(), 0);
    assert!(received.try_recv().is_err());
    assert_eq!(case.states().await, ["webhook/a raised delivered"]);
}

#[tokio::test]
async fn what_is_not_taken_is_sent_again_in_order_and_later_each_time() {
    let (folder, (url, mut received)) = (tempfile::tempdir().unwrap(), hook(&[500, 503]).await);
    let case = Case::open(folder.path(), webhooks(folder.path(), &[("a", &url, "all")])).await;
    case.alerts.apply(coverage(LOW), ChainTime(NOW)).await.unwrap();
    case.alerts.apply(coverage(SAFE), ChainTime(NOW)).await.unwrap();
    assert_eq!(case.alerts.deliver_due().await.unwrap(), 0);
    case.pass(4);
    assert_eq!(case.alerts.deliver_due().await.unwrap(), 0, "not yet");
    case.pass(1);
    assert_eq!(case.alerts.deliver_due().await.unwrap(), 0);
    case.pass(9);
    assert_eq!(case.alerts.deliver_due().await.unwrap(), 0, "twice as long");
    case.pass(1);
    assert_eq!(case.alerts.deliver_due().await.unwrap(), 2);
    let mut phases = Vec::new();
    while let Ok(got) = received.try_recv() {
        phases.push(phase(&got));
    }
    assert_eq!(phases, ["raised", "raised", "raised", "cleared"]);
    assert_eq!(case.outbox().await.iter().map(|(.., attempts)| *attempts).collect::<Vec<_>>(), [3, 1]);
}

#[test]
fn pauses_double_up_to_a_quarter_of_an_hour() {
    assert_eq!([1, 2, 3, 8, 9, 100, u32::MAX].map(pause), [5, 10, 20, 640, 900, 900, 900]);
}

#[tokio::test]
async fn what_is_too_old_is_given_up_with_the_reason_and_the_next_gets_its_turn() {
    let (folder, (url, mut received)) = (tempfile::tempdir().unwrap(), hook(&[503, 503]).await);
    let case = Case::open(folder.path(), webhooks(folder.path(), &[("a", &url, "all")])).await;
    case.alerts.apply(coverage(LOW), ChainTime(NOW)).await.unwrap();
    case.alerts.deliver_due().await.unwrap();
    case.pass(3_600);
    case.alerts.apply(coverage(SAFE), ChainTime(NOW + 3_600)).await.unwrap();
    assert_eq!(case.alerts.deliver_due().await.unwrap(), 1);
    assert_eq!(case.states().await, ["webhook/a raised given_up", "webhook/a cleared delivered"]);
    let read = case.store.read(|connection| {
        Ok(connection
            .query_row("SELECT reason FROM outbox ORDER BY id LIMIT 1", [], |row| row.get::<_, String>(0))?)
    });
    assert_eq!(read.await.unwrap(), "it answers 503 Service Unavailable");
    assert_eq!(received.len(), 3);
    assert_eq!(phase(&next(&mut received).await), "raised");
}

#[tokio::test]
async fn a_clock_that_was_set_back_does_not_hold_up_a_sink() {
    let (folder, (url, _received)) = (tempfile::tempdir().unwrap(), hook(&[]).await);
    let case = Case::open(folder.path(), webhooks(folder.path(), &[("a", &url, "all")])).await;
    case.alerts.apply(coverage(LOW), ChainTime(NOW)).await.unwrap();
    case.pass(-86_400);
    assert_eq!(case.alerts.deliver_due().await.unwrap(), 1);
}

/// A sink that refuses one message for good must not keep it from getting others.
#[tokio::test]
async fn what_a_sink_will_never_take_is_given_up_at_once_and_delays_nothing() {
    for status in [302, 400, 401, 404, 410, 413] {
        let (folder, (url, _received)) = (tempfile::tempdir().unwrap(), hook(&[status]).await);
        let case = Case::open(folder.path(), webhooks(folder.path(), &[("a", &url, "all")])).await;
        case.alerts.apply(coverage(LOW), ChainTime(NOW)).await.unwrap();
        case.alerts.apply(coverage(SAFE), ChainTime(NOW)).await.unwrap();
        assert_eq!(case.alerts.deliver_due().await.unwrap(), 1, "{status}");
        assert_eq!(case.states().await, ["webhook/a raised given_up", "webhook/a cleared delivered"]);
        let deliveries = case.alerts.deliveries(vec![1]).await.unwrap();
        assert!(deliveries[0].reason.as_ref().unwrap().contains(&status.to_string()), "{deliveries:?}");
        assert_eq!((deliveries[0].next_at, deliveries[1].reason.as_ref()), (None, None));
    }
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    for status in [408, 425, 429, 500, 502, 503] {
        let (folder, (url, _received)) = (tempfile::tempdir().unwrap(), hook(&[status]).await);
        let case = Case::open(folder.path(), webhooks(folder.path(), &[("a", &url, "all")])).await;
        case.alerts.apply(coverage(LOW), ChainTime(NOW)).await.unwrap();
        assert_eq!(case.alerts.deliver_due().await.unwrap(), 0, "{status}");
        assert_eq!(case.states().await, ["webhook/a raised waiting"], "{status}");
    }
}

/// By seconds and by a date, and never for longer than an hour.
#[tokio::test]
async fn a_sink_that_asks_for_time_gets_it() {
    let date = jiff::Timestamp::now().checked_add(Duration::from_secs(120)).unwrap();
    let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    for (stated, least, most) in
        [("90".to_string(), 90, 90), (date, 118, 120), ("9999999".to_string(), 3_600, 3_600)]
    {
        let answered = stated.clone();
        let (url, _received) =
            hook_by(move |_| (429, vec![("retry-after", answered.clone())], String::new())).await;
        let folder = tempfile::tempdir().unwrap();
        let case = Case::open(folder.path(), webhooks(folder.path(), &[("a", &url, "all")])).await;
        case.alerts.apply(coverage(LOW), ChainTime(NOW)).await.unwrap();
        assert_eq!(case.alerts.deliver_due().await.unwrap(), 0);
        let deliveries = case.alerts.deliveries(vec![1]).await.unwrap();
        let wait = deliveries[0].next_at.unwrap() - NOW;
        assert!((least..=most).contains(&wait), "{stated}: {wait}");
    }
}

/// One that fails holds up neither what is worse nor what is on another credit; on its own credit the order stays.
#[tokio::test]
async fn the_worst_goes_first_and_the_order_holds_for_each_credit() {
    let fails = key(20).to_string();
    let (url, mut received) = hook_by(move |got| {
        let body = got.json();
        let status =
            if body["subject"] == fails.as_str() && body["severity"] == "warning" { 503 } else { 200 };
        (status, Vec::new(), String::new())
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let case = Case::open(folder.path(), webhooks(folder.path(), &[("a", &url, "all")])).await;
    let now = ChainTime(NOW);
    case.alerts.apply(vec![coverage_of(20, LOW)], now).await.unwrap();
    case.alerts.apply(vec![coverage_of(20, SAFE), coverage_of(21, LOW)], now).await.unwrap();
    case.alerts.apply(vec![coverage_of(21, SAFE)], now).await.unwrap();
    case.alerts.apply(vec![funds(5, Some("it does not sign"))], now).await.unwrap();
    assert_eq!(case.alerts.deliver_due().await.unwrap(), 3);
    let mut got = Vec::new();
    while let Ok(message) = received.try_recv() {
        let body = message.json();
        got.push((body["rule"].as_str().unwrap().to_string(), body["subject"].clone(), phase(&message)));
    }
    assert!(got.iter().any(|(rule, ..)| rule == "funds"), "{got:?}");
    let of_other: Vec<&str> = got
        .iter()
        .filter(|(_, subject, _)| *subject == key(21).to_string())
        .map(|(.., phase)| phase.as_str())
        .collect();
    assert_eq!(of_other, ["raised", "cleared"]);
    let of_failing = got.iter().filter(|(_, subject, _)| *subject == key(20).to_string()).count();
    assert_eq!(of_failing, 1, "its end waits for its beginning");
}

/// Whatever waits: a sink that lets everything before it hang.
#[tokio::test]
async fn a_critical_alert_leaves_while_a_sink_lets_others_hang() {
    let (sender, mut critical) = tokio::sync::mpsc::unbounded_channel();
    let folder = tempfile::tempdir().unwrap();
    let (url, _received) = hook_by(move |got| {
        if got.json()["severity"] == "critical" {
            sender.send(()).unwrap();
            return (200, Vec::new(), String::new());
        }
        (HANGS, Vec::new(), String::new())
    })
    .await;
    let case = Case::open(folder.path(), webhooks(folder.path(), &[("a", &url, "all")])).await;
    let (stop, stopping) = watch::channel(false);
    let tasks = case.alerts.start(stopping, &Health::default());
    let many: Vec<Finding> = (30..60).map(|number| coverage_of(number, LOW)).collect();
    case.alerts.apply(many, ChainTime(NOW)).await.unwrap();
    case.alerts.apply(vec![funds(5, Some("it does not sign"))], ChainTime(NOW)).await.unwrap();
    timeout(SOON, critical.recv()).await.expect("it waits for the others").unwrap();
    stop.send(true).unwrap();
    tasks.into_iter().for_each(|task| task.abort());
}

#[tokio::test]
async fn a_sink_that_hangs_does_not_hold_up_another() {
    let (folder, slow, (url, mut received)) = (tempfile::tempdir().unwrap(), silent().await, hook(&[]).await);
    let text = hooks_text(folder.path(), &[("slow", &slow, "all"), ("quick", &url, "all")]);
    let http = Http::with_deadline(Duration::from_secs(600)).unwrap();
    let case = Case::open(folder.path(), Sink::open_all(&settings(&text), &http).unwrap()).await;
    case.alerts.apply(coverage(LOW), ChainTime(NOW)).await.unwrap();
    let delivering = tokio::spawn({
        let alerts = case.alerts.clone();
        async move { alerts.deliver_due().await }
    });
    assert_eq!(phase(&next(&mut received).await), "raised");
    assert!(!delivering.is_finished());
    delivering.abort();
}

#[tokio::test]
async fn a_sink_that_hangs_is_let_go_at_its_deadline() {
    let (folder, slow) = (tempfile::tempdir().unwrap(), silent().await);
    let text = hooks_text(folder.path(), &[("slow", &slow, "all")]);
    let http = Http::with_deadline(Duration::from_millis(20)).unwrap();
    let case = Case::open(folder.path(), Sink::open_all(&settings(&text), &http).unwrap()).await;
    case.alerts.apply(coverage(LOW), ChainTime(NOW)).await.unwrap();
    assert_eq!(case.alerts.deliver_due().await.unwrap(), 0);
    assert_eq!(case.outbox().await[0].2, "waiting");
    let deliveries = case.alerts.deliveries(vec![1]).await.unwrap();
    assert_eq!(deliveries[0].reason.as_deref(), Some("it does not answer in time"));
}

#[tokio::test]
async fn what_waits_for_a_sink_that_was_removed_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let case =
        Case::open(folder.path(), webhooks(folder.path(), &[("a", "http://127.0.0.1:1/", "all")])).await;
    case.alerts.apply(coverage(LOW), ChainTime(NOW)).await.unwrap();
    drop(case);
    let case =
        Case::open(folder.path(), webhooks(folder.path(), &[("b", "http://127.0.0.1:1/", "all")])).await;
    assert_eq!(case.states().await, ["webhook/a raised given_up"]);
}

#[tokio::test]
async fn loops_deliver_as_soon_as_an_alert_is_raised_and_stop() {
    let (folder, (url, mut received)) = (tempfile::tempdir().unwrap(), hook(&[]).await);
    let case = Case::open(folder.path(), webhooks(folder.path(), &[("a", &url, "all")])).await;
    let (stop, stopping) = watch::channel(false);
    let health = Health::default();
    let tasks = case.alerts.start(stopping, &health);
    assert_eq!(tasks.len(), 1);
    case.alerts.apply(coverage(LOW), ChainTime(NOW)).await.unwrap();
    assert_eq!(phase(&next(&mut received).await), "raised");
    assert!(health.stalled().is_empty());
    stop.send(true).unwrap();
    for task in tasks {
        timeout(SOON, task).await.expect("it goes on").unwrap();
    }
}
