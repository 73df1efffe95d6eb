use {
    super::*,
    crate::loan::{Act, Unobserved},
};

/// Acts with the day of each and the loan after it.
#[derive(Default)]
struct Acts(Vec<(i64, Act, Loan)>);

impl Observer for Acts {
    fn note(&mut self, seconds: i64, act: &Act, loan: &Loan) {
        self.0.push((seconds / DAY, *act, *loan));
    }
}

fn course(name: &str, change: impl FnOnce(&mut Assumptions)) -> Course {
    let mut assumptions = Assumptions::built_in().unwrap();
    change(&mut assumptions);
    let preset = Preset::named(name).unwrap();
    let model = UseModel::from_assumptions(&assumptions).unwrap();
    Course::new(&preset, preset.size(&assumptions), model, &assumptions).unwrap()
}

/// Punctual borrowers and providers that last.
fn calm(assumptions: &mut Assumptions) {
    assumptions.borrower.on_time = 1.0;
    assumptions.simulator.very_late = 0.0;
    assumptions.market.provider_failure = 0.0;
}

#[test]
fn a_borrower_that_pays_pays_everything_and_is_never_marked() {
    for name in ["prepaid-4", "prepaid-12", "advance", "standard", "sealed-reserve"] {
        let course = course(name, calm);
        for path in 0..20 {
            let outcome = Walk::new(&course).run(1, path, Kind::Paying, &mut Unobserved).unwrap();
            assert_eq!((outcome.default, outcome.delinquencies), (None, 0), "{name}");
            assert!(outcome.receipts > outcome.principal, "{name}: interest");
            assert_eq!(outcome.days, course.preset.term_days());
            assert_eq!(outcome.frozen_days, 0);
            assert!(outcome.used <= course.issue.loan.credit.terms.units);
        }
    }
}

#[test]
fn every_default_ends_and_recovers_no_more_than_its_debt() {
    for name in ["prepaid-4", "advance", "frozen", "standard", "sealed"] {
        let course = course(name, |_| ());
        let mut walk = Walk::new(&course);
        for path in 0..200 {
            let outcome = walk.run(2, path, Kind::Default, &mut Unobserved).unwrap();
            let default = outcome.default.expect("a default");
            assert!(default.debt > 0 && default.recovered() <= default.debt, "{name} {path}");
            assert!((0.0..=1.0).contains(&default.share()));
            assert!(
                i64::from(outcome.days) < 360 + MOST_DAYS_OF_RECOVERY,
                "{name} {path}: it ended by itself"
            );
        }
    }
}

#[test]
fn a_racing_borrower_of_prepaid_terms_leaves_less_than_a_steady_one() {
    let share = |race: f64, fade: f64| {
        let course = course("prepaid-12", |assumptions| {
            calm(assumptions);
            (assumptions.borrower.race, assumptions.borrower.fade) = (race, fade);
            assumptions.borrower.fraud = 0.0;
        });
        let mut walk = Walk::new(&course);
        let shares = (0..300)
            .map(|path| walk.run(3, path, Kind::Default, &mut Unobserved).unwrap().default.unwrap().share());
        shares.sum::<f64>() / 300.0
    };
    let (racing, steady, fading) = (share(1.0, 0.0), share(0.0, 0.0), share(0.0, 1.0));
    assert!(racing < 0.25, "{racing}");
    assert!(steady > racing + 0.25 && fading > steady, "{racing} {steady} {fading}");
}

#[test]
fn the_bot_marks_and_freezes_on_the_first_day_it_may() {
    let course = course("advance", calm);
    let mut acts = Acts::default();
    let outcome = Walk::new(&course).run(4, 0, Kind::Default, &mut acts).unwrap();
    let day_of =
        |wanted: fn(&Act) -> bool| acts.0.iter().find(|(_, act, _)| wanted(act)).map(|(day, ..)| *day);
    let paid = acts.0.iter().filter(|(_, act, _)| matches!(act, Act::Pay(_))).count() as i64;
    let missed = 1 + 30 * paid;
    assert_eq!(day_of(|act| *act == Act::MarkDelinquent), Some(missed + 2));
    assert_eq!(day_of(|act| matches!(act, Act::Freeze(..))), Some(missed + 2));
    assert_eq!(day_of(|act| *act == Act::MarkDefaulted), Some(missed + 7));
    assert_eq!(day_of(|act| matches!(act, Act::Seize(_))), Some(missed + 17));
    assert_eq!(outcome.default.unwrap().day, missed + 7);
}

#[test]
fn a_late_payer_is_marked_and_cures() {
    let course = course("advance", |assumptions| {
        calm(assumptions);
        (assumptions.borrower.on_time, assumptions.simulator.very_late) = (0.0, 1.0);
        assumptions.simulator.very_late_days = [8.5, 9.0];
    });
    let outcome = Walk::new(&course).run(5, 0, Kind::Paying, &mut Unobserved).unwrap();
    assert_eq!((outcome.default, outcome.delinquencies, outcome.cured_defaults), (None, 12, 12));
    assert!(outcome.frozen_days > 12 && outcome.waited > 0);
}

#[test]
fn a_provider_that_goes_dark_leaves_only_what_is_in_the_vault() {
    let course = course("advance", calm);
    let mut walk = Walk::new(&course);
    for path in 0..50 {
        let outcome = walk.run(6, path, Kind::Vanished, &mut Unobserved).unwrap();
        let Some(default) = outcome.default else { continue };
        assert_eq!((default.from_sales, default.from_takeover), (0, 0));
        assert!(default.recovered() <= default.reserve);
    }
}

