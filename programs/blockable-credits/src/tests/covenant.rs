use {
    super::*,
    crate::{
        covenant::{Outcome, call_top_up, outcome, utilisation_bps},
        state::Rider,
        units::Overflow,
    },
};

/// Steps of half a percent between 8 % and 12 %, from a high threshold of 90 % and a low one of 60 %.
const RIDER: Rider = Rider {
    planned_units: 1_000,
    reserve: 0,
    covenant_window: 100,
    high_bps: 9_000,
    low_bps: 6_000,
    apr_step_bps: 50,
    apr_floor_bps: 800,
    apr_ceiling_bps: 1_200,
    top_up_bps: 250,
    pay_in_kind_bps: 0,
    breach_notice: 0,
    cross_default: 0,
    reserved: [0; 4],
};

fn measured(apr_bps: u16, utilisation: u64, can_fall_short: bool) -> Outcome {
    outcome(&RIDER, apr_bps, utilisation, 1_001, can_fall_short).unwrap()
}

/// Moves one micro-USDC after the other from the last instalment that has one.
fn one_by_one(principal: &mut [u64], next: usize, amount: u64) -> u64 {
    for moved in 0..amount {
        match (next + 1..principal.len()).rev().find(|later| principal[*later] > 0) {
            Some(later) => (principal[later], principal[next]) = (principal[later] - 1, principal[next] + 1),
            None => return moved,
        }
    }
    amount
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn utilisation_is_the_exact_share_rounded_down(used: u64, planned in 1u64.., window: u32, seconds in 1u64..) {
        let plan = u128::from(planned) * u128::from(seconds);
        let done = u128::from(used) * u128::from(window) * 10_000;
        let share = utilisation_bps(used, planned, window, seconds).unwrap();
        let below = u128::from(share).checked_mul(plan).and_then(|share| done.checked_sub(share));
        match below {
            Some(rest) if share < u64::MAX => prop_assert!(rest < plan),
            Some(_) => {}
            None => prop_assert!(false, "rounded up"),
        }
    }

    #[test]
    fn using_the_plan_is_one_whole_over_any_time(planned in 1u64..1 << 30, window in 1u32..1 << 20, times in 1u64..1 << 10) {
        let seconds = u64::from(window) * times;
        prop_assert_eq!(utilisation_bps(planned * times, planned, window, seconds), Ok(10_000));
        prop_assert!(utilisation_bps(planned * times, planned, window, seconds + 1).unwrap() < 10_000);
        prop_assert_eq!(utilisation_bps(0, planned, window, seconds), Ok(0));
    }

    #[test]
    fn more_use_is_never_a_lower_share(uses: [u64; 2], planned in 1u64.., window: u32, seconds in 1u64..) {
        let share = |used| utilisation_bps(used, planned, window, seconds).unwrap();
        prop_assert!(share(uses[0].min(uses[1])) <= share(uses[0].max(uses[1])));
    }

    #[test]
    fn no_measurement_makes_it_panic(
        numbers: [u64; 4], window: u32, rates: [u16; 7], apr_bps: u16, can_fall_short: bool,
        mut principal in prop::collection::vec(any::<u64>(), 0..=36), next: usize,
    ) {
        let _ = utilisation_bps(numbers[0], numbers[1], window, numbers[2]);
        let [high_bps, low_bps, apr_step_bps, apr_floor_bps, apr_ceiling_bps, top_up_bps, _] = rates;
        let rider = Rider {
            high_bps, low_bps, apr_step_bps, apr_floor_bps, apr_ceiling_bps, top_up_bps, ..Rider::default()
        };
        let _ = outcome(&rider, apr_bps, numbers[0], numbers[3], can_fall_short);
        let _ = call_top_up(&mut principal, next, numbers[1]);
    }

    /// The APR walks up and down in steps and never leaves its bounds.
    #[test]
    fn the_apr_stays_between_floor_and_ceiling(
        utilisations in prop::collection::vec((0u64..20_000, any::<bool>()), 1..60), step in 0u16..700,
    ) {
        let rider = Rider { apr_step_bps: step, ..RIDER };
        let mut apr = 1_000u16;
        for (utilisation, can_fall_short) in utilisations {
            let Outcome { apr_bps, top_up } =
                outcome(&rider, apr, utilisation, 1_001, can_fall_short).unwrap();
            let falls_short = utilisation < 6_000 && can_fall_short;
            let expected = match utilisation {
                9_000.. => (i32::from(apr) - i32::from(step)).max(800),
                _ if falls_short => (i32::from(apr) + i32::from(step)).min(1_200),
                _ => i32::from(apr),
            };
            prop_assert_eq!(i32::from(apr_bps), expected);
            // 2.5 % of 1,001 rounded up.
            prop_assert_eq!(top_up, if falls_short { 26 } else { 0 });
            apr = apr_bps;
        }
    }

    #[test]
    fn a_top_up_moves_one_by_one_from_the_end(
        mut principal in prop::collection::vec(0u64..30, 0..=36), next in 0usize..40, amount in 0u64..200,
    ) {
        let (before, mut slow) = (principal.clone(), principal.clone());
        let moved = call_top_up(&mut principal, next, amount).unwrap();
        prop_assert_eq!(moved, one_by_one(&mut slow, next, amount));
        prop_assert_eq!(&principal, &slow);
        prop_assert_eq!(principal.iter().sum::<u64>(), before.iter().sum::<u64>());
        let kept = next.min(before.len());
        prop_assert_eq!(&principal[..kept], &before[..kept]);
        prop_assert!(moved <= amount);
        prop_assert!(principal.iter().zip(&before).skip(next + 1).all(|(after, before)| after <= before));
    }

    #[test]
    fn two_top_ups_are_one_of_their_sum(
        principal in prop::collection::vec(0u64..1 << 50, 1..=36), next in 0usize..36,
        amounts in (0u64..1 << 50, 0u64..1 << 50),
    ) {
        let (mut split, mut whole) = (principal.clone(), principal);
        let parts = call_top_up(&mut split, next, amounts.0).unwrap()
            + call_top_up(&mut split, next, amounts.1).unwrap();
        prop_assert_eq!(parts, call_top_up(&mut whole, next, amounts.0 + amounts.1).unwrap());
        prop_assert_eq!(split, whole);
    }
}

