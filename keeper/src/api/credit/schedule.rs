//! The schedule of repayment, and the state of each instalment.

use {
    crate::{
        values::{Time, UsdAmount},
        watch::times::Times,
    },
    blockable_sdk::{
        amounts::{MarketTime, MicroUsd},
        program::state::Credit,
    },
    serde::Serialize,
    utoipa::ToSchema,
};

/// The state of an instalment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum InstalmentState {
    /// Paid; also before its date, where the whole debt is.
    Paid,
    /// Past its date, and not all of it is paid.
    Missed,
    /// Before its date.
    Upcoming,
    /// Before its date, with its principal paid; interest on the rest of the principal falls due at it.
    Ahead,
    /// Nothing is owed any more, and it was not paid.
    NotOwed,
}

/// An instalment of the schedule.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct InstalmentView {
    /// Its number, from 1.
    number: u8,
    /// Its due date by the chain's clock, later where the market is paused before; none before issue.
    due_at: Option<Time>,
    /// Seconds of market time from issue, or from the latest restructuring, to its due date.
    due_after_seconds: u32,
    /// Principal due; interest comes on top.
    principal: UsdAmount,
    /// Its state.
    state: InstalmentState,
}

/// Lists the instalments of a credit that has been accrued to now.
pub(super) fn schedule(accrued: &Credit, times: &Times) -> Vec<InstalmentView> {
    let schedule = accrued.schedule();
    let lines = (1u8..).zip(schedule.due_after).take(schedule.len()).map(|(number, due_after)| {
        let before = MicroUsd(schedule.principal_due(number.saturating_sub(1)));
        let through = MicroUsd(schedule.principal_due(number));
        let due = schedule.due_date(usize::from(number.saturating_sub(1))).ok().flatten();
        // Before issue there is nothing that the dates count from.
        let due = due.filter(|_| accrued.issued_at != 0).map(MarketTime);
        InstalmentView {
            number,
            due_at: due.map(|due| Time::from(times.to_chain(due))),
            due_after_seconds: *due_after,
            principal: UsdAmount(through.saturating_sub(before)),
            state: state(accrued, number, due, (before, through)),
        }
    });
    lines.collect()
}

/// Finds the state of an instalment by its due date, and the principal due before it and through it.
fn state(
    accrued: &Credit,
    number: u8,
    due: Option<MarketTime>,
    principal: (MicroUsd, MicroUsd),
) -> InstalmentState {
    let (debt, (before, through)) = (&accrued.debt, principal);
    if accrued.issued_at == 0 {
        return InstalmentState::Upcoming;
    }
    let is_unpaid = debt.arrears_since != 0 && due.is_some_and(|due| due >= MarketTime(debt.arrears_since));
    let is_past = number <= debt.instalments_billed;
    let (is_covered, nothing_is_owed) = (through <= MicroUsd(debt.schedule_paid), debt.total() == 0);
    match (is_past, is_covered) {
        (true, _) if is_unpaid => InstalmentState::Missed,
        (_, true) if nothing_is_owed => InstalmentState::Paid,
        (_, false) if nothing_is_owed => InstalmentState::NotOwed,
        (true, _) => InstalmentState::Paid,
        // One without principal is covered by nothing.
        (false, true) if through > before => InstalmentState::Ahead,
        (false, _) => InstalmentState::Upcoming,
    }
}
