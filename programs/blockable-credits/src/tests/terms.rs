use {
    super::*,
    crate::state::{
        AutoFreeze, FreezePolicy, Instalment, TermBounds,
        TermsRefused::{self, *},
    },
};

const BOUNDS: TermBounds = TermBounds {
    min_principal: 10_000,
    max_principal: 20_000,
    min_instalment_interval: 100,
    max_term: 1_000,
    min_delinquency_grace: 10,
    min_default_grace: 20,
    min_cure_period: 30,
    min_lot_window: 40,
    max_lot_window: 50,
    max_apr_bps: 500,
    max_late_fee_bps: 1_000,
    min_start_price_bps: 5_000,
    max_start_price_bps: 20_000,
    min_floor_price_bps: 1_000,
    reserved: [0; 2],
};

/// Terms and schedule under test.
#[derive(Clone)]
struct Offer {
    terms: Terms,
    schedule: Vec<Instalment>,
}

impl Offer {
    fn new() -> Offer {
        let terms = Terms {
            principal: 12_000,
            units: 1,
            unlocked_ahead: 1,
            delinquency_grace: 10,
            default_grace: 20,
            cure_period: 30,
            ..Terms::zeroed()
        };
        Offer { terms, schedule: schedule(&[(100, 4_000), (200, 4_000), (300, 4_000)]) }
    }

    fn verdict(&self) -> Result<(), TermsRefused> {
        self.terms.validate(&self.schedule, self.terms.principal, &BOUNDS)
    }
}

fn schedule(instalments: &[(u32, u64)]) -> Vec<Instalment> {
    instalments
        .iter()
        .map(|(due_after, principal)| Instalment { due_after: *due_after, principal: *principal })
        .collect()
}

fn verdict(change: impl FnOnce(&mut Offer)) -> Result<(), TermsRefused> {
    let mut offer = Offer::new();
    change(&mut offer);
    offer.verdict()
}

fn principal(amount: u64) -> Result<(), TermsRefused> {
    verdict(|offer| {
        offer.terms.principal = amount;
        offer.schedule = schedule(&[(100, amount)]);
    })
}

fn dates(dates: &[u32]) -> Result<(), TermsRefused> {
    verdict(|offer| {
        offer.schedule =
            dates.iter().map(|due_after| Instalment { due_after: *due_after, principal: 0 }).collect();
        offer.schedule.last_mut().unwrap().principal = 12_000;
    })
}

#[test]
fn principal_keeps_both_bounds() {
    assert_eq!(principal(9_999), Err(PrincipalOutOfBounds));
    assert_eq!(principal(10_000), Ok(()));
    assert_eq!(principal(20_000), Ok(()));
    assert_eq!(principal(20_001), Err(PrincipalOutOfBounds));
}

#[test]
fn no_principal_is_refused_whatever_the_bounds() {
    let bounds = TermBounds { min_principal: 0, ..BOUNDS };
    let terms = Terms { principal: 0, ..Offer::new().terms };
    assert_eq!(terms.validate(&schedule(&[(100, 0)]), terms.principal, &bounds), Err(PrincipalOutOfBounds));
}

#[test]
fn each_number_is_accepted_at_its_edge_and_refused_beyond() {
    assert_eq!(verdict(|offer| offer.terms.units = 0), Err(NoUnits));
    assert_eq!(verdict(|offer| offer.terms.apr_bps = 500), Ok(()));
    assert_eq!(verdict(|offer| offer.terms.apr_bps = 501), Err(AprTooHigh));
    assert_eq!(verdict(|offer| offer.terms.delinquency_grace = 9), Err(DelinquencyGraceTooShort));
    assert_eq!(verdict(|offer| offer.terms.default_grace = 19), Err(DefaultGraceTooShort));
    assert_eq!(verdict(|offer| offer.terms.cure_period = 29), Err(CurePeriodTooShort));
    assert_eq!(verdict(|offer| offer.terms.cure_period = u32::MAX), Ok(()));
}

