//! The sizes of a keeper: a day of metering as it plans it, and a year of its store.

use {
    super::{
        super::{
            BenchError,
            performance::{Bound, Figure},
        },
        fleet::{Fleet, REPORTERS},
        parts::{reports, snapshot},
    },
    blockable_keeper::parts::{
        DayOfWork, FilledMarket, IntentAction, Kept, PlanSettings, Shelf, Store, plan,
    },
    blockable_sdk::{Pubkey, program::state::Credit},
    std::{collections::BTreeMap, sync::Arc},
};

/// Credits of the simulated day.
const CREDITS: u32 = 960;
/// Credits of the simulated year: two chunks.
const YEAR_CREDITS: u32 = 64;
/// Seconds of a day.
const DAY: i64 = 86_400;
/// Seconds between two plans of the day.
const STEP: i64 = 10;
/// The beginning of both.
const BEGAN: i64 = 1_800_000_000;
/// Lamports of a transaction with one signature.
const LAMPORTS: f64 = 5_000.0;
/// Lamports of a SOL.
const SOL: f64 = 1e9;
/// The cap of the metering key by default, in SOL a day.
const CAP: f64 = 0.5;
/// Seconds between two cycles by default.
const CYCLE: f64 = 10.0;
/// Requests of a cycle that do not depend on the number of credits: slot of each of two nodes twice, the list of credits and that of
/// providers, market and clock, a page of vaults, and the balances of two keys.
const REQUESTS: f64 = 10.0;
/// Seconds between two reports of a reporter.
const REPORT_EVERY: i64 = 10;
/// Bytes of a gigabyte.
const GB: f64 = 1e9;

/// The metering of a day.
pub struct Day {
    /// Transactions by credit.
    pub transactions: f64,
    /// Readings by credit.
    pub readings: f64,
    /// Most transactions of one plan, by credit.
    pub peak: f64,
}

/// The share of its units that each credit uses in a day: most run through theirs within a year, some within a month, and each 50th
/// one within a day.
fn share_of_a_day(number: usize) -> f64 {
    match number % 50 {
        0 => 1.0,
        1..=9 => 1.0 / 30.0,
        _ => 1.0 / 365.0,
    }
}

/// Plans a day of metering, every ten seconds, and applies what is planned at once. Errors: [`BenchError`].
pub fn day() -> Result<Day, BenchError> {
    let mut fleet = Fleet::new(CREDITS, 3, BEGAN - 3_600);
    let granted = fleet.credits.first().map_or(0, |(_, credit)| credit.collateral.granted) as f64;
    let rate = |number: usize| granted * share_of_a_day(number) / DAY as f64;
    let places: BTreeMap<Pubkey, usize> =
        fleet.credits.iter().enumerate().map(|(place, (address, _))| (*address, place)).collect();
    let settings = PlanSettings::default();
    let (mut transactions, mut readings, mut peak) = (0_usize, 0_usize, 0_usize);
    let template = reports(&fleet, 1, BEGAN);
    let mut now = snapshot(&fleet, BEGAN);
    for step in 0..DAY / STEP {
        let at = BEGAN + step * STEP;
        let used = |place: usize| (rate(place) * (step * STEP) as f64).min(granted) as u64;
        let mut shelf = Shelf::default();
        for report in &template {
            let mut report = report.clone();
            report.reported_at = at - 3;
            for reading in &mut report.readings {
                reading.cumulative = places.get(&reading.credit).map_or(0, |place| used(*place));
            }
            shelf.put(Arc::new(report));
        }
        now.clock = blockable_sdk::amounts::ChainTime(at);
        let planned = plan(&now, &shelf, &settings);
        let of_step = planned
            .intents
            .iter()
            .filter(|intent| matches!(intent.action, IntentAction::Meter { .. }))
            .count();
        transactions += of_step;
        // The first plan meters everybody at once, which a market that grows does not.
        if step > 400 {
            peak = peak.max(of_step);
        }
        for intent in &planned.intents {
            for address in intent.credits() {
                let Some(place) = places.get(address) else { continue };
                readings += 1;
                let (_, credit) = &mut fleet.credits[*place];
                apply(credit, used(*place), at - 3);
                now.credits.insert(*address, Arc::new(*credit));
            }
        }
    }
    let by_credit = |count: usize| count as f64 / f64::from(CREDITS);
    Ok(Day { transactions: by_credit(transactions), readings: by_credit(readings), peak: by_credit(peak) })
}

/// Counts use as the program does, without its refusals.
fn apply(credit: &mut Credit, cumulative: u64, at: i64) {
    credit.collateral.consumed += cumulative - credit.meter.cumulative;
    (credit.meter.cumulative, credit.meter.reported_at) = (cumulative, at);
    credit.event_seq += 1;
}

