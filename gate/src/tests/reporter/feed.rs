//! Reports as listeners get them.

use {
    super::*, crate::reporter::Feed, blockable_sdk::reports::ReportRecord, std::sync::Arc,
    tokio::time::timeout,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_leaves_nothing_out_and_ends_with_the_last_report() {
    let (folder, key) = (tempfile::tempdir().unwrap(), Keypair::new());
    let (gate, reporters) = start(folder.path(), &key).await;
    // Many chunks, so that few rounds bring more than a listener may be behind.
    let mut account = listing(4, &[key.pubkey()]);
    account.settings.chunk_size = 1;
    show(&gate, &account);
    for number in 2..=45 {
        gate.observe_credit(address(number), 10, Some(&credit(number as u32 - 1)));
    }
    reporters.report_at(ChainTime(T - 3_000)).await.unwrap();
    let first = reporters.after(0, 1).await.unwrap().next;
    let (all, new) = (reporters.feed(Some(first)), reporters.feed(None));
    for step in 1..7 {
        reporters.report_at(ChainTime(T - 3_000 + step)).await.unwrap();
    }
    refresh(&gate);
    use_up(&gate, 1, 33).await;
    timeout(MINUTE, reporters.stop()).await.unwrap();
    let (all, new) = (drain(all).await, drain(new).await);
    assert_eq!((all.len(), new.len()), (7 * 45 + 44, 7 * 45));
    assert!(all.is_sorted_by(|one, next| one.seq < next.seq && one.reported_at <= next.reported_at));
    assert_eq!(all[44..], new[..]);
    let last = all.iter().rfind(|record| record.chunk == 0).unwrap();
    assert_eq!(last.readings[0].cumulative, 33, "the end covers all that was settled");
}

async fn drain(mut feed: Feed) -> Vec<Arc<ReportRecord>> {
    let mut records = Vec::new();
    while let Some(record) = timeout(MINUTE, feed.next()).await.unwrap() {
        records.push(record);
    }
    records
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_on_demand_and_pages_of_them() {
    let (folder, key) = (tempfile::tempdir().unwrap(), Keypair::new());
    let (gate, reporters) = start(folder.path(), &key).await;
    assert_eq!(reporters.latest_page(false).await.reports, []);
    use_up(&gate, 1, 5).await;
    let page = reporters.latest_page(true).await;
    assert_eq!((page.reports.len(), page.reports[0].readings[0].cumulative), (1, 5));
    assert_eq!(
        reporters.after(page.next, 10).await.unwrap().reports,
        page.reports,
        "rather twice than never"
    );
    let stopping = Instant::now();
    reporters.stop().await;
    assert!(stopping.elapsed() < Duration::from_secs(10));
    let last = reporters.latest_page(false).await.reports;
    assert!(last[0].reported_at > page.reports[0].reported_at);
    reporters.stop().await;
    let still = reporters.latest_page(false).await.reports;
    assert_eq!(still, last, "a second stop signs nothing and waits for no later instant");
}