#[test]
fn a_lock_puts_use_off_and_none_does_not() {
    let wait = |name: &str| {
        let course = course(name, calm);
        let mut walk = Walk::new(&course);
        let waits = (0..200).map(|path| {
            let outcome = walk.run(7, path, Kind::Paying, &mut Unobserved).unwrap();
            outcome.waited as f64 / outcome.used as f64
        });
        waits.sum::<f64>() / 200.0
    };
    assert_eq!(wait("prepaid-12"), 0.0);
    let (one, half) = (wait("ahead-1"), wait("ahead-half"));
    assert!(0.0 < one && one < half, "{one} {half}");
}

/// The days of the acts that a predicate picks.
fn days(acts: &Acts, wanted: fn(&Act) -> bool) -> Vec<i64> {
    acts.0.iter().filter(|(_, act, _)| wanted(act)).map(|(day, ..)| *day).collect()
}

#[test]
fn a_default_of_locked_terms_is_cancelled_sold_and_drawn_on_one_day() {
    let course = course("standard-reserve", calm);
    let (mut walk, mut sold) = (Walk::new(&course), 0);
    for path in 0..30 {
        let mut acts = Acts::default();
        let default = walk.run(8, path, Kind::Default, &mut acts).unwrap().default.unwrap();
        let seized_on = default.day + 10;
        let cancelled = days(&acts, |act| *act == Act::Cancel);
        assert_eq!(cancelled.is_empty(), default.held_back == 0, "{path}");
        assert!(cancelled.iter().all(|day| *day == seized_on));
        assert!(default.from_holdback <= default.held_back && default.from_reserve <= default.reserve);
        if default.from_holdback >= default.debt {
            // What was held back has paid everything: nothing is left to seize.
            assert_eq!(default.from_sales, 0);
            continue;
        }
        // Late in a loan everything that is left of the lien may be covered, and so cancelled.
        let seized = days(&acts, |act| matches!(act, Act::Seize(_)));
        assert!(seized.first().is_none_or(|day| *day == seized_on));
        sold += u32::from(!seized.is_empty());
        assert_eq!(days(&acts, |act| *act == Act::DrawReserve), [seized_on]);
        assert!(default.from_reserve > 0 && (cancelled.is_empty() || default.from_holdback > 0));
    }
    assert!(sold > 10, "{sold}");
}

#[test]
fn lender_and_borrower_cancel_together_once_the_admin_has_suspended_a_provider_that_went_dark() {
    let course = course("sealed", |assumptions| {
        calm(assumptions);
        assumptions.simulator.suspension_days = 5.0;
    });
    let (mut walk, mut together) = (Walk::new(&course), 0);
    for path in 0..60 {
        let mut acts = Acts::default();
        let outcome = walk.run(9, path, Kind::Vanished, &mut acts).unwrap();
        let Some(default) = outcome.default else { continue };
        let cancelled = days(&acts, |act| *act == Act::CancelTogether);
        if let Some(day) = cancelled.first() {
            together += 1;
            assert_eq!(*day, default.day + 5);
            assert_eq!(days(&acts, |act| *act == Act::SuspendProvider), [default.day + 3]);
        }
        let late = default.held_back > 0 && default.day < 300;
        assert!(!late || default.from_holdback > default.held_back / 2, "{path}: {default:?}");
    }
    assert!(together > 20, "{together}");
}

#[test]
fn a_lock_withstands_a_race_that_begins_before_the_missed_payment() {
    let share = |name: &str, days: f64| {
        let course = course(name, |assumptions| {
            calm(assumptions);
            (assumptions.borrower.race, assumptions.borrower.fade) = (1.0, 0.0);
            (assumptions.borrower.fraud, assumptions.simulator.race_lead_days) = (0.0, days);
        });
        let mut walk = Walk::new(&course);
        let shares = (0..200)
            .map(|path| walk.run(10, path, Kind::Default, &mut Unobserved).unwrap().default.unwrap().share());
        shares.sum::<f64>() / 200.0
    };
    let (unlocked, locked) = (share("advance", 30.0), share("standard", 30.0));
    assert!(share("advance", 0.0) - unlocked > 0.4, "{unlocked}");
    assert!(share("standard", 0.0) - locked < 0.02, "{locked}");
}

#[test]
fn the_reserve_is_drawn_in_default_where_every_unit_under_lien_is_used() {
    let course = course("advance-reserve", |assumptions| {
        calm(assumptions);
        (assumptions.borrower.race, assumptions.borrower.fade) = (1.0, 0.0);
        (assumptions.borrower.fraud, assumptions.simulator.race_lead_days) = (0.0, 60.0);
    });
    let (mut walk, mut used_up) = (Walk::new(&course), 0);
    for path in 0..100 {
        let mut acts = Acts::default();
        let default = walk.run(11, path, Kind::Default, &mut acts).unwrap().default.unwrap();
        if days(&acts, |act| matches!(act, Act::Seize(_))).is_empty() {
            used_up += 1;
            assert_eq!(default.from_reserve, default.reserve.min(default.debt), "{path}: {default:?}");
            assert_eq!(days(&acts, |act| *act == Act::DrawReserve), [default.day + 10]);
        }
    }
    assert!(used_up > 10, "{used_up}");
}
