use {
    crate::{errors::BlockableError, events::Change, instructions::accounts::*, transitions::Action},
    anchor_lang::prelude::*,
};

impl CreditMark<'_> {
    /// CAN record that an instalment is unpaid past the default grace period: anyone. The reserve pays first; the cure period
    /// starts now.
    pub fn mark_defaulted(ctx: Context<CreditMark>) -> Result<()> {
        let accounts = ctx.accounts;
        let clock = accounts.market.load()?.open_clock()?;
        let mut credit = accounts.credit.load_mut()?;
        let draw = credit.draw_before_mark(Action::MarkDefaulted, accounts.credit.key(), clock)?;
        let grace = credit.terms.default_grace;
        credit.require_unpaid_for(grace, clock, BlockableError::DefaultGraceRunning)?;
        credit.advance(Action::MarkDefaulted)?;
        credit.defaulted_at = clock.market;
        let change = Change::MarkedDefaulted { arrears: credit.arrears(), debt: credit.debt.total() };
        accounts.finish_after(draw, credit, clock.chain, change)
    }
}
