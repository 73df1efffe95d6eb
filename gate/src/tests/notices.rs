use {
    super::{address, credit, later, open},
    crate::{Gate, Notice, NoticeKind},
    blockable_sdk::{amounts::Units, program::transitions::Status},
    blockable_testkit::fixtures::{BORROWER, LENDER},
    std::time::{Duration, Instant},
    tokio::time::sleep,
};

const PATIENCE: Duration = Duration::from_secs(20);

/// The notices once there are as many.
async fn notices(gate: &Gate, count: usize) -> Vec<Notice> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let found = gate.notices_after(0, 100).await.unwrap();
        if found.len() >= count {
            return found;
        }
        assert!(Instant::now() < deadline, "{found:?}");
        sleep(Duration::from_millis(10)).await;
    }
}

fn kinds(notices: &[Notice]) -> Vec<NoticeKind> {
    notices.iter().map(|notice| notice.kind.clone()).collect()
}

/// Waits until what was shown is recorded.
async fn settle(gate: &Gate, credits: i64) {
    let deadline = Instant::now() + PATIENCE;
    let seen = || {
        gate.write(|connection| {
            connection.query_row(
                "SELECT (SELECT count(*) FROM views), (SELECT count(*) FROM cursors WHERE name = 'notices/all-seen')",
                [],
                |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)),
            )
        })
    };
    while seen().await.unwrap() != (credits, 1) {
        assert!(Instant::now() < deadline, "{:?}", seen().await);
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_noticed_once_with_the_parties_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let gate = open(folder.path(), |_| {});
    let first = credit(0);
    gate.observe_credit(address(1), 10, Some(&first));
    gate.note_all_observed();
    settle(&gate, 1).await;
    assert_eq!(gate.notices_after(0, 9).await.unwrap(), [], "a new store notices no old credit");

    let frozen = later(&first, |credit| credit.collateral.frozen_for_other = 400);
    gate.observe_credit(address(1), 11, Some(&frozen));
    let found = notices(&gate, 1).await;
    assert_eq!(kinds(&found), [NoticeKind::Frozen { units: Units(400) }]);
    let standing = found[0].standing.clone().unwrap();
    assert_eq!(
        (standing.status.as_str(), standing.available, standing.frozen),
        ("active", Units(600), Units(400))
    );
    assert_eq!((&found[0].lender, &found[0].borrower), (&LENDER.to_string(), &BORROWER.to_string()));
    gate.close().await;

    // Meanwhile: a default, a seizure, and a loan that is issued.
    let gate = open(folder.path(), |_| {});
    let seizing = later(&frozen, |credit| {
        (credit.status, credit.collateral.seized) = (Status::Seizing.byte(), 400);
        credit.collateral.fit_frozen();
    });
    gate.observe_credit(address(1), 20, Some(&seizing));
    gate.observe_credit(address(2), 20, Some(&credit(1)));
    gate.note_all_observed();
    let found = notices(&gate, 4).await;
    let expected = [
        NoticeKind::Frozen { units: Units(400) },
        NoticeKind::Defaulted,
        NoticeKind::Seized { units: Units(400) },
    ];
    assert_eq!(kinds(&found)[..3], expected);
    assert_eq!(found[3].kind, NoticeKind::Issued { units: Units(1_000) });
    gate.close().await;

    let gate = open(folder.path(), |_| {});
    gate.observe_credit(address(1), 30, Some(&seizing));
    gate.observe_credit(address(2), 30, Some(&credit(1)));
    gate.note_all_observed();
    gate.observe_credit(address(2), 31, None);
    let found = notices(&gate, 5).await;
    assert_eq!(found[4].kind, NoticeKind::Closed);
    assert_eq!(found.len(), 5, "{found:?}");
    assert_eq!(gate.notices_of(&address(2), 0, 9).await.unwrap().len(), 2);
    assert_eq!(gate.notices_of(&address(1), found[1].seq, 9).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_could_not_be_recorded_comes_later() {
    let folder = tempfile::tempdir().unwrap();
    let gate = open(folder.path(), |_| {});
    gate.observe_credit(address(1), 10, Some(&credit(0)));
    gate.note_all_observed();
    settle(&gate, 1).await;
    let full = "CREATE TRIGGER full BEFORE INSERT ON notices BEGIN SELECT RAISE(ABORT, 'full'); END";
    gate.write(move |connection| connection.execute_batch(full)).await.unwrap();
    let late = later(&credit(0), |credit| credit.status = Status::Delinquent.byte());
    gate.observe_credit(address(1), 11, Some(&late));
    sleep(Duration::from_millis(300)).await;
    assert_eq!(gate.notices_after(0, 9).await.unwrap(), []);
    gate.write(|connection| connection.execute_batch("DROP TRIGGER full")).await.unwrap();
    assert_eq!(kinds(&notices(&gate, 1).await), [NoticeKind::Delinquent]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lifetime_that_passes_is_noticed_without_an_event_of_the_chain() {
    let folder = tempfile::tempdir().unwrap();
    let gate = open(folder.path(), |_| {});
    let mut aged = credit(0);
    aged.units_expire_at = 1_800_000_002;
    gate.observe_credit(address(1), 10, Some(&aged));
    gate.note_all_observed();
    settle(&gate, 1).await;
    let found = notices(&gate, 1).await;
    assert_eq!(kinds(&found), [NoticeKind::LifetimeOver]);
    sleep(Duration::from_millis(1_500)).await;
    assert_eq!(gate.notices_after(0, 9).await.unwrap().len(), 1, "once");
}
