//! Restarts, crashes and what stays in the store.

use {
    super::*,
    crate::{
        StoreError,
        store::{self, BackupMark, KnownUse, RestoreOrder},
    },
    blockable_sdk::reports::ReportRecord,
    blockable_testkit::fixtures::{MARKET, PROVIDER},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_carries_on() {
    let (folder, key) = (tempfile::tempdir().unwrap(), Keypair::new());
    let (gate, reporters) = start(folder.path(), &key).await;
    use_up(&gate, 1, 100).await;
    let before = reporters.report_at(ChainTime(T)).await.unwrap();
    gate.close().await;
    assert_eq!(
        reporters.report_at(ChainTime(T + 1)).await,
        Err(KeyState::Store(StoreError::Closed)),
        "nothing is signed that cannot be recorded"
    );

    let (gate, reporters) = start(folder.path(), &key).await;
    assert_eq!(reporters.latest(), before, "served before there is a new one");
    use_up(&gate, 1, 20).await;
    let next = reporters.report_at(ChainTime(T + 2)).await.unwrap();
    assert_eq!(next[0].readings[0].cumulative, 120);
    assert!(next[0].seq > before[0].seq);
    let page = reporters.after(0, 10).await.unwrap();
    assert_eq!(page.reports, [before[0].clone(), next[0].clone()]);
    assert_eq!(page.next, next[0].seq);
    assert_eq!(reporters.after(before[0].seq, 10).await.unwrap().reports, next);
    assert_eq!(reporters.after(page.next, 10).await.unwrap().reports, []);
    let lost = reporters.after(page.next + 500, 10).await.unwrap();
    assert_eq!(lost.reports.len(), 2, "a number of a store that is gone counts as 0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_before_the_signature_signs_the_same_again() {
    let (folder, key) = (tempfile::tempdir().unwrap(), Keypair::new());
    let (gate, reporters) = start(folder.path(), &key).await;
    let lost = reporters.report_at(ChainTime(T)).await.unwrap();
    // As a crash leaves it: written, and not signed as far as the store knows.
    gate.write(|connection| connection.execute("UPDATE reports SET signature = NULL", [])).await.unwrap();
    gate.close().await;

    let (gate, reporters) = start(folder.path(), &key).await;
    assert_eq!((reporters.latest(), count(&reporters).await), (vec![], 0));
    use_up(&gate, 1, 500).await;
    let again = reporters.report_at(ChainTime(T)).await.unwrap();
    assert_eq!(again[0].digest(), lost[0].digest());
    assert_eq!(ReportRecord { seq: lost[0].seq, ..again[0].clone() }, lost[0]);
    assert_eq!(reporters.report_at(ChainTime(T + 1)).await.unwrap()[0].readings[0].cumulative, 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_that_was_changed_is_not_signed() {
    let (folder, key) = (tempfile::tempdir().unwrap(), Keypair::new());
    let (gate, reporters) = start(folder.path(), &key).await;
    reporters.report_at(ChainTime(T)).await.unwrap();
    let sql = r#"UPDATE reports SET signature = NULL, body = replace(body, '"cumulative":"0"', '"cumulative":"9"')"#;
    gate.write(move |connection| connection.execute(sql, [])).await.unwrap();
    gate.close().await;
    let (_gate, reporters) = start(folder.path(), &key).await;
    let refused = reporters.report_at(ChainTime(T)).await;
    assert!(matches!(refused, Err(KeyState::Store(StoreError::Sqlite(_)))), "{refused:?}");
    assert_eq!(reporters.latest(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_lost_settlements_reports_no_less() {
    let (folder, key) = (tempfile::tempdir().unwrap(), Keypair::new());
    let (gate, reporters) = start(folder.path(), &key).await;
    use_up(&gate, 1, 60).await;
    reporters.report_at(ChainTime(T)).await.unwrap();
    gate.write(|connection| connection.execute_batch("DELETE FROM meters; DELETE FROM usage;"))
        .await
        .unwrap();
    gate.close().await;

    let (gate, reporters) = start(folder.path(), &key).await;
    assert_eq!(gate.room(&address(1)).unwrap().available, Units(940), "the gate counts by what was said");
    assert_eq!(reporters.report_at(ChainTime(T + 1)).await.unwrap()[0].readings[0].cumulative, 60);
    use_up(&gate, 1, 10).await;
    assert_eq!(reporters.report_at(ChainTime(T + 2)).await.unwrap()[0].readings[0].cumulative, 70);
    // The report of another key meanwhile binds as well.
    gate.write(|connection| connection.execute("UPDATE reported SET cumulative = 500", [])).await.unwrap();
    assert_eq!(reporters.report_at(ChainTime(T + 3)).await.unwrap()[0].readings[0].cumulative, 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn use_that_does_not_change_is_reported_and_old_reports_go() {
    let (folder, key) = (tempfile::tempdir().unwrap(), Keypair::new());
    let (gate, _) = start(folder.path(), &key).await;
    gate.observe_credit(address(2), 10, Some(&credit(4)));
    let config = ReporterConfig { keep: Duration::from_secs(30), ..ReporterConfig::default() };
    let reporters = Reporters::prepare(gate.clone(), vec![key.into()], config).await.unwrap();
    for step in 0..10 {
        reporters.report_at(ChainTime(T + 10 * step)).await.unwrap();
    }
    let instants = async || {
        let reports = reporters.after(0, 100).await.unwrap().reports;
        let of = |chunk| {
            reports.iter().filter(move |report| report.chunk == chunk).map(|report| report.reported_at - T)
        };
        (of(0).collect::<Vec<_>>(), of(1).collect::<Vec<_>>())
    };
    assert_eq!(instants().await, (vec![60, 70, 80, 90], vec![60, 70, 80, 90]));
    // A chunk without credits is silent; its last report stays.
    gate.observe_credit(address(2), 11, None);
    reporters.report_at(ChainTime(T + 1_000)).await.unwrap();
    assert_eq!(instants().await, (vec![1_000], vec![60, 70, 80, 90]));
    assert_eq!(reporters.latest().len(), 2);
}

/// The lost store signed for instants that the backup knows nothing of: a second report of one would be an equivocation.
#[tokio::test(flavor = "multi_thread")]
async fn a_restored_store_signs_for_no_instant_that_the_lost_one_may_have_signed_for() {
    let (folder, new, key) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), Keypair::new());
    let (gate, reporters) = start(folder.path(), &key).await;
    use_up(&gate, 1, 60).await;
    let backup = folder.path().join("copy.db");
    let mark = BackupMark { taken_ms: 0, market: MARKET, provider: PROVIDER };
    store::back_up(&folder.path().join("gate.db"), &backup, &mark).unwrap();
    use_up(&gate, 1, 10).await;
    let lost = reporters.report_at(ChainTime(T + 5)).await.unwrap();
    assert_eq!(lost[0].readings[0].cumulative, 70);
    gate.close().await;

    let path = new.path().join("gate.db");
    let known =
        [KnownUse { credit: address(1), index: 0, cumulative: Units(lost[0].readings[0].cumulative) }];
    let order = RestoreOrder {
        backup: &backup,
        store: &path,
        market: MARKET,
        provider: PROVIDER,
        known: &known,
        not_before: ChainTime(T + 10),
        now_us: T * 1_000_000,
        is_dry_run: false,
    };
    store::restore(&order, || Ok(())).unwrap();
    let (gate, reporters) = start(new.path(), &key).await;
    for instant in [T + 5, T + 9, T + 10] {
        let refused = reporters.report_at(ChainTime(instant)).await;
        assert!(matches!(refused, Err(KeyState::ClockBehind { .. })), "{instant}: {refused:?}");
    }
    use_up(&gate, 1, 1).await;
    let next = reporters.report_at(ChainTime(T + 11)).await.unwrap();
    assert_eq!(next[0].readings[0].cumulative, 71, "no report goes back");
    assert!(next[0].seq > lost[0].seq, "readers go on from the number that they have");
}
