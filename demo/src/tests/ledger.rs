use {
    super::{Printed, amount, units},
    crate::{
        Played,
        books::{self, Ledger},
        narrator::Narrator,
    },
    blockable_sdk::{
        addresses,
        amounts::{Bps, MicroUsd, Units},
        program::transitions::Status,
    },
};

/// The ledger's sums are those that were printed, and they are what every wallet holds.
pub(super) async fn every_micro_usdc_is_accounted_for(played: &Played, story: usize, printed: &Printed) {
    let (cast, loan, outcome) = (&played.cast, &played.loans[story], &played.outcomes[story]);
    let name = loan.name;
    let credit = cast.credit(&outcome.credit).await.unwrap();
    let ledger = Ledger::new(cast, &outcome.credit, &credit).unwrap();
    let sum = |step: &str, field: &str| printed.sum(name, step, field);
    assert_eq!(sum("issue", "paid_to_provider"), loan.principal().saturating_sub(ledger.held_back));
    assert_eq!(sum("accept", "reserve"), ledger.funded);
    assert_eq!(sum("repay", "paid"), ledger.repaid);
    assert_eq!(sum("cancel", "paid"), ledger.cancelled);
    assert_eq!(sum("draw_reserve", "paid"), ledger.drawn);
    assert_eq!(sum("buy", "cost"), ledger.sold_for);
    assert_eq!(sum("buy", "fee"), ledger.fees);
    assert_eq!(sum("buy", "recovered"), ledger.recovered);
    assert_eq!(sum("buy", "surplus"), ledger.surplus);
    assert_eq!(sum("close_lot", "written_off"), ledger.written_off);
    assert_eq!(printed.steps(name, "buy").map(|step| units(step, "units")).sum::<Units>(), ledger.sold);

    // What the lender got: payments at once, the rest in the end.
    let recovered = [ledger.cancelled, ledger.drawn, ledger.recovered].into_iter().sum::<MicroUsd>();
    assert_eq!(sum("collect", "lender"), recovered);
    assert_eq!(outcome.recovered(), recovered);
    let lent_back = ledger.repaid.saturating_add(recovered);
    let lender = outcome.before.lender.saturating_add(lent_back).saturating_sub(loan.principal());
    assert_eq!(outcome.after.lender, lender);
    assert_eq!(outcome.after, ledger.settle(&outcome.before, loan.principal()));
    assert_eq!(outcome.after.total(), outcome.before.total());

    // What is left: nothing in the vault, no debt, no lien.
    assert!(cast.balance(&addresses::vault(&outcome.credit)).await.unwrap().is_zero());
    assert_eq!(credit.status, Status::Repaid.byte());
    assert_eq!((credit.debt.total(), credit.holdback_left, credit.reserve_held), (0, 0, 0));
    let after = [played.outcomes[1].before, cast.wallets().await.unwrap()][story];
    assert_eq!(outcome.after, after, "a story ends where the next begins");
}

/// The books fail where a story says a micro-USDC more than the chain.
pub(super) async fn a_micro_usdc_that_is_missing_is_noticed(played: &Played, story: usize) {
    let (cast, loan, outcome) = (&played.cast, &played.loans[story], played.outcomes[story]);
    let silent = Narrator::new(true, Box::new(std::io::sink()));
    let sold: u64 = played.outcomes[..story].iter().map(|earlier| earlier.seized.get()).sum();
    let all_bought = books::bought(cast).await.unwrap();
    let later: u64 = played.outcomes[story + 1..].iter().map(|later| later.seized.get()).sum();
    assert_eq!(all_bought.get(), sold + outcome.seized.get() + later);
    let bought_before = Units(all_bought.get() - outcome.seized.get());
    assert!(books::check(cast, &silent, loan, &outcome, bought_before).await.unwrap());
    let one = MicroUsd(1);
    let mut more = outcome;
    more.from_sales = more.from_sales.saturating_add(one);
    assert!(!books::check(cast, &silent, loan, &more, bought_before).await.unwrap());
    let mut less = outcome;
    less.after.lender = less.after.lender.saturating_sub(one);
    assert!(!books::check(cast, &silent, loan, &less, bought_before).await.unwrap());
    let fewer = bought_before.saturating_add(Units(1));
    assert!(!books::check(cast, &silent, loan, &outcome, fewer).await.unwrap());
}

