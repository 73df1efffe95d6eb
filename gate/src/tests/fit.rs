//! Jobs that are fitted to what is open.

use {
    super::{address, credit, later, open},
    crate::{
        Hold, Job, Refusal,
        ledger::{ChainClocks, Ledger},
    },
    blockable_sdk::{
        amounts::{ChainTime, Units},
        program::state::Credit,
    },
    std::{collections::HashMap, time::Duration},
};

const MINUTE: Duration = Duration::from_secs(60);
const NO_CLOCK: ChainClocks = ChainClocks { chain: None, market: None, epoch_began_at: None };

/// A credit of 1,000 units of which 100 are open.
fn locked() -> Credit {
    later(&credit(0), |credit| credit.collateral.locked_at_issue = 900)
}

fn ledger(credit: &Credit) -> Ledger {
    let mut ledger = Ledger::restore(HashMap::new(), Vec::new(), 1);
    assert!(ledger.observe(address(1), 10, Some(credit)));
    ledger
}

#[test]
fn a_job_is_fitted_to_what_is_open_and_refused_below_its_least() {
    let mut ledger = ledger(&locked());
    let fit = |ledger: &Ledger, least, most| ledger.fit(&address(1), Units(least), Units(most), NO_CLOCK);
    assert_eq!(fit(&ledger, 10, 60), Ok(Units(60)));
    assert_eq!(fit(&ledger, 10, 5_000), Ok(Units(100)));
    ledger.admit(&address(1), Units(60), NO_CLOCK).unwrap();
    assert_eq!(fit(&ledger, 10, 5_000), Ok(Units(40)));
    assert_eq!(
        fit(&ledger, 50, 5_000),
        Err(Refusal::Locked { available: Units(40), needed: Units(50), missing: Units(10) })
    );
    ledger.admit(&address(1), Units(40), NO_CLOCK).unwrap();
    assert_eq!(
        fit(&ledger, 0, 5_000),
        Err(Refusal::Locked { available: Units(0), needed: Units(1), missing: Units(1) })
    );
    // A payment opens ten more.
    let paid = later(&locked(), |credit| credit.collateral.released = 10);
    ledger.observe(address(1), 11, Some(&paid));
    assert_eq!(fit(&ledger, 1, 5_000), Ok(Units(10)));
}

/// A job waits for units that open in a moment, and never asks for more than the loan allows at once.
#[test]
fn the_rate_bound_cuts_a_job_to_what_may_ever_run_and_never_to_what_is_left_of_it() {
    let bounded = later(&credit(0), |credit| {
        (credit.terms.max_units_per_second, credit.terms.longest_job) = (10, 30);
        credit.meter.reported_at = 1_000;
    });
    let mut ledger = ledger(&bounded);
    let clocks = ChainClocks { chain: Some(ChainTime(1_000)), ..NO_CLOCK };
    assert_eq!(ledger.fit(&address(1), Units(1), Units(900), clocks), Ok(Units(300)));
    ledger.admit(&address(1), Units(200), clocks).unwrap();
    let refused = Err(Refusal::RateBound { open: Units(100), needed: Units(300) });
    assert_eq!(ledger.fit(&address(1), Units(1), Units(900), clocks), refused);
    assert_eq!(ledger.fit(&address(1), Units(1), Units(100), clocks), Ok(Units(100)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_jobs_at_once_never_hold_more_than_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let gate = open(folder.path(), |_| {});
    gate.observe_credit(address(1), 10, Some(&locked()));
    let ask = |number: u64| {
        let (gate, most) = (gate.clone(), 7 + number % 23);
        let job = Job::new(Units(most), "job", MINUTE).fitted_from(Units(5));
        tokio::spawn(async move { gate.admit(&address(1), job).await })
    };
    let answers = futures_util::future::join_all((0..1_000).map(ask)).await;
    let held: Vec<Hold> = answers.into_iter().filter_map(|answer| answer.unwrap().ok()).collect();
    let units: u64 = held.iter().map(|hold| hold.units.get()).sum();
    assert!(held.iter().all(|hold| (5..30).contains(&hold.units.get())), "{held:?}");
    assert!((96..=100).contains(&units), "{units}");
    assert_eq!(gate.room(&address(1)).unwrap().in_flight, Units(units));
    for hold in &held {
        gate.settle(hold, hold.units).await.unwrap();
    }
    assert_eq!(gate.readings()[0].cumulative, Units(units), "no more than was available");
}
