//! Reporters that report on demand or on their interval.

mod feed;
mod freezes;
mod keys;
mod late;
mod store;

use {
    super::{MARKET, PROVIDER, address, credit, freeze, later, open, refresh},
    crate::{
        Gate, Job, ReporterConfig, ReporterError, Reporters,
        reporter::{KeyState, REPORT_LAG_SECONDS},
    },
    blockable_sdk::{
        Keypair, Pubkey, Signer,
        amounts::{ChainTime, Units},
        keys::SigningKey,
        program::{
            metering, signature,
            state::{Collateral, Meter, Provider, ProviderSettings, Reporter},
        },
    },
    bytemuck::Zeroable,
    std::{
        path::Path,
        time::{Duration, Instant},
    },
    tokio::time::sleep,
};

const MINUTE: Duration = Duration::from_secs(60);
/// An instant of the chain's clock.
const T: i64 = 1_800_000_000;

/// A provider with chunks of four that lists some keys.
fn listing(epoch: u32, keys: &[Pubkey]) -> Provider {
    let mut account = Provider::zeroed();
    (account.market, account.epoch, account.cluster_tag) = (MARKET, epoch, [8; 32]);
    let listed: Vec<Reporter> = keys.iter().map(|key| Reporter { key: *key, expires_at: i64::MAX }).collect();
    account.settings = ProviderSettings { chunk_size: 4, ..ProviderSettings::with_reporters(&listed, 1) };
    account
}

/// Shows the provider, after all of its credits.
fn show(gate: &Gate, account: &Provider) {
    show_alone(gate, account);
    gate.note_all_observed();
}

/// Shows the provider, and leaves it open whether it has more credits.
fn show_alone(gate: &Gate, account: &Provider) {
    let mut view = gate.chain_view();
    let slot = view.slot();
    view.observe_provider(slot, account);
}

/// A gate in a folder that sees a provider with one reporter, and that reporter, which reports on demand only.
async fn start(folder: &Path, key: &Keypair) -> (Gate, Reporters) {
    let gate = open(folder, |_| {});
    show(&gate, &listing(3, &[key.pubkey()]));
    gate.observe_credit(address(1), 10, Some(&credit(0)));
    let reporters = prepare(&gate, vec![key.insecure_clone().into()]).await;
    (gate, reporters)
}

async fn prepare(gate: &Gate, keys: Vec<SigningKey>) -> Reporters {
    Reporters::prepare(gate.clone(), keys, ReporterConfig::default()).await.unwrap()
}

async fn use_up(gate: &Gate, number: u64, units: u64) {
    let hold = gate.admit(&address(number), Job::new(Units(units), "job", MINUTE)).await.unwrap();
    gate.settle(&hold, Units(units)).await.unwrap();
}