/// A job that needs more than is open waits for the payment that opens it; every payment opens what it pays for.
pub(super) fn the_lock_opens_as_payments_unlock_units(played: &Played, printed: &Printed) {
    let terms = played.loans[0].terms;
    let issued = printed.step("standard", "issue");
    assert_eq!(amount(issued, "open"), terms.unlocked_ahead);
    assert_eq!(amount(issued, "locked"), terms.units - terms.unlocked_ahead);
    let refused = printed.step("standard", "refuse");
    let missing = amount(refused, "needed") - amount(refused, "open");
    assert_eq!(missing, amount(refused, "missing"));
    let price = u128::from(missing) * u128::from(terms.principal);
    // The units released by a payment are rounded down: a micro-USDC is worth hundreds of them.
    let least = price.div_ceil(u128::from(terms.units));
    assert!((least..=least + 1).contains(&u128::from(amount(refused, "opens_for"))), "{refused}");
    let (mut repaid, mut released) = (0u64, 0u64);
    for payment in printed.steps("standard", "repay") {
        repaid += amount(payment, "principal");
        let all = u128::from(terms.units) * u128::from(repaid) / u128::from(terms.principal);
        let now = u64::try_from(all).unwrap() - released;
        assert_eq!((amount(payment, "released"), amount(payment, "unlocked")), (now, now));
        released += now;
    }
    let admitted = printed.step("standard", "admit");
    assert_eq!(amount(admitted, "in_flight"), amount(refused, "needed"));
    assert_eq!(printed.steps("prepaid", "refuse").count(), 0);
    let issued = printed.step("prepaid", "issue");
    assert_eq!(amount(issued, "open"), played.loans[1].terms.units);
}

/// A cancel pays for the covered units what the loan paid, out of the vault.
pub(super) fn covered_units_are_cancelled_at_the_price_paid(played: &Played, printed: &Printed) {
    let terms = played.loans[0].terms;
    let cancel = printed.step("standard", "cancel");
    // No payment has unlocked a unit that the holdback stands for, so all of it is left.
    let covered = u128::from(terms.holdback) * u128::from(terms.units) / u128::from(terms.principal);
    assert_eq!(u128::from(amount(cancel, "cancelled")), covered);
    assert_eq!(amount(cancel, "paid"), terms.holdback);
    assert_eq!(amount(cancel, "held_back"), 0);
    assert_eq!(played.outcomes[0].from_holdback, MicroUsd(terms.holdback));
    assert_eq!(amount(printed.step("standard", "draw_reserve"), "paid"), played.loans[0].rider.reserve);
    assert_eq!(played.outcomes[1].from_holdback, MicroUsd::ZERO);
}

/// After the freeze nothing is open, the running job ends on frozen units, and the rest is overrun.
pub(super) fn the_freeze_holds_and_use_beyond_it_is_the_providers_loss(played: &Played, printed: &Printed) {
    for (story, outcome) in ["standard", "prepaid"].into_iter().zip(&played.outcomes) {
        let frozen = printed.step(story, "freeze_all");
        assert_eq!(amount(frozen, "open"), 0, "{story}");
        assert_eq!(units(frozen, "frozen"), outcome.frozen);
        assert_eq!(amount(frozen, "freeze_ms"), outcome.freeze_ms);
        let job = printed.steps(story, "race").map(|race| amount(race, "in_flight")).sum::<u64>();
        let settled = printed.step(story, "settle");
        assert_eq!(amount(settled, "frozen"), amount(frozen, "frozen") - job, "{story}");
    }
    let (settled, overrun) = (printed.step("standard", "settle"), printed.step("standard", "overrun"));
    assert!(amount(overrun, "overrun") > 0);
    for held in ["open", "locked", "frozen", "owed"] {
        assert_eq!(settled[held], overrun[held]);
    }
}

/// The comparison that the demo is for.
pub(super) fn prepaid_terms_recover_half_of_what_the_standard_ones_do(played: &Played) {
    let [standard, prepaid] = played.outcomes.map(|outcome| outcome.share(outcome.recovered()));
    assert!(standard > Bps(9_500) && standard < Bps(10_000), "{standard:?}");
    assert!(prepaid > Bps(4_000) && prepaid < Bps(6_000), "{prepaid:?}");
    let means: Vec<f64> =
        played.distribution.summaries.iter().map(|summary| summary.recovery.value).collect();
    assert!(means[0] > means[2] + 0.3 && means[1] > means[2] + 0.3, "{means:?}");
}