/// The bytes of a year's store, by credit.
pub struct Year {
    /// Of the database, with 90 days of transactions and 14 days of metering.
    pub database: f64,
    /// Of the archives.
    pub archives: f64,
}

/// Fills a store for a year, and keeps house each day. Errors: [`BenchError`].
pub fn year(day: &Day) -> Result<Year, BenchError> {
    let runtime = tokio::runtime::Runtime::new().map_err(BenchError::setup)?;
    runtime.block_on(async {
        let fleet = Fleet::new(YEAR_CREDITS, 1, BEGAN);
        let credits: Vec<Pubkey> = fleet.credits.iter().map(|(address, _)| *address).collect();
        let folder = tempfile::tempdir().map_err(BenchError::setup)?;
        let open = || Store::open(folder.path()).map_err(BenchError::setup);
        let mut market = FilledMarket::new(open()?, credits, fleet.providers[0].0);
        let work = DayOfWork {
            readings: day.readings.round() as u32,
            transactions: (day.transactions * f64::from(YEAR_CREDITS)).round() as u32,
            sample_seconds: 0,
        };
        for number in 0..365 {
            let began = BEGAN + number * DAY;
            // Daily samples for ever, hourly ones of 60 days, those of five minutes of two days.
            let sample_seconds = match 365 - number {
                ..=2 => 300,
                3..=60 => 3_600,
                _ => DAY,
            };
            market.day(began, DayOfWork { sample_seconds, ..work }).await.map_err(BenchError::setup)?;
            let kept = Kept { transactions: 90, events: 14 };
            market.keep_house(began + DAY, kept).await.map_err(BenchError::setup)?;
        }
        let template = reports(&fleet, 1, BEGAN);
        for at in (0..14 * DAY).step_by(REPORT_EVERY as usize) {
            let dated = template.iter().cloned().map(|mut report| {
                report.reported_at = BEGAN + at;
                report
            });
            market.digests(dated.collect()).await.map_err(BenchError::setup)?;
        }
        // Closed, so that all of it is in the database's own file.
        drop(market);
        let size = |path: std::path::PathBuf| std::fs::metadata(path).map_or(0, |file| file.len());
        let database = size(folder.path().join("keeper.sqlite"));
        let archives = std::fs::read_dir(folder.path().join("archive")).map_err(BenchError::setup)?;
        let archives: u64 = archives.filter_map(Result::ok).map(|entry| size(entry.path())).sum();
        let by_credit = |bytes: u64| bytes as f64 / f64::from(YEAR_CREDITS);
        Ok(Year { database: by_credit(database), archives: by_credit(archives) })
    })
}

/// The figures of both, for 10,000 credits. Errors: [`BenchError`].
pub fn figures(day: &Day, year: &Year) -> Vec<Figure> {
    let credits = 10_000.0;
    let figure = |name: &str, value, unit, bound| Figure::new(name, value, unit, bound);
    vec![
        figure("readings of a credit and day", day.readings, "", Bound::None),
        figure("metering of a credit and day", day.transactions * LAMPORTS, "lamports", Bound::None),
        figure(
            "credits that the default cap meters",
            CAP * SOL / (day.transactions * LAMPORTS),
            "",
            Bound::AtLeast(credits),
        ),
        figure(
            "database of 10,000 credits after a year",
            year.database * credits / GB,
            "GB",
            Bound::AtMost(25.0),
        ),
        figure(
            "archives of 10,000 credits after a year",
            year.archives * credits / GB,
            "GB",
            Bound::AtMost(25.0),
        ),
        figure("reporters of each provider", f64::from(REPORTERS), "", Bound::None),
    ]
}

/// The sizing table, a row for each number of credits.
pub fn table(day: &Day, year: &Year) -> String {
    let mut table = String::from(
        "| credits | SOL a day | cap to set, SOL a day | transactions at once | database | archives a year | requests a day |\n\
         |--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for credits in [100.0, 1_000.0, 10_000.0, 50_000.0, 100_000.0] {
        let sol = credits * day.transactions * LAMPORTS / SOL;
        let cap = (sol * 2.0).max(CAP);
        let at_once = (credits * day.peak).ceil().max(1.0);
        let database = credits * year.database / GB;
        let archives = credits * year.archives / GB;
        // A cycle fetches the credits that were metered, a hundred at a time, and follows their transactions.
        let cycles = DAY as f64 / CYCLE;
        let requests = cycles * REQUESTS + credits * (day.readings / 100.0 + day.transactions * 3.0);
        table.push_str(&format!(
            "| {credits:.0} | {sol:.3} | {cap:.1} | {at_once:.0} | {database:.2} GB | {archives:.2} GB | {requests:.0} |\n"
        ));
    }
    table
}
