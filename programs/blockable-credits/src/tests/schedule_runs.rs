use {
    super::*,
    crate::state::{DueRun, Instalment, PrincipalRun, ScheduleRuns, TermsRefused::*},
    anchor_lang::AnchorSerialize,
};

const DAY: u32 = 86_400;

fn schedules() -> impl Strategy<Value = Vec<Instalment>> {
    let step = prop_oneof![Just(30u32), 1u32..1 << 20];
    let principal = prop_oneof![Just(7u64), any::<u64>()];
    prop::collection::vec((step, principal), 0..=MAX_INSTALMENTS).prop_map(|steps| {
        let mut due_after = 0;
        let next = |(step, principal)| {
            due_after += step;
            Instalment { due_after, principal }
        };
        steps.into_iter().map(next).collect()
    })
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn a_schedule_arrives_as_it_was_sent(schedule in schedules()) {
        let runs = ScheduleRuns::from_schedule(&schedule);
        prop_assert_eq!(runs.expand(), Ok(schedule));
        prop_assert!(runs.due.windows(2).all(|pair| pair[0].every != pair[1].every));
        prop_assert!(runs.principal.windows(2).all(|pair| pair[0].principal != pair[1].principal));
    }
}

#[test]
fn runs_of_another_length_than_their_principal_are_refused() {
    let due = |count| DueRun { count, every: 10 };
    let principal = |count| PrincipalRun { count, principal: 5 };
    let expand = |due: &[DueRun], principal: &[PrincipalRun]| {
        ScheduleRuns { due: due.to_vec(), principal: principal.to_vec() }.expand()
    };
    let two = [Instalment { due_after: 10, principal: 5 }, Instalment { due_after: 20, principal: 5 }];
    assert_eq!(expand(&[due(2)], &[principal(1), principal(1)]), Ok(two.to_vec()));
    assert_eq!(expand(&[due(2)], &[principal(1)]), Err(InstalmentCount));
    assert_eq!(expand(&[due(37)], &[principal(37)]), Err(InstalmentCount));
    assert_eq!(expand(&[due(36)], &[principal(36)]).map(|schedule| schedule.len()), Ok(36));
    let far = [DueRun { count: 2, every: u32::MAX }];
    assert_eq!(expand(&far, &[principal(2)]), Err(TermTooLong));
    assert_eq!(expand(&[], &[]), Ok(Vec::new()));
}

/// Three years of calendar months; a list of instalments would take 436 bytes.
#[test]
fn thirty_six_calendar_months_are_short() {
    let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut due_after = 0;
    let schedule: Vec<Instalment> = (0..36)
        .map(|month| {
            due_after += lengths[month % 12] * DAY;
            Instalment { due_after, principal: 2_777_777_777 + u64::from(month == 35) * 28 }
        })
        .collect();
    let runs = ScheduleRuns::from_schedule(&schedule);
    let mut bytes = Vec::new();
    runs.serialize(&mut bytes).unwrap();
    assert_eq!((runs.due.len(), runs.principal.len(), bytes.len()), (31, 2, 181));
}
