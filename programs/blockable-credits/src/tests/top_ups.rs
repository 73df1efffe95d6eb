//! A covenant's top-up falls due at least the delinquency grace after its application.

use {
    super::{life::refused, stage::*},
    crate::{errors::BlockableError::InArrears, events::Change, state::Rider},
};

/// A tenth of the principal falls due for use below the plan.
const RIDER: Rider = Rider { top_up_bps: 1_000, ..COVENANT };

/// A loan of three instalments of 40, 30 and 30 USDC on days 30, 60 and 90, with a reading of no use after ten days.
fn measured() -> Stage {
    let mut stage = Stage::issued(RIDER);
    stage.credit.instalment_count = 3;
    stage.credit.due_after[2] = 90 * DAY as u32;
    stage.credit.principal_due[..3].copy_from_slice(&[40 * USDC, 30 * USDC, 30 * USDC]);
    stage.credit.meter.reported_at = START + 10 * DAY;
    stage
}

/// Applies the covenant so many seconds after [`START`]; the principal due afterwards, and the due date of the top-up.
fn applied(stage: &Stage, seconds: i64) -> ([u64; 3], i64) {
    let mut credit = stage.credit;
    let change = credit.apply_covenant(&stage.market.clock_at(START + seconds).unwrap()).unwrap();
    let Change::CovenantApplied { top_up, due_at, .. } = change else { panic!("{change:?}") };
    assert_eq!(top_up, 10 * USDC * u64::from(due_at > 0));
    let [first, second, third, ..] = credit.principal_due;
    ([first / USDC, second / USDC, third / USDC], due_at)
}

#[test]
fn a_top_up_goes_to_the_first_instalment_that_the_grace_leaves_time_for() {
    let stage = measured();
    let to_first = ([50, 30, 20], START + 30 * DAY);
    let to_second = ([40, 40, 20], START + 60 * DAY);
    assert_eq!(applied(&stage, 10 * DAY), to_first);
    // The grace is a day: an instalment that is exactly a day away still leaves time enough.
    assert_eq!(applied(&stage, 29 * DAY), to_first);
    assert_eq!(applied(&stage, 29 * DAY + 1), to_second);
    // A second before the due date nothing more falls due on it.
    assert_eq!(applied(&stage, 30 * DAY - 1), to_second);
    let mut late = stage.credit;
    refused(late.apply_covenant(&stage.market.clock_at(START + 30 * DAY).unwrap()), InArrears);
}

#[test]
fn a_top_up_skips_as_many_instalments_as_lie_within_the_grace() {
    let mut stage = measured();
    stage.credit.terms.delinquency_grace = 45 * DAY as u32;
    assert_eq!(applied(&stage, 15 * DAY), ([40, 40, 20], START + 60 * DAY));
    // After day 15 only the last instalment is far enough away, and no later one has principal to move to it.
    assert_eq!(applied(&stage, 15 * DAY + 1), ([40, 30, 30], 0));
    stage.credit.terms.delinquency_grace = 300 * DAY as u32;
    assert_eq!(applied(&stage, 10 * DAY), ([40, 30, 30], 0));
}

#[test]
fn none_is_called_within_the_grace_of_the_last_instalment_but_one() {
    let mut stage = measured();
    let clock = stage.on_day(30);
    let paid = stage.credit.begin_payment(40 * USDC, &clock).unwrap();
    stage.act(|credit| credit.receive_payment(BORROWER, paid));
    let second = |seconds| {
        let (principal_due, due_at) = {
            let mut credit = stage.credit;
            let change = credit.apply_covenant(&stage.market.clock_at(START + seconds).unwrap()).unwrap();
            let Change::CovenantApplied { due_at, .. } = change else { panic!("{change:?}") };
            (credit.principal_due, due_at)
        };
        (principal_due[1] / USDC, due_at)
    };
    assert_eq!(second(59 * DAY), (36, START + 60 * DAY));
    assert_eq!(second(59 * DAY + 1), (30, 0));
}
