use super::*;

fn covenant_of(used: u64, days: i64, change: impl FnOnce(&mut Credit)) -> Measure {
    let credit = with(|credit| {
        credit.rider.covenant_window = 10 * DAY as u32;
        credit.rider.planned_units = 10_000;
        (credit.rider.low_bps, credit.rider.high_bps) = (6_000, 9_000);
        credit.covenant.measured_at = START;
        credit.collateral.consumed = used;
        credit.meter.reported_at = START + days * DAY;
        change(credit);
    });
    measured(&credit, START + days * DAY)
}

#[test]
fn a_healthy_loan_raises_nothing() {
    let measure = measured(&credit(), START + DAY);
    let findings = all_findings(&[&measure], &WatchSettings::default());
    assert_eq!(findings.len(), 15);
    for finding in findings {
        assert_eq!(level_of(finding.clone()), Level::Clear, "{finding:?}");
    }
}

#[test]
fn every_alert_that_is_raised_says_what_it_means_and_what_to_do() {
    let mut bad = measured(&credit(), START + 65 * DAY);
    bad.status = Some(Status::Defaulted);
    bad.frozen = Units(10);
    bad.burn_ratio = Some(9.0);
    bad.exhausted_at = Some(bad.at.plus_seconds(DAY));
    bad.coverage_bps = Some(Bps(1_000));
    bad.new_overrun = Units(7);
    bad.idle_seconds = 30 * DAY;
    let findings = all_findings(&[&bad], &WatchSettings::default());
    let raised = findings.iter().filter(|finding| level_of((*finding).clone()) == Level::Raise);
    let raised: Vec<&Finding> = raised.collect();
    assert!(raised.len() >= 7, "{raised:?}");
    for finding in raised {
        let Text { happened, meaning, next_step } = text(finding);
        for text in [happened, meaning, next_step] {
            assert!(text.len() > 20 && text.ends_with('.'), "{}: `{text}`", finding.rule());
        }
        assert_eq!(finding.parties(), Some(Parties { lender: key(1), borrower: key(2) }));
    }
}

#[test]
fn coverage_is_found_below_its_threshold_and_again_safe_above_the_other() {
    let at =
        |bps| level(Rule::Coverage, &Measure { coverage_bps: Some(Bps(bps)), ..measured(&credit(), START) });
    assert_eq!(
        [7_999, 8_000, 8_001, 8_499, 8_500].map(at),
        [Level::Raise, Level::Raise, Level::Hold, Level::Hold, Level::Clear]
    );
    let finding = found(
        Rule::Coverage,
        &Measure {
            coverage_bps: Some(Bps(7_000)),
            lien_value: MicroUsd(8_400 * USDC),
            ..measured(&credit(), START)
        },
    );
    let happened = text(&finding).happened;
    assert!(
        happened.contains("1,200,000 units is worth $8,400.00 against a debt of $12,000.00: 70 %"),
        "{happened}"
    );
}

#[test]
fn exhaustion_waits_for_a_record_and_is_not_what_a_freeze_closes() {
    let base = measured(&credit(), START + 10 * DAY);
    let left = |days: i64| Measure { exhausted_at: Some(base.at.plus_seconds(days * DAY)), ..base.clone() };
    assert_eq!(
        [13, 14, 15, 21].map(|days| level(Rule::Exhaustion, &left(days))),
        [Level::Raise, Level::Raise, Level::Hold, Level::Clear]
    );
    let young = Measure { burn_is_settled: false, ..left(1) };
    assert_eq!(level(Rule::Exhaustion, &young), Level::Hold);
    assert_eq!(level(Rule::Exhaustion, &Measure { usable: Units::ZERO, ..left(0) }), Level::Hold);
    assert_eq!(
        level(Rule::Exhaustion, &Measure { usable: Units::ZERO, remaining: Units::ZERO, ..left(0) }),
        Level::Raise
    );
    assert_eq!(level(Rule::Exhaustion, &Measure { exhausted_at: None, ..base.clone() }), Level::Clear);
    assert_eq!(level(Rule::Exhaustion, &Measure { status: Some(Status::Repaid), ..left(1) }), Level::Clear);
}

#[test]
fn use_that_has_sped_up_is_found_by_its_ratio() {
    let base = measured(&credit(), START + 10 * DAY);
    let at = |ratio| level(Rule::BurnRate, &Measure { burn_ratio: Some(ratio), ..base.clone() });
    assert_eq!([2.5, 2.0, 1.7, 1.5].map(at), [Level::Raise, Level::Raise, Level::Hold, Level::Clear]);
    assert_eq!(level(Rule::BurnRate, &base), Level::Clear, "no use at all");
}

#[test]
fn a_payment_is_found_before_it_is_due_and_its_alert_ends_with_it() {
    let due = |days| level(Rule::PaymentDue, &measured(&credit(), START + days * DAY));
    assert_eq!([10, 22, 23, 29].map(due), [Level::Clear, Level::Clear, Level::Raise, Level::Raise]);
    let happened = text(&found(Rule::PaymentDue, &measured(&credit(), START + 25 * DAY))).happened;
    assert!(
        happened.starts_with("$1,118.36 fall due on 2027-02-15 00:00 UTC: $1,000.00 principal"),
        "{happened}"
    );
}

