use {
    super::*,
    crate::{state::Market, units::Overflow},
};

/// Counts a pause that has ended or expired.
fn count_pause(market: &mut Market, now: i64) {
    if market.paused_at != 0 {
        market.paused_seconds += (now.min(market.pause_expires_at) - market.paused_at) as u64;
        (market.paused_at, market.pause_expires_at) = (0, 0);
    }
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn market_time_counts_the_seconds_that_are_not_paused(
        start in 1i64..1 << 40, pauses in prop::collection::vec((0i64..40, 1i64..40, 0i64..60), 1..8),
    ) {
        let mut market = Market::zeroed();
        let (mut now, mut expected) = (start, start);
        for (wait, length, look) in pauses {
            // `wait` seconds open, a pause announced for `length`, ended or replaced after `look`.
            for _ in 0..wait {
                prop_assert!(!market.is_paused(now));
                prop_assert_eq!(market.market_time(now), Ok(expected));
                (now, expected) = (now + 1, expected + 1);
            }
            (market.paused_at, market.pause_expires_at) = (now, now + length);
            for second in 0..look {
                let paused = second < length;
                prop_assert_eq!(market.is_paused(now), paused);
                prop_assert_eq!(market.market_time(now), Ok(expected));
                (now, expected) = (now + 1, if paused { expected } else { expected + 1 });
            }
            count_pause(&mut market, now);
            prop_assert_eq!(market.market_time(now), Ok(expected));
        }
    }

    #[test]
    fn market_time_never_runs_backwards_nor_faster_than_the_chain(
        paused_seconds in 0u64..1 << 40, paused_at in 0i64..1 << 40, length in 0i64..1 << 20,
        mut times: [u32; 2],
    ) {
        let pause_expires_at = paused_at + length;
        let market = Market { paused_seconds, paused_at, pause_expires_at, ..Market::zeroed() };
        times.sort_unstable();
        let [earlier, later] = times.map(|seconds| paused_at + i64::from(seconds));
        let passed = market.market_time(later).unwrap() - market.market_time(earlier).unwrap();
        prop_assert!((0..=later - earlier).contains(&passed));
    }
}

#[test]
fn a_pause_begins_and_ends_on_the_second() {
    let market = Market { paused_at: 100, pause_expires_at: 110, ..Market::zeroed() };
    assert!(market.is_paused(100) && market.is_paused(109) && !market.is_paused(110));
    let times = [100, 101, 109, 110, 111, 200].map(|now| market.market_time(now).unwrap());
    assert_eq!(times, [100, 100, 100, 100, 101, 190]);
    assert!(!Market::zeroed().is_paused(0) && !Market::zeroed().is_paused(i64::MIN));
}

#[test]
fn times_that_do_not_fit_are_an_overflow() {
    let market = Market { paused_seconds: u64::MAX, ..Market::zeroed() };
    assert_eq!(market.market_time(0), Err(Overflow));
    let market = Market { paused_seconds: 1, ..Market::zeroed() };
    assert_eq!(market.market_time(i64::MIN), Err(Overflow));
}