#[test]
fn the_thresholds_hold_to_the_basis_point() {
    let (down, stays, up) = (950, 1_000, 1_050);
    let apr = |utilisation| measured(1_000, utilisation, true).apr_bps;
    assert_eq!([9_001, 9_000, 8_999].map(apr), [down, down, stays]);
    assert_eq!([6_001, 6_000, 5_999, 0].map(apr), [stays, stays, up, up]);
    assert_eq!(apr(u64::MAX), down);
}

#[test]
fn steps_end_at_the_floor_and_at_the_ceiling() {
    let apr = |from, utilisation| measured(from, utilisation, true).apr_bps;
    assert_eq!([851, 850, 849, 800].map(|from| apr(from, 10_000)), [801, 800, 800, 800]);
    assert_eq!([1_149, 1_150, 1_151, 1_200].map(|from| apr(from, 0)), [1_199, 1_200, 1_200, 1_200]);
}

#[test]
fn a_top_up_is_called_below_the_low_threshold_alone() {
    assert_eq!(measured(1_000, 5_999, true).top_up, 26);
    assert_eq!(measured(1_200, 0, true), Outcome { apr_bps: 1_200, top_up: 26 });
    assert_eq!(measured(1_000, 6_000, true).top_up, 0);
    assert_eq!(measured(1_000, 10_000, true).top_up, 0);
}

#[test]
fn who_could_not_use_its_units_has_not_fallen_short() {
    assert_eq!(measured(1_000, 0, false), Outcome { apr_bps: 1_000, top_up: 0 });
    assert_eq!(measured(1_000, 9_000, false), Outcome { apr_bps: 950, top_up: 0 });
}

#[test]
fn a_plan_or_a_time_of_zero_is_refused() {
    assert_eq!(utilisation_bps(1, 0, 1, 1), Err(Overflow));
    assert_eq!(utilisation_bps(1, 1, 1, 0), Err(Overflow));
    assert_eq!(utilisation_bps(u64::MAX, 1, u32::MAX, 1), Ok(u64::MAX));
    assert_eq!(utilisation_bps(u64::MAX, u64::MAX, u32::MAX, u64::MAX), Ok(0));
}

#[test]
fn the_last_instalments_are_moved_first_and_earlier_ones_never() {
    let mut principal = [10, 20, 30, 40];
    assert_eq!(call_top_up(&mut principal, 1, 45), Ok(45));
    assert_eq!(principal, [10, 65, 25, 0]);
    assert_eq!(call_top_up(&mut principal, 1, 45), Ok(25));
    assert_eq!(principal, [10, 90, 0, 0]);
    assert_eq!(call_top_up(&mut principal, 1, 1), Ok(0));
    assert_eq!(call_top_up(&mut principal, 3, 1), Ok(0));
    assert_eq!(call_top_up(&mut principal, 4, 1), Ok(0));
    assert_eq!(principal, [10, 90, 0, 0]);
    assert_eq!(call_top_up(&mut [u64::MAX, 1], 0, 1), Err(Overflow));
}