#[test]
fn the_way_down_is_found_step_by_step() {
    let at = |status: Status, days| {
        let credit = with(|credit| credit.status = status.byte());
        let measure = measured(&credit, START + days * DAY);
        [Rule::PaymentMissed, Rule::Delinquent, Rule::Defaulted].map(|rule| level(rule, &measure))
    };
    use Level::{Clear, Hold, Raise};
    assert_eq!(at(Status::Active, 29), [Clear, Clear, Clear]);
    assert_eq!(at(Status::Active, 31), [Raise, Clear, Clear]);
    assert_eq!(at(Status::Delinquent, 36), [Raise, Raise, Clear]);
    assert_eq!(at(Status::Defaulted, 41), [Raise, Hold, Raise]);
    assert_eq!(at(Status::Seizing, 50), [Hold, Hold, Hold]);
    assert_eq!(at(Status::Repaid, 50), [Clear, Clear, Clear]);
    let defaulted = with(|credit| {
        credit.status = Status::Defaulted.byte();
        credit.defaulted_at = START + 41 * DAY;
    });
    let finding = found(Rule::Defaulted, &measured(&defaulted, START + 41 * DAY));
    let meaning = text(&finding).meaning;
    assert!(meaning.contains("The cure period ends on 2027-03-05 00:00 UTC"), "{meaning}");
    assert_eq!(evaluated(finding, &Rules::default()).1, Severity::Critical);
}

#[test]
fn covenant_thresholds_hold_to_the_basis_point() {
    // Of 5,000 units planned for half the window.
    let low = |used| level(Rule::CovenantLow, &covenant_of(used, 5, |_| {}));
    let high = |used| level(Rule::CovenantHigh, &covenant_of(used, 5, |_| {}));
    use Level::{Clear, Hold, Raise};
    assert_eq!([2_999, 3_000, 3_249, 3_250].map(low), [Raise, Hold, Hold, Clear]);
    assert_eq!([4_500, 4_499, 4_250, 4_249].map(high), [Raise, Hold, Hold, Clear]);
}

#[test]
fn a_covenant_is_silent_early_in_its_window_and_where_the_borrower_could_not_use_its_units() {
    assert_eq!(level(Rule::CovenantLow, &covenant_of(0, 2, |_| {})), Level::Clear);
    assert_eq!(level(Rule::CovenantLow, &covenant_of(0, 3, |_| {})), Level::Raise);
    let frozen = covenant_of(0, 5, |credit| credit.collateral.frozen_for_other = 1);
    assert_eq!(level(Rule::CovenantLow, &frozen), Level::Clear);
    assert_eq!(level(Rule::Frozen, &frozen), Level::Raise);
}

#[test]
fn a_switch_is_idleness_here_and_use_at_another_provider() {
    let used = |credit: u8, provider: u8, days_ago: i64| Measure {
        credit: key(credit),
        provider: key(provider),
        idle_seconds: days_ago * DAY,
        used_at: ChainTime(START - days_ago * DAY),
        burn_rate: 1.0,
        ..measured(&credit_now(), START)
    };
    let switch = |measures: &[&Measure], credit: u8| {
        find(&all_findings(measures, &WatchSettings::default()), Rule::ProviderSwitch, key(credit))
    };
    let level = |measures: &[&Measure], credit: u8| level_of(switch(measures, credit));
    let (idle, moved, same, cold) = (used(20, 3, 4), used(21, 4, 0), used(22, 3, 0), used(23, 5, 4));
    let (seconds, credit, provider) = (4 * DAY, key(21), key(4));
    let expected = Fact::ProviderSwitch { seconds, credit, provider };
    assert_eq!(switch(&[&idle, &moved], 20).fact(), Some(&expected));
    assert_eq!(level(&[&idle, &moved], 20), Level::Raise);
    assert_eq!(level(&[&idle, &moved], 21), Level::Clear);
    assert_eq!(level(&[&idle, &same], 20), Level::Clear, "the same provider");
    assert_eq!(level(&[&idle, &cold], 20), Level::Clear, "no use there either");
    assert_eq!(
        level(&[&idle, &same, &moved], 20),
        Level::Raise,
        "used last at its own, but elsewhere as well"
    );
    let other_borrower = Measure { borrower: key(99), ..moved.clone() };
    assert_eq!(level(&[&idle, &other_borrower], 20), Level::Clear);
    assert_eq!(level(&[&used(20, 3, 2), &moved], 20), Level::Hold);
}

fn credit_now() -> Credit {
    with(|credit| credit.issued_at = START - 30 * DAY)
}

#[test]
fn a_stall_is_found_on_the_market() {
    let stall = |lost_seconds| {
        let market = finding_out::MarketState { key: key(9), lost_seconds };
        find(&finding_out::findings(&BTreeMap::new(), &market, Bps(500)), Rule::Stall, key(9))
    };
    assert_eq!(stall(600).parties(), None);
    let levels = [600, 30, 0].map(|lost| level_of(stall(lost)));
    assert_eq!(levels, [Level::Raise, Level::Hold, Level::Clear]);
}

/// The borrower has days to pay before each act, and knows of it.
#[test]
fn each_act_against_a_borrower_is_told_days_before_it_can_be_made() {
    let at = |status, days_left: i64| {
        let mut measure = measured(&credit(), START + 32 * DAY);
        let at = Some(measure.at.plus_seconds(days_left * DAY));
        (measure.status, measure.missed) = (Some(status), 1);
        (measure.delinquent_from, measure.default_from, measure.cure_ends_at) = (at, at, at);
        level(Rule::ActAhead, &measure)
    };
    for status in [Status::Active, Status::Delinquent, Status::Defaulted] {
        assert_eq!(
            [5, 4, 3, 1, 0].map(|days| at(status, days)),
            [Level::Clear, Level::Clear, Level::Raise, Level::Raise, Level::Clear],
            "{status:?}"
        );
    }
    let mut paid = measured(&credit(), START + 32 * DAY);
    paid.missed = 0;
    assert_eq!(level(Rule::ActAhead, &paid), Level::Clear);
}
