use {
    super::*,
    crate::{
        metering::{Reading, freeze_to, held_by_jobs, seizable, seize, thaw},
        units::Overflow,
    },
};

const START: i64 = 1_000_000;

/// One unit that is left, as the slow model sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Unit {
    lien: bool,
    frozen: bool,
    held: bool,
}

/// Every unit on its own, jobs holding them one by one: what no lien binds first, then what is not frozen, then what a
/// freeze promised to them.
fn one_by_one(collateral: &Collateral, meter: &Meter, promise_stands: bool) -> Vec<Unit> {
    let outside = collateral.remaining() - collateral.lien();
    let mut units: Vec<Unit> = (0..collateral.remaining())
        .map(|index| Unit {
            lien: index >= outside,
            frozen: index >= collateral.remaining() - collateral.frozen,
            held: false,
        })
        .collect();
    let promised = meter.settlement_left.min(meter.in_flight);
    let (mut on_open, mut on_frozen) = (meter.in_flight, promised);
    if !promise_stands {
        (on_open, on_frozen) = (meter.in_flight - promised, 0);
    }
    let mut in_flight = on_open.max(on_frozen);
    for unit in &mut units {
        if in_flight > 0 && (!unit.frozen || on_frozen > 0) {
            in_flight -= 1;
            on_frozen -= u64::from(unit.frozen);
            unit.held = true;
        }
    }
    units
}

/// A step before a seizure.
#[derive(Clone, Copy, Debug)]
enum Step {
    Release(u16),
    Report(u16, u16),
    Freeze(u16),
    Thaw(u16),
    Seize(u16),
    Unseize(u16),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        1 => any::<u16>().prop_map(Step::Release),
        3 => any::<(u16, u16)>().prop_map(|(used, held)| Step::Report(used, held)),
        3 => any::<u16>().prop_map(Step::Freeze),
        2 => any::<u16>().prop_map(Step::Thaw),
        1 => any::<u16>().prop_map(Step::Seize),
        1 => any::<u16>().prop_map(Step::Unseize),
    ];
    prop::collection::vec(step, 0..12)
}

/// A credit in the middle of its life, of up to `most` units.
fn credits(most: u64) -> impl Strategy<Value = (Collateral, Meter)> {
    (1..most, steps()).prop_map(|(granted, steps)| {
        let mut collateral = Collateral { granted, ..Collateral::zeroed() };
        let mut meter = Meter { reported_at: START, ..Meter::zeroed() };
        let mut now = START;
        for step in steps {
            now += 100;
            let (collateral, meter) = (&mut collateral, &mut meter);
            match step {
                Step::Release(share) => {
                    collateral.release(u64::from(share), 65_535).unwrap();
                    meter.settlement_left = meter.settlement_left.min(collateral.frozen);
                }
                Step::Report(used, held) => {
                    let cumulative = meter.cumulative + part(granted, used / 4);
                    let reading = Reading { cumulative, in_flight: part(granted, held), reported_at: now };
                    apply(collateral, meter, &reading, u64::MAX, now).unwrap();
                }
                Step::Freeze(share) => {
                    let target = part(collateral.lien(), share);
                    freeze_to(collateral, meter, target, now).unwrap();
                }
                Step::Thaw(share) => {
                    let units = part(collateral.frozen, share);
                    thaw(collateral, meter, units).unwrap();
                }
                Step::Seize(share) => {
                    let units = part(seizable(collateral, meter, true), share);
                    seize(collateral, meter, units, true).unwrap();
                }
                Step::Unseize(share) => {
                    let units = part(collateral.seized, share);
                    collateral.unseize(units).unwrap();
                    collateral.frozen += units;
                    collateral.fit_frozen();
                }
            }
        }
        (collateral, meter)
    })
}

/// The jobs that run use all they hold and end.
fn finish_jobs(collateral: &mut Collateral, meter: &mut Meter, held: u64) -> Metered {
    let at = meter.reported_at.max(meter.frozen_at_chain) + 100;
    let reading = Reading { cumulative: meter.cumulative + held, in_flight: 0, reported_at: at };
    apply(collateral, meter, &reading, u64::MAX, at).unwrap()
}

