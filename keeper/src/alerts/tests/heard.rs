//! Alerts although the store takes nothing, the end's wait for them, and the signs that a keeper lives.

use {
    super::{
        servers::{Got, hook},
        *,
    },
    crate::{
        alerts::{AlertFilter, Subjects},
        health::Health,
        store::StoreError,
    },
    std::time::Duration,
    tokio::{
        sync::{mpsc::UnboundedReceiver, watch},
        time::timeout,
    },
};

const SOON: Duration = Duration::from_secs(20);
/// Lets every write of alerts fail, as on a full disk.
const FULL: &str = "CREATE TRIGGER full_insert BEFORE INSERT ON alerts BEGIN SELECT RAISE(FAIL, 'full'); END;
                    CREATE TRIGGER full_update BEFORE UPDATE ON alerts BEGIN SELECT RAISE(FAIL, 'full'); END";
const FREE: &str = "DROP TRIGGER full_insert; DROP TRIGGER full_update";

async fn change(case: &Case, sql: &'static str) {
    case.store.write(move |tx| Ok(tx.execute_batch(sql)?)).await.unwrap();
}

async fn next(received: &mut UnboundedReceiver<Got>) -> serde_json::Value {
    timeout(SOON, received.recv()).await.expect("nothing came").unwrap().json()
}

async fn hooked() -> (Case, UnboundedReceiver<Got>, tempfile::TempDir) {
    let (folder, (url, received)) = (tempfile::tempdir().unwrap(), hook(&[]).await);
    let case = Case::open(folder.path(), webhooks(folder.path(), &[("a", &url, "all")])).await;
    (case, received, folder)
}

#[tokio::test]
async fn an_alert_that_the_store_does_not_take_is_told_once_and_gets_its_row_later() {
    let (case, mut received, _folder) = hooked().await;
    change(&case, FULL).await;
    let cycle = async |finding: Vec<Finding>, after: i64| {
        case.alerts.apply_cycle(finding, Subjects::default(), ChainTime(NOW + after)).await
    };
    for after in 0..3 {
        cycle(coverage(LOW), after).await.unwrap_err();
        case.alerts.tell_store_lost(ChainTime(NOW), &StoreError::Full);
        case.alerts.deliver_due().await.unwrap();
    }
    let told = [next(&mut received).await, next(&mut received).await];
    let mut rules: Vec<&str> = told.iter().map(|body| body["rule"].as_str().unwrap()).collect();
    rules.sort_unstable();
    assert_eq!(rules, ["coverage", "store_lost"]);
    let id = told.iter().find(|body| body["rule"] == "coverage").unwrap()["id"].clone();
    assert!(received.try_recv().is_err(), "each once");

    change(&case, FREE).await;
    cycle(coverage(LOW), 50).await.unwrap();
    case.alerts.apply_now(vec![Finding::over(Rule::StoreLost, MARKET)]).await.unwrap();
    case.alerts.deliver_due().await.unwrap();
    let end = next(&mut received).await;
    assert_eq!((&end["rule"], &end["phase"]), (&"store_lost".into(), &"cleared".into()));
    assert!(received.try_recv().is_err(), "what was told is not told again");
    let open = case.alerts.list(AlertFilter { open: Some(true), ..AlertFilter::default() }).await.unwrap();
    let [open] = open.as_slice() else { panic!("{open:?}") };
    assert_eq!(
        (open.rule.name(), open.raised_at),
        ("coverage", ChainTime(NOW)),
        "the time at which it was told"
    );
    cycle(Vec::new(), 60).await.unwrap();
    case.alerts.apply(vec![Finding::over(Rule::Coverage, key(7))], ChainTime(NOW + 70)).await.unwrap();
    case.alerts.deliver_due().await.unwrap();
    let end = next(&mut received).await;
    assert_eq!((&end["rule"], &end["phase"]), (&"coverage".into(), &"cleared".into()));
    assert_ne!(end["id"], id);
}

#[tokio::test]
async fn what_was_told_out_of_memory_and_is_over_since_ends_for_everybody() {
    let (case, mut received, _folder) = hooked().await;
    change(&case, FULL).await;
    case.alerts.apply_cycle(coverage(LOW), Subjects::default(), ChainTime(NOW)).await.unwrap_err();
    case.alerts.deliver_due().await.unwrap();
    assert_eq!(next(&mut received).await["phase"], "raised");
    change(&case, FREE).await;
    case.alerts.apply_cycle(coverage(SAFE), Subjects::default(), ChainTime(NOW + 9)).await.unwrap();
    case.alerts.deliver_due().await.unwrap();
    assert_eq!(next(&mut received).await["phase"], "cleared");
    assert_eq!(case.states().await, ["webhook/a raised delivered", "webhook/a cleared delivered"]);
}

