use {
    super::*,
    crate::{
        metering::{LATE_REPORT_SECONDS, Metered, Reading, Skip, commit, finishing, shortfall_units, thaw},
        units::Overflow,
    },
};

const START: i64 = 1_000_000;
const NO_BOUND: u64 = u64::MAX;

fn units(granted: u64) -> (Collateral, Meter) {
    let collateral = Collateral { granted, ..Collateral::zeroed() };
    (collateral, Meter { reported_at: START, ..Meter::zeroed() })
}

fn reading(cumulative: u64, in_flight: u64, reported_at: i64) -> Reading {
    Reading { cumulative, in_flight, reported_at }
}

/// Units with some use, some release and some frozen, as reports and a freeze make them.
fn in_use() -> impl Strategy<Value = (Collateral, Meter)> {
    (1u64..1 << 40, any::<[u16; 5]>(), any::<Option<u16>>()).prop_map(|(granted, shares, lock)| {
        let (mut collateral, mut meter) = (lockable(granted, lock), units(granted).1);
        collateral.release(u64::from(shares[0]), 65_535).unwrap();
        let used = part(granted, shares[1] / 2);
        let in_flight = part(granted - used, shares[2]);
        apply(&mut collateral, &mut meter, &reading(used, in_flight, START + 10), NO_BOUND, START + 10)
            .unwrap();
        let target = part(collateral.lien(), shares[3]);
        freeze_to(&mut collateral, &mut meter, target, START + 20);
        (collateral, meter)
    })
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn a_reading_is_consumed_overrun_or_deferred_and_nothing_else(
        (mut collateral, mut meter) in in_use(), used in 0u64..1 << 41, in_flight: u64,
        seconds in 1i64..100, rate in 0u64..1 << 40,
    ) {
        let (before, now) = ((collateral, meter), meter.reported_at + seconds);
        let wanted = used;
        let reading = reading(meter.cumulative + wanted, in_flight, now);
        let done = apply(&mut collateral, &mut meter, &reading, rate, now).unwrap();
        prop_assert_eq!(done.consumed + done.overrun + done.deferred, wanted);
        prop_assert!(done.consumed + done.overrun <= rate.saturating_mul(seconds as u64));
        prop_assert!(done.deferred == 0 || done.consumed + done.overrun == rate * seconds as u64);
        prop_assert_eq!(collateral.consumed - before.0.consumed, done.consumed);
        prop_assert_eq!(meter.overrun - before.1.overrun, done.overrun);
        prop_assert_eq!(meter.cumulative - before.1.cumulative, done.consumed + done.overrun);
        prop_assert!(finishing(&collateral, &meter) <= collateral.held());
    }

    #[test]
    fn over_any_reports_the_rate_bound_holds_from_the_first_to_the_last(
        granted in 1u64..1 << 40, rate in 1u64..1 << 20,
        steps in prop::collection::vec((0i64..50, 0u64..1 << 26), 1..30),
    ) {
        let (mut collateral, mut meter) = units(granted);
        let (mut now, mut used) = (START, 0);
        for (seconds, more) in steps {
            now += seconds;
            used += more;
            let _ = apply(&mut collateral, &mut meter, &reading(used, 0, now), rate, now);
            prop_assert!(meter.cumulative <= rate * (now - START) as u64);
            prop_assert!(collateral.consumed <= granted && meter.cumulative <= used);
        }
    }

    #[test]
    fn a_refused_reading_changes_nothing(
        (collateral, meter) in in_use(), cumulative: u64, in_flight: u64, reported_at: i64,
        rate: u64, now: i64,
    ) {
        let (mut after, mut after_meter) = (collateral, meter);
        let expected = if reported_at.min(now) <= meter.reported_at {
            Err(Skip::Stale)
        } else if cumulative < meter.cumulative {
            Err(Skip::Backwards)
        } else {
            return Ok(());
        };
        let reading = reading(cumulative, in_flight, reported_at);
        prop_assert_eq!(apply(&mut after, &mut after_meter, &reading, rate, now), expected);
        prop_assert_eq!((after, after_meter), (collateral, meter));
    }

    #[test]
    fn no_reading_makes_it_panic(
        parts: [u64; 10], meter: [u64; 6], times: [i64; 4], cumulative: u64, in_flight: u64, rate: u64,
    ) {
        let mut collateral: Collateral = bytemuck::cast(parts);
        let mut meter = Meter {
            cumulative: meter[0], in_flight: meter[1], overrun: meter[2], promised: meter[3], lapsed: meter[5],
            closed_before: meter[4], frozen_at_chain: times[0], reported_at: times[1], ..Meter::zeroed()
        };
        let _ = apply(&mut collateral, &mut meter, &reading(cumulative, in_flight, times[2]), rate, times[3]);
        let _ = freeze_to(&mut collateral, &mut meter, rate, times[3]);
        let _ = thaw(&mut collateral, in_flight);
    }

    #[test]
    fn lost_repeated_and_reordered_readings_are_harmless(
        granted in 1u64..1 << 20,
        steps in prop::collection::vec((1i64..50, 0u64..1 << 18, 0u64..1 << 18), 1..12),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..30),
    ) {
        let mut readings = Vec::new();
        let (mut at, mut used) = (START, 0);
        for (seconds, more, in_flight) in steps {
            at += seconds;
            used += more;
            readings.push(reading(used, in_flight, at));
        }
        let newest = *readings.last().unwrap();
        let (mut collateral, mut meter) = units(granted);
        let mut accepted = Vec::new();
        for index in order {
            let reading = index.get(&readings);
            if apply(&mut collateral, &mut meter, reading, NO_BOUND, at).is_ok() {
                accepted.push(*reading);
            }
            prop_assert!(collateral.consumed + meter.overrun <= newest.cumulative);
            prop_assert!(apply(&mut collateral, &mut meter, reading, NO_BOUND, at).is_err(), "twice is once");
        }
        let _ = apply(&mut collateral, &mut meter, &newest, NO_BOUND, at);
        let (mut once, mut once_meter) = units(granted);
        apply(&mut once, &mut once_meter, &newest, NO_BOUND, at).unwrap();
        prop_assert_eq!((collateral, meter), (once, once_meter));
        prop_assert!(accepted.is_sorted_by_key(|reading| (reading.reported_at, reading.cumulative)));
    }
}

