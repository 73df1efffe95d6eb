use {
    super::*,
    crate::{
        metering::{self, Reading, finishing, held_by_jobs, seizable, seize, thaw},
        units::Overflow,
    },
};

const START: i64 = 1_000_000;

/// One unit that is left, in the slow model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Unit {
    lien: bool,
    held: bool,
}

/// Lists every unit on its own. Jobs whose units a seizure must leave hold them one by one: units outside the lien first, then
/// open ones of the lien, then frozen ones.
fn one_by_one(collateral: &Collateral, meter: &Meter, promise_holds: bool) -> Vec<Unit> {
    let outside = collateral.remaining() - collateral.lien();
    let unprotected = meter.lapsed + if promise_holds { 0 } else { meter.promised };
    (0..collateral.remaining())
        .map(|index| Unit { lien: index >= outside, held: index < meter.in_flight - unprotected })
        .collect()
}

/// A step before a seizure.
#[derive(Clone, Copy, Debug)]
enum Step {
    Release(u16),
    Report(u16, u16),
    /// A share of the lien, for one of the two reasons, while the promise holds or after it has lapsed.
    Freeze(u16, bool, bool),
    Thaw(u16),
    /// A share of what can be seized, while the promise holds or after it has lapsed.
    Seize(u16, bool),
    Unseize(u16),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        1 => any::<u16>().prop_map(Step::Release),
        3 => any::<(u16, u16)>().prop_map(|(used, held)| Step::Report(used, held)),
        3 => any::<(u16, bool, bool)>().prop_map(|(share, payment, holds)| Step::Freeze(share, payment, holds)),
        2 => any::<u16>().prop_map(Step::Thaw),
        1 => any::<(u16, bool)>().prop_map(|(share, holds)| Step::Seize(share, holds)),
        1 => any::<u16>().prop_map(Step::Unseize),
    ];
    prop::collection::vec(step, 0..12)
}

/// A credit in the middle of its life, of up to `most` units.
fn credits(most: u64) -> impl Strategy<Value = (Collateral, Meter)> {
    (1..most, any::<Option<u16>>(), steps()).prop_map(|(granted, lock, steps)| {
        let mut collateral = lockable(granted, lock);
        let mut meter = Meter { reported_at: START, ..Meter::zeroed() };
        let mut now = START;
        for step in steps {
            now += 100;
            let (collateral, meter) = (&mut collateral, &mut meter);
            match step {
                Step::Release(share) => {
                    collateral.release(u64::from(share), 65_535).unwrap();
                }
                Step::Report(used, held) => {
                    let cumulative = meter.cumulative + part(granted, used / 4);
                    let reading = Reading { cumulative, in_flight: part(granted, held), reported_at: now };
                    apply(collateral, meter, &reading, u64::MAX, now).unwrap();
                }
                Step::Freeze(share, about_payment, holds) => {
                    let target = part(collateral.freezable(), share);
                    let reason = if about_payment { FreezeReason::Default } else { FreezeReason::Risk };
                    metering::freeze_to(collateral, meter, target, reason, holds, &at(now));
                }
                Step::Thaw(share) => {
                    let units = part(collateral.frozen(), share);
                    thaw(collateral, units).unwrap();
                }
                Step::Seize(share, holds) => {
                    let units = part(seizable(collateral, meter, holds), share);
                    seize(collateral, meter, units, holds).unwrap();
                }
                Step::Unseize(share) => {
                    let units = part(collateral.seized, share);
                    collateral.unseize_frozen(units).unwrap();
                }
            }
        }
        (collateral, meter)
    })
}