#[tokio::test]
async fn the_memory_has_a_bound_and_keeps_the_worst() {
    let (case, mut received, _folder) = hooked().await;
    change(&case, FULL).await;
    let subject = |number: u32| {
        let mut bytes = [7; 32];
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        Pubkey::new_from_array(bytes)
    };
    let low = coverage(LOW)[0].fact().unwrap().clone();
    let many =
        (0..1_500).map(|number| Finding::is(subject(number), low.clone()).between(parties())).collect();
    case.alerts.apply(many, ChainTime(NOW)).await.unwrap_err();
    case.alerts.apply(vec![funds(5, Some("it does not sign"))], ChainTime(NOW)).await.unwrap_err();
    case.alerts.deliver_due().await.unwrap();
    let mut rules = Vec::new();
    while let Ok(got) = received.try_recv() {
        rules.push(got.json()["rule"].as_str().unwrap().to_string());
    }
    let place = rules.iter().position(|rule| rule == "funds");
    assert_eq!(rules.len(), 1_000);
    assert!(place.is_some_and(|place| place < 8), "it is among the first on their way: {place:?}");
}

/// Reports come one by one: for a moment a quorum agrees.
#[tokio::test]
async fn a_disagreement_that_flickers_is_one_alert() {
    let (case, _received, _folder) = hooked().await;
    let (_stop, stopping) = watch::channel(false);
    let tasks = case.alerts.start(stopping, &Health::default());
    let disagree = Fact::ReportersDisagree { agreeing: 1, reporting: 3, quorum: 2, units: Units(9) };
    let disagree = || vec![Finding::is(key(7), disagree.clone()).between(parties())];
    let agree = || vec![Finding::over(Rule::ReportersDisagree, key(7)).between(parties())];
    let mut happened = Vec::new();
    for (pass, finding) in [
        (0, disagree()),
        (1, agree()),
        (29, agree()),
        (1, disagree()),
        (1, agree()),
        (29, agree()),
        (1, agree()),
    ] {
        case.pass(pass);
        let changes = case.alerts.apply(finding, ChainTime(NOW)).await.unwrap();
        happened.push((changes.raised.len(), changes.cleared.len()));
    }
    assert_eq!(happened, [(1, 0), (0, 0), (0, 0), (0, 0), (0, 0), (0, 0), (0, 1)]);
    tasks.into_iter().for_each(|task| task.abort());
}

#[tokio::test]
async fn a_heartbeat_follows_good_cycles_and_nothing_else() {
    let (folder, (url, mut received)) = (tempfile::tempdir().unwrap(), hook(&[]).await);
    let text = hooks_text(folder.path(), &[("a", &url, "all")]);
    let case = Case::open(folder.path(), sinks(&format!("{text}heartbeat_seconds = 3600\n"))).await;
    let (_stop, stopping) = watch::channel(false);
    let tasks = case.alerts.start(stopping, &Health::default());
    case.alerts.apply(coverage(LOW), ChainTime(NOW)).await.unwrap();
    assert_eq!(next(&mut received).await["type"], "alert.raised", "no heartbeat before a good cycle");
    case.alerts.note_good_cycle(77, ChainTime(NOW));
    let beat = next(&mut received).await;
    assert_eq!(
        (&beat["type"], &beat["slot"], &beat["clock"]),
        (&"heartbeat".into(), &77.into(), &NOW.into())
    );
    case.alerts.note_good_cycle(78, ChainTime(NOW + 1));
    case.alerts.apply(coverage(SAFE), ChainTime(NOW)).await.unwrap();
    assert_eq!(next(&mut received).await["type"], "alert.cleared", "the next one is not due");
    tasks.into_iter().for_each(|task| task.abort());
}

/// A store that a later version has written must not keep anybody from reading the others.
#[tokio::test]
async fn an_alert_of_a_later_version_is_listed_and_delivered_by_its_name() {
    let (case, mut received, _folder) = hooked().await;
    case.alerts.apply(coverage(LOW), ChainTime(NOW)).await.unwrap();
    change(&case, "UPDATE alerts SET rule = 'moon_phase', severity = 'dire'").await;
    let listed = case.alerts.list(AlertFilter::default()).await.unwrap();
    assert_eq!((listed[0].rule.name(), listed[0].rule.known()), ("moon_phase", None));
    assert_eq!(listed[0].severity, Severity::Critical);
    case.alerts.deliver_due().await.unwrap();
    assert_eq!(next(&mut received).await["rule"], "moon_phase");
}
