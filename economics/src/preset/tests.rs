use {
    super::*,
    crate::assumptions::{Assumptions, BonusLaw},
    blockable_credits::state::TermBounds,
};

#[test]
fn names_are_distinct_and_found() {
    let all = Preset::all();
    for preset in &all {
        assert_eq!(&Preset::named(&preset.name).unwrap(), preset);
    }
    let message = Preset::named("gold").unwrap_err().to_string();
    assert!(message.starts_with("there is no preset gold; there are prepaid-4, prepaid-12"), "{message}");
}

#[test]
fn the_standard_preset_is_that_of_the_design() {
    let standard = Preset::named("standard").unwrap();
    let days: Vec<u32> = standard.due_days().collect();
    assert_eq!((days.len(), days[0], days[1], days[11]), (12, 1, 31, 331));
    assert!((standard.holdback_share() - 0.5 * 11.5 / 12.0).abs() < 1e-12);
    let assumptions = Assumptions::built_in().unwrap();
    // An 18 % discount: 35 % for the part that is paid in advance.
    assert!((standard.units_per_dollar(&assumptions) - 1.182).abs() < 0.001);
    let size = standard.size(&assumptions);
    let agreement = standard.agreement(size);
    assert_eq!(agreement.terms.unlocked_ahead, size.units / 24);
    assert_eq!(agreement.terms.principal, 100_000_000_000);
    assert!((agreement.terms.holdback as f64 / 100e9 - 0.479).abs() < 0.001);
    assert_eq!((agreement.terms.apr_bps, agreement.terms.holdback_apr_bps), (1_400, 700));
}

#[test]
fn later_receipts_buy_fewer_units_under_both_laws() {
    let mut assumptions = Assumptions::built_in().unwrap();
    let per_dollar =
        |assumptions: &Assumptions, name: &str| Preset::named(name).unwrap().units_per_dollar(assumptions);
    for law in [BonusLaw::Linear, BonusLaw::Time] {
        assumptions.offer.bonus_law = law;
        assert!((per_dollar(&assumptions, "prepaid-12") - 1.35).abs() < 1e-9);
        let [light, standard, sealed] =
            ["light", "standard", "sealed"].map(|name| per_dollar(&assumptions, name));
        assert!(light > standard && standard > sealed && sealed >= 1.0, "{light} {standard} {sealed}");
    }
    assumptions.offer.bonus_law = BonusLaw::Time;
    // Half of the locked part comes in the second half of a year: about 0.48 x (1 - 1.15^-0.7) less.
    assert!((per_dollar(&assumptions, "standard") - 1.29).abs() < 0.01);
}

#[test]
fn every_preset_is_within_the_bounds_of_a_market_for_real_money() {
    let assumptions = Assumptions::built_in().unwrap();
    for preset in Preset::all() {
        let agreement = preset.agreement(preset.size(&assumptions));
        let principal = agreement.terms.principal;
        let valid = agreement.terms.validate(&agreement.schedule, principal, &TermBounds::PRODUCTION);
        assert_eq!(valid, Ok(()), "{}", preset.name);
        let rider = agreement.rider.validate(&agreement.terms, &agreement.schedule, &TermBounds::PRODUCTION);
        assert_eq!(rider, Ok(()), "{}", preset.name);
    }
}

#[test]
fn units_and_dollars_lead_to_each_other() {
    let assumptions = Assumptions::built_in().unwrap();
    for preset in Preset::all() {
        let size = preset.size(&assumptions);
        let again = preset.size_for(size.units, &assumptions);
        assert!(again.principal.abs_diff(size.principal) < 1_000, "{}: two units", preset.name);
    }
}
