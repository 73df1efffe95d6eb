use {
    super::*,
    crate::path::{DefaultOutcome, Outcome},
};

#[test]
fn quantiles_are_those_of_the_values_to_a_bin() {
    let mut histogram = Histogram::new(1.0, 1_000);
    (0..10_000).for_each(|index| histogram.add(f64::from(index) / 10_000.0));
    for at in [0.05, 0.25, 0.5, 0.95] {
        let estimate = histogram.quantile(at);
        assert!((estimate.value - at).abs() <= 0.001, "{at}: {estimate:?}");
        let half = Z95 * (at * (1.0 - at) / 10_000.0).sqrt();
        assert!(
            (estimate.low - (at - half)).abs() <= 0.0015 && (estimate.high - (at + half)).abs() <= 0.0015
        );
    }
}

#[test]
fn values_beyond_the_end_count_in_the_last_bin() {
    let mut histogram = Histogram::new(1.0, 10);
    [0.0, 1.0, 7.0].into_iter().for_each(|value| histogram.add(value));
    assert_eq!(histogram.quantile(0.99).value, 1.0);
    assert_eq!(histogram.count(), 3);
    assert_eq!(Histogram::new(1.0, 10).quantile(0.5).value, 0.0);
}

#[test]
fn a_ratio_is_weighted_by_the_whole_and_covers_its_mean_as_often_as_it_says() {
    let mut sums = RatioSums::default();
    [(0, 100), (300, 300)].into_iter().for_each(|(part, whole)| sums.add(part, whole));
    assert_eq!(sums.ratio().value, 0.75);
    // 500 samples of 200 loans with a true ratio of one half.
    let mut covered = 0;
    let mut state = 1u64;
    let mut draw = || {
        state = crate::random::mix(state);
        state % 1_000
    };
    for _ in 0..500 {
        let mut sums = RatioSums::default();
        for _ in 0..200 {
            let whole = 1_000 + draw();
            sums.add(whole * draw() / 999, whole);
        }
        let ratio = sums.ratio();
        covered += u32::from(ratio.low < 0.5 && 0.5 < ratio.high);
    }
    assert!((455..=490).contains(&covered), "{covered} of 500");
}

#[test]
fn a_proportion_stays_within_its_ends() {
    let none = Estimate::proportion(0, 20);
    assert_eq!((none.value, none.low), (0.0, 0.0));
    assert!(none.high > 0.1 && none.high < 0.2);
    assert_eq!(Estimate::proportion(0, 0), Estimate::default());
}

fn outcome(debt: u64, recovered: u64) -> Outcome {
    Outcome {
        principal: 1_000,
        receipts: 900 + recovered,
        days: 10,
        used: 50,
        waited: 25,
        default: Some(DefaultOutcome { debt, from_sales: recovered, ..DefaultOutcome::default() }),
        ..Outcome::default()
    }
}

#[test]
fn tallies_add_up_in_any_order() {
    let outcomes: Vec<Outcome> = (1..100).map(|index| outcome(100 + index, index * 7 % 90)).collect();
    let (mut whole, mut left, mut right) = (Tally::default(), Tally::default(), Tally::default());
    outcomes.iter().for_each(|outcome| whole.add(outcome));
    outcomes.iter().enumerate().for_each(
        |(index, outcome)| {
            if index % 3 == 0 { left.add(outcome) } else { right.add(outcome) }
        },
    );
    right.merge(&left);
    assert_eq!(whole, right);
}

#[test]
fn a_loan_without_a_default_has_no_loss() {
    let mut tally = Tally::default();
    tally.add(&Outcome { default: None, ..outcome(0, 0) });
    tally.add(&outcome(200, 50));
    assert_eq!(tally.loss.ratio().value, 150.0 / 2_000.0);
    assert_eq!(tally.recovery.count(), 1);
    assert_eq!(tally.share_below_half().value, 1.0);
    assert_eq!(tally.profit().0, (-100.0 - 50.0) / 2.0);
}
