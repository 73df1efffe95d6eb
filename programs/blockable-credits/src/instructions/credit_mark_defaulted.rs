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
    /// CAN record that an instalment is unpaid past the default grace period: anyone. The cure period starts now.
    pub fn mark_defaulted(ctx: Context<CreditMark>) -> Result<()> {
        let accounts = ctx.accounts;
        let (mut credit, clock) = accounts.by_anyone(Action::MarkDefaulted)?;
        credit.accrue(clock.market)?;
        let since = credit.debt.arrears_since;
        ensure(since != 0, BlockableError::NotInArrears)?;
        let from = after(since, credit.terms.default_grace)?;
        ensure(clock.market >= from, BlockableError::DefaultGraceRunning)?;
        credit.defaulted_at = clock.market;
        let change = Change::MarkedDefaulted { arrears: credit.arrears(), debt: credit.debt.total() };
        accounts.finish(credit, clock.chain, change)
    }
}