async fn count(reporters: &Reporters) -> usize {
    reporters.after(0, 1_000).await.unwrap().reports.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_and_bits_follow_the_index() {
    let (folder, key) = (tempfile::tempdir().unwrap(), Keypair::new());
    let (gate, reporters) = start(folder.path(), &key).await;
    for (number, index) in [(2, 3), (3, 4), (4, 9)] {
        gate.observe_credit(address(number), 10, Some(&credit(index)));
    }
    use_up(&gate, 4, 70).await;
    let reports = reporters.report_at(ChainTime(T)).await.unwrap();
    let shown: Vec<_> = reports.iter().map(|report| (report.chunk, report.bitmap)).collect();
    assert_eq!(shown, [(0, 0b1001), (1, 0b1), (2, 0b10)]);
    let places: Vec<_> = reports
        .iter()
        .flat_map(|report| report.readings.iter().map(|reading| (reading.credit, report.index(reading.bit))))
        .collect();
    assert_eq!(
        places,
        [(address(1), Some(0)), (address(2), Some(3)), (address(3), Some(4)), (address(4), Some(9))]
    );
    assert_eq!(reports[2].readings[0].cumulative, 70);
    for report in &reports {
        assert_eq!((report.epoch, report.chunk_size, report.reported_at), (3, 4, T));
        assert_eq!((report.reporter, report.reporter_index), (key.pubkey(), 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_one_that_the_program_accepts() {
    let (folder, key) = (tempfile::tempdir().unwrap(), Keypair::new());
    let (gate, reporters) = start(folder.path(), &key).await;
    use_up(&gate, 1, 250).await;
    let _running = gate.admit(&address(1), Job::new(Units(40), "job", MINUTE)).await.unwrap();
    let reports = reporters.report_at(ChainTime(T)).await.unwrap();
    let [report] = reports.as_slice() else { panic!("{reports:?}") };
    let signed = report.verify(&PROVIDER, &gate.provider().unwrap()).unwrap();
    assert!(signature::verify(&key.pubkey(), &signed.signature, &signed.digest(&report.scope())));

    let reading = *signed.reading(0).unwrap();
    let reading = metering::Reading {
        cumulative: reading.cumulative,
        in_flight: reading.in_flight,
        reported_at: signed.reported_at,
    };
    let mut collateral = Collateral { granted: 1_000, ..Collateral::default() };
    let mut meter = Meter { reported_at: T - 10, ..Meter::zeroed() };
    let metered = metering::apply(&mut collateral, &mut meter, &reading, 1_000, T, None).unwrap();
    assert_eq!((metered.consumed, metered.overrun, metered.deferred), (250, 0, 0));
    assert_eq!((collateral.consumed, meter.in_flight), (250, 40));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_second_has_one_report() {
    let (folder, key) = (tempfile::tempdir().unwrap(), Keypair::new());
    let (gate, reporters) = start(folder.path(), &key).await;
    let first = reporters.report_at(ChainTime(T)).await.unwrap();
    use_up(&gate, 1, 100).await;
    assert_eq!(reporters.report_at(ChainTime(T)).await.unwrap(), first);
    gate.close().await;

    let (gate, reporters) = start(folder.path(), &key).await;
    use_up(&gate, 1, 100).await;
    assert_eq!(reporters.report_at(ChainTime(T)).await.unwrap(), first, "also after a restart");
    assert_eq!(count(&reporters).await, 1);
    let next = reporters.report_at(ChainTime(T + 1)).await.unwrap();
    assert_eq!(next[0].readings[0].cumulative, 200);
    assert_eq!(count(&reporters).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_goes_back_signs_nothing() {
    let (folder, key) = (tempfile::tempdir().unwrap(), Keypair::new());
    let (_gate, reporters) = start(folder.path(), &key).await;
    let last = reporters.report_at(ChainTime(T)).await.unwrap();
    for now in [T - 1, T - 3_600].map(ChainTime) {
        assert_eq!(reporters.report_at(now).await, Err(KeyState::ClockBehind { now }));
        assert_eq!(reporters.status()[0].state, KeyState::ClockBehind { now });
    }
    assert_eq!((reporters.latest(), count(&reporters).await), (last, 1));
    assert_eq!(reporters.report_at(ChainTime(T + 1)).await.unwrap()[0].reported_at, T + 1);
    assert_eq!(reporters.status()[0].state, KeyState::Signing);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_loop_reports_on_its_interval_and_by_the_chains_clock() {
    let (folder, key) = (tempfile::tempdir().unwrap(), Keypair::new());
    let (gate, _) = start(folder.path(), &key).await;
    let config = ReporterConfig { interval: Duration::from_secs(1), ..ReporterConfig::default() };
    let reporters = Reporters::start(gate.clone(), vec![key.into()], config).await.unwrap();
    let deadline = Instant::now() + MINUTE;
    while count(&reporters).await < 3 {
        assert!(Instant::now() < deadline, "it does not report");
        sleep(Duration::from_millis(100)).await;
    }
    let reports = reporters.after(0, 3).await.unwrap().reports;
    let now = gate.chain_view().chain_time().unwrap().get();
    let lagging = T - REPORT_LAG_SECONDS..=now - REPORT_LAG_SECONDS;
    assert!(reports.iter().all(|report| lagging.contains(&report.reported_at)));
    assert!(reports.is_sorted_by(|one, next| one.reported_at < next.reported_at));
    // The chain's clock jumps back: silence, until it has passed the last report again.
    gate.chain_view().observe_clock(ChainTime(T - 100));
    while !matches!(reporters.status()[0].state, KeyState::ClockBehind { .. }) {
        assert!(Instant::now() < deadline, "it does not notice");
        sleep(Duration::from_millis(100)).await;
    }
    reporters.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_right_is_refused_at_the_start() {
    let (folder, key) = (tempfile::tempdir().unwrap(), Keypair::new());
    let gate = open(folder.path(), |_| {});
    let start = |keys, interval| {
        let config = ReporterConfig { interval, ..ReporterConfig::default() };
        Reporters::start(gate.clone(), keys, config)
    };
    assert!(matches!(start(vec![], MINUTE).await, Err(ReporterError::NoKey)));
    let twice = vec![key.insecure_clone().into(), key.insecure_clone().into()];
    assert!(matches!(start(twice, MINUTE).await, Err(ReporterError::RepeatedKey(_))));
    let short = Duration::from_millis(999);
    assert!(matches!(start(vec![key.into()], short).await, Err(ReporterError::Interval(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_credit_and_an_unseen_chain_are_not_reported_on() {
    let (folder, key) = (tempfile::tempdir().unwrap(), Keypair::new());
    let mut config = crate::GateConfig::new(MARKET, PROVIDER, folder.path().join("gate.db"));
    config.max_store_bytes = Some(8 << 20);
    let gate = Gate::open(config).unwrap();
    let reporters = prepare(&gate, vec![key.insecure_clone().into()]).await;
    assert_eq!(reporters.report_now().await, []);
    assert_eq!(reporters.status()[0].state.code(), "no_chain");
    refresh(&gate);
    show(&gate, &listing(3, &[key.pubkey()]));
    let closing = credit(0);
    gate.observe_credit(address(1), 10, Some(&closing));
    gate.observe_credit(address(1), 11, Some(&later(&closing, |credit| credit.has_index = 0)));
    assert_eq!(reporters.report_now().await, []);
    assert_eq!(reporters.status()[0].state, KeyState::Signing);
}