#[test]
fn the_price_of_the_units_fits_sixty_four_bits() {
    let bounds = TermBounds { max_principal: 1 << 60, ..BOUNDS };
    let verdict = |units| {
        let terms = Terms { principal: 1 << 60, units, unlocked_ahead: units, ..Offer::new().terms };
        terms.validate(&schedule(&[(100, 1 << 60)]), 1 << 60, &bounds)
    };
    assert_eq!([1, 1 << 40].map(verdict), [Err(UnitPriceOutOfRange), Ok(())]);
}

/// 12,000 micro-USDC for so many units.
#[test]
fn a_million_units_cost_ten_thousand_micro_usdc_or_more() {
    let units = |units| verdict(|offer| (offer.terms.units, offer.terms.unlocked_ahead) = (units, units));
    assert_eq!(
        [1_200_000, 1_200_001, u64::MAX].map(units),
        [Ok(()), Err(UnitPriceTooLow), Err(UnitPriceTooLow)]
    );
}

#[test]
fn units_last_from_issue_to_the_sale_of_those_of_the_last_instalment() {
    assert_eq!(Offer::new().terms.needs_units_for(300, &BOUNDS), 300 + 20 + 2 * (30 + 40));
    let lifetime = |seconds| verdict(|offer| offer.terms.unit_lifetime = seconds);
    assert_eq!([0, 459, 460].map(lifetime), [Ok(()), Err(UnitLifetimeTooShort), Ok(())]);
}

#[test]
fn default_comes_after_delinquency() {
    let graces = |delinquency: u32, default: u32| {
        verdict(|offer| (offer.terms.delinquency_grace, offer.terms.default_grace) = (delinquency, default))
    };
    assert_eq!(graces(19, 20), Ok(()));
    assert_eq!(graces(20, 20), Err(DefaultGraceTooShort));
    assert_eq!(graces(u32::MAX, u32::MAX), Err(DefaultGraceTooShort));
}

#[test]
fn flags_are_known() {
    for policy in 0..=u8::MAX {
        let expected = if policy <= 2 { Ok(()) } else { Err(UnknownFlag) };
        assert_eq!(verdict(|offer| offer.terms.freeze_policy = policy), expected);
        assert_eq!(verdict(|offer| offer.terms.auto_freeze = policy), expected);
    }
    let from_delinquency = |policy: FreezePolicy| {
        verdict(|offer| {
            offer.terms.freeze_policy = policy as u8;
            offer.terms.auto_freeze = AutoFreeze::FromDelinquency as u8;
        })
    };
    let policies = [FreezePolicy::AtWill, FreezePolicy::OnDelinquency, FreezePolicy::OnDefault];
    assert_eq!(policies.map(from_delinquency), [Ok(()), Ok(()), Err(AutoFreezeBeforePolicy)]);
    for byte in 0..6 {
        assert_eq!(verdict(|offer| offer.terms.reserved[byte] = 1), Err(UnknownFlag));
    }
}

#[test]
fn a_schedule_has_one_to_thirty_six_instalments() {
    let bounds = TermBounds { max_term: u32::MAX, ..BOUNDS };
    let of = |count: u32| {
        let instalments: Vec<_> = (1..=count).map(|index| (index * 100, 400)).collect();
        let terms = Terms { principal: u64::from(count) * 400, ..Offer::new().terms };
        terms.validate(&schedule(&instalments), terms.principal, &TermBounds { min_principal: 1, ..bounds })
    };
    assert_eq!(verdict(|offer| offer.schedule.clear()), Err(InstalmentCount));
    assert_eq!(of(1), Ok(()));
    assert_eq!(of(36), Ok(()));
    assert_eq!(of(37), Err(InstalmentCount));
}