/// Units that jobs hold and that a seizure leaves them.
fn kept(collateral: &Collateral, meter: &Meter, promise_holds: bool) -> u64 {
    let promised = if promise_holds { 0 } else { meter.promised };
    held_by_jobs(collateral, meter) - meter.lapsed - promised
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
        let held = units.iter().filter(|unit| unit.held).count() as u64;
        prop_assert_eq!(kept(&collateral, &meter, stands), held, "{:?} {:?}", collateral, meter);
    }

    #[test]
    fn jobs_that_run_keep_what_they_hold_through_a_seizure((collateral, meter) in credits(1 << 40), share: u16) {
        let (mut after, mut after_meter) = (collateral, meter);
        let held = kept(&collateral, &meter, true);
        let units = part(seizable(&collateral, &meter, true), share);
        seize(&mut after, &mut after_meter, units, true).unwrap();
        prop_assert_eq!(after.seized - collateral.seized, units);
        prop_assert_eq!(kept(&after, &after_meter, true), held);
        prop_assert!(after.available() <= collateral.available() && after.locked() <= collateral.locked());
        let done = finish_jobs(&mut after, &mut after_meter, held);
        prop_assert_eq!(done, Metered { consumed: held, overrun: 0, deferred: 0 });
    }

    /// The promise of the freeze has lapsed: only jobs on units that were never frozen keep theirs.
    #[test]
    fn jobs_on_units_that_are_not_frozen_keep_them_for_ever((collateral, meter) in credits(1 << 40), share: u16) {
        let (mut after, mut after_meter) = (collateral, meter);
        let held = kept(&collateral, &meter, false);
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

    /// Once the units of jobs whose promise has lapsed are taken, these jobs count on open units until the next report. So a
    /// second seizure may take fewer units than a single one, never more.
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
        let promised = finishing(&collateral, &meter).min(meter.promised).min(collateral.frozen());
        let not_promised = collateral.frozen() - promised;
        if units <= not_promised {
            prop_assert_eq!(after.frozen(), collateral.frozen() - units);
            prop_assert_eq!(after.available(), collateral.available());
        } else {
            prop_assert!(after.frozen() <= promised);
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
        let promised = finishing(&collateral, &meter);
        let expired = collateral.expire(held, promised).unwrap();
        prop_assert_eq!((expired, collateral.remaining()), (before.remaining() - held, held));
        prop_assert!(collateral.frozen() <= collateral.freezable() && collateral.frozen() <= promised);
        prop_assert_eq!(held_by_jobs(&collateral, &meter), held);
        prop_assert_eq!(collateral.clone().expire(held, promised), Ok(0), "twice is once");
        let done = finish_jobs(&mut collateral, &mut meter, held);
        prop_assert_eq!(done, Metered { consumed: held, overrun: 0, deferred: 0 });
        prop_assert_eq!(collateral.remaining(), 0);
    }

    #[test]
    fn no_units_make_it_panic(parts: [u64; 10], meter: [u64; 4], amounts: [u64; 3], stands: bool) {
        let mut collateral: Collateral = bytemuck::cast(parts);
        let [in_flight, promised, lapsed, closed_before] = meter;
        let mut meter = Meter { in_flight, promised, lapsed, closed_before, ..Meter::zeroed() };
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
    freeze_to(&mut collateral, &mut meter, 100, START);
    collateral.release(80, 100).unwrap();
    assert_eq!((collateral.frozen(), finishing(&collateral, &meter)), (20, 0));
    assert_eq!(seizable(&collateral, &meter, true), 20);
    seize(&mut collateral, &mut meter, 20, true).unwrap();
    assert_eq!(
        (collateral.frozen(), finishing(&collateral, &meter), held_by_jobs(&collateral, &meter)),
        (0, 0, 30)
    );
}

#[test]
fn when_the_promise_has_lapsed_frozen_units_are_seized_from_under_their_jobs() {
    let mut collateral = Collateral { granted: 100, ..Collateral::zeroed() };
    let mut meter = Meter { in_flight: 30, ..Meter::zeroed() };
    freeze_to(&mut collateral, &mut meter, 100, START);
    assert_eq!((finishing(&collateral, &meter), meter.promised), (30, 30));
    assert_eq!([true, false].map(|stands| seizable(&collateral, &meter, stands)), [70, 100]);
    seize(&mut collateral, &mut meter, 100, false).unwrap();
    assert_eq!((collateral.remaining(), collateral.frozen(), meter.in_flight, meter.lapsed), (0, 0, 0, 0));
}

#[test]
fn a_promise_that_has_lapsed_is_not_given_again() {
    let mut collateral = Collateral { granted: 100, ..Collateral::zeroed() };
    let mut meter = Meter { in_flight: 100, ..Meter::zeroed() };
    freeze_to(&mut collateral, &mut meter, 40, START);
    assert_eq!((collateral.available(), meter.promised), (60, 40));
    seize(&mut collateral, &mut meter, 10, false).unwrap();
    assert_eq!((collateral.frozen(), meter.in_flight, meter.lapsed, meter.promised), (30, 90, 30, 0));
    // Of the 100 units that jobs held, the next freeze finds only those that were open.
    freeze_to(&mut collateral, &mut meter, 90, START + 1);
    assert_eq!((meter.promised, seizable(&collateral, &meter, true)), (60, 30));
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
    let mut collateral = Collateral { granted: 100, frozen_for_other: 30, ..Collateral::zeroed() };
    assert_eq!(collateral.expire(10, 20), Ok(90));
    assert_eq!((collateral.remaining(), collateral.frozen()), (10, 10));
}
