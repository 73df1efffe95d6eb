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
    Case { watch: Watch::open(store, Settings::default()).await.unwrap(), _folder: folder }
}

async fn new() -> Case {
    open(tempfile::tempdir().unwrap()).await
}

/// What was written is opened by another watch.
async fn restart(case: Case) -> Case {
    let Case { watch, _folder } = case;
    drop(watch);
    open(_folder).await
}

async fn see(case: &Case, clock: i64, credit: &Credit) -> Vec<Signal> {
    case.watch.see(&snapshot(clock, [(key(7), credit)])).await.unwrap().0
}

/// As [`see`], with the alerts on what was found stored.
async fn see_and_acknowledge(case: &Case, clock: i64, credit: &Credit) -> Vec<Signal> {
    let (signals, token) = case.watch.see(&snapshot(clock, [(key(7), credit)])).await.unwrap();
    case.watch.acknowledge(token).await.unwrap();
    signals
}

fn used(consumed: u64) -> Credit {
    with(|credit| credit.collateral.consumed = consumed)
}

async fn times(case: &Case, resolution: Resolution) -> Vec<(i64, u64)> {
    let samples = case.watch.series(&key(7), 0, i64::MAX, resolution).await.unwrap();
    samples.iter().map(|sample| (sample.at - START, sample.consumed)).collect()
}

#[tokio::test]
async fn each_slot_keeps_the_last_sample_in_it() {
    let case = new().await;
    for (after, consumed) in [(0, 0), (100, 1), (300, 2), (650, 3), (3_500, 4), (3_900, 5), (DAY, 6)] {
        see(&case, START + after, &used(consumed)).await;
    }
    let fine = [(0, 0), (300, 2), (600, 3), (3_300, 4), (3_900, 5), (DAY, 6)];
    assert_eq!(times(&case, Resolution::Fine).await, fine, "at most one in five minutes");
    assert_eq!(times(&case, Resolution::Hour).await, [(0, 4), (3_600, 5), (DAY, 6)]);
    assert_eq!(times(&case, Resolution::Day).await, [(0, 5), (DAY, 6)]);
    let part = case.watch.series(&key(7), START + 300, START + 3_300, Resolution::Fine).await.unwrap();
    assert_eq!(part.len(), 2);
}

#[tokio::test]
async fn old_samples_go_and_daily_ones_stay() {
    let case = new().await;
    for day in [0, 1, 3, 70] {
        see(&case, START + day * DAY, &used(day as u64)).await;
    }
    assert_eq!(times(&case, Resolution::Fine).await, [(70 * DAY, 70)]);
    assert_eq!(times(&case, Resolution::Hour).await, [(70 * DAY, 70)]);
    assert_eq!(times(&case, Resolution::Day).await.len(), 4);
}

#[tokio::test]
async fn the_record_of_use_goes_on_after_a_restart() {
    let case = new().await;
    see(&case, START + 10 * DAY, &used(864_000)).await;
    let before = case.watch.measure(&key(7)).unwrap();
    assert!((before.burn_rate - 1.0).abs() < 1e-9, "since issue: {}", before.burn_rate);
    assert_eq!(before.exhausted_at, Some(START + 10 * DAY + 336_000));
    let case = restart(case).await;
    see(&case, START + 14 * DAY, &used(864_000)).await;
    let after = case.watch.measure(&key(7)).unwrap();
    assert_eq!(after.idle_seconds, 4 * DAY);
    assert!((after.burn_rate - 1.0 / 16.0).abs() < 0.01, "four half-lives: {}", after.burn_rate);
}

