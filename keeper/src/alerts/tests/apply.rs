use {
    super::*,
    crate::{
        alerts::{
            AlertFilter, Changes, Subjects,
            entries::{Phase, add_entries},
            settings::{SubscribedParty, Wants},
            sink::Subscription,
        },
        finding::{PaymentAmounts, SettingsChange, Waiting},
    },
    blockable_sdk::program::state::ProviderSettings,
};

const NOWHERE: &str = "http://127.0.0.1:1/";

fn want(party: SubscribedParty, min_severity: Severity) -> Wants {
    Wants { party, min_severity, heartbeat: None, is_info_daily: false, digest_above: 1_000 }
}

async fn case(hooks: &[(&str, &str, &str)]) -> (Case, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (Case::open(folder.path(), webhooks(folder.path(), hooks)).await, folder)
}

#[tokio::test]
async fn a_value_that_wanders_between_its_thresholds_raises_one_alert() {
    let (case, _folder) = case(&[("all", NOWHERE, "all")]).await;
    let mut happened = Vec::new();
    for (second, value) in
        (0i64..).zip([9_000, 8_200, 7_900, 8_100, 7_999, 8_499, 7_000, 8_500, 8_400, 8_001, 8_000])
    {
        let changes = case.alerts.apply(coverage(value), ChainTime(NOW + second)).await.unwrap();
        happened.push((changes.raised.len(), changes.cleared.len()));
    }
    let raised: Vec<usize> =
        happened.iter().enumerate().filter(|(_, (opened, _))| *opened == 1).map(|(at, _)| at).collect();
    let cleared: Vec<usize> =
        happened.iter().enumerate().filter(|(_, (_, closed))| *closed == 1).map(|(at, _)| at).collect();
    assert_eq!((raised, cleared), (vec![2, 10], vec![7]));
    let states = case.states().await;
    assert_eq!(
        states,
        ["webhook/all raised waiting", "webhook/all cleared waiting", "webhook/all raised waiting"]
    );
}

#[tokio::test]
async fn findings_of_one_batch_do_not_raise_an_alert_twice() {
    let (case, _folder) = case(&[("all", NOWHERE, "all")]).await;
    let twice = [coverage(LOW), coverage(LOW)].concat();
    assert_eq!(case.alerts.apply(twice.clone(), ChainTime(NOW)).await.unwrap().raised.len(), 1);
    assert_eq!(case.alerts.apply(twice, ChainTime(NOW)).await.unwrap().raised.len(), 0);
    assert_eq!(case.outbox().await.len(), 1);
    let (first, second) = tokio::join!(
        case.alerts.apply(coverage(SAFE), ChainTime(NOW)),
        case.alerts.apply(coverage(SAFE), ChainTime(NOW))
    );
    assert_eq!(first.unwrap().cleared.len() + second.unwrap().cleared.len(), 1);
    assert_eq!(case.outbox().await.len(), 2);
}

#[tokio::test]
async fn what_becomes_worse_is_raised_anew_and_ends_once() {
    let (case, _folder) = case(&[("all", NOWHERE, "all")]).await;
    let mut happened = Vec::new();
    for finding in [
        funds(5, None),
        funds(5, Some("it does not sign")),
        funds(5, Some("it does not sign")),
        funds(5, None),
        funds(1_000_000_000, None),
        funds(1_000_000_000, None),
    ] {
        let Changes { raised, cleared } = case.alerts.apply(vec![finding], ChainTime(NOW)).await.unwrap();
        let severities = |alerts: Vec<Alert>| alerts.iter().map(|alert| alert.severity).collect::<Vec<_>>();
        happened.push((severities(raised), severities(cleared)));
    }
    let (warning, critical) = (vec![Severity::Warning], vec![Severity::Critical]);
    let none = || (Vec::new(), Vec::new());
    let expected = [
        (warning.clone(), Vec::new()),
        (critical.clone(), warning),
        none(),
        none(),
        (Vec::new(), critical),
        none(),
    ];
    assert_eq!(happened, expected);
    let states = case.states().await;
    assert_eq!(
        states,
        ["webhook/all raised waiting", "webhook/all raised waiting", "webhook/all cleared waiting"]
    );
}

