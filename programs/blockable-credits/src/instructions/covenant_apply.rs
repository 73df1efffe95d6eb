use {
    crate::{
        covenant::{call_top_up, outcome, utilisation_bps},
        errors::{BlockableError, ensure},
        events::Change,
        instructions::accounts::*,
        state::Credit,
        transitions::Action,
        units::{elapsed, sub},
    },
    anchor_lang::prelude::*,
};

impl CreditMark<'_> {
    /// CAN apply the covenant on utilisation: anyone, once usage reports reach the end of its window. One step per window;
    /// it rests while something is in arrears, and no freeze or lack of reports is held against the borrower.
    pub fn apply_covenant(ctx: Context<CreditMark>) -> Result<()> {
        let accounts = ctx.accounts;
        let (mut credit, clock) = accounts.by_anyone(Action::ApplyCovenant)?;
        ensure(credit.rider.has_covenant(), BlockableError::CovenantNotAgreed)?;
        credit.accrue(clock.market)?;
        ensure(credit.debt.arrears_since == 0, BlockableError::InArrears)?;
        let change = credit.measure_utilisation()?;
        accounts.finish(credit, clock.chain, change)
    }
}

impl Credit {
    fn measure_utilisation(&mut self) -> Result<Change> {
        let rider = self.rider;
        let seconds = elapsed(self.covenant.measured_at, self.meter.reported_at)?;
        ensure(seconds >= u64::from(rider.covenant_window), BlockableError::CovenantWindowRunning)?;
        let used = sub(self.collateral.consumed, self.covenant.consumed)?;
        let utilisation_bps = utilisation_bps(used, rider.planned_units, rider.covenant_window, seconds)?;
        let is_frozen = self.collateral.frozen > 0;
        let was_frozen = is_frozen
            || self.covenant.began_frozen == 1
            || self.meter.frozen_at_chain > self.covenant.measured_at;
        let can_fall_short = !was_frozen && self.collateral.available() > 0;
        let outcome =
            outcome(&rider, self.covenant.apr_bps, utilisation_bps, self.debt.principal, can_fall_short)?;
        let (next, count) = (usize::from(self.debt.instalments_billed), usize::from(self.instalment_count));
        let mut principal_due = self.principal_due;
        let top_up = call_top_up(principal_due.get_mut(..count).unwrap_or_default(), next, outcome.top_up)?;
        self.principal_due = principal_due;
        self.covenant.apr_bps = outcome.apr_bps;
        self.covenant.began_frozen = u8::from(is_frozen);
        self.covenant.measured_at = self.meter.reported_at;
        self.covenant.consumed = self.collateral.consumed;
        Ok(Change::CovenantApplied { utilisation_bps, apr_bps: outcome.apr_bps, top_up })
    }
}