/// The work of a careful gate and its reporters between two freezes: jobs use the units they hold, some end early, and
/// new ones are admitted only where units are open beyond all that is held.
#[derive(Clone, Copy, Debug)]
struct Round {
    uses: u16,
    ends: u16,
    admits: u16,
    enforce: u16,
    thaws: bool,
    enforces: bool,
}

fn rounds() -> impl Strategy<Value = Vec<Round>> {
    let round = (any::<[u16; 4]>(), any::<bool>(), any::<bool>()).prop_map(
        |([uses, ends, admits, enforce], thaws, enforces)| Round {
            uses,
            ends,
            admits,
            enforce,
            thaws,
            enforces,
        },
    );
    prop::collection::vec(round, 1..20)
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn a_careful_provider_never_has_an_overrun(
        granted in 1u64..1 << 40, released: u16, lock: Option<u16>, rounds in rounds(),
    ) {
        let (mut collateral, mut meter) = (lockable(granted, lock), units(granted).1);
        collateral.release(u64::from(released) / 2, 65_535).unwrap();
        let (mut now, mut used, mut held) = (START, 0, 0);
        for round in rounds {
            now += 100;
            let more = part(held, round.uses);
            used += more;
            held -= more;
            held -= part(held, round.ends / 4);
            let open = collateral.available().saturating_sub(more + held);
            held += part(open, round.admits);
            let done = apply(&mut collateral, &mut meter, &reading(used, held, now), NO_BOUND, now).unwrap();
            prop_assert_eq!(done, Metered { consumed: more, overrun: 0, deferred: 0 });
            if round.enforces && round.thaws {
                let units = part(collateral.frozen(), round.enforce);
                thaw(&mut collateral, units).unwrap();
            } else if round.enforces {
                let target = part(collateral.lien(), round.enforce);
                freeze_to(&mut collateral, &mut meter, target, now + 1);
            }
        }
    }

    #[test]
    fn after_a_freeze_no_more_is_consumed_than_was_open_or_in_flight(
        (mut collateral, mut meter) in in_use(),
        readings in prop::collection::vec((1i64..50, 0u64..1 << 40, any::<u64>()), 1..10),
        raises: [u16; 10],
    ) {
        let before = collateral;
        let open = collateral.available() + finishing(&collateral, &meter);
        let mut now = START + 20 + LATE_REPORT_SECONDS;
        for ((seconds, more, in_flight), raise) in readings.into_iter().zip(raises) {
            now += seconds + LATE_REPORT_SECONDS;
            let reading = reading(meter.cumulative + more, in_flight, now);
            apply(&mut collateral, &mut meter, &reading, NO_BOUND, now).unwrap();
            prop_assert!(collateral.consumed - before.consumed <= open);
            // Another freeze opens no units to jobs that began on frozen ones.
            let target = collateral.frozen() + part(collateral.freezable() - collateral.frozen(), raise);
            freeze_to(&mut collateral, &mut meter, target, now);
        }
    }

    #[test]
    fn what_is_settled_after_a_freeze_is_what_jobs_held_beyond_the_open_units(
        (collateral, meter) in in_use(),
    ) {
        prop_assert_eq!(
            finishing(&collateral, &meter),
            if collateral.frozen() == 0 { 0 } else { meter.in_flight.saturating_sub(collateral.available()) },
        );
        let (mut after, mut after_meter) = (collateral, meter);
        let (now, wanted) = (START + 21, collateral.granted);
        let reading = reading(meter.cumulative + wanted, 0, now);
        let done = apply(&mut after, &mut after_meter, &reading, NO_BOUND, now).unwrap();
        prop_assert_eq!(done.consumed, collateral.available() + finishing(&collateral, &meter));
        prop_assert_eq!(done.overrun, wanted - done.consumed);
    }

    #[test]
    fn freezing_twice_is_freezing_once(
        (mut collateral, mut meter) in in_use(), share: u16, later in 0i64..1_000,
    ) {
        let target = part(collateral.freezable(), share);
        let raised = freeze_to(&mut collateral, &mut meter, target, START + 30);
        let once = (collateral, meter);
        prop_assert_eq!(freeze_to(&mut collateral, &mut meter, target, START + 30 + later), 0);
        prop_assert_eq!((collateral, meter), once);
        prop_assert!(collateral.frozen() >= target && raised <= target);
    }

    /// Less may be left than was asked for: a payment, use or a seizure can come first.
    #[test]
    fn freezing_beyond_the_lien_freezes_all_that_no_lock_holds((collateral, meter) in in_use(), excess in 1u64..1 << 40) {
        let (mut beyond, mut beyond_meter) = (collateral, meter);
        let raised = freeze_to(&mut beyond, &mut beyond_meter, collateral.lien() + excess, START + 30);
        let all = collateral.freezable();
        prop_assert_eq!((beyond.frozen(), raised), (all, all - collateral.frozen()));
        prop_assert_eq!(beyond.available(), beyond.remaining() - beyond.lien());
        let (mut exact, mut exact_meter) = (collateral, meter);
        freeze_to(&mut exact, &mut exact_meter, collateral.lien(), START + 30);
        prop_assert_eq!((beyond, beyond_meter), (exact, exact_meter));
    }

    #[test]
    fn thawing_more_than_is_frozen_is_refused(
        (mut collateral, meter) in in_use(), excess in 1u64..1 << 40, share: u16,
    ) {
        let units = collateral.frozen() + excess;
        prop_assert_eq!(thaw(&mut collateral, units), Err(Overflow));
        let (available, units) = (collateral.available(), part(collateral.frozen(), share));
        thaw(&mut collateral, units).unwrap();
        prop_assert_eq!(collateral.available(), available + units);
        prop_assert!(finishing(&collateral, &meter) <= collateral.held());
    }

    /// A report that lands after a freeze, though dated before it, counts as if it had landed before.
    #[test]
    fn a_report_from_before_a_freeze_counts_as_it_would_have_before(
        (collateral, mut meter) in in_use(), used: u16, in_flight in 0u64..1 << 40, share: u16,
        delay in 0i64..=LATE_REPORT_SECONDS,
    ) {
        let freeze_at = START + 100;
        meter.reported_at = freeze_at - 50;
        let reading = reading(meter.cumulative + part(collateral.granted, used), in_flight, freeze_at - 1);
        let target = collateral.frozen() + part(collateral.freezable() - collateral.frozen(), share);
        if target == collateral.frozen() {
            return Ok(());
        }

        let (mut first, mut first_meter) = (collateral, meter);
        let expected = apply(&mut first, &mut first_meter, &reading, NO_BOUND, freeze_at - 1).unwrap();
        let target_then = target.min(first.freezable());
        freeze_to(&mut first, &mut first_meter, target_then, freeze_at);

        let (mut late, mut late_meter) = (collateral, meter);
        freeze_to(&mut late, &mut late_meter, target, freeze_at);
        let done = apply(&mut late, &mut late_meter, &reading, NO_BOUND, freeze_at + delay).unwrap();
        prop_assert_eq!(done, expected);
        prop_assert_eq!(late, first);
        prop_assert_eq!(finishing(&late, &late_meter), finishing(&first, &first_meter));
    }

    #[test]
    fn a_shortfall_freezes_its_share_of_the_lien_rounded_up(lien: u64, debt in 1u64.., share: u16) {
        let arrears = part(debt, share);
        let units = shortfall_units(lien, arrears, debt).unwrap();
        let exact = u128::from(lien) * u128::from(arrears);
        prop_assert_eq!(u128::from(units), exact.div_ceil(u128::from(debt)));
        prop_assert_eq!(shortfall_units(lien, debt, debt), Ok(lien));
        prop_assert_eq!(shortfall_units(lien, u64::MAX, debt), Ok(lien));
    }

    #[test]
    fn a_provider_commits_to_its_capacity_and_no_further(outstanding: u64, units: u64, capacity: u64) {
        let total = u128::from(outstanding) + u128::from(units);
        let expected = if total <= u128::from(capacity) { Ok(total as u64) } else { Err(Overflow) };
        prop_assert_eq!(commit(outstanding, units, capacity), expected);
    }
}

