//! Reports that answer a freeze.

use {super::*, crate::Refusal, blockable_sdk::program::state::FreezeRecord, tokio::time::timeout};

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
