use {
    super::*,
    crate::{holdback::Holdback, units::Overflow},
};

/// A holdback, and how many units are left to unlock; no more is held back than they cost, rounded up.
fn holdbacks() -> impl Strategy<Value = (Holdback, u64)> {
    let amounts = (1u64..1 << 40, 1u64..1 << 40, any::<u16>(), any::<u16>());
    amounts.prop_map(|(principal, units, share, held)| {
        let left_to_unlock = part(units, share);
        let most = Holdback { left: 0, principal, units }.price_ceil(left_to_unlock).unwrap();
        (Holdback { left: part(most, held), principal, units }, left_to_unlock)
    })
}

/// The price of units times the units of the loan, exactly.
fn exact(holdback: &Holdback, units: u64) -> u128 {
    u128::from(units) * u128::from(holdback.principal)
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn prices_round_as_their_names_say((holdback, units) in holdbacks()) {
        let (floor, ceil) = (holdback.price_floor(units).unwrap(), holdback.price_ceil(units).unwrap());
        let of = u128::from(holdback.units);
        prop_assert!(u128::from(floor) * of <= exact(&holdback, units));
        prop_assert!(u128::from(ceil) * of >= exact(&holdback, units));
        prop_assert!(ceil - floor <= 1);
    }

    /// The number of payments does not change what is earned in all.
    #[test]
    fn the_holdback_is_earned_by_what_is_unlocked_alone((holdback, units) in holdbacks(), shares: [u16; 4]) {
        let (mut left, mut to_unlock, mut earned) = (holdback, units, 0);
        for share in shares {
            to_unlock -= part(to_unlock, share / 2);
            let kept = left.kept_ceil(to_unlock).unwrap();
            earned += left.left - kept;
            left.left = kept;
        }
        prop_assert_eq!(left.left, holdback.kept_ceil(to_unlock).unwrap());
        prop_assert_eq!(earned + left.left, holdback.left);
        prop_assert_eq!(holdback.kept_ceil(0), Ok(0));
        prop_assert_eq!(holdback.kept_ceil(units), Ok(holdback.left));
    }

    #[test]
    fn no_more_is_covered_than_is_paid_for((holdback, units) in holdbacks(), share: u16) {
        let locked = part(units, share);
        let covered = holdback.covered_floor(locked).unwrap();
        prop_assert!(covered <= locked && holdback.price_floor(covered).unwrap() <= holdback.left);
        if covered < locked && covered < units {
            prop_assert!(exact(&holdback, covered + 1) > u128::from(holdback.left) * u128::from(holdback.units));
        }
    }

    #[test]
    fn a_cancel_pays_the_price_of_its_units((holdback, units) in holdbacks(), share: u16, take: u16) {
        let locked = part(units, share);
        let covered = holdback.covered_floor(locked).unwrap();
        let cancelled = part(covered, take);
        let paid = holdback.paid_by_cancel(cancelled, covered, units).unwrap();
        prop_assert!(paid <= holdback.left && paid >= holdback.price_floor(cancelled).unwrap());
        // What it pays more is less than a unit's price and a micro-USDC, while locked units are left for what stays.
        if cancelled < covered {
            let more = paid - holdback.price_floor(cancelled).unwrap();
            prop_assert!(u128::from(more.saturating_sub(1)) * u128::from(holdback.units) < u128::from(holdback.principal));
        } else {
            prop_assert_eq!(paid, holdback.left);
        }
        prop_assert!(holdback.left - paid <= holdback.price_ceil(units - cancelled).unwrap());
    }

    #[test]
    fn cancelling_in_parts_never_pays_more((holdback, units) in holdbacks(), takes: [u16; 4]) {
        let covered = holdback.covered_floor(units).unwrap();
        let (mut left, mut to_unlock, mut cancelled) = (holdback, units, 0);
        for take in takes {
            let covered = left.covered_floor(to_unlock).unwrap();
            let units = part(covered, take / 2);
            left.left -= left.paid_by_cancel(units, covered, to_unlock).unwrap();
            to_unlock -= units;
            cancelled += units;
        }
        prop_assert!(cancelled <= covered);
        let at_once = holdback.paid_by_cancel(cancelled, covered, units).unwrap();
        prop_assert!(holdback.left - left.left <= at_once);
    }

    #[test]
    fn no_numbers_make_it_panic(left: u64, principal: u64, units: u64, amounts: [u64; 3]) {
        let holdback = Holdback { left, principal, units };
        let _ = holdback.kept_ceil(amounts[0]);
        let _ = holdback.covered_floor(amounts[0]);
        let _ = holdback.paid_by_cancel(amounts[0], amounts[1], amounts[2]);
    }
}

#[test]
fn nothing_held_back_covers_nothing_and_keeps_nothing() {
    let none = Holdback { left: 0, principal: 100, units: 10_000 };
    assert_eq!((none.covered_floor(99), none.kept_ceil(99)), (Ok(0), Ok(0)));
    // Not even units that cost less than a micro-USDC.
    assert_eq!(Holdback { left: 1, ..none }.covered_floor(199), Ok(199));
}

#[test]
fn what_is_less_than_a_units_price_goes_with_the_last_units() {
    // 250 USDC for units of 100 USDC: two are covered, and 50 USDC are left over.
    let coarse = Holdback { left: 250, principal: 1_000, units: 10 };
    assert_eq!(coarse.covered_floor(9), Ok(2));
    assert_eq!((coarse.paid_by_cancel(1, 2, 9), coarse.paid_by_cancel(2, 2, 9)), (Ok(100), Ok(250)));
    let rest = Holdback { left: 150, ..coarse };
    assert_eq!((rest.covered_floor(8), rest.paid_by_cancel(1, 1, 8)), (Ok(1), Ok(150)));
    assert_eq!(coarse.paid_by_cancel(3, 2, 9), Err(Overflow));
}

/// A rest below the price of a unit goes with a cancel, although it would cover another one by rounding; a whole price stays.
#[test]
fn a_rest_below_a_units_price_is_paid_and_a_whole_price_is_kept() {
    // A unit costs one and a half micro-USDC: four are floor(3 x 1.5), and three units are covered.
    let uneven = Holdback { left: 4, principal: 3, units: 2 };
    assert_eq!(uneven.covered_floor(3), Ok(3));
    assert_eq!((uneven.paid_by_cancel(2, 3, 3), uneven.paid_by_cancel(1, 3, 3)), (Ok(4), Ok(1)));
    let whole = Holdback { left: 200, principal: 1_000, units: 10 };
    assert_eq!((whole.covered_floor(2), whole.paid_by_cancel(1, 2, 2)), (Ok(2), Ok(100)));
}
