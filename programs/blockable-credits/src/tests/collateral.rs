use {
    super::*,
    crate::{
        metering::{self, Reading},
        state::{Collateral, Meter},
        units::Overflow,
    },
};

/// A step in the life of units. Shares are of the units that the step acts on.
#[derive(Clone, Copy, Debug)]
enum Step {
    Repay(u16),
    Discharge,
    Seize(u16),
    Unseize(u16),
    Freeze(u16),
    Thaw(u16),
    Meter {
        seconds: u16,
        late_by: u8,
        used: u16,
        in_flight: u64,
    },
    /// Unused units expire.
    Expire(u16),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let meter = (0u16..300, 0u8..100, any::<u16>(), 0u64..1 << 41)
        .prop_map(|(seconds, late_by, used, in_flight)| Step::Meter { seconds, late_by, used, in_flight });
    let step = prop_oneof![
        4 => any::<u16>().prop_map(Step::Repay),
        1 => Just(Step::Discharge),
        2 => any::<u16>().prop_map(Step::Seize),
        2 => any::<u16>().prop_map(Step::Unseize),
        4 => any::<u16>().prop_map(Step::Freeze),
        3 => any::<u16>().prop_map(Step::Thaw),
        1 => (0u16..2_000).prop_map(Step::Expire),
        8 => meter,
    ];
    prop::collection::vec(step, 1..40)
}

/// A credit's units as far as the pure modules know them.
#[derive(Clone, Copy, Debug)]
struct Books {
    collateral: Collateral,
    meter: Meter,
    principal: u64,
    repaid: u64,
    now: i64,
}

impl Books {
    fn new(granted: u64, lock: Option<u16>, principal: u64) -> Books {
        let collateral = lockable(granted, lock);
        let meter = Meter { reported_at: 1_000, ..Meter::zeroed() };
        Books { collateral, meter, principal, repaid: 0, now: 1_000 }
    }

