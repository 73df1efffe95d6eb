//! Terms of a lock that are refused at the offer.

use {
    super::*,
    crate::state::{
        Instalment, Rider, TermBounds,
        TermsRefused::{self, *},
    },
};

const DAY: u32 = crate::units::DAY;

/// Twelve even instalments every 30 days from day 1 on, half an instalment unlocked ahead.
fn preset() -> (Terms, Vec<Instalment>) {
    let terms = Terms {
        principal: 120_000_000,
        units: 1_200_000,
        unlocked_ahead: 50_000,
        apr_bps: 1_000,
        delinquency_grace: 2 * DAY,
        default_grace: 7 * DAY,
        cure_period: 10 * DAY,
        ..Terms::zeroed()
    };
    (
        terms,
        (0..12)
            .map(|month| Instalment { due_after: (1 + 30 * month) * DAY, principal: 10_000_000 })
            .collect(),
    )
}

fn verdict(terms: &Terms, rider: &Rider, schedule: &[Instalment]) -> Result<(), TermsRefused> {
    let bounds = TermBounds::PRODUCTION;
    terms.validate(schedule, terms.principal, &bounds)?;
    rider.validate(terms, schedule, &bounds)
}

#[test]
fn something_and_at_most_everything_is_unlocked_ahead() {
    let (terms, schedule) = preset();
    let ahead = |unlocked_ahead| verdict(&Terms { unlocked_ahead, ..terms }, &Rider::default(), &schedule);
    assert_eq!([0, 1, 1_200_000].map(ahead), [Err(UnlockedAheadOutOfRange), Ok(()), Ok(())]);
    assert_eq!([1_200_001, u64::MAX].map(ahead), [Err(UnlockedAheadOutOfRange); 2]);
    assert_eq!(
        [1_199_999, 1_200_000].map(|unlocked_ahead| Terms { unlocked_ahead, ..terms }.has_lock()),
        [true, false]
    );
}

#[test]
fn every_instalment_opens_half_of_an_even_share() {
    let (terms, mut schedule) = preset();
    (schedule[3].principal, schedule[11].principal) = (5_000_000, 15_000_000);
    assert_eq!(verdict(&terms, &Rider::default(), &schedule), Ok(()));
    (schedule[3].principal, schedule[11].principal) = (4_999_999, 15_000_001);
    assert_eq!(verdict(&terms, &Rider::default(), &schedule), Err(InstalmentOpensTooLittle));
    let open = Terms { unlocked_ahead: 1_200_000, ..terms };
    assert_eq!(verdict(&open, &Rider::default(), &schedule), Ok(()), "without a lock a balloon is allowed");
    let one = [Instalment { due_after: 30 * DAY, principal: 120_000_000 }];
    assert_eq!(verdict(&terms, &Rider::default(), &one), Ok(()));
}

#[test]
fn no_coupon_in_kind_goes_with_a_lock() {
    let (terms, schedule) = preset();
    let rider = Rider { pay_in_kind_bps: 1, ..Rider::default() };
    assert_eq!(verdict(&terms, &rider, &schedule), Err(PayInKindWithLock));
    assert_eq!(verdict(&Terms { unlocked_ahead: 1_200_000, ..terms }, &rider, &schedule), Ok(()));
}

fn covenant(planned_units: u64) -> Rider {
    Rider {
        planned_units,
        covenant_window: 30 * DAY,
        high_bps: 9_000,
        low_bps: 6_000,
        apr_floor_bps: 800,
        apr_ceiling_bps: 1_200,
        ..Rider::default()
    }
}

#[test]
fn a_covenant_plans_no_more_than_is_unlocked() {
    let (terms, schedule) = preset();
    // To the second due date, on day 31, there are 50,000 units of the lock and 100,000 of the first instalment.
    let most = 150_000 * 30 / 31;
    assert_eq!(
        verdict(&terms, &covenant(most), &schedule),
        Err(PlanAboveLock),
        "the last date is the tightest"
    );
    let most = (50_000 + 1_100_000) * 30 / 331;
    assert_eq!(verdict(&terms, &covenant(most), &schedule), Ok(()));
    assert_eq!(verdict(&terms, &covenant(most + 1), &schedule), Err(PlanAboveLock));
    let open = Terms { unlocked_ahead: 1_200_000, ..terms };
    assert_eq!(verdict(&open, &covenant(u64::MAX), &schedule), Ok(()), "as before without a lock");
    // In arrears, half an instalment does not last until the first one is due.
    let arrears: Vec<_> =
        schedule.iter().map(|due| Instalment { due_after: due.due_after + 29 * DAY, ..*due }).collect();
    assert_eq!(
        [50_000, 50_001].map(|planned| verdict(&terms, &covenant(planned), &arrears)),
        [Ok(()), Err(PlanAboveLock)]
    );
}

proptest! {
    #![proptest_config(cases(2_000))]

    /// A borrower that pays on the day and uses its units at the plan's pace, hour by hour, never waits for one.
    #[test]
    fn whoever_pays_on_the_day_can_follow_the_plan(
        ahead in 1u64..1_200_000, planned in 1u64..200_000, window in 1u32..90, shares in prop::collection::vec(60u64..140, 1..=36),
        every in 1u32..60, first in 1u32..60,
    ) {
        let schedule: Vec<_> = shares
            .iter()
            .enumerate()
            .map(|(index, share)| Instalment { due_after: (first + every * index as u32) * DAY, principal: share * 1_000_000 })
            .collect();
        let principal = schedule.iter().map(|instalment| instalment.principal).sum();
        let terms = Terms { principal, unlocked_ahead: ahead, ..preset().0 };
        let rider = Rider { covenant_window: window * DAY, ..covenant(planned) };
        let never_waits = (0..schedule.last().unwrap().due_after).step_by(3_600).all(|seconds| {
            let repaid: u64 = schedule.iter().filter(|due| due.due_after <= seconds).map(|due| due.principal).sum();
            let mut units = lockable(terms.units, None);
            units.locked_at_issue = terms.units - ahead;
            units.release(repaid, principal).unwrap();
            let used = u128::from(planned) * u128::from(seconds) / u128::from(rider.covenant_window);
            used <= u128::from(units.available())
        });
        if verdict(&terms, &rider, &schedule) == Ok(()) {
            prop_assert!(never_waits);
        }
    }
}

/// A third of the principal opens a third of the units, rounded down: a plan of one unit more would wait for it.
#[test]
fn a_plan_is_compared_with_what_an_instalment_opens_rounded_down() {
    let window = 10 * DAY;
    let terms = Terms { unlocked_ahead: 100_000, ..crate::tests::stage::TERMS };
    let schedule =
        [window / 10, window, window + DAY].map(|due_after| Instalment { due_after, principal: 100 });
    let check = |planned_units| {
        let rider = Rider { planned_units, apr_ceiling_bps: 1, ..crate::tests::stage::COVENANT };
        rider.validate(&terms, &schedule, &TermBounds::PRODUCTION)
    };
    assert_eq!(check(433_333), Ok(()));
    assert_eq!(check(433_334), Err(TermsRefused::PlanAboveLock));
}