#[tokio::test]
async fn what_is_wrong_in_one_respect_raises_one_alert_though_it_is_right_in_another() {
    let (case, _folder) = case(&[("all", NOWHERE, "all")]).await;
    let both = vec![funds(1_000_000_000, Some("it does not sign")), funds(1_000_000_000, None)];
    let mut changes = Vec::new();
    for pass in 0..4 {
        let mut both = both.clone();
        both.rotate_left(pass % 2);
        let changed = case.alerts.apply(both, ChainTime(NOW)).await.unwrap();
        changes.push((changed.raised.len(), changed.cleared.len()));
    }
    assert_eq!(changes, [(1, 0), (0, 0), (0, 0), (0, 0)]);
}

/// Instalments closer together than the threshold: each payment has its own alert.
#[tokio::test]
async fn the_next_payment_gets_an_alert_of_its_own() {
    let (case, _folder) = case(&[("all", NOWHERE, "all")]).await;
    let payment = |days_left: i64, due: i64| {
        let dollar = MicroUsd(1_000_000);
        let amounts = PaymentAmounts {
            amount: dollar,
            principal: dollar,
            interest: MicroUsd::ZERO,
            late_fees: MicroUsd::ZERO,
            reserve: MicroUsd::ZERO,
        };
        let seconds_left = days_left * 86_400;
        let (due_at, due_market_time) = (ChainTime(due), MarketTime(due));
        let fact = Fact::PaymentDue { seconds_left, due_at, due_market_time, amounts };
        vec![Finding::is(key(7), fact).between(parties())]
    };
    let mut happened = Vec::new();
    for (days_left, due) in [(3, 10), (0, 10), (3, 20), (2, 20), (7, 30), (8, 40), (7, 40)] {
        let changes = case.alerts.apply(payment(days_left, due), ChainTime(NOW)).await.unwrap();
        happened.push((changes.raised.len(), changes.cleared.len()));
    }
    assert_eq!(happened, [(1, 0), (0, 0), (1, 1), (0, 0), (1, 1), (0, 1), (1, 0)]);
    let open = case.alerts.list(AlertFilter { open: Some(true), ..AlertFilter::default() }).await.unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!(case.outbox().await.len(), 7, "each beginning and each end");
}

#[tokio::test]
async fn an_alert_is_removed_when_it_is_old_and_delivered() {
    let (case, _folder) = case(&[("all", NOWHERE, "all")]).await;
    for (bps, at) in [(LOW, NOW), (SAFE, NOW + 10), (LOW, NOW + 20)] {
        case.alerts.apply(coverage(bps), ChainTime(at)).await.unwrap();
    }
    assert_eq!(case.alerts.prune(ChainTime(NOW + 11), 9).await.unwrap(), 0, "it has not been delivered");
    let deliver = |tx: &rusqlite::Transaction| Ok(tx.execute("UPDATE outbox SET state = 'delivered'", [])?);
    case.store.write(deliver).await.unwrap();
    assert_eq!(case.alerts.prune(ChainTime(NOW + 10), 9).await.unwrap(), 0, "not old enough");
    assert_eq!(case.alerts.prune(ChainTime(NOW + 11), 9).await.unwrap(), 1);
    let left = case.alerts.list(AlertFilter::default()).await.unwrap();
    assert_eq!(left.iter().map(|alert| alert.raised_at).collect::<Vec<_>>(), [ChainTime(NOW + 20)]);
    assert_eq!(case.outbox().await.len(), 1);
}

#[tokio::test]
async fn the_store_holds_one_entry_per_alert_sink_and_phase() {
    let (case, _folder) = case(&[("all", NOWHERE, "all")]).await;
    let raised = case.alerts.apply(coverage(LOW), ChainTime(NOW)).await.unwrap().raised;
    let wants = vec![want(SubscribedParty::All, Severity::Info)];
    let subscription = Subscription { sink: "webhook/all".to_string(), wants };
    let again =
        move |tx: &rusqlite::Transaction| add_entries(tx, &raised[0], Phase::Raised, &[subscription], NOW, 7);
    case.store.write(again).await.unwrap();
    assert_eq!(case.outbox().await.len(), 1);
}