    fn take(&mut self, step: Step) {
        let Books { collateral, meter, .. } = self;
        match step {
            Step::Repay(share) => {
                self.repaid += part(self.principal - self.repaid, share / 4);
                collateral.release(self.repaid, self.principal).unwrap();
            }
            Step::Discharge => {
                let released = collateral.granted - collateral.released;
                assert_eq!(collateral.release_all(), Ok(released));
                assert_eq!((collateral.lien(), collateral.frozen()), (0, 0));
            }
            Step::Seize(share) => {
                let (lien, units) = (collateral.lien(), part(collateral.lien(), share));
                let seizable = metering::seizable(collateral, meter, true);
                let units = units.min(seizable);
                let before = (*collateral, *meter);
                assert_eq!(metering::seize(collateral, meter, seizable + 1, true), Err(Overflow));
                assert_eq!((*collateral, *meter), before);
                metering::seize(collateral, meter, units, true).unwrap();
                assert_eq!(collateral.lien(), lien - units);
                assert_eq!(metering::seizable(collateral, meter, true), seizable - units);
            }
            Step::Unseize(share) => {
                assert_eq!(collateral.clone().unseize(collateral.seized + 1), Err(Overflow));
                collateral.unseize(part(collateral.seized, share)).unwrap();
            }
            Step::Freeze(share) => {
                let target = part(collateral.lien(), share);
                freeze_to(collateral, meter, target, self.now);
            }
            Step::Thaw(share) => {
                let units = part(collateral.frozen(), share);
                metering::thaw(collateral, units).unwrap();
            }
            Step::Meter { seconds, late_by, used, in_flight } => {
                self.now += i64::from(seconds);
                let cumulative = meter.cumulative + part(collateral.granted, used / 4);
                let reported_at = self.now - i64::from(late_by);
                let _ = apply(
                    collateral,
                    meter,
                    &Reading { cumulative, in_flight, reported_at },
                    1 << 40,
                    self.now,
                );
            }
            Step::Expire(share) => {
                collateral.expired += part(collateral.remaining(), share);
                collateral.fit_frozen();
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn units_are_conserved_and_locked_and_frozen_ones_within_lien_within_remaining(
        granted in 1u64..1 << 40, lock: Option<u16>, principal in 1u64..1 << 44, steps in steps(),
    ) {
        let mut books = Books::new(granted, lock, principal);
        for step in steps {
            let before = books;
            books.take(step);
            let units = books.collateral;
            prop_assert_eq!(units.consumed + units.seized + units.expired + units.remaining(), granted);
            prop_assert!(units.locked() + units.frozen() <= units.lien(), "{:?} {:?}", step, units);
            prop_assert!(units.lien() <= units.remaining(), "{:?} {:?}", step, units);
            prop_assert_eq!(units.available(), units.remaining() - units.locked() - units.frozen());
            prop_assert!(units.left_to_unlock() <= before.collateral.left_to_unlock(), "{:?}", step);
            prop_assert!(units.released >= before.collateral.released && units.released <= granted);
            prop_assert!(units.consumed >= before.collateral.consumed);
            prop_assert!(books.meter.overrun >= before.meter.overrun);
            prop_assert!(books.meter.cumulative >= before.meter.cumulative);
            prop_assert_eq!(units.consumed + books.meter.overrun, books.meter.cumulative);
        }
    }

    /// Only a release, use that has eaten up all else, or a seizure makes the lien smaller.
    #[test]
    fn use_draws_on_released_units_first(granted in 1u64..1 << 40, shares: [u16; 2], uses: [u16; 4]) {
        let mut units = Collateral { granted, ..Collateral::zeroed() };
        let released = units.release(u64::from(shares[0]), 65_535).unwrap();
        prop_assert_eq!(released, part(granted, shares[0]));
        let (mut free, mut bound) = (released, granted - released);
        for share in uses {
            let used = part(free + bound, share);
            units.consumed += used;
            bound -= used.saturating_sub(free);
            free -= used.min(free);
            prop_assert_eq!((units.lien(), units.remaining()), (bound, free + bound));
        }
    }

    #[test]
    fn repaying_in_parts_never_releases_more(
        granted in 1u64..1 << 60, principal in 1u64..1 << 60, shares: [u16; 6],
    ) {
        let mut units = Collateral { granted, ..Collateral::zeroed() };
        let (mut repaid, mut released) = (0, 0);
        for share in shares {
            repaid += part(principal - repaid, share);
            released += units.release(repaid, principal).unwrap();
        }
        let exact = u128::from(granted) * u128::from(repaid) / u128::from(principal);
        prop_assert_eq!((u128::from(released), released), (exact, units.released));
        prop_assert!(repaid < principal || units.lien() == 0);
    }

    #[test]
    fn a_release_is_never_taken_back(granted in 1u64..1 << 40, repaid in 0u64..1_000, less in 0u64..1_000) {
        let mut units = Collateral { granted, ..Collateral::zeroed() };
        units.release(repaid, 1_000).unwrap();
        let before = units;
        prop_assert_eq!(units.release(less.min(repaid), 1_000), Ok(0));
        prop_assert_eq!(units, before);
    }

    #[test]
    fn units_bought_are_free_of_any_lien(purchases: [u32; 4], used: u16) {
        let mut units = Collateral::zeroed();
        for purchase in purchases {
            units.grant_unrestricted(u64::from(purchase)).unwrap();
            units.consumed += part(units.remaining(), used);
            prop_assert_eq!((units.lien(), units.available()), (0, units.remaining()));
        }
        prop_assert_eq!(units.granted, purchases.iter().copied().map(u64::from).sum::<u64>());
    }
}

#[test]
fn a_release_beyond_what_was_granted_is_not_possible_in_sixty_four_bits() {
    let mut units = Collateral { granted: u64::MAX, ..Collateral::zeroed() };
    assert_eq!(units.release(2, 1), Err(Overflow));
    assert_eq!(units.release(1, 0), Err(Overflow));
    assert_eq!(units.grant_unrestricted(1), Err(Overflow));
}

#[test]
fn no_more_units_are_cancelled_than_are_locked() {
    let units = Collateral { granted: 100, locked_at_issue: 60, released: 10, ..Collateral::zeroed() };
    assert_eq!(units.locked(), 50);
    let mut all = units;
    assert_eq!((all.cancel(50), all.cancelled, all.locked()), (Ok(()), 50, 0));
    assert_eq!({ units }.cancel(51), Err(crate::units::Overflow));
}
