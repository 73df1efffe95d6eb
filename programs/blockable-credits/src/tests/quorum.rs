//! The reading that a quorum of reports gives.

use {
    super::*,
    crate::{
        quorum::{QuorumReading, lower_median, quorum_reading},
        state::MAX_REPORTERS,
    },
};

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn the_lower_median_is_the_least_value_that_half_do_not_exceed(
        values in prop::collection::vec(0u8..20, 1..=8),
    ) {
        let half = |value: &u8| values.iter().filter(|other| *other <= value).count() * 2 >= values.len();
        let expected = values.iter().copied().filter(half).min();
        prop_assert_eq!(lower_median(&values), expected);
    }

    #[test]
    fn fewer_than_half_the_reporters_cannot_move_the_median_out_of_the_others_range(
        honest in prop::collection::vec(any::<u64>(), 1..=5),
        liars in prop::collection::vec(any::<u64>(), 0..=4),
    ) {
        let mut values = honest.clone();
        values.extend(liars.iter().take(honest.len() - 1));
        let median = lower_median(&values).unwrap();
        prop_assert!(honest.iter().min().unwrap() <= &median && &median <= honest.iter().max().unwrap());
    }
}

#[test]
fn no_reporter_has_no_median() {
    assert_eq!(lower_median::<u64>(&[]), None);
    assert_eq!(lower_median(&[4, 1]), Some(1));
    assert_eq!(lower_median(&[4, 1, 9]), Some(4));
}

fn reading(cumulative: u64, in_flight: u64, reported_at: i64) -> Reading {
    Reading { cumulative, in_flight, reported_at }
}

#[test]
fn one_reporters_whole_reading_is_chosen() {
    let of = |readings: &[Reading]| quorum_reading(readings).unwrap();
    let [first, second, third] = [reading(10, 50, 300), reading(20, 45, 100), reading(30, 40, 200)];
    assert_eq!(of(&[first]), QuorumReading { reading: first, latest_at: 300 });
    assert_eq!(of(&[third, first, second]), QuorumReading { reading: second, latest_at: 300 });
    assert_eq!(of(&[third, second]), QuorumReading { reading: second, latest_at: 200 });
    // Where use is equal, the earlier reading counts, then the one whose report stands first.
    let [early, late, other] = [reading(10, 5, 100), reading(10, 5, 101), reading(10, 4, 100)];
    assert_eq!(of(&[late, early]).reading, early);
    assert_eq!((of(&[early, other]).reading.in_flight, of(&[other, early]).reading.in_flight), (4, 4));
    assert_eq!(quorum_reading(&[]), None);
    assert_eq!(quorum_reading(&[first; MAX_REPORTERS + 1]), None);
    assert!(quorum_reading(&[first; MAX_REPORTERS]).is_some());
}

/// The liar repeats the use of an honest reporter, with a date before the freeze and all units in flight.
#[test]
fn a_liar_that_repeats_anothers_use_neither_dates_it_nor_promises_units() {
    let freeze_at = 1_000;
    let honest = [reading(700, 90, 1_010), reading(710, 80, 1_012)];
    let liar = reading(700, u64::MAX, freeze_at - 1);
    for readings in [&[liar, honest[0]][..], &[honest[0], liar, honest[1]]] {
        let QuorumReading { reading, latest_at } = quorum_reading(readings).unwrap();
        assert!(latest_at > freeze_at, "counts as use after the freeze");
        assert_eq!((reading.cumulative, reading.in_flight), (700, 90));
    }
}

/// Honest readings, and at most as many by liars.
fn quorums() -> impl Strategy<Value = (Vec<Reading>, Vec<Reading>)> {
    let value = || (0u64..1_000, 0u64..1_000, 0i64..1_000);
    let readings =
        move |count| prop::collection::vec(value().prop_map(|(c, f, at)| reading(c, f, at)), count);
    (1usize..=4, 0usize..=3).prop_flat_map(move |(honest, liars)| {
        (readings(honest..honest + 1), readings(liars.min(honest)..liars.min(honest) + 1))
    })
}

proptest! {
    #![proptest_config(cases(4_000))]

    #[test]
    fn without_liars_a_reading_is_one_that_was_made((honest, _) in quorums()) {
        let QuorumReading { reading, latest_at } = quorum_reading(&honest).unwrap();
        let made = honest.iter().filter(|made| (made.cumulative, made.reported_at) == (reading.cumulative, reading.reported_at));
        prop_assert!(made.clone().any(|made| reading.in_flight <= made.in_flight));
        prop_assert_eq!(Some(latest_at), honest.iter().map(|made| made.reported_at).max());
        let cumulatives: Vec<u64> = honest.iter().map(|made| made.cumulative).collect();
        prop_assert_eq!(Some(reading.cumulative), lower_median(&cumulatives));
    }

    /// Half of the reports may lie. Then the use, and use and units in flight together, are at most those of some honest
    /// report, and nothing is dated before a freeze unless every honest report is.
    #[test]
    fn half_of_the_reporters_cannot_raise_use_nor_units_in_flight(
        (honest, liars) in quorums(), order in any::<u64>(), freeze_at in 0i64..1_000,
    ) {
        let mut readings: Vec<Reading> = honest.iter().chain(&liars).copied().collect();
        let (count, turn) = (readings.len(), order as usize);
        readings.rotate_left(turn % count);
        let QuorumReading { reading, latest_at } = quorum_reading(&readings).unwrap();
        let claimed = |reading: &Reading| reading.cumulative + reading.in_flight;
        prop_assert!(honest.iter().any(|honest| reading.cumulative <= honest.cumulative));
        prop_assert!(honest.iter().any(|honest| claimed(&reading) <= claimed(honest)));
        if latest_at <= freeze_at {
            prop_assert!(honest.iter().all(|honest| honest.reported_at <= freeze_at));
        }
    }
}
