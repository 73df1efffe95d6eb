use {
    super::*,
    crate::state::{
        Rider, TermBounds,
        TermsRefused::{self, *},
    },
};

const BOUNDS: TermBounds =
    TermBounds { min_instalment_interval: 100, max_apr_bps: 2_000, ..TermBounds::PRODUCTION };

fn verdict(change: impl FnOnce(&mut Rider)) -> Result<(), TermsRefused> {
    let mut rider = Rider {
        planned_units: 500,
        covenant_window: 200,
        high_bps: 9_000,
        low_bps: 6_000,
        apr_step_bps: 50,
        apr_floor_bps: 800,
        apr_ceiling_bps: 1_200,
        top_up_bps: 250,
        ..Rider::default()
    };
    change(&mut rider);
    rider.validate(&terms(), &[], &BOUNDS)
}

fn terms() -> Terms {
    Terms { principal: 12_000, apr_bps: 1_000, ..Terms::zeroed() }
}

#[test]
fn a_rider_of_zeros_is_sound() {
    assert_eq!(Rider::default().validate(&terms(), &[], &BOUNDS), Ok(()));
    assert!(!Rider::default().has_covenant());
    assert_eq!(verdict(|_| ()), Ok(()));
}

#[test]
fn flags_are_known_and_reserved_bytes_zero() {
    for flag in 0..=u8::MAX {
        let expected = if flag <= 1 { Ok(()) } else { Err(UnknownFlag) };
        assert_eq!(verdict(|rider| rider.breach_notice = flag), expected);
        assert_eq!(verdict(|rider| rider.cross_default = flag), expected);
    }
    for byte in 0..4 {
        assert_eq!(verdict(|rider| rider.reserved[byte] = 1), Err(UnknownFlag));
    }
}

#[test]
fn at_most_the_whole_coupon_is_paid_in_kind() {
    assert_eq!(verdict(|rider| rider.pay_in_kind_bps = 10_000), Ok(()));
    assert_eq!(verdict(|rider| rider.pay_in_kind_bps = 10_001), Err(PayInKindTooHigh));
}

#[test]
fn a_reserve_is_at_most_the_principal() {
    assert_eq!(verdict(|rider| rider.reserve = 12_000), Ok(()));
    assert_eq!(verdict(|rider| rider.reserve = 12_001), Err(ReserveTooLarge));
    assert_eq!(verdict(|rider| rider.reserve = u64::MAX), Err(ReserveTooLarge));
}

#[test]
fn a_window_is_at_least_as_long_as_the_markets_interval() {
    assert_eq!(verdict(|rider| rider.covenant_window = 100), Ok(()));
    assert_eq!(verdict(|rider| rider.covenant_window = 99), Err(CovenantUnsound));
    assert_eq!(verdict(|rider| rider.covenant_window = u32::MAX), Ok(()));
}

#[test]
fn a_covenant_needs_a_plan_and_thresholds_in_order() {
    assert_eq!(verdict(|rider| rider.planned_units = 1), Ok(()));
    assert_eq!(verdict(|rider| rider.planned_units = 0), Err(CovenantUnsound));
    assert_eq!(verdict(|rider| rider.low_bps = 8_999), Ok(()));
    assert_eq!(verdict(|rider| rider.low_bps = 9_000), Err(CovenantUnsound));
    assert_eq!(verdict(|rider| (rider.low_bps, rider.high_bps) = (0, 1)), Ok(()));
    assert_eq!(verdict(|rider| (rider.low_bps, rider.high_bps) = (0, 0)), Err(CovenantUnsound));
}

#[test]
fn the_apr_of_the_terms_lies_between_floor_and_ceiling_within_the_markets_bound() {
    assert_eq!(verdict(|rider| rider.apr_floor_bps = 1_000), Ok(()));
    assert_eq!(verdict(|rider| rider.apr_floor_bps = 1_001), Err(CovenantUnsound));
    assert_eq!(verdict(|rider| rider.apr_ceiling_bps = 1_000), Ok(()));
    assert_eq!(verdict(|rider| rider.apr_ceiling_bps = 999), Err(CovenantUnsound));
    assert_eq!(verdict(|rider| rider.apr_ceiling_bps = 2_000), Ok(()));
    assert_eq!(verdict(|rider| rider.apr_ceiling_bps = 2_001), Err(CovenantUnsound));
    assert_eq!(verdict(|rider| rider.apr_step_bps = u16::MAX), Ok(()));
}

#[test]
fn a_top_up_is_at_most_the_whole_principal() {
    assert_eq!(verdict(|rider| rider.top_up_bps = 10_000), Ok(()));
    assert_eq!(verdict(|rider| rider.top_up_bps = 10_001), Err(CovenantUnsound));
}

#[test]
fn parts_of_a_covenant_without_a_window_are_refused() {
    let parts: [fn(&mut Rider); 7] = [
        |rider| rider.planned_units = 1,
        |rider| rider.high_bps = 1,
        |rider| rider.low_bps = 1,
        |rider| rider.apr_step_bps = 1,
        |rider| rider.apr_floor_bps = 1,
        |rider| rider.apr_ceiling_bps = 1,
        |rider| rider.top_up_bps = 1,
    ];
    for (index, part) in parts.into_iter().enumerate() {
        let mut rider = Rider { reserve: 5, pay_in_kind_bps: 5, breach_notice: 1, ..Rider::default() };
        assert_eq!(rider.validate(&terms(), &[], &BOUNDS), Ok(()));
        part(&mut rider);
        assert_eq!(rider.validate(&terms(), &[], &BOUNDS), Err(CovenantUnsound), "part {index}");
    }
}

proptest! {
    #![proptest_config(cases(2_000))]

    /// A rider that passes can be measured and applied: its plan is not zero, and no use is beyond both thresholds.
    #[test]
    fn a_covenant_that_passes_can_be_applied(
        planned_units in 0u64..3, covenant_window in 0u32..300, thresholds: [u8; 2], rates in prop::array::uniform3(0u16..4),
        top_up_bps in 9_990u16..10_010,
    ) {
        let rider = Rider {
            planned_units, covenant_window, high_bps: u16::from(thresholds[0] % 8), low_bps: u16::from(thresholds[1] % 8),
            apr_floor_bps: rates[0], apr_ceiling_bps: rates[1], apr_step_bps: rates[2], top_up_bps,
            ..Rider::default()
        };
        let terms = Terms { apr_bps: 2, ..terms() };
        if rider.validate(&terms, &[], &BOUNDS).is_ok() && rider.has_covenant() {
            let window = u64::from(rider.covenant_window);
            prop_assert!(crate::covenant::utilisation_bps(1, rider.planned_units, 1, window).is_ok());
            for utilisation in 0..9 {
                let done = crate::covenant::outcome(&rider, 2, utilisation, 12_000, true).unwrap();
                prop_assert!((rider.apr_floor_bps..=rider.apr_ceiling_bps).contains(&done.apr_bps));
                prop_assert!(done.top_up <= 12_000);
            }
        }
    }
}
