//! Payments that open units, as the gate quotes them.

use {
    super::{address, later, locked_credit, open},
    crate::{Gate, Job, OpeningPayment, Refusal},
    blockable_sdk::{
        Pubkey, Signature,
        amounts::{ChainTime, MarketTime, MicroUsd, Units},
        program::state::{Credit, MarketClock},
    },
    std::time::Duration,
};

/// The chain's clock in these tests, 10 days after issue.
const NOW: i64 = 1_800_000_000;
const DAY: i64 = 86_400;

/// A loan of 100 micro-USDC per unit, in ten instalments of 1,000 units each, of which 500 units are unlocked ahead.
fn loan() -> Credit {
    locked_credit(0, Units(10_000), Units(500), MarketTime(NOW - 10 * DAY))
}

async fn admit(gate: &Gate, units: u64) -> Result<(), Refusal> {
    let job = Job::new(Units(units), "job", Duration::from_secs(60));
    gate.admit(&address(1), job).await.map(|_| ())
}

/// The loan after a payment that lands at a time.
fn pay(credit: &Credit, amount: MicroUsd, now: i64) -> Credit {
    let clock = MarketClock { chain: now, market: now, is_paused: false, is_halted: false };
    later(credit, |credit| {
        let paid = credit.begin_payment(amount.get(), &clock).unwrap();
        credit.receive_payment(Pubkey::default(), paid).unwrap();
    })
}

/// Refuses, quotes, pays what was quoted: the job passes. Until the quote ends it opens as much, and a micro-USDC less does not.
#[tokio::test(flavor = "multi_thread")]
async fn the_quoted_payment_opens_what_the_job_lacks() {
    for (amount_less, landed_after, passes) in [(0, 0, true), (0, 119, true), (1, 121, false)] {
        let folder = tempfile::tempdir().unwrap();
        let gate = open(folder.path(), |_| {});
        gate.observe_credit(address(1), 10, Some(&loan()));
        admit(&gate, 300).await.unwrap();
        let Err(Refusal::Locked { available, needed, missing }) = admit(&gate, 700).await else { panic!() };
        assert_eq!((available, needed, missing), (Units(200), Units(700), Units(500)));
        let payments = gate.opening_payments(&address(1), missing).unwrap();
        let least = payments.least.unwrap();
        assert_eq!((least.opens, least.available), (Units(500), Units(700)));
        // 500 units at 100, and the interest of ten days.
        assert!((50_000..55_000).contains(&least.amount.get()), "{least:?}");
        let paid = pay(&loan(), least.amount.saturating_sub(MicroUsd(amount_less)), NOW + landed_after);
        gate.observe_credit(address(1), 11, Some(&paid));
        assert_eq!(admit(&gate, 700).await.is_ok(), passes, "{amount_less} less after {landed_after} s");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_debt_and_the_next_instalment_are_quoted_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let gate = open(folder.path(), |_| {});
    assert_eq!(gate.opening_payments(&address(1), Units(1)), None, "no such credit");
    gate.observe_credit(address(1), 10, Some(&loan()));
    let payments = gate.opening_payments(&address(1), Units(20_000)).unwrap();
    assert_eq!(payments.least, None, "there are no 20,000 units");
    let whole = payments.whole_debt;
    assert_eq!((whole.opens, whole.available), (Units(9_500), Units(10_000)));
    let (due_at, next) = payments.next_instalment.unwrap();
    assert_eq!(due_at, ChainTime(NOW + 20 * DAY));
    // A tenth of the principal, and 30 days at 12 % on all of it.
    assert_eq!(
        next,
        OpeningPayment { amount: MicroUsd(109_863), opens: Units(1_000), available: Units(1_500) }
    );
    let repaid = pay(&loan(), MicroUsd::MAX, NOW);
    gate.observe_credit(address(1), 11, Some(&repaid));
    assert_eq!(gate.opening_payments(&address(1), Units(1)), None, "nothing is owed");
    let totals = gate.totals();
    assert_eq!((totals.available, totals.locked, totals.credits), (Units(10_000), Units(0), 1));
}

/// Only what is for payment thaws by one, and nobody knows yet what an order is for.
#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_that_is_obeyed_ahead_of_the_chain_counts_as_one_that_no_payment_thaws() {
    let folder = tempfile::tempdir().unwrap();
    let gate = open(folder.path(), |_| {});
    gate.observe_credit(address(1), 10, Some(&loan()));
    gate.obey_freeze(address(1), Signature::from([1; 64]), Units(500));
    let Err(Refusal::Frozen { missing, .. }) = admit(&gate, 100).await else { panic!() };
    let least = gate.opening_payments(&address(1), missing).unwrap().least.unwrap();
    assert_eq!((least.opens, least.available), (Units(100), Units(100)));
    gate.observe_credit(address(1), 11, Some(&pay(&loan(), least.amount, NOW)));
    assert_eq!(admit(&gate, 100).await, Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_servers_money_and_units_are_summed_over_its_credits() {
    let folder = tempfile::tempdir().unwrap();
    let gate = open(folder.path(), |_| {});
    let held_back = later(&loan(), |credit| (credit.holdback_left, credit.claims.provider) = (7_000, 300));
    gate.observe_credit(address(1), 10, Some(&held_back));
    let frozen =
        later(&held_back, |credit| (credit.collateral.frozen_for_other, credit.meter.index) = (200, 1));
    gate.observe_credit(address(2), 10, Some(&frozen));
    admit(&gate, 50).await.unwrap();
    let totals = gate.totals();
    assert_eq!((totals.held_back, totals.claim), (MicroUsd(14_000), MicroUsd(600)));
    assert_eq!((totals.available, totals.locked, totals.frozen), (Units(750), Units(19_000), Units(200)));
    assert_eq!((totals.in_flight, totals.unreported, totals.credits), (Units(50), Units(0), 2));
}