proptest! {
    #![proptest_config(cases(3_000))]

    #[test]
    fn what_can_be_seized_is_counted_unit_by_unit((collateral, meter) in credits(80), stands: bool) {
        let units = one_by_one(&collateral, &meter, stands);
        let free = units.iter().filter(|unit| unit.lien && !unit.held).count() as u64;
        prop_assert_eq!(seizable(&collateral, &meter, stands), free, "{:?} {:?}", collateral, meter);
        let held = one_by_one(&collateral, &meter, true).iter().filter(|unit| unit.held).count() as u64;
        prop_assert_eq!(held_by_jobs(&collateral, &meter), held, "{:?} {:?}", collateral, meter);
    }

    #[test]
    fn jobs_that_run_keep_what_they_hold_through_a_seizure((collateral, meter) in credits(1 << 40), share: u16) {
        let (mut after, mut after_meter) = (collateral, meter);
        let held = held_by_jobs(&collateral, &meter);
        let units = part(seizable(&collateral, &meter, true), share);
        seize(&mut after, &mut after_meter, units, true).unwrap();
        prop_assert_eq!(after.seized - collateral.seized, units);
        prop_assert_eq!(held_by_jobs(&after, &after_meter), held);
        let done = finish_jobs(&mut after, &mut after_meter, held);
        prop_assert_eq!(done, Metered { consumed: held, overrun: 0, deferred: 0 });
    }

    /// The promise of the freeze has lapsed: only jobs on units that were never frozen keep theirs.
    #[test]
    fn jobs_on_units_that_are_not_frozen_keep_them_for_ever((collateral, meter) in credits(1 << 40), share: u16) {
        let (mut after, mut after_meter) = (collateral, meter);
        let held = meter.in_flight.saturating_sub(meter.settlement_left).min(collateral.available());
        let units = part(seizable(&collateral, &meter, false), share);
        seize(&mut after, &mut after_meter, units, false).unwrap();
        let done = finish_jobs(&mut after, &mut after_meter, held);
        prop_assert_eq!(done, Metered { consumed: held, overrun: 0, deferred: 0 });
        prop_assert!(seizable(&collateral, &meter, false) >= seizable(&collateral, &meter, true));
    }

    #[test]
    fn seizing_in_parts_takes_what_seizing_once_takes((collateral, meter) in credits(1 << 40), shares: [u16; 4]) {
        let all = seizable(&collateral, &meter, true);
        let (mut split, mut split_meter, mut taken) = (collateral, meter, 0);
        for share in shares {
            let units = part(seizable(&split, &split_meter, true), share);
            seize(&mut split, &mut split_meter, units, true).unwrap();
            taken += units;
            prop_assert_eq!(seizable(&split, &split_meter, true), all - taken);
        }
        let (mut once, mut once_meter) = (collateral, meter);
        seize(&mut once, &mut once_meter, taken, true).unwrap();
        prop_assert_eq!((split, split_meter), (once, once_meter));
    }

    /// Jobs whose promise has lapsed are counted on open units once theirs are taken, until the next report.
    #[test]
    fn seizing_in_parts_never_takes_more((collateral, meter) in credits(1 << 40), shares: [u16; 4]) {
        let all = seizable(&collateral, &meter, false);
        let (mut split, mut split_meter, mut taken) = (collateral, meter, 0);
        for share in shares {
            let units = part(seizable(&split, &split_meter, false), share);
            seize(&mut split, &mut split_meter, units, false).unwrap();
            taken += units;
            prop_assert!(taken + seizable(&split, &split_meter, false) <= all);
        }
        let (mut once, mut once_meter) = (collateral, meter);
        seize(&mut once, &mut once_meter, taken, false).unwrap();
        prop_assert_eq!(split, once);
    }

    #[test]
    fn frozen_units_are_seized_first((collateral, meter) in credits(1 << 40), share: u16) {
        let (mut after, mut after_meter) = (collateral, meter);
        let units = part(seizable(&collateral, &meter, true), share);
        seize(&mut after, &mut after_meter, units, true).unwrap();
        let not_promised = collateral.frozen - meter.settlement_left;
        if units <= not_promised {
            prop_assert_eq!(after.frozen, collateral.frozen - units);
            prop_assert_eq!(after.available(), collateral.available());
        } else {
            prop_assert!(after.frozen <= meter.settlement_left);
        }
    }

    #[test]
    fn beyond_what_can_be_seized_nothing_changes((collateral, meter) in credits(1 << 40), excess in 1u64..1 << 40, stands: bool) {
        let (mut after, mut after_meter) = (collateral, meter);
        let units = seizable(&collateral, &meter, stands) + excess;
        prop_assert_eq!(seize(&mut after, &mut after_meter, units, stands), Err(Overflow));
        prop_assert_eq!((after, after_meter), (collateral, meter));
    }

    #[test]
    fn units_expire_but_for_what_jobs_hold((mut collateral, mut meter) in credits(1 << 40)) {
        let (before, held) = (collateral, held_by_jobs(&collateral, &meter));
        let expired = collateral.expire(held, meter.settlement_left).unwrap();
        meter.settlement_left = meter.settlement_left.min(collateral.frozen);
        prop_assert_eq!((expired, collateral.remaining()), (before.remaining() - held, held));
        prop_assert!(collateral.frozen <= collateral.lien() && collateral.frozen <= meter.settlement_left);
        prop_assert_eq!(held_by_jobs(&collateral, &meter), held);
        prop_assert_eq!(collateral.clone().expire(held, meter.settlement_left), Ok(0), "twice is once");
        let done = finish_jobs(&mut collateral, &mut meter, held);
        prop_assert_eq!(done, Metered { consumed: held, overrun: 0, deferred: 0 });
        prop_assert_eq!(collateral.remaining(), 0);
    }

    #[test]
    fn no_units_make_it_panic(parts: [u64; 6], meter: [u64; 3], amounts: [u64; 3], stands: bool) {
        let [granted, consumed, seized, expired, released, frozen] = parts;
        let mut collateral = Collateral { granted, consumed, seized, expired, released, frozen };
        let [in_flight, settlement_left, frozen_before] = meter;
        let mut meter = Meter { in_flight, settlement_left, frozen_before, ..Meter::zeroed() };
        let _ = seizable(&collateral, &meter, stands);
        let _ = held_by_jobs(&collateral, &meter);
        let _ = seize(&mut collateral, &mut meter, amounts[0], stands);
        let _ = collateral.expire(amounts[1], amounts[2]);
    }
}

