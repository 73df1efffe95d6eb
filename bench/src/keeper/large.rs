//! A keeper that starts on a large store.

use {
    super::{
        super::{
            BenchError,
            performance::{Bound, Figure},
        },
        fleet::Fleet,
        rounds,
    },
    blockable_keeper::parts::{DayOfWork, FilledMarket, Store},
    blockable_sdk::Pubkey,
    std::path::Path,
};

/// Credits of the market.
const CREDITS: u32 = 10_000;
/// Bytes of a gigabyte.
const GB: f64 = 1e9;
/// The time of the first event: long enough ago for housekeeping to have much to do.
const BEGAN: i64 = blockable_testkit::START - 200 * 86_400;

/// Measures the first cycle on a store of so many gigabytes. Errors: [`BenchError`].
pub fn first_cycle(gigabytes: u32) -> Result<Vec<Figure>, BenchError> {
    let seconds = rounds::first_on(CREDITS, |folder| fill(folder, f64::from(gigabytes)))?;
    let name = format!("{CREDITS} credits: the first cycle on a store of {gigabytes} GB");
    Ok(vec![Figure::new(name, seconds, "s", Bound::AtMost(5.0))])
}

/// Fills the store in a folder with events, transactions and samples.
fn fill(folder: &Path, gigabytes: f64) -> Result<(), BenchError> {
    let runtime = tokio::runtime::Runtime::new().map_err(BenchError::setup)?;
    runtime.block_on(async {
        let fleet = Fleet::new(CREDITS, 10, blockable_testkit::START);
        let credits: Vec<Pubkey> = fleet.credits.iter().map(|(address, _)| *address).collect();
        let store = Store::open(folder).map_err(BenchError::setup)?;
        let mut market = FilledMarket::new(store, credits, fleet.providers[0].0);
        let mut day = 0;
        while (market.bytes() as f64) < gigabytes * GB {
            let work = DayOfWork { readings: 24, transactions: 10_000, sample_seconds: 3_600 };
            market.day(BEGAN + day * 86_400, work).await.map_err(BenchError::setup)?;
            day += 1;
            eprintln!("bench: the store has {:.1} GB", market.bytes() as f64 / GB);
        }
        Ok(())
    })
}
