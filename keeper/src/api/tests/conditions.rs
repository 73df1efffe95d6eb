//! What makes a credit green, amber or red.

use {
    super::*,
    crate::{
        api::condition::{Colour, Condition},
        watch::{Measure, measure::measure, track::Track},
    },
};

fn measured(credit: &Credit, clock: i64) -> Measure {
    let snapshot = snapshot(clock, &BTreeMap::from([(key(10), *credit)]));
    let settings = watch::Settings::default();
    let track = Track::begin(credit, &snapshot, settings.half_lives);
    measure(&key(10), credit, &snapshot, &track, &settings)
}

fn of(clock: i64, change: impl FnOnce(&mut Credit)) -> (Colour, String) {
    let Condition { colour, words } = Condition::of(&measured(&with(change), clock));
    (colour, words)
}

#[test]
fn as_agreed_is_green_in_every_status_without_trouble() {
    assert_eq!(of(START, |_| {}), (Colour::Green, "as agreed: nothing is unpaid".to_string()));
    for (status, word) in [
        (Status::Offered, "offered"),
        (Status::Accepted, "accepted"),
        (Status::Repaid, "repaid"),
        (Status::Closed, "closed"),
    ] {
        let (colour, words) = of(START, |credit| {
            credit.status = status.byte();
            credit.debt.principal = 0;
        });
        assert!(colour == Colour::Green && words.starts_with(word), "{words}");
    }
    let (colour, words) = of(START, |credit| credit.lender = credit.provider);
    assert_eq!((colour, words.as_str()), (Colour::Green, "units without a loan"));
}

#[test]
fn what_should_be_looked_at_is_amber() {
    let (colour, words) = of(START + 31 * DAY, |_| {});
    assert_eq!(colour, Colour::Amber);
    assert!(words.starts_with("a payment was missed: $1,118.36 in arrears since 2027-02-15"), "{words}");
    let (colour, words) = of(START, |credit| credit.collateral.frozen = 7);
    assert_eq!((colour, words.as_str()), (Colour::Amber, "7 units frozen of a lien of 1,200,000 units"));
    let (colour, words) = of(START, |credit| credit.collateral.consumed = 300_000);
    assert_eq!((colour, words.as_str()), (Colour::Amber, "the collateral is worth 75 % of the debt"));
    let (colour, words) = of(START + DAY, |credit| credit.collateral.consumed = 150_000);
    assert_eq!(colour, Colour::Amber);
    assert!(words.contains("used up on 2027-01-24"), "{words}");
    let (colour, words) = of(START, |credit| credit.status = 99);
    assert!(colour == Colour::Amber && words.contains("newer keeper"), "{words}");
}

#[test]
fn money_at_stake_is_red_with_every_reason() {
    let (colour, words) = of(START + 40 * DAY, |credit| credit.status = Status::Delinquent.byte());
    assert!(colour == Colour::Red && words.starts_with("delinquent: $"), "{words}");
    let (colour, words) = of(START + 45 * DAY, |credit| {
        credit.status = Status::Defaulted.byte();
        credit.defaulted_at = START + 41 * DAY;
        credit.collateral.consumed = 600_000;
    });
    assert_eq!(colour, Colour::Red);
    assert!(words.contains("the cure period ends on 2027-03-05"), "{words}");
    assert!(words.contains("; the collateral is worth 49"), "{words}");
    let (colour, words) = of(START, |credit| credit.collateral.consumed = 1_200_000);
    assert_eq!((colour, words.as_str()), (Colour::Red, "no unit secures the $12,000.00 owed"));
    let (colour, words) = of(START, |credit| credit.status = Status::Seizing.byte());
    assert!(colour == Colour::Red && words.starts_with("collateral was seized"), "{words}");
}