#[test]
fn due_dates_keep_their_distance_and_the_longest_term() {
    assert_eq!(dates(&[99]), Err(InstalmentsTooClose));
    assert_eq!(dates(&[100, 200]), Ok(()));
    assert_eq!(dates(&[100, 199]), Err(InstalmentsTooClose));
    assert_eq!(dates(&[200, 100]), Err(InstalmentsTooClose));
    assert_eq!(dates(&[100, 1_000]), Ok(()));
    assert_eq!(dates(&[100, 1_001]), Err(TermTooLong));
    assert_eq!(dates(&[u32::MAX]), Err(TermTooLong));
    let bounds = TermBounds { min_instalment_interval: 0, ..BOUNDS };
    let twice = schedule(&[(100, 6_000), (100, 6_000)]);
    assert_eq!(
        Offer::new().terms.validate(&twice, Offer::new().terms.principal, &bounds),
        Err(InstalmentsTooClose)
    );
}

#[test]
fn instalments_add_up_to_the_principal() {
    let last = |principal| verdict(|offer| offer.schedule[2].principal = principal);
    assert_eq!(last(3_999), Err(PrincipalMismatch));
    assert_eq!(last(4_001), Err(PrincipalMismatch));
    assert_eq!(last(u64::MAX), Err(PrincipalMismatch));
}

#[test]
fn a_late_fee_is_at_most_its_share_of_the_average_instalment() {
    assert_eq!(verdict(|offer| offer.terms.late_fee = 400), Ok(()));
    assert_eq!(verdict(|offer| offer.terms.late_fee = 401), Err(LateFeeTooHigh));
    assert_eq!(verdict(|offer| offer.terms.late_fee = u64::MAX), Err(LateFeeTooHigh));
}

#[test]
fn an_offer_expires_after_its_last_second() {
    let terms = |offer_expires_at| Terms { offer_expires_at, ..Terms::zeroed() };
    assert!(!terms(100).offer_has_expired(100) && terms(100).offer_has_expired(101));
    assert!(!terms(0).offer_has_expired(i64::MAX));
}

/// Bounds with one field moved the way that allows more.
fn loosened(bounds: &TermBounds) -> Vec<TermBounds> {
    let changes: [fn(&mut TermBounds); 14] = [
        |bounds| bounds.min_principal -= 1,
        |bounds| bounds.max_principal += 1,
        |bounds| bounds.min_instalment_interval -= 1,
        |bounds| bounds.max_term += 1,
        |bounds| bounds.min_delinquency_grace -= 1,
        |bounds| bounds.min_default_grace -= 1,
        |bounds| bounds.min_cure_period -= 1,
        |bounds| bounds.min_lot_window -= 1,
        |bounds| bounds.max_lot_window += 1,
        |bounds| bounds.max_apr_bps += 1,
        |bounds| bounds.max_late_fee_bps += 1,
        |bounds| bounds.min_start_price_bps -= 1,
        |bounds| bounds.max_start_price_bps += 1,
        |bounds| bounds.min_floor_price_bps -= 1,
    ];
    let loosened = |change: fn(&mut TermBounds)| {
        let mut looser = *bounds;
        change(&mut looser);
        looser
    };
    changes.into_iter().map(loosened).collect()
}

#[test]
fn bounds_are_within_looser_ones_and_never_the_other_way() {
    for looser in loosened(&BOUNDS) {
        assert!(BOUNDS.is_within(&looser));
        assert!(!looser.is_within(&BOUNDS), "{looser:?}");
    }
    assert!(BOUNDS.is_within(&BOUNDS));
}

#[test]
fn production_bounds_are_sound() {
    assert!(TermBounds::PRODUCTION.is_consistent());
    assert!(TermBounds::PRODUCTION.is_within(&TermBounds::PRODUCTION));
    assert!(!BOUNDS.is_within(&TermBounds::PRODUCTION));
}

