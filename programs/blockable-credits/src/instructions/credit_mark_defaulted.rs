use {
    crate::{
        errors::{BlockableError, ensure},
        events::{Change, CreditChanged, emit},
        instructions::CreditMark,
        transitions::Action,
        units::after,
    },
    anchor_lang::prelude::*,
};

impl CreditMark<'_> {
    /// Records that an instalment is unpaid past the default grace period; the cure period starts now.
    pub fn mark_defaulted(ctx: Context<CreditMark>) -> Result<()> {
        let accounts = ctx.accounts;
        let clock = accounts.market.load()?.open_clock()?;
        let record = {
            let mut credit = accounts.credit.load_mut()?;
            credit.advance(Action::MarkDefaulted)?;
            credit.accrue(clock.market)?;
            let since = credit.debt.arrears_since;
            ensure(since != 0, BlockableError::NotInArrears)?;
            let from = after(since, credit.terms.default_grace)?;
            ensure(clock.market >= from, BlockableError::DefaultGraceRunning)?;
            credit.defaulted_at = clock.market;
            let change = Change::MarkedDefaulted { arrears: credit.arrears(), debt: credit.debt.total() };
            credit.record(accounts.credit.key(), clock.chain, change)?
        };
        emit(&accounts.event_authority, CreditChanged { record })
    }
}
