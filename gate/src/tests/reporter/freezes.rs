//! Reports that answer a freeze.

use {
    super::*,
    crate::Refusal,
    blockable_sdk::{program::state::FreezeRecord, reports::ReportRecord},
    tokio::time::timeout,
};

/// A report that is dated no later than the freeze holds all use since the last report, so the chain counts it.
#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_is_answered_by_a_report_of_its_time() {
    let (folder, key) = (tempfile::tempdir().unwrap(), Keypair::new());
    let gate = open(folder.path(), |_| {});
    show(&gate, &listing(3, &[key.pubkey()]));
    let mut chain = credit(0);
    gate.observe_credit(address(1), 10, Some(&chain));
    let config = ReporterConfig { interval: MINUTE, ..ReporterConfig::default() };
    let reporters = Reporters::start(gate.clone(), vec![key.insecure_clone().into()], config).await.unwrap();
    let started = Instant::now();
    while reporters.latest().is_empty() {
        assert!(started.elapsed() < MINUTE, "no first report");
        sleep(Duration::from_millis(10)).await;
    }
    let first = reporters.latest()[0].reported_at;
    use_up(&gate, 1, 300).await;
    let running = gate.admit(&address(1), Job::new(Units(200), "job", MINUTE)).await.unwrap();

    let frozen_at_chain = first + 5;
    gate.chain_view().observe_clock(ChainTime(frozen_at_chain));
    chain = later(&chain, |chain| {
        chain.meter.reported_at = first;
        freeze(chain, 1_000, frozen_at_chain);
    });
    gate.observe_credit(address(1), 11, Some(&chain));
    while reporters.latest()[0].reported_at == first {
        assert!(started.elapsed() < MINUTE, "no report of the freeze");
        sleep(Duration::from_millis(10)).await;
    }
    let report = &reporters.latest()[0];
    let reading = &report.readings[0];
    assert_eq!((report.reported_at, reading.cumulative, reading.in_flight), (frozen_at_chain, 300, 200));
    let reading = metering::Reading {
        cumulative: reading.cumulative,
        in_flight: reading.in_flight,
        reported_at: report.reported_at,
    };
    let (mut collateral, mut meter) = (chain.collateral, chain.meter);
    let closed = Some(meter.closed_before);
    let metered =
        metering::apply(&mut collateral, &mut meter, &reading, 1_000, frozen_at_chain + 2, closed).unwrap();
    assert_eq!((metered.consumed, metered.overrun, meter.promised), (300, 0, 200));
    gate.settle(&running, Units(200)).await.unwrap();
    reporters.stop().await;
}

/// Reports of such instants count for nothing any more, and each would hold up the present ones.
#[tokio::test(flavor = "multi_thread")]
async fn freezes_of_long_ago_are_not_reported_on() {
    let (folder, key) = (tempfile::tempdir().unwrap(), Keypair::new());
    let gate = open(folder.path(), |_| {});
    show(&gate, &listing(3, &[key.pubkey()]));
    let config = ReporterConfig { interval: Duration::from_secs(1), ..ReporterConfig::default() };
    let reporters = Reporters::start(gate.clone(), vec![key.insecure_clone().into()], config).await.unwrap();
    let started = Instant::now();
    while reporters.status()[0].state != KeyState::Signing {
        assert!(started.elapsed() < MINUTE, "the key signs nothing");
        sleep(Duration::from_millis(10)).await;
    }
    let mut signed = reporters.subscribe();
    let now = gate.chain_view().chain_time().unwrap().get();
    for number in 0..20 {
        let frozen = later(&credit(number), |credit| freeze(credit, 1_000, now - 86_400 + i64::from(number)));
        gate.observe_credit(address(u64::from(number)), 10, Some(&frozen));
    }
    let first = timeout(MINUTE, signed.recv()).await.unwrap().unwrap();
    let oldest = now - REPORT_LAG_SECONDS;
    assert!(first.reported_at >= oldest, "a report on the time {} s ago", now - first.reported_at);
    reporters.stop().await;
}

/// A stream can show a freeze before the first reconcile has shown the provider, and before the reporter has started.
#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_that_is_seen_before_the_provider_is_answered_as_well() {
    let (folder, key) = (tempfile::tempdir().unwrap(), Keypair::new());
    let gate = open(folder.path(), |_| {});
    let starting =
        Reporters::start(gate.clone(), vec![key.insecure_clone().into()], ReporterConfig::default());
    let reporters = starting.await.unwrap();
    let mut signed = reporters.subscribe();
    let frozen_at = gate.chain_view().chain_time().unwrap().get();
    gate.observe_credit(address(1), 10, Some(&later(&credit(0), |credit| freeze(credit, 1_000, frozen_at))));
    sleep(Duration::from_millis(500)).await;
    gate.chain_view().observe_clock(ChainTime(frozen_at + 5));
    show(&gate, &listing(3, &[key.pubkey()]));
    let first = timeout(MINUTE, signed.recv()).await.unwrap().unwrap();
    assert_eq!(first.reported_at, frozen_at);
    reporters.stop().await;
}