#[tokio::test]
async fn each_party_gets_its_own_alerts_alone() {
    let (lender, other) = (key(1).to_string(), key(5).to_string());
    let (case, _folder) = case(&[
        ("everything", NOWHERE, "all"),
        ("ops", NOWHERE, "operator"),
        ("lender", NOWHERE, &lender),
        ("other", NOWHERE, &other),
    ])
    .await;
    let fact = coverage(LOW)[0].fact().unwrap().clone();
    let theirs = Finding::is(key(8), fact).between(Parties { lender: key(4), borrower: key(5) });
    let findings = vec![coverage(LOW).remove(0), theirs, failing_nodes(3)];
    case.alerts.apply(findings, ChainTime(NOW)).await.unwrap();
    let sent_to = |sink: &str, outbox: &[(String, String, String, u32)]| {
        outbox.iter().filter(|(of, ..)| of == &format!("webhook/{sink}")).count()
    };
    let outbox = case.outbox().await;
    assert_eq!(["everything", "ops", "lender", "other"].map(|sink| sent_to(sink, &outbox)), [3, 1, 1, 1]);

    let list = |filter: AlertFilter| {
        let alerts = case.alerts.clone();
        async move {
            alerts
                .list(filter)
                .await
                .unwrap()
                .iter()
                .filter_map(|alert| alert.rule.known())
                .collect::<Vec<_>>()
        }
    };
    assert_eq!(list(AlertFilter { party: Some(key(1)), ..AlertFilter::default() }).await, [Rule::Coverage]);
    assert_eq!(list(AlertFilter { party: Some(key(3)), ..AlertFilter::default() }).await, []);
    assert_eq!(
        list(AlertFilter { subject: Some(key(7)), ..AlertFilter::default() }).await,
        [Rule::Rpc, Rule::Coverage]
    );
    let newest = case.alerts.list(AlertFilter { limit: 1, ..AlertFilter::default() }).await.unwrap();
    assert_eq!(list(AlertFilter { before: Some(newest[0].id), ..AlertFilter::default() }).await.len(), 2);
    case.alerts.apply(coverage(SAFE), ChainTime(NOW + 5)).await.unwrap();
    let ended = case.alerts.list(AlertFilter { open: Some(false), ..AlertFilter::default() }).await.unwrap();
    assert_eq!(
        ended.iter().map(|alert| (alert.raised_at, alert.cleared_at)).collect::<Vec<_>>(),
        [(ChainTime(NOW), Some(ChainTime(NOW + 5)))]
    );
    assert_eq!(list(AlertFilter { open: Some(true), ..AlertFilter::default() }).await.len(), 2);
}

#[test]
fn severity_and_any_of_several_wants_decide() {
    let of = |wants| Subscription { sink: String::new(), wants };
    let (mine, critical) = (alert(), Alert { severity: Severity::Critical, ..alert() });
    let wants = of(vec![
        want(SubscribedParty::Key(key(9)), Severity::Info),
        want(SubscribedParty::All, Severity::Critical),
    ]);
    assert!(!wants.includes(&mine));
    assert!(wants.includes(&critical));
    assert!(of(vec![want(SubscribedParty::Key(key(2)), Severity::Warning)]).includes(&mine), "the borrower");
    assert!(!of(vec![want(SubscribedParty::Operator, Severity::Info)]).includes(&mine));
}

/// A proposal that waits for days raises one alert, and a second proposal in its place another one.
#[tokio::test]
async fn a_proposal_is_told_once_and_the_next_one_again() {
    let (case, _folder) = case(&[("all", NOWHERE, "all")]).await;
    let proposed = |ready: i64| {
        let settings = ProviderSettings::with_reporters(&[], 1);
        let (ready_at, ready_market_time) = (ChainTime(ready), MarketTime(ready));
        let waiting = Waiting { ready_at, lapses_at: ready_at.plus_seconds(60), ready_market_time };
        let to = ProviderSettings { quorum: 2, ..settings };
        let change = SettingsChange { from: settings, to, waiting };
        vec![Finding::is(key(3), Fact::ProviderChangeProposed(Box::new(change)))]
    };
    let mut happened = Vec::new();
    for ready in [10, 10, 10, 20, 20] {
        let changes =
            case.alerts.apply_cycle(proposed(ready), Subjects::default(), ChainTime(NOW)).await.unwrap();
        happened.push((changes.raised.len(), changes.cleared.len()));
    }
    let applied = case.alerts.apply_cycle(Vec::new(), Subjects::default(), ChainTime(NOW)).await.unwrap();
    happened.push((applied.raised.len(), applied.cleared.len()));
    assert_eq!(happened, [(1, 0), (0, 0), (0, 0), (1, 1), (0, 0), (0, 1)]);
    assert_eq!(case.outbox().await.len(), 4, "each beginning and each end");
}
