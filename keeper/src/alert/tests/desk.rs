use {
    super::*,
    crate::{
        alert::{Filter, News, settings::Party, sink::Audience},
        watch::settings::{Marks, Side},
    },
};

const NOWHERE: &str = "http://127.0.0.1:1/";

async fn case(hooks: &[(&str, &str, &str)]) -> (Case, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (Case::open(folder.path(), webhooks(folder.path(), hooks)).await, folder)
}

#[tokio::test]
async fn a_value_that_wanders_between_its_marks_is_told_once() {
    let (case, _folder) = case(&[("all", NOWHERE, "all")]).await;
    let marks = Marks { side: Side::Below, raise: 8_000.0, clear: 8_500.0 };
    let mut happened = Vec::new();
    for (second, value) in
        (0i64..).zip([9_000, 8_200, 7_900, 8_100, 7_999, 8_499, 7_000, 8_500, 8_400, 8_001, 8_000])
    {
        let settled =
            case.alerts.settle(coverage(marks.level(f64::from(value))), NOW + second).await.unwrap();
        happened.push((settled.opened.len(), settled.closed.len()));
    }
    let raised: Vec<usize> =
        happened.iter().enumerate().filter(|(_, (opened, _))| *opened == 1).map(|(at, _)| at).collect();
    let cleared: Vec<usize> =
        happened.iter().enumerate().filter(|(_, (_, closed))| *closed == 1).map(|(at, _)| at).collect();
    assert_eq!((raised, cleared), (vec![2, 10], vec![7]));
    let told = case.states().await;
    assert_eq!(
        told,
        ["webhook/all raised waiting", "webhook/all cleared waiting", "webhook/all raised waiting"]
    );
}

#[tokio::test]
async fn signals_of_one_batch_do_not_open_an_alert_twice() {
    let (case, _folder) = case(&[("all", NOWHERE, "all")]).await;
    let twice = [coverage(Level::Raise), coverage(Level::Raise)].concat();
    assert_eq!(case.alerts.settle(twice.clone(), NOW).await.unwrap().opened.len(), 1);
    assert_eq!(case.alerts.settle(twice, NOW).await.unwrap().opened.len(), 0);
    assert_eq!(case.outbox().await.len(), 1);
    let (first, second) = tokio::join!(
        case.alerts.settle(coverage(Level::Clear), NOW),
        case.alerts.settle(coverage(Level::Clear), NOW)
    );
    assert_eq!(first.unwrap().closed.len() + second.unwrap().closed.len(), 1);
    assert_eq!(case.outbox().await.len(), 2);
}

