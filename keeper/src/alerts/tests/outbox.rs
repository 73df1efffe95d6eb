use {
    super::{
        servers::{Got, hook, silent},
        *,
    },
    crate::{alerts::outbox::pause, health::Health},
    hmac::{Hmac, Mac},
    sha2::Sha256,
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
    let body: serde_json::Value = serde_json::from_slice(&got.body).unwrap();
    body["phase"].as_str().unwrap().to_string()
}

#[tokio::test]
async fn a_post_is_signed_and_names_its_alert() {
    let (folder, (url, mut received)) = (tempfile::tempdir().unwrap(), hook(&[]).await);
    let case = Case::open(folder.path(), webhooks(folder.path(), &[("a", &url, "all")])).await;
    case.alerts.apply(coverage(LOW), ChainTime(NOW)).await.unwrap();
    assert_eq!(case.alerts.deliver_due().await.unwrap(), 1);
    let got = next(&mut received).await;
    let mut mac = Hmac::<Sha256>::new_from_slice(b"hush").unwrap();
    mac.update(&got.body);
    let hex = got.headers["x-blockable-signature"].to_str().unwrap().strip_prefix("sha256=").unwrap();
    let sent: Vec<u8> = (0..32).map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).unwrap()).collect();
    assert!(mac.verify_slice(&sent).is_ok());
    let body: serde_json::Value = serde_json::from_slice(&got.body).unwrap();
    assert_eq!(got.headers["x-blockable-alert"], body["id"].to_string());
    assert_eq!(got.headers["x-blockable-phase"], "raised");
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
    let (folder, (url, mut received)) = (tempfile::tempdir().unwrap(), hook(&[500, 302]).await);
    let case = Case::open(folder.path(), webhooks(folder.path(), &[("a", &url, "all")])).await;
    case.alerts.apply(coverage(LOW), ChainTime(NOW)).await.unwrap();
    case.alerts.apply(coverage(SAFE), ChainTime(NOW)).await.unwrap();
    assert_eq!(case.alerts.deliver_due().await.unwrap(), 0);
    case.pass(4);
    assert_eq!(case.alerts.deliver_due().await.unwrap(), 0, "not yet");
    case.pass(1);
    assert_eq!(case.alerts.deliver_due().await.unwrap(), 0, "a redirect is not followed");
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

#[tokio::test]
async fn a_sink_that_hangs_does_not_hold_up_another() {
    let (folder, slow, (url, mut received)) = (tempfile::tempdir().unwrap(), silent().await, hook(&[]).await);
    let mut sinks = webhooks(folder.path(), &[("slow", &slow, "all"), ("quick", &url, "all")]);
    sinks[0].set_deadline(Duration::from_secs(600));
    let case = Case::open(folder.path(), sinks).await;
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
    let mut sinks = webhooks(folder.path(), &[("slow", &slow, "all")]);
    sinks[0].set_deadline(Duration::from_millis(20));
    let case = Case::open(folder.path(), sinks).await;
    case.alerts.apply(coverage(LOW), ChainTime(NOW)).await.unwrap();
    assert_eq!(case.alerts.deliver_due().await.unwrap(), 0);
    assert_eq!(case.outbox().await[0].2, "waiting");
    let read = case.store.read(|connection| {
        Ok(connection.query_row("SELECT reason FROM outbox", [], |row| row.get::<_, String>(0))?)
    });
    assert_eq!(read.await.unwrap(), "it does not answer in time");
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