#[tokio::test]
async fn a_credit_that_is_gone_is_cleared_also_after_a_restart_and_then_forgotten() {
    let case = new().await;
    see(&case, START, &with(|credit| credit.collateral.frozen = 1)).await;
    let case = restart(case).await;
    let gone = |clock| snapshot(clock, []);
    let mut token = None;
    for after in [10, 20, 400, 800] {
        let (signals, found) = case.watch.see(&gone(START + after)).await.unwrap();
        assert_eq!(find(&signals, Rule::Frozen, key(7)).level, Level::Clear);
        token = Some(found);
    }
    case.watch.acknowledge(token.unwrap()).await.unwrap();
    case.watch.see(&gone(START + 1_200)).await.unwrap();
    let (signals, _) = case.watch.see(&gone(START + 1_210)).await.unwrap();
    assert!(signals.iter().all(|signal| signal.subject != key(7)));
    assert!(times(&case, Resolution::Fine).await.is_empty());
    assert_eq!(times(&case, Resolution::Day).await.len(), 1);
    assert!(case.watch.measures().is_empty());
}

/// Instalments closer together than the mark: each payment has its own alert.
#[tokio::test]
async fn the_alert_on_a_payment_ends_when_the_next_one_takes_its_place() {
    let weekly = with(|credit| {
        let instalment =
            |number: u32| Instalment { due_after: number * 3 * DAY as u32, principal: 3_000 * USDC };
        credit.set_schedule(&(1..=4).map(instalment).collect::<Vec<_>>()).unwrap();
    });
    let due = |signals: &[Signal]| find(signals, Rule::PaymentDue, key(7)).level;
    let case = new().await;
    assert_eq!(due(&see(&case, START, &weekly).await), Level::Raise);
    assert_eq!(due(&see(&case, START + 2 * DAY, &weekly).await), Level::Raise);
    let next = START + 3 * DAY;
    assert_eq!(due(&see(&case, next, &weekly).await), Level::Clear);
    assert_eq!(due(&see(&case, next + 400, &weekly).await), Level::Clear, "until its end is stored");
    let case = restart(case).await;
    assert_eq!(due(&see(&case, next + 420, &weekly).await), Level::Clear, "a restart in between");
    assert_eq!(due(&see_and_acknowledge(&case, next + 800, &weekly).await), Level::Clear);
    let case = restart(case).await;
    assert_eq!(due(&see(&case, next + 810, &weekly).await), Level::Raise);
}

#[tokio::test]
async fn an_earlier_pass_cannot_acknowledge_what_a_later_one_has_found() {
    let case = new().await;
    let paid = with(|credit| {
        credit.accrue(START + 30 * DAY).unwrap();
        let arrears = credit.arrears();
        credit.debt.principal -= arrears.min(1_000 * USDC);
    });
    let before = case.watch.see(&snapshot(START + 29 * DAY, [(key(7), &credit())])).await.unwrap().1;
    let due = |signals: &[Signal]| find(signals, Rule::PaymentDue, key(7)).level;
    assert_eq!(due(&see(&case, START + 30 * DAY, &paid).await), Level::Clear);
    case.watch.acknowledge(before).await.unwrap();
    let measure = |case: &Case| case.watch.measure(&key(7)).unwrap().payment_is_new;
    see(&case, START + 30 * DAY + 10, &paid).await;
    assert!(measure(&case));
    see_and_acknowledge(&case, START + 30 * DAY + 20, &paid).await;
    see(&case, START + 30 * DAY + 30, &paid).await;
    assert!(!measure(&case));
}

#[tokio::test]
async fn an_overrun_is_new_for_a_day_after_it_last_grew() {
    let case = new().await;
    let overrun = |units: u64| with(|credit| credit.meter.overrun = units);
    let mut levels = Vec::new();
    for (hours, units) in [(0, 0), (1, 5), (20, 5), (26, 5), (30, 6), (60, 6)] {
        let signals = see(&case, START + hours * 3_600, &overrun(units)).await;
        levels.push(find(&signals, Rule::Overrun, key(7)).level);
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
    let (signals, _) = case.watch.see(&first).await.unwrap();
    let sampled = began.elapsed();
    let began = std::time::Instant::now();
    case.watch.see(&snapshot(START + 1, many.iter().copied())).await.unwrap();
    println!("10,000 credits: {sampled:?} with samples, {:?} without", began.elapsed());
    assert_eq!(signals.len(), 13 * 10_000 + 1);
    assert_eq!(case.watch.measures().len(), 10_000);
}
