//! The repayment schedule in the short form that travels in a transaction.

use {
    crate::state::{Instalment, MAX_INSTALMENTS, TermsRefused},
    anchor_lang::{AnchorDeserialize, AnchorSerialize},
};

/// Consecutive due dates at one distance.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueRun {
    /// Number of due dates.
    pub count: u8,
    /// Seconds to each from the one before it, to the first of a schedule from its beginning.
    pub every: u32,
}

/// Consecutive instalments of one principal.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrincipalRun {
    /// Number of instalments.
    pub count: u8,
    /// Principal of each, in micro-USDC.
    pub principal: u64,
}

/// A repayment schedule as it travels in a transaction. Dates and principal repeat apart from each other: 36 calendar
/// months of one principal are 31 short runs of dates and a single run of principal.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct ScheduleRuns {
    /// The due dates.
    pub due: Vec<DueRun>,
    /// The principal; as many instalments as there are due dates.
    pub principal: Vec<PrincipalRun>,
}

impl ScheduleRuns {
    /// The shortest runs of a schedule, whose due dates ascend.
    pub fn from_schedule(schedule: &[Instalment]) -> ScheduleRuns {
        let mut runs = ScheduleRuns::default();
        let mut previous = 0u32;
        for instalment in schedule {
            let every = instalment.due_after.saturating_sub(previous);
            previous = instalment.due_after;
            match runs.due.last_mut() {
                Some(run) if run.every == every && run.count < u8::MAX => {
                    run.count = run.count.saturating_add(1)
                }
                _ => runs.due.push(DueRun { count: 1, every }),
            }
            let principal = instalment.principal;
            match runs.principal.last_mut() {
                Some(run) if run.principal == principal && run.count < u8::MAX => {
                    run.count = run.count.saturating_add(1);
                }
                _ => runs.principal.push(PrincipalRun { count: 1, principal }),
            }
        }
        runs
    }

    /// The instalments one by one, as the terms hash covers them. Errors: [`TermsRefused::InstalmentCount`] for more than
    /// [`MAX_INSTALMENTS`], or for another number of due dates than of principal; [`TermsRefused::TermTooLong`] for a due
    /// date that does not fit 32 bits.
    pub fn expand(&self) -> Result<Vec<Instalment>, TermsRefused> {
        let count = |counts: &mut dyn Iterator<Item = u8>| counts.map(usize::from).sum::<usize>();
        let dates = count(&mut self.due.iter().map(|run| run.count));
        let instalments = count(&mut self.principal.iter().map(|run| run.count));
        if dates != instalments || dates > MAX_INSTALMENTS {
            return Err(TermsRefused::InstalmentCount);
        }
        let mut schedule = Vec::with_capacity(dates);
        let due = self.due.iter().flat_map(|run| core::iter::repeat_n(run.every, usize::from(run.count)));
        let principal =
            self.principal.iter().flat_map(|run| core::iter::repeat_n(run.principal, usize::from(run.count)));
        let mut due_after = 0u32;
        for (every, principal) in due.zip(principal) {
            due_after = due_after.checked_add(every).ok_or(TermsRefused::TermTooLong)?;
            schedule.push(Instalment { due_after, principal });
        }
        Ok(schedule)
    }
}
