use {
    super::*,
    crate::{
        auction::{cost, highest_price, least_price, price_at, price_paid, split},
        units::Overflow,
    },
};

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn the_price_only_falls_and_stays_between_start_and_floor(
        a: u64, b: u64, opened in -1i64 << 40..1i64 << 40, window: u32, mut times: [i64; 4],
    ) {
        let (start, floor) = (a.max(b), a.min(b));
        for time in &mut times {
            *time = opened + time.rem_euclid(2 * i64::from(window) + 2) - i64::from(window) / 2;
        }
        times.sort_unstable();
        let prices = times.map(|now| price_at(start, floor, opened, window, now).unwrap());
        prop_assert!(prices.is_sorted_by(|earlier, later| earlier >= later));
        prop_assert!(prices.iter().all(|price| (floor..=start).contains(price)));
    }

    #[test]
    fn the_price_lies_on_the_line_rounded_up(
        a in 0u64..1 << 40, b in 0u64..1 << 40, window in 1u32.., share: u16,
    ) {
        let (start, floor) = (a.max(b), a.min(b));
        let seconds = part(u64::from(window), share);
        let price = price_at(start, floor, 0, window, seconds as i64).unwrap();
        let (window, left) = (u128::from(window), u128::from(u64::from(window) - seconds));
        let line = u128::from(start - floor) * left;
        prop_assert_eq!(u128::from(price - floor), line.div_ceil(window));
    }

    #[test]
    fn buying_in_parts_never_costs_less(units: [u32; 4], price in 0u64..1 << 40) {
        let whole = cost(units.map(u64::from).iter().sum(), price).unwrap();
        let parts: u64 = units.iter().map(|units| cost(u64::from(*units), price).unwrap()).sum();
        prop_assert!(parts >= whole && parts <= whole + 3);
    }

    #[test]
    fn a_sale_is_shared_out_to_the_last_unit(cost: u64, fee_bps in 0u16..=10_000, debt: u64) {
        let shares = split(cost, fee_bps, debt).unwrap();
        let parts = [shares.fee, shares.recovered, shares.surplus].map(u128::from);
        prop_assert_eq!(parts.iter().sum::<u128>(), u128::from(cost));
        prop_assert!(shares.recovered <= debt);
        prop_assert!(shares.surplus == 0 || shares.recovered == debt);
        prop_assert!(u128::from(shares.fee) * 10_000 <= u128::from(cost) * u128::from(fee_bps));
    }

    #[test]
    fn selling_in_parts_never_raises_the_fee(costs: [u32; 4], fee_bps in 0u16..=10_000) {
        let fee = |cost| split(cost, fee_bps, 0).unwrap().fee;
        let costs = costs.map(u64::from);
        prop_assert!(costs.map(fee).iter().sum::<u64>() <= fee(costs.iter().sum()));
    }

    #[test]
    fn the_price_paid_times_the_units_covers_the_principal(
        principal in 0u64..1 << 44, units in 1u64..1 << 44,
    ) {
        let price = u128::from(price_paid(principal, units).unwrap());
        let exact = u128::from(principal) * 1_000_000;
        let covered = price * u128::from(units);
        prop_assert!(covered >= exact && exact + u128::from(units) > covered);
        if let Ok(cost) = cost(units, price as u64) {
            prop_assert!(cost >= principal);
        }
    }

    #[test]
    fn the_highest_price_rounds_down(price: u64, bps: u16) {
        let exact = u128::from(price) * u128::from(bps) / 10_000;
        prop_assert_eq!(u128::from(highest_price(price, bps)), exact.min(u128::from(u64::MAX)));
    }

    #[test]
    fn the_least_price_rounds_up(price in 0u64..1 << 48, bps: u16) {
        let least = u128::from(least_price(price, bps).unwrap());
        prop_assert_eq!(least, (u128::from(price) * u128::from(bps)).div_ceil(10_000));
    }
}

#[test]
fn the_window_has_exact_ends() {
    assert_eq!(price_at(100, 40, 1_000, 60, 999), Ok(100));
    assert_eq!(price_at(100, 40, 1_000, 60, 1_000), Ok(100));
    assert_eq!(price_at(100, 40, 1_000, 60, 1_001), Ok(99));
    assert_eq!(price_at(100, 40, 1_000, 60, 1_059), Ok(41));
    assert_eq!(price_at(100, 40, 1_000, 60, 1_060), Ok(40));
    assert_eq!(price_at(100, 40, 1_000, 60, i64::MAX), Ok(40));
    assert_eq!(price_at(100, 40, 1_000, 0, 1_000), Ok(40));
}

#[test]
fn what_makes_no_sense_is_an_overflow() {
    assert_eq!(price_at(40, 100, 0, 60, 30), Err(Overflow));
    assert_eq!(price_at(100, 40, i64::MIN, 60, i64::MAX), Err(Overflow));
    assert_eq!(cost(u64::MAX, u64::MAX), Err(Overflow));
    assert_eq!(price_paid(1, 0), Err(Overflow));
    assert_eq!(split(100, 10_100, 0), Err(Overflow));
}