#[test]
fn a_shortfall_of_no_debt_is_refused() {
    assert_eq!(shortfall_units(10, 0, 0), Err(Overflow));
}

#[test]
fn jobs_in_flight_settle_after_a_freeze_and_the_rest_is_overrun() {
    let (mut collateral, mut meter) = units(100);
    apply(&mut collateral, &mut meter, &reading(10, 30, START + 10), NO_BOUND, START + 10).unwrap();
    assert_eq!(freeze_to(&mut collateral, &mut meter, 90, START + 20), 90);
    assert_eq!(finishing(&collateral, &meter), 30);
    let done =
        apply(&mut collateral, &mut meter, &reading(30, 10, START + 30), NO_BOUND, START + 30).unwrap();
    assert_eq!(done, Metered { consumed: 20, overrun: 0, deferred: 0 });
    let done = apply(&mut collateral, &mut meter, &reading(45, 0, START + 40), NO_BOUND, START + 40).unwrap();
    assert_eq!(done, Metered { consumed: 10, overrun: 5, deferred: 0 });
    assert_eq!((collateral.consumed, collateral.frozen(), collateral.lien()), (40, 60, 60));
}

#[test]
fn a_report_from_before_a_freeze_is_open_for_a_minute() {
    let at = |now| {
        let (mut collateral, mut meter) = units(100);
        freeze_to(&mut collateral, &mut meter, 100, START + 10);
        apply(&mut collateral, &mut meter, &reading(40, 0, START + 10), NO_BOUND, now).unwrap()
    };
    let before = Metered { consumed: 40, overrun: 0, deferred: 0 };
    assert_eq!(at(START + 10 + LATE_REPORT_SECONDS), before);
    assert_eq!(at(START + 10 + LATE_REPORT_SECONDS + 1), Metered { consumed: 0, overrun: 40, deferred: 0 });
}

