use {
    super::*,
    crate::{DAY, assumptions::Assumptions, preset::Preset},
    blockable_credits::{actions::LotTerms, transitions::Status},
};

/// A loan on the terms of a preset, just issued.
fn issued(name: &str) -> Loan {
    let preset = Preset::named(name).unwrap();
    let size = preset.size(&Assumptions::built_in().unwrap());
    Issue::new(&preset.agreement(size)).unwrap().loan
}

/// A list of acts, as a story keeps them.
#[derive(Default)]
struct Noted(Vec<(i64, Act)>);

impl Observer for Noted {
    fn note(&mut self, seconds: i64, act: &Act, _loan: &Loan) {
        self.0.push((seconds, *act));
    }
}

#[test]
fn every_preset_can_be_issued() {
    for preset in Preset::all() {
        let loan = issued(&preset.name);
        assert_eq!(loan.credit.status().unwrap(), Status::Active, "{}", preset.name);
        assert_eq!(loan.credit.reserve_held, loan.credit.rider.reserve);
    }
}

#[test]
fn an_act_that_is_refused_changes_nothing_when_attempted() {
    let mut loan = issued("prepaid-4");
    let mut noted = Noted::default();
    let before = loan.snapshot();
    assert!(!loan.attempt(40 * DAY - 6 * DAY, Act::MarkDelinquent, &mut noted));
    assert_eq!((loan.snapshot(), noted.0.len()), (before, 0));
    assert!(loan.attempt(35 * DAY, Act::MarkDelinquent, &mut noted));
    assert_eq!(noted.0, [(35 * DAY, Act::MarkDelinquent)]);
}

#[test]
fn a_default_of_prepaid_terms_goes_through_all_steps() {
    let mut loan = issued("prepaid-4");
    let day = |day: i64| day * DAY;
    let mut noted = Noted::default();
    let granted = loan.credit.terms.units;
    loan.act(day(30), Act::Meter { cumulative: granted / 4, in_flight: 0 }, &mut noted).unwrap();
    loan.act(day(35), Act::MarkDelinquent, &mut noted).unwrap();
    loan.act(day(45), Act::MarkDefaulted, &mut noted).unwrap();
    loan.act(day(45), Act::AutoFreeze, &mut noted).unwrap();
    let terms = LotTerms { start_price: 500_000_000, floor_price: 300_000_000, window: 10 * DAY as u32 };
    loan.act(day(55), Act::Seize(terms), &mut noted).unwrap();
    assert_eq!(loan.snapshot().in_lot, granted - granted / 4);
    loan.act(day(60), Act::Buy(1_000_000), &mut noted).unwrap();
    let after = loan.snapshot();
    assert_eq!(after.lender + after.treasury, 400_000_000, "half way down from 500 to 300 dollars");
    assert_eq!(after.treasury, 8_000_000);
    loan.act(day(65), Act::CloseLot, &mut noted).unwrap();
    loan.act(day(65), Act::TakeOver, &mut noted).unwrap();
    assert_eq!(noted.0.len(), 8);
}

#[test]
fn a_payment_of_the_arrears_is_what_the_program_says() {
    let mut loan = issued("prepaid-4");
    let arrears = loan.accrued(30 * DAY).unwrap().arrears();
    loan.act(30 * DAY, Act::Pay(arrears), &mut Unobserved).unwrap();
    let interest = 100_000_000_000u64 * 1_400 * 30 / (10_000 * 365);
    assert_eq!(loan.snapshot().lender, 25_000_000_000 + interest);
    assert_eq!(loan.snapshot().principal, 75_000_000_000);
}
