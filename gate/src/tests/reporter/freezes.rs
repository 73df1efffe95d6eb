//! Reports that answer a freeze.

use {super::*, tokio::time::timeout};

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
    let metered =
        metering::apply(&mut collateral, &mut meter, &reading, 1_000, frozen_at_chain + 2, true).unwrap();
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
    assert!(first.reported_at >= now, "a report on the time {} s ago", now - first.reported_at);
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
