use {
    super::*,
    crate::{
        store::Store,
        watch::{Resolution, Watch},
    },
    tempfile::TempDir,
};

struct Case {
    watch: Watch,
    _folder: TempDir,
}

async fn open(folder: TempDir) -> Case {
    let store = Store::open(folder.path()).unwrap();
    Case { watch: Watch::open(store, WatchSettings::default()).await.unwrap(), _folder: folder }
}

async fn new() -> Case {
    open(tempfile::tempdir().unwrap()).await
}

/// The same store, opened by another watch.
async fn restart(case: Case) -> Case {
    let Case { watch, _folder } = case;
    drop(watch);
    open(_folder).await
}

async fn observe(case: &Case, clock: i64, credit: &Credit) -> Vec<Finding> {
    case.watch.observe(&snapshot(clock, [(key(7), credit)])).await.unwrap().findings
}

fn used(consumed: u64) -> Credit {
    with(|credit| credit.collateral.consumed = consumed)
}

async fn times(case: &Case, resolution: Resolution) -> Vec<(i64, u64)> {
    let samples = case.watch.series(&key(7), ChainTime(0), ChainTime(i64::MAX), resolution).await.unwrap();
    samples.iter().map(|sample| (sample.at.seconds_since(ChainTime(START)), sample.consumed.get())).collect()
}

#[tokio::test]
async fn each_interval_keeps_the_last_sample_in_it() {
    let case = new().await;
    for (after, consumed) in [(0, 0), (100, 1), (300, 2), (650, 3), (3_500, 4), (3_900, 5), (DAY, 6)] {
        observe(&case, START + after, &used(consumed)).await;
    }
    let fine = [(0, 0), (300, 2), (600, 3), (3_300, 4), (3_900, 5), (DAY, 6)];
    assert_eq!(times(&case, Resolution::Fine).await, fine, "at most one in five minutes");
    assert_eq!(times(&case, Resolution::Hour).await, [(0, 4), (3_600, 5), (DAY, 6)]);
    assert_eq!(times(&case, Resolution::Day).await, [(0, 5), (DAY, 6)]);
    let (from, until) = (ChainTime(START + 300), ChainTime(START + 3_300));
    let part = case.watch.series(&key(7), from, until, Resolution::Fine).await.unwrap();
    assert_eq!(part.len(), 2);
}

#[tokio::test]
async fn old_samples_go_and_daily_ones_stay() {
    let case = new().await;
    for day in [0, 1, 3, 70] {
        observe(&case, START + day * DAY, &used(day as u64)).await;
    }
    assert_eq!(times(&case, Resolution::Fine).await, [(70 * DAY, 70)]);
    assert_eq!(times(&case, Resolution::Hour).await, [(70 * DAY, 70)]);
    assert_eq!(times(&case, Resolution::Day).await.len(), 4);
}

#[tokio::test]
async fn the_record_of_use_goes_on_after_a_restart() {
    let case = new().await;
    observe(&case, START + 10 * DAY, &used(864_000)).await;
    let before = case.watch.measure(&key(7)).unwrap();
    assert!((before.burn_rate - 1.0).abs() < 1e-9, "since issue: {}", before.burn_rate);
    assert_eq!(before.exhausted_at, Some(ChainTime(START + 10 * DAY + 336_000)));
    let case = restart(case).await;
    observe(&case, START + 14 * DAY, &used(864_000)).await;
    let after = case.watch.measure(&key(7)).unwrap();
    assert_eq!(after.idle_seconds, 4 * DAY);
    assert!((after.burn_rate - 1.0 / 16.0).abs() < 0.01, "four half-lives: {}", after.burn_rate);
}

#[tokio::test]
async fn a_credit_that_is_gone_is_forgotten_also_after_a_restart() {
    let case = new().await;
    observe(&case, START, &with(|credit| credit.collateral.frozen_for_other = 1)).await;
    let case = restart(case).await;
    let gone = |clock| snapshot(clock, []);
    for after in [10, 20, 400] {
        let findings = case.watch.observe(&gone(START + after)).await.unwrap().findings;
        assert!(findings.iter().all(|finding| finding.subject() != key(7)), "{after}");
    }
    assert!(times(&case, Resolution::Fine).await.is_empty());
    assert_eq!(times(&case, Resolution::Day).await.len(), 1);
    assert!(case.watch.measures().is_empty());
}

#[tokio::test]
async fn an_overrun_is_new_for_a_day_after_it_last_grew() {
    let case = new().await;
    let overrun = |units: u64| with(|credit| credit.meter.overrun = units);
    let mut levels = Vec::new();
    for (hours, units) in [(0, 0), (1, 5), (20, 5), (26, 5), (30, 6), (60, 6)] {
        let findings = observe(&case, START + hours * 3_600, &overrun(units)).await;
        levels.push(level_of(find(&findings, Rule::Overrun, key(7))));
    }
    use Level::{Clear, Raise};
    assert_eq!(levels, [Clear, Raise, Raise, Clear, Raise, Clear]);
}

#[tokio::test]
async fn many_credits_are_seen_in_one_pass() {
    let (case, credit) = (new().await, credit());
    let many: Vec<_> = (0..10_000u32)
        .map(|number| {
            let mut bytes = [0; 32];
            bytes[..4].copy_from_slice(&number.to_be_bytes());
            (Pubkey::new_from_array(bytes), &credit)
        })
        .collect();
    let first = snapshot(START, many.iter().copied());
    let began = std::time::Instant::now();
    let findings = case.watch.observe(&first).await.unwrap().findings;
    let sampled = began.elapsed();
    let began = std::time::Instant::now();
    case.watch.observe(&snapshot(START + 1, many.iter().copied())).await.unwrap();
    println!("10,000 credits: {sampled:?} with samples, {:?} without", began.elapsed());
    assert_eq!(findings.len(), 14 * 10_000 + 1);
    assert_eq!(case.watch.measures().len(), 10_000);
}