#[test]
fn jobs_outside_the_lien_leave_all_of_it_to_seize() {
    let mut collateral = Collateral { granted: 100, released: 40, ..Collateral::zeroed() };
    let mut meter = Meter { in_flight: 40, ..Meter::zeroed() };
    assert_eq!((seizable(&collateral, &meter, true), held_by_jobs(&collateral, &meter)), (60, 40));
    meter.in_flight = 41;
    assert_eq!(seizable(&collateral, &meter, true), 59);
    seize(&mut collateral, &mut meter, 59, true).unwrap();
    assert_eq!((collateral.remaining(), collateral.lien(), held_by_jobs(&collateral, &meter)), (41, 1, 41));
}

/// The jobs have moved to units that a payment released, so that all that is frozen can go.
#[test]
fn no_promise_outlasts_the_frozen_units_that_a_seizure_takes() {
    let mut collateral = Collateral { granted: 100, ..Collateral::zeroed() };
    let mut meter = Meter { in_flight: 30, ..Meter::zeroed() };
    freeze_to(&mut collateral, &mut meter, 100, START).unwrap();
    collateral.release(80, 100).unwrap();
    meter.settlement_left = meter.settlement_left.min(collateral.frozen);
    assert_eq!((collateral.frozen, meter.settlement_left, seizable(&collateral, &meter, true)), (20, 20, 20));
    seize(&mut collateral, &mut meter, 20, true).unwrap();
    assert_eq!((collateral.frozen, meter.settlement_left, held_by_jobs(&collateral, &meter)), (0, 0, 30));
}

#[test]
fn when_the_promise_has_lapsed_frozen_units_are_seized_from_under_their_jobs() {
    let mut collateral = Collateral { granted: 100, ..Collateral::zeroed() };
    let mut meter = Meter { in_flight: 30, ..Meter::zeroed() };
    freeze_to(&mut collateral, &mut meter, 100, START).unwrap();
    assert_eq!(meter.settlement_left, 30);
    assert_eq!([true, false].map(|stands| seizable(&collateral, &meter, stands)), [70, 100]);
    seize(&mut collateral, &mut meter, 100, false).unwrap();
    assert_eq!((collateral.remaining(), collateral.frozen, meter.settlement_left), (0, 0, 0));
}

#[test]
fn a_promise_that_has_lapsed_is_not_given_again() {
    let mut collateral = Collateral { granted: 100, ..Collateral::zeroed() };
    let mut meter = Meter { in_flight: 100, ..Meter::zeroed() };
    freeze_to(&mut collateral, &mut meter, 40, START).unwrap();
    assert_eq!((collateral.available(), meter.settlement_left), (60, 40));
    seize(&mut collateral, &mut meter, 10, false).unwrap();
    assert_eq!((collateral.frozen, meter.in_flight, meter.settlement_left), (30, 60, 0));
    // Of the 100 units that jobs held, the next freeze finds only those that were open.
    freeze_to(&mut collateral, &mut meter, 90, START + 1).unwrap();
    assert_eq!(meter.settlement_left, 60);
}

#[test]
fn expiry_beyond_what_is_left_is_refused() {
    let mut collateral = Collateral { granted: 100, consumed: 60, ..Collateral::zeroed() };
    assert_eq!(collateral.expire(41, 0), Err(Overflow));
    assert_eq!(collateral.expire(40, 0), Ok(0));
    assert_eq!(collateral.expire(0, 0), Ok(40));
}

#[test]
fn no_promise_keeps_more_frozen_than_is_left() {
    let mut collateral = Collateral { granted: 100, frozen: 30, ..Collateral::zeroed() };
    assert_eq!(collateral.expire(10, 20), Ok(90));
    assert_eq!((collateral.remaining(), collateral.frozen), (10, 10));
}