#[test]
fn bounds_that_contradict_themselves_are_seen() {
    assert!(BOUNDS.is_consistent());
    let contradictions: [fn(&mut TermBounds); 8] = [
        |bounds| bounds.min_principal = 0,
        |bounds| bounds.max_principal = bounds.min_principal - 1,
        |bounds| bounds.max_term = bounds.min_instalment_interval - 1,
        |bounds| bounds.min_lot_window = 0,
        |bounds| bounds.max_lot_window = bounds.min_lot_window - 1,
        |bounds| bounds.min_floor_price_bps = bounds.min_start_price_bps + 1,
        |bounds| bounds.max_start_price_bps = 9_999,
        |bounds| bounds.reserved[1] = 1,
    ];
    for (index, change) in contradictions.into_iter().enumerate() {
        let mut bounds = BOUNDS;
        change(&mut bounds);
        assert!(!bounds.is_consistent(), "contradiction {index}");
    }
}

prop_compose! {
    fn bounds()(
        principal in (1u64..20_000, 1u64..20_000), spans in (0u32..200, 0u32..1_200),
        graces in (0u32..20, 0u32..30, 0u32..40), windows in (1u32..90, 1u32..90),
        rates in (0u16..900, 0u16..2_000),
        prices in (0u16..9_000, 10_000u16..40_000, 0u16..9_000),
    ) -> TermBounds {
        TermBounds {
            min_principal: principal.0,
            max_principal: principal.1,
            min_instalment_interval: spans.0,
            max_term: spans.1,
            min_delinquency_grace: graces.0,
            min_default_grace: graces.1,
            min_cure_period: graces.2,
            min_lot_window: windows.0,
            max_lot_window: windows.1,
            max_apr_bps: rates.0,
            max_late_fee_bps: rates.1,
            min_start_price_bps: prices.0,
            max_start_price_bps: prices.1,
            min_floor_price_bps: prices.2,
            reserved: [0; 2],
        }
    }
}

proptest! {
    #![proptest_config(cases(4_000))]

    #[test]
    fn what_tighter_bounds_accept_looser_ones_do(
        a in bounds(), b in bounds(), tight in 0u32..8, apr_bps in 0u16..600, late_fee in 0u64..600,
        graces in (5u32..30, 10u32..60, 20u32..60), principal in 3u64..15_000,
        gaps in (50u32..300, 50u32..300),
    ) {
        // Half of the cases compare bounds of which one is within the other.
        let tighter = if tight < 4 { a } else { tightest(&a, &b) };
        let terms = Terms {
            principal, units: 1, unlocked_ahead: 1, apr_bps, late_fee,
            delinquency_grace: graces.0, default_grace: graces.1, cure_period: graces.2,
            ..Terms::zeroed()
        };
        let schedule = schedule(&[(gaps.0, principal / 2), (gaps.0 + gaps.1, principal - principal / 2)]);
        prop_assert!(tight < 4 || tighter.is_within(&b));
        if tighter.is_within(&b) && terms.validate(&schedule, terms.principal, &tighter).is_ok() {
            prop_assert_eq!(terms.validate(&schedule, terms.principal, &b), Ok(()));
        }
    }
}

/// The terms that both allow.
fn tightest(a: &TermBounds, b: &TermBounds) -> TermBounds {
    TermBounds {
        min_principal: a.min_principal.max(b.min_principal),
        max_principal: a.max_principal.min(b.max_principal),
        min_instalment_interval: a.min_instalment_interval.max(b.min_instalment_interval),
        max_term: a.max_term.min(b.max_term),
        min_delinquency_grace: a.min_delinquency_grace.max(b.min_delinquency_grace),
        min_default_grace: a.min_default_grace.max(b.min_default_grace),
        min_cure_period: a.min_cure_period.max(b.min_cure_period),
        min_lot_window: a.min_lot_window.max(b.min_lot_window),
        max_lot_window: a.max_lot_window.min(b.max_lot_window),
        max_apr_bps: a.max_apr_bps.min(b.max_apr_bps),
        max_late_fee_bps: a.max_late_fee_bps.min(b.max_late_fee_bps),
        min_start_price_bps: a.min_start_price_bps.max(b.min_start_price_bps),
        max_start_price_bps: a.max_start_price_bps.min(b.max_start_price_bps),
        min_floor_price_bps: a.min_floor_price_bps.max(b.min_floor_price_bps),
        reserved: [0; 2],
    }
}
