use {
    super::DAY,
    crate::watch::burn::{Burn, HalfLives, exhausted_at},
    blockable_sdk::amounts::{ChainTime, Units},
    proptest::prelude::*,
};

const HALF_LIVES: HalfLives = HalfLives { short: DAY as u64, long: 7 * DAY as u64 };

/// Takes in a reading of units at a time.
fn read(burn: &mut Burn, at: i64, consumed: u64) {
    burn.read(ChainTime(at), Units(consumed), HALF_LIVES);
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    /// A mean lies between the least and the greatest of what it is of.
    #[test]
    fn rates_stay_between_the_slowest_and_the_fastest_reading(
        readings in prop::collection::vec((1i64..200_000, 0u64..1 << 40), 1..60),
    ) {
        let mut burn = Burn::begin(ChainTime(1_000), Units(5));
        let (mut at, mut consumed) = (1_000, 5);
        let (mut least, mut most) = (f64::MAX, 0f64);
        for (seconds, used) in readings {
            (at, consumed) = (at + seconds, consumed + used);
            read(&mut burn, at, consumed);
            let rate = used as f64 / seconds as f64;
            (least, most) = (least.min(rate), most.max(rate));
            for mean in [burn.short_rate(), burn.long_rate()] {
                prop_assert!(mean >= least * (1.0 - 1e-9) - 1e-9 && mean <= most * (1.0 + 1e-9) + 1e-9);
            }
        }
    }

    #[test]
    fn a_steady_rate_is_found_however_it_is_read(rate in 0u64..1 << 20, steps in prop::collection::vec(1i64..90_000, 1..40)) {
        let (mut burn, mut at) = (Burn::begin(ChainTime(0), Units(0)), 0);
        for step in steps {
            at += step;
            read(&mut burn, at, rate * at as u64);
        }
        prop_assert!((burn.short_rate() - rate as f64).abs() <= 1e-6 * rate as f64);
        prop_assert!((burn.long_rate() - rate as f64).abs() <= 1e-6 * rate as f64);
    }

    #[test]
    fn no_reading_makes_it_panic_or_lose_its_number(readings in prop::collection::vec((any::<i64>(), any::<u64>()), 0..20)) {
        let mut burn = Burn::begin(ChainTime(0), Units(0));
        for (at, consumed) in readings {
            read(&mut burn, at, consumed);
            prop_assert!(burn.short_rate().is_finite() && burn.short_rate() >= 0.0);
            prop_assert!(burn.idle_seconds() >= 0);
        }
        let text = serde_json::to_string(&burn).unwrap();
        prop_assert!(serde_json::from_str::<Burn>(&text).is_ok());
    }

    #[test]
    fn exhaustion_is_when_the_rate_has_used_what_is_available(now in 0i64..1 << 32, available in 1u64..1 << 40, rate in 1u64..1 << 20) {
        let at = exhausted_at(ChainTime(now), Units(available), rate as f64);
        let exact = now + (available / rate) as i64;
        prop_assert!(at.is_none_or(|at| at.seconds_since(ChainTime(exact)).abs() <= 1));
        let faster = exhausted_at(ChainTime(now), Units(available), (rate + 1) as f64);
        prop_assert!(at.is_none() || faster <= at, "more use never lasts longer");
    }
}

#[test]
fn a_half_life_of_other_use_moves_the_rate_half_way() {
    let mut burn = Burn::begin(ChainTime(0), Units(0));
    // Long enough that what came before has no weight.
    read(&mut burn, 100 * DAY, 100 * DAY as u64 * 10);
    read(&mut burn, 101 * DAY, 100 * DAY as u64 * 10 + DAY as u64 * 30);
    assert!((burn.short_rate() - 20.0).abs() < 0.01, "{}", burn.short_rate());
    assert!(burn.long_rate() < 12.0);
    assert!(burn.ratio().unwrap() > 1.6);
}

#[test]
fn readings_of_a_node_that_lags_change_nothing() {
    let mut burn = Burn::begin(ChainTime(100), Units(50));
    read(&mut burn, 200, 150);
    let before = burn;
    read(&mut burn, 200, 999);
    read(&mut burn, 150, 999);
    read(&mut burn, 300, 149);
    assert_eq!(burn, before);
}

#[test]
fn idle_is_since_use_last_rose() {
    let mut burn = Burn::begin(ChainTime(0), Units(0));
    read(&mut burn, DAY, 10);
    read(&mut burn, 3 * DAY, 10);
    assert_eq!(
        (burn.used_at(), burn.idle_seconds(), burn.observed_seconds()),
        (ChainTime(DAY), 2 * DAY, 3 * DAY)
    );
}

#[test]
fn what_is_not_used_is_never_exhausted_and_nothing_left_is_exhausted_now() {
    assert_eq!(exhausted_at(ChainTime(5), Units(100), 0.0), None);
    assert_eq!(exhausted_at(ChainTime(5), Units(100), f64::NAN), None);
    assert_eq!(exhausted_at(ChainTime(5), Units(u64::MAX), 1e-9), None);
    assert_eq!(exhausted_at(ChainTime(5), Units(0), 0.0), Some(ChainTime(5)));
    assert_eq!(exhausted_at(ChainTime(5), Units(100), 10.0), Some(ChainTime(15)));
}
