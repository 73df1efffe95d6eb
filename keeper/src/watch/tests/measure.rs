use {super::*, crate::watch::Payment, proptest::prelude::*};

#[test]
fn the_lien_covers_the_debt_at_the_price_the_loan_paid() {
    let measure = measured(&credit(), START);
    assert_eq!(
        (measure.debt, measure.lien_value, measure.coverage_bps),
        (MicroUsd(12_000 * USDC), MicroUsd(12_000 * USDC), Some(Bps(10_000)))
    );
    let used = with(|credit| {
        credit.collateral.consumed = 300_000;
        credit.collateral.frozen_for_other = 100_000;
    });
    let measure = measured(&used, START);
    assert_eq!(
        (measure.lien, measure.available, measure.coverage_bps),
        (Units(900_000), Units(800_000), Some(Bps(7_500)))
    );
    // Released units are worth something and secure nothing.
    let released = with(|credit| credit.collateral.released = 600_000);
    let measure = measured(&released, START);
    assert_eq!((measure.coverage_bps, measure.remaining_coverage_bps), (Some(Bps(5_000)), Some(Bps(10_000))));
    let repaid = with(|credit| credit.debt.principal = 0);
    assert_eq!(measured(&repaid, START).coverage_bps, None);
}

#[test]
fn a_haircut_is_taken_off() {
    let (settings, credit) =
        (WatchSettings { haircut_bps: Bps(2_500), ..WatchSettings::default() }, credit());
    let snapshot = snapshot(START, [(key(7), &credit)]);
    let track = Track::begin(&credit, &snapshot, settings.half_lives);
    let measure = measuring::measure(&key(7), &credit, &snapshot, &track, &settings);
    assert_eq!((measure.lien_value, measure.coverage_bps), (MicroUsd(9_000 * USDC), Some(Bps(7_500))));
}

#[test]
fn covered_units_are_worth_the_cash_that_was_held_back_for_them() {
    let settings = WatchSettings { haircut_bps: Bps(5_000), ..WatchSettings::default() };
    let credit = with(|credit| {
        credit.collateral.locked_at_issue = 600_000;
        credit.holdback_left = 3_000 * USDC;
    });
    let snapshot = snapshot(START, [(key(7), &credit)]);
    let track = Track::begin(&credit, &snapshot, settings.half_lives);
    let measure = measuring::measure(&key(7), &credit, &snapshot, &track, &settings);
    assert_eq!((measure.locked, measure.covered), (Units(600_000), Units(300_000)));
    assert_eq!(measure.held_back, MicroUsd(3_000 * USDC));
    // 900,000 units at half of 9,000 USDC, and 3,000 USDC in cash.
    assert_eq!((measure.lien_value, measure.coverage_bps), (MicroUsd(7_500 * USDC), Some(Bps(6_250))));
    assert_eq!(measure.remaining_value, measure.lien_value);
}

#[test]
fn locked_units_are_left_to_use() {
    let locked = measured(&with(|credit| credit.collateral.locked_at_issue = 600_000), START);
    let unlocked = measured(&credit(), START);
    assert_eq!((locked.available, locked.usable), (Units(600_000), Units(1_200_000)));
    assert_eq!((locked.exhausted_at, locked.usable), (unlocked.exhausted_at, unlocked.usable));
    let frozen = measured(&with(|credit| credit.collateral.frozen_for_other = 100_000), START);
    assert_eq!(frozen.usable, Units(1_100_000));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// The amounts of a payment that are shown beforehand are those that the program asks for on the day.
    #[test]
    fn the_payment_shown_is_what_accrual_asks_for_on_the_day(
        days in 0i64..400, paid_instalments in 0u64..12, apr_bps in 0u16..3_000, capitalised in 0u16..=10_000,
    ) {
        let credit = with(|credit| {
            credit.terms.apr_bps = apr_bps;
            credit.rider.pay_in_kind_bps = capitalised;
            credit.debt.schedule_paid = paid_instalments * 1_000 * USDC;
            credit.debt.principal -= credit.debt.schedule_paid;
        });
        let clock = START + days * DAY;
        let Some(payment) = measured(&credit, clock).next_payment else {
            let mut now = credit;
            now.accrue(clock).unwrap();
            let next = now.schedule().due_date(usize::from(now.debt.instalments_billed)).unwrap();
            if let Some(due) = next {
                now.accrue(due).unwrap();
                prop_assert_eq!(now.arrears(), 0);
            }
            return Ok(());
        };
        let due = payment.due_at.get();
        prop_assert!(due > clock);
        let mut then = credit;
        then.accrue(due).unwrap();
        prop_assert_eq!(payment.amount, MicroUsd(then.arrears()));
        let parts = [payment.principal, payment.interest, payment.late_fees];
        prop_assert_eq!(payment.amount, parts.into_iter().sum::<MicroUsd>());
        prop_assert_eq!(payment.late_fees, MicroUsd(then.debt.late_fees));
        let mut before = credit;
        before.accrue(due - 1).unwrap();
        prop_assert_eq!(before.debt.instalments_billed + 1, then.debt.instalments_billed, "the next due date");
    }
}

