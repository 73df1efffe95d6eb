//! The colours of credits.

use {
    super::*,
    crate::{
        api::credit_health::{Colour, CreditHealth},
        watch::{Measure, measure::measure, track::Track},
    },
};

fn measured(credit: &Credit, clock: i64) -> Measure {
    let snapshot = snapshot(clock, &BTreeMap::from([(key(10), *credit)]));
    let settings = watch::WatchSettings::default();
    let track = Track::begin(credit, &snapshot, settings.half_lives);
    measure(&key(10), credit, &snapshot, &track, &settings)
}

fn colour_of(clock: i64, change: impl FnOnce(&mut Credit)) -> (Colour, String) {
    let CreditHealth { colour, reason } = CreditHealth::new(&measured(&with(change), clock));
    (colour, reason)
}

#[test]
fn as_agreed_is_green_in_every_status_without_trouble() {
    assert_eq!(colour_of(START, |_| {}), (Colour::Green, "as agreed: nothing is unpaid".to_string()));
    for (status, word) in [
        (Status::Offered, "offered"),
        (Status::Accepted, "accepted"),
        (Status::Repaid, "repaid"),
        (Status::Closed, "closed"),
    ] {
        let (colour, reason) = colour_of(START, |credit| {
            credit.status = status.byte();
            credit.debt.principal = 0;
        });
        assert!(colour == Colour::Green && reason.starts_with(word), "{reason}");
    }
    let (colour, reason) = colour_of(START, |credit| credit.lender = credit.provider);
    assert_eq!((colour, reason.as_str()), (Colour::Green, "units without a loan"));
}

#[test]
fn loans_that_need_attention_are_amber() {
    let (colour, reason) = colour_of(START + 31 * DAY, |_| {});
    assert_eq!(colour, Colour::Amber);
    assert!(reason.starts_with("a payment was missed: $1,118.36 in arrears since 2027-02-15"), "{reason}");
    let (colour, reason) = colour_of(START, |credit| credit.collateral.frozen_for_other = 7);
    assert_eq!((colour, reason.as_str()), (Colour::Amber, "7 units frozen of a lien of 1,200,000 units"));
    let (colour, reason) = colour_of(START, |credit| credit.collateral.consumed = 300_000);
    assert_eq!((colour, reason.as_str()), (Colour::Amber, "the collateral is worth 75 % of the debt"));
    let (colour, reason) = colour_of(START + DAY, |credit| credit.collateral.consumed = 150_000);
    assert_eq!(colour, Colour::Amber);
    assert!(reason.contains("used up on 2027-01-24"), "{reason}");
    let (colour, reason) = colour_of(START, |credit| credit.status = 99);
    assert!(colour == Colour::Amber && reason.contains("newer keeper"), "{reason}");
}

#[test]
fn money_at_stake_is_red_with_every_reason() {
    let (colour, reason) = colour_of(START + 40 * DAY, |credit| credit.status = Status::Delinquent.byte());
    assert!(colour == Colour::Red && reason.starts_with("delinquent: $"), "{reason}");
    let (colour, reason) = colour_of(START + 45 * DAY, |credit| {
        credit.status = Status::Defaulted.byte();
        credit.defaulted_at = START + 41 * DAY;
        credit.collateral.consumed = 600_000;
    });
    assert_eq!(colour, Colour::Red);
    assert!(reason.contains("the cure period ends on 2027-03-05"), "{reason}");
    assert!(reason.contains("; the collateral is worth 49"), "{reason}");
    let (colour, reason) = colour_of(START, |credit| credit.collateral.consumed = 1_200_000);
    assert_eq!((colour, reason.as_str()), (Colour::Red, "no unit secures the $12,000.00 owed"));
    let (colour, reason) = colour_of(START, |credit| credit.status = Status::Seizing.byte());
    assert!(colour == Colour::Red && reason.starts_with("collateral was seized"), "{reason}");
}