#[test]
fn a_report_from_the_future_counts_as_of_now() {
    let (mut collateral, mut meter) = units(1_000);
    let done = apply(&mut collateral, &mut meter, &reading(500, 0, START + 60), 10, START + 20).unwrap();
    assert_eq!(done, Metered { consumed: 200, overrun: 0, deferred: 300 });
    assert_eq!(meter.reported_at, START + 20);
}

/// A report from before a freeze lands after it: the jobs that it shows have the promise, as if it had landed before.
#[test]
fn jobs_of_a_late_report_from_before_a_freeze_have_its_promise() {
    let (mut collateral, mut meter) = units(100);
    freeze_to(&mut collateral, &mut meter, 100, START + 100);
    assert_eq!(meter.promised, 0, "no job is known of");
    apply(&mut collateral, &mut meter, &reading(10, 30, START + 99), NO_BOUND, START + 110).unwrap();
    assert_eq!((finishing(&collateral, &meter), meter.promised), (30, 30));
}

/// Jobs on open units have no part of the promise, even where as many jobs ran on frozen units before.
#[test]
fn a_promise_ends_with_the_last_job_on_frozen_units() {
    let (mut collateral, mut meter) = units(100);
    apply(&mut collateral, &mut meter, &reading(0, 70, START + 10), NO_BOUND, START + 10).unwrap();
    freeze_to(&mut collateral, &mut meter, 60, START + 20);
    assert_eq!((collateral.available(), finishing(&collateral, &meter), meter.promised), (40, 30, 30));
    apply(&mut collateral, &mut meter, &reading(30, 10, START + 30), NO_BOUND, START + 30).unwrap();
    assert_eq!((collateral.available(), finishing(&collateral, &meter)), (10, 0));
    assert_eq!((meter.in_flight, meter.promised, meter.lapsed), (10, 0, 0));
}