#[tokio::test]
async fn what_becomes_worse_is_told_anew_and_ends_once() {
    let (case, _folder) = case(&[("all", NOWHERE, "all")]).await;
    let at = |severity, level| vec![Signal { severity, ..signal(Rule::Funds, level, None) }];
    let mut happened = Vec::new();
    for (severity, level) in [
        (Severity::Warning, Level::Raise),
        (Severity::Critical, Level::Raise),
        (Severity::Critical, Level::Raise),
        (Severity::Warning, Level::Raise),
        (Severity::Warning, Level::Clear),
        (Severity::Warning, Level::Clear),
    ] {
        let settled = case.alerts.settle(at(severity, level), NOW).await.unwrap();
        let severities = |alerts: Vec<Alert>| alerts.iter().map(|alert| alert.severity).collect::<Vec<_>>();
        happened.push((severities(settled.opened), severities(settled.closed)));
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
    let told = case.states().await;
    assert_eq!(
        told,
        ["webhook/all raised waiting", "webhook/all raised waiting", "webhook/all cleared waiting"]
    );
}

#[tokio::test]
async fn what_is_wrong_in_one_respect_is_told_once_though_it_is_right_in_another() {
    let (case, _folder) = case(&[("all", NOWHERE, "all")]).await;
    let at = |level, severity| Signal { severity, ..signal(Rule::Funds, level, None) };
    let both = vec![at(Level::Raise, Severity::Critical), at(Level::Clear, Severity::Warning)];
    let mut changes = Vec::new();
    for pass in 0..4 {
        let mut both = both.clone();
        both.rotate_left(pass % 2);
        let settled = case.alerts.settle(both, NOW).await.unwrap();
        changes.push((settled.opened.len(), settled.closed.len()));
    }
    assert_eq!(changes, [(1, 0), (0, 0), (0, 0), (0, 0)]);
}

#[tokio::test]
async fn an_alert_is_forgotten_when_it_is_old_and_all_of_it_is_told() {
    let (case, _folder) = case(&[("all", NOWHERE, "all")]).await;
    for (level, at) in [(Level::Raise, NOW), (Level::Clear, NOW + 10), (Level::Raise, NOW + 20)] {
        case.alerts.settle(coverage(level), at).await.unwrap();
    }
    assert_eq!(case.alerts.prune(NOW + 11).await.unwrap(), 0, "the sink has not been told");
    let told = |tx: &rusqlite::Transaction| Ok(tx.execute("UPDATE outbox SET state = 'delivered'", [])?);
    case.store.write(told).await.unwrap();
    assert_eq!(case.alerts.prune(NOW + 10).await.unwrap(), 0, "not old enough");
    assert_eq!(case.alerts.prune(NOW + 11).await.unwrap(), 1);
    let left = case.alerts.list(Filter::default()).await.unwrap();
    assert_eq!(left.iter().map(|alert| alert.raised_at).collect::<Vec<_>>(), [NOW + 20]);
    assert_eq!(case.outbox().await.len(), 1);
}

#[tokio::test]
async fn the_store_holds_one_row_per_alert_sink_and_news() {
    let (case, _folder) = case(&[("all", NOWHERE, "all")]).await;
    let opened = case.alerts.settle(coverage(Level::Raise), NOW).await.unwrap().opened;
    let audience = Audience { sink: "webhook/all".to_string(), wants: vec![(Party::All, Severity::Info)] };
    let again = move |tx: &rusqlite::Transaction| {
        crate::alert::letters::announce(tx, &opened[0], News::Raised, &[audience], NOW)
    };
    case.store.write(again).await.unwrap();
    assert_eq!(case.outbox().await.len(), 1);
}

#[tokio::test]
async fn each_party_is_told_of_its_own_alone() {
    let (lender, other) = (key(1).to_string(), key(5).to_string());
    let (case, _folder) = case(&[
        ("everything", NOWHERE, "all"),
        ("ops", NOWHERE, "operator"),
        ("lender", NOWHERE, &lender),
        ("other", NOWHERE, &other),
    ])
    .await;
    let theirs = Signal {
        subject: key(8),
        parties: Some(Parties { lender: key(4), borrower: key(5) }),
        ..coverage(Level::Raise).remove(0)
    };
    let signals = vec![coverage(Level::Raise).remove(0), theirs, signal(Rule::Rpc, Level::Raise, None)];
    case.alerts.settle(signals, NOW).await.unwrap();
    let told = |sink: &str, outbox: &[(String, String, String, u32)]| {
        outbox.iter().filter(|(of, ..)| of == &format!("webhook/{sink}")).count()
    };
    let outbox = case.outbox().await;
    assert_eq!(["everything", "ops", "lender", "other"].map(|sink| told(sink, &outbox)), [3, 1, 1, 1]);

    let list = |filter: Filter| {
        let alerts = case.alerts.clone();
        async move { alerts.list(filter).await.unwrap().iter().map(|alert| alert.rule).collect::<Vec<_>>() }
    };
    assert_eq!(list(Filter { party: Some(key(1)), ..Filter::default() }).await, [Rule::Coverage]);
    assert_eq!(list(Filter { party: Some(key(3)), ..Filter::default() }).await, []);
    assert_eq!(
        list(Filter { subject: Some(key(7)), ..Filter::default() }).await,
        [Rule::Rpc, Rule::Coverage]
    );
    let newest = case.alerts.list(Filter { limit: 1, ..Filter::default() }).await.unwrap();
    assert_eq!(list(Filter { before: Some(newest[0].id), ..Filter::default() }).await.len(), 2);
    case.alerts.settle(coverage(Level::Clear), NOW + 5).await.unwrap();
    let ended = case.alerts.list(Filter { open: Some(false), ..Filter::default() }).await.unwrap();
    assert_eq!(
        ended.iter().map(|alert| (alert.raised_at, alert.cleared_at)).collect::<Vec<_>>(),
        [(NOW, Some(NOW + 5))]
    );
    assert_eq!(list(Filter { open: Some(true), ..Filter::default() }).await.len(), 2);
}

#[test]
fn severity_and_any_of_several_wants_decide() {
    let of = |wants| Audience { sink: String::new(), wants };
    let (mine, critical) = (alert(), Alert { severity: Severity::Critical, ..alert() });
    let wants = of(vec![(Party::Key(key(9)), Severity::Info), (Party::All, Severity::Critical)]);
    assert!(!wants.is_for(&mine));
    assert!(wants.is_for(&critical));
    assert!(of(vec![(Party::Key(key(2)), Severity::Warning)]).is_for(&mine), "the borrower");
    assert!(!of(vec![(Party::Operator, Severity::Info)]).is_for(&mine));
}
