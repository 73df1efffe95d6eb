//! Freezes that are seen late: by a gate that was away, or whose clock is ahead of the chain's.

use {super::*, blockable_sdk::reports::ReportRecord, tokio::time::timeout};

/// A gate that starts on a chain whose credit 1, with 300 units used, was frozen at `T` while the gate was away; the clock is at
/// `T + 20`. Its reports were last dated `reported`.
async fn frozen_meanwhile(folder: &Path, key: &Keypair, reported: i64) -> (Gate, Reporters) {
    let (gate, reporters) = start(folder, key).await;
    use_up(&gate, 1, 300).await;
    gate.observe_credit(address(2), 10, Some(&credit(1)));
    reporters.report_at(ChainTime(reported)).await.unwrap();
    gate.close().await;
    let gate = open(folder, |_| {});
    gate.chain_view().observe_clock(ChainTime(T + 20));
    show_alone(&gate, &listing(3, &[key.pubkey()]));
    let reporters = prepare(&gate, vec![key.insecure_clone().into()]).await;
    (gate, reporters)
}

fn show_frozen(gate: &Gate) {
    gate.observe_credit(address(2), 20, Some(&credit(1)));
    let frozen = later(&credit(0), |chain| {
        chain.meter.reported_at = T - 60;
        freeze(chain, 1_000, T);
    });
    gate.observe_credit(address(1), 20, Some(&frozen));
    gate.note_all_observed();
}

/// Date, bit and use of all readings that were signed, in order.
async fn signed(reporters: &Reporters) -> Vec<(i64, u32, u64)> {
    let reports = reporters.after(0, 1_000).await.unwrap().reports;
    let of_report = |report: ReportRecord| {
        let at = report.reported_at - T;
        report.readings.into_iter().map(move |reading| (at, reading.bit, reading.cumulative))
    };
    reports.into_iter().flat_map(of_report).collect()
}

/// The use before the freeze would else be in no report of a minute, and count as an overrun after it.
#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_while_the_gate_was_away_is_reported_on_before_the_present() {
    let (folder, key) = (tempfile::tempdir().unwrap(), Keypair::new());
    let (gate, reporters) = frozen_meanwhile(folder.path(), &key, T - 30).await;
    show_frozen(&gate);
    reporters.report_now().await;
    let of_start = [(-30, 0, 300), (-30, 1, 0)];
    let of_freeze = [(0, 0, 300), (0, 1, 0)];
    let of_now = [(20 - REPORT_LAG_SECONDS, 1, 0)];
    assert_eq!(signed(&reporters).await, [&of_start[..], &of_freeze, &of_now].concat());
    reporters.report_now().await;
    let of_freeze = signed(&reporters).await.into_iter().filter(|(at, ..)| *at == 0);
    assert_eq!(of_freeze.count(), 2, "and once");
    // A stop reports as well.
    let (folder, key) = (tempfile::tempdir().unwrap(), Keypair::new());
    let (gate, reporters) = frozen_meanwhile(folder.path(), &key, T - 30).await;
    show_frozen(&gate);
    reporters.stop().await;
    assert!(signed(&reporters).await.contains(&(0, 0, 300)));
}

/// A credit that has not been seen may have a freeze.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_reported_until_every_credit_has_been_seen() {
    let (folder, key) = (tempfile::tempdir().unwrap(), Keypair::new());
    let (gate, reporters) = frozen_meanwhile(folder.path(), &key, T - 30).await;
    gate.observe_credit(address(2), 20, Some(&credit(1)));
    reporters.report_now().await;
    assert_eq!(reporters.status()[0].state, KeyState::NoChain);
    assert_eq!(signed(&reporters).await, [(-30, 0, 300), (-30, 1, 0)]);
    show_frozen(&gate);
    reporters.report_now().await;
    assert!(signed(&reporters).await.contains(&(0, 0, 300)));
}

/// Instants only rise: what has been signed, or drafted, for a later one rules the freeze's out, and keeps no other waiting.
#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_that_a_later_report_has_passed_holds_nothing_up() {
    for is_signed in [true, false] {
        let (folder, key) = (tempfile::tempdir().unwrap(), Keypair::new());
        let (gate, reporters) = frozen_meanwhile(folder.path(), &key, T + 5).await;
        if !is_signed {
            let unsigned = |connection: &rusqlite::Connection| {
                connection.execute("UPDATE reports SET signature = NULL", [])
            };
            gate.write(unsigned).await.unwrap();
        }
        drop(reporters);
        let reporters = prepare(&gate, vec![key.insecure_clone().into()]).await;
        show_frozen(&gate);
        reporters.report_now().await;
        let dates: Vec<i64> = signed(&reporters).await.into_iter().map(|(at, ..)| at).collect();
        assert_eq!(dates.last(), Some(&(20 - REPORT_LAG_SECONDS)), "signed: {is_signed}");
        assert!(!dates.contains(&0));
    }
}

/// The loop of a key hears of old freezes and new ones in any order.
#[tokio::test(flavor = "multi_thread")]
async fn a_loop_that_starts_reports_on_every_freeze_of_the_last_minute() {
    for _ in 0..8 {
        let (folder, key) = (tempfile::tempdir().unwrap(), Keypair::new());
        let (gate, _) = frozen_meanwhile(folder.path(), &key, T - 30).await;
        let keys = vec![key.insecure_clone().into()];
        let reporters = Reporters::start(gate.clone(), keys, ReporterConfig::default()).await.unwrap();
        let mut heard = reporters.subscribe();
        for number in 3..10 {
            let old = later(&credit(number), |credit| freeze(credit, 1_000, T - 86_400));
            gate.observe_credit(address(u64::from(number)), 20, Some(&old));
        }
        show_frozen(&gate);
        loop {
            let report = timeout(MINUTE, heard.recv()).await.unwrap().unwrap();
            if report.chunk == 0 {
                assert_eq!(report.reported_at, T, "the freeze's comes first");
                break;
            }
        }
        reporters.stop().await;
    }
}

/// Blocks that come late leave the chain's clock behind the gate's. A report on the second of the freeze would rule out the use
/// within that second.
#[tokio::test(flavor = "multi_thread")]
async fn a_chain_whose_clock_lags_has_no_freeze_before_a_report_that_was_signed_earlier() {
    let (folder, key) = (tempfile::tempdir().unwrap(), Keypair::new());
    let (gate, reporters) = start(folder.path(), &key).await;
    gate.observe_credit(address(2), 10, Some(&credit(1)));
    for shown in [T + 2, T] {
        gate.chain_view().observe_clock(ChainTime(shown));
    }
    let started = Instant::now();
    while gate.chain_view().chain_time().unwrap() < ChainTime(T + REPORT_LAG_SECONDS) {
        assert!(started.elapsed() < MINUTE, "the gate's clock stands still");
        sleep(Duration::from_millis(5)).await;
    }
    reporters.report_now().await;
    let before = signed(&reporters).await;
    assert!(before.iter().all(|(at, _, used)| *at < 0 && *used == 0), "{before:?}");
    use_up(&gate, 1, 300).await;
    show_frozen(&gate);
    gate.chain_view().observe_clock(ChainTime(T + 20));
    reporters.report_now().await;
    assert!(signed(&reporters).await.contains(&(0, 0, 300)), "the freeze's own has the use");
}
