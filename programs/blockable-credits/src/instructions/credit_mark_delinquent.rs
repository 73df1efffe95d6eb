use {
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        instructions::accounts::*,
        transitions::Action,
        units::after,
    },
    anchor_lang::prelude::*,
};

impl CreditMark<'_> {
    /// CAN record that an instalment is unpaid past the delinquency grace period: anyone. The reserve pays first.
    pub fn mark_delinquent(ctx: Context<CreditMark>) -> Result<()> {
        let accounts = ctx.accounts;
        let (mut credit, clock) = accounts.by_anyone(Action::MarkDelinquent)?;
        credit.accrue(clock.market)?;
        let since = credit.debt.arrears_since;
        ensure(since != 0, BlockableError::NotInArrears)?;
        let from = after(since, credit.terms.delinquency_grace)?;
        ensure(clock.market >= from, BlockableError::DelinquencyGraceRunning)?;
        ensure(credit.reserve_held == 0, BlockableError::ReserveNotDrawn)?;
        let change = Change::MarkedDelinquent { arrears: credit.arrears() };
        accounts.finish(credit, clock.chain, change)
    }
}
