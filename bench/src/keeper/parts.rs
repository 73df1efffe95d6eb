//! Ingest and planning by themselves.

use {
    super::{
        super::{
            BenchError,
            performance::{Bound, Figure},
        },
        fleet::{Fleet, REPORTERS},
    },
    blockable_keeper::parts::{Ingest, PlanSettings, Shelf, Snapshot, Stalls, Store, plan},
    blockable_sdk::{amounts::ChainTime, reports::ReportRecord},
    blockable_testkit::Reporters,
    std::{
        sync::Arc,
        time::{Duration, Instant},
    },
};

/// Credits that planning is measured over.
const PLANNED: u32 = 100_000;
/// Credits whose reports are taken in.
const REPORTED: u32 = 10_000;
/// The chain's clock.
const NOW: i64 = 1_800_000_000;
/// Time for which each part is measured.
const TIME: Duration = Duration::from_secs(5);

pub(super) fn snapshot(fleet: &Fleet, clock: i64) -> Snapshot {
    Snapshot {
        slot: 1,
        clock: ChainTime(clock),
        market_key: fleet.market,
        market: fleet.market_account,
        providers: fleet.providers.iter().copied().collect(),
        credits: fleet.credits.iter().map(|(address, credit)| (*address, Arc::new(*credit))).collect(),
        frozen_vaults: Arc::default(),
        cross_credits: Arc::default(),
        stalls: Stalls::default(),
    }
}

/// All reports of a fleet as of a time.
pub(super) fn reports(fleet: &Fleet, cumulative: u64, at: i64) -> Vec<ReportRecord> {
    let mut reporters = fleet.reporters();
    fleet.use_units(&mut reporters, cumulative);
    let latest = |reporters: &Reporters| {
        reporters.report(at);
        reporters.latest()
    };
    reporters.iter().flat_map(latest).collect()
}

/// Credit readings per second that are verified and on the disk.
pub fn ingest() -> Result<Vec<Figure>, BenchError> {
    let fleet = Fleet::new(REPORTED, 10, NOW - 60);
    let batches: Vec<Vec<ReportRecord>> =
        (1u32..=8).map(|round| reports(&fleet, u64::from(round) * 10, NOW + i64::from(round))).collect();
    let readings = REPORTED as usize * usize::from(REPORTERS);
    let runtime = tokio::runtime::Runtime::new().map_err(BenchError::setup)?;
    runtime.block_on(async {
        let folder = tempfile::tempdir().map_err(BenchError::setup)?;
        let store = Store::open(folder.path()).map_err(BenchError::setup)?;
        let ingest = Ingest::open(store, fleet.market).await.map_err(BenchError::setup)?;
        ingest.update_chain(Arc::new(snapshot(&fleet, NOW + 10)));
        let (began, mut taken) = (Instant::now(), 0);
        for batch in batches {
            let count: usize = batch.iter().map(|report| report.readings.len()).sum();
            let result = ingest.take(batch).await.map_err(BenchError::setup)?;
            if count != readings || !result.refused.is_empty() {
                return Err(BenchError::Setup(format!("reports were refused: {:?}", result.refused)));
            }
            taken += count;
        }
        let rate = taken as f64 / began.elapsed().as_secs_f64();
        Ok(vec![Figure::new(
            "credit readings verified and durable",
            rate,
            "per second",
            Bound::AtLeast(20_000.0),
        )])
    })
}

/// Time of one plan over many credits, all of them due to be metered.
pub fn planning() -> Result<Vec<Figure>, BenchError> {
    let fleet = Fleet::new(PLANNED, 10, NOW - 600);
    let snapshot = snapshot(&fleet, NOW);
    let mut shelf = Shelf::default();
    for report in reports(&fleet, 100, NOW) {
        shelf.put(Arc::new(report));
    }
    let settings = PlanSettings::default();
    let (mut slowest, began, mut runs) = (Duration::ZERO, Instant::now(), 0);
    while began.elapsed() < TIME || runs < 3 {
        let start = Instant::now();
        let plan = plan(&snapshot, &shelf, &settings);
        slowest = slowest.max(start.elapsed());
        runs += 1;
        let metered: usize = plan.intents.iter().map(|intent| intent.credits().len()).sum();
        if metered != PLANNED as usize {
            return Err(BenchError::Setup(format!("{metered} credits were planned on, not {PLANNED}")));
        }
    }
    let name = format!("plan over {PLANNED} credits, all due, slowest of {runs}");
    Ok(vec![Figure::new(name, slowest.as_secs_f64(), "s", Bound::AtMost(1.0))])
}