/// Anybody may read reports and submit them. One dated after the freeze would rule out the one dated at it, and all use since
/// the last metering would be the provider's loss.
#[tokio::test(flavor = "multi_thread")]
async fn no_report_rules_out_the_one_of_a_freeze() {
    let (folder, key) = (tempfile::tempdir().unwrap(), Keypair::new());
    let (gate, reporters) = start(folder.path(), &key).await;
    gate.observe_credit(address(2), 10, Some(&credit(1)));
    use_up(&gate, 1, 300).await;
    let mut chain = later(&credit(0), |chain| {
        chain.meter.reported_at = T - 60;
        freeze(chain, 400, T);
    });
    gate.chain_view().observe_clock(ChainTime(T));
    gate.observe_credit(address(1), 11, Some(&chain));
    let read = async |at| {
        let reports = reporters.report_at(ChainTime(at)).await.unwrap();
        reports[0].readings.iter().map(|reading| (reading.bit, reading.cumulative)).collect::<Vec<_>>()
    };
    assert_eq!(read(T).await, [(0, 300), (1, 0)], "of the freeze's own second");
    assert_eq!(read(T + 1).await, [(1, 0)], "later");
    chain = later(&chain, |chain| chain.meter.reported_at = T);
    gate.observe_credit(address(1), 12, Some(&chain));
    assert_eq!(read(T + 2).await, [(0, 300), (1, 0)], "once the freeze's own is on the chain");
    // Another freeze, whose report never lands.
    chain = later(&chain, |chain| freeze(chain, 500, T + 3));
    gate.chain_view().observe_clock(ChainTime(T + 60));
    gate.observe_credit(address(1), 13, Some(&chain));
    assert_eq!(read(T + 4).await, [(1, 0)]);
    gate.chain_view().observe_clock(ChainTime(T + 70));
    assert_eq!(read(T + 5).await, [(0, 300), (1, 0)], "after a minute");
}

/// A job that began between two freezes would be in no report from before the second that counts.
#[tokio::test(flavor = "multi_thread")]
async fn no_job_begins_until_the_use_before_a_freeze_is_counted() {
    let (folder, key) = (tempfile::tempdir().unwrap(), Keypair::new());
    let (gate, _reporters) = start(folder.path(), &key).await;
    let chain = later(&credit(0), |chain| {
        chain.meter.reported_at = T - 60;
        freeze(chain, 400, T);
    });
    gate.chain_view().observe_clock(ChainTime(T));
    gate.observe_credit(address(1), 11, Some(&chain));
    let job = || Job::new(Units(10), "job", MINUTE);
    assert_eq!(gate.admit(&address(1), job()).await.err(), Some(Refusal::FreezeSettling));
    let too_much = gate.admit(&address(1), Job::new(Units(601), "job", MINUTE)).await.err();
    assert_eq!(
        too_much,
        Some(Refusal::Frozen { available: Units(600), needed: Units(601), missing: Units(1) })
    );
    let counted = later(&chain, |chain| chain.meter.reported_at = T);
    gate.observe_credit(address(1), 12, Some(&counted));
    assert!(gate.admit(&address(1), job()).await.is_ok());
    gate.observe_credit(address(1), 13, Some(&later(&counted, |chain| freeze(chain, 410, T + 1))));
    assert_eq!(gate.admit(&address(1), job()).await.err(), Some(Refusal::FreezeSettling));
    gate.chain_view().observe_clock(ChainTime(T + 70));
    assert!(gate.admit(&address(1), job()).await.is_ok(), "after a minute");
}

/// The view of the chain has skipped the state between two freezes.
#[tokio::test(flavor = "multi_thread")]
async fn two_freezes_that_are_seen_at_once_are_answered_both() {
    let (folder, key) = (tempfile::tempdir().unwrap(), Keypair::new());
    let gate = open(folder.path(), |_| {});
    show(&gate, &listing(3, &[key.pubkey()]));
    let config = ReporterConfig { interval: MINUTE, ..ReporterConfig::default() };
    let reporters = Reporters::start(gate.clone(), vec![key.insecure_clone().into()], config).await.unwrap();
    let mut signed = reporters.subscribe();
    let now = gate.chain_view().chain_time().unwrap().get();
    let frozen = later(&credit(0), |credit| {
        credit.earlier_freeze = FreezeRecord { closed_before: 0, at_chain: now + 10, at_market: now + 10 };
        freeze(credit, 1_000, now + 11);
    });
    gate.chain_view().observe_clock(ChainTime(now + 12));
    gate.observe_credit(address(1), 10, Some(&frozen));
    let mut dates = Vec::new();
    while dates.last() != Some(&(now + 10)) {
        dates.push(timeout(MINUTE, signed.recv()).await.unwrap().unwrap().reported_at);
    }
    assert!(dates.len() <= 2, "{dates:?}");
    reporters.stop().await;
}

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