#[test]
fn the_first_payment_is_its_principal_and_thirty_days_of_interest() {
    let interest = 12_000 * USDC * 1_200 * 30 / (10_000 * 365);
    let expected = Payment {
        due_at: ChainTime(START + 30 * DAY),
        due_market_time: MarketTime(START + 30 * DAY),
        amount: MicroUsd(1_000 * USDC + interest),
        principal: MicroUsd(1_000 * USDC),
        interest: MicroUsd(interest),
        late_fees: MicroUsd::ZERO,
    };
    assert_eq!(measured(&credit(), START + DAY).next_payment, Some(expected));
}

#[test]
fn dates_are_by_the_chains_clock() {
    let credit = credit();
    let mut paused = (*snapshot(START + 10 * DAY, [(key(7), &credit)])).clone();
    paused.market.paused_seconds = 3_600;
    let settings = WatchSettings::default();
    let due_at = |snapshot: &Snapshot| {
        let track = Track::begin(&credit, snapshot, settings.half_lives);
        measuring::measure(&key(7), &credit, snapshot, &track, &settings).next_payment.unwrap().due_at
    };
    assert_eq!(due_at(&paused), ChainTime(START + 30 * DAY + 3_600));
    // A pause that stands puts it off until it ends by itself.
    paused.market.paused_at = paused.clock.get() - 100;
    paused.market.pause_expires_at = paused.clock.get() + 200;
    assert_eq!(due_at(&paused), ChainTime(START + 30 * DAY + 3_600 + 300));
}

#[test]
fn missed_payments_are_counted_from_the_oldest_unpaid() {
    let late = measured(&credit(), START + 65 * DAY);
    assert_eq!((late.missed, late.arrears_since), (2, Some(ChainTime(START + 30 * DAY))));
    assert_eq!(late.delinquent_from, Some(ChainTime(START + 35 * DAY)));
    assert_eq!(late.default_from, Some(ChainTime(START + 40 * DAY)));
    assert!(late.arrears > MicroUsd(2_000 * USDC));
    let current = measured(&credit(), START + 29 * DAY);
    assert_eq!((current.missed, current.arrears, current.arrears_since), (0, MicroUsd::ZERO, None));
}

#[test]
fn the_cure_period_ends_after_the_mark_of_default() {
    let defaulted = with(|credit| {
        credit.status = Status::Defaulted.byte();
        credit.defaulted_at = START + 41 * DAY;
    });
    assert_eq!(measured(&defaulted, START + 42 * DAY).cure_ends_at, Some(ChainTime(START + 48 * DAY)));
    assert_eq!(measured(&credit(), START).cure_ends_at, None);
}

#[test]
fn utilisation_is_measured_as_the_program_measures_it() {
    let covenant = |used: u64, reported_at: i64| {
        with(|credit| {
            credit.rider.covenant_window = 10 * DAY as u32;
            credit.rider.planned_units = 10_000;
            (credit.rider.low_bps, credit.rider.high_bps) = (6_000, 9_000);
            credit.covenant.measured_at = START;
            credit.collateral.consumed = used;
            credit.meter.reported_at = reported_at;
        })
    };
    let used = measured(&covenant(3_500, START + 5 * DAY), START + 6 * DAY).utilisation.unwrap();
    assert_eq!((used.bps, used.seconds, used.can_fall_short), (Bps(7_000), 5 * DAY as u64, true));
    assert_eq!(measured(&covenant(0, START), START).utilisation, None, "no report in the window");
    let mut frozen = covenant(3_500, START + 5 * DAY);
    for at in [START, START + DAY] {
        frozen.meter.frozen_at_chain = at;
        assert!(!measured(&frozen, START + 6 * DAY).utilisation.unwrap().can_fall_short);
    }
    assert_eq!(measured(&credit(), START).utilisation, None, "no covenant");
}

#[test]
fn accounts_that_make_no_sense_do_not_panic() {
    let odd = with(|credit| {
        credit.status = 99;
        credit.instalment_count = 255;
        credit.debt.principal = u64::MAX;
        credit.debt.arrears_since = i64::MIN;
        credit.terms.units = 0;
        credit.issued_at = i64::MAX;
        credit.defaulted_at = i64::MAX;
    });
    let measure = measured(&odd, START);
    assert_eq!(measure.status, None);
    let json = serde_json::to_value(&measure).unwrap();
    assert_eq!(
        (json["status"].as_str(), json["lender"].as_str()),
        (Some("unknown"), Some(key(1).to_string().as_str()))
    );
    assert!(!all_findings(&[&measure], &WatchSettings::default()).is_empty());
}
