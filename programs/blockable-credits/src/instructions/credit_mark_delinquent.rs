use {
    crate::{
        errors::{BlockableError, ensure},
        events::{Change, CreditChanged, emit},
        state::{Credit, Market},
        transitions::Action,
        units::after,
    },
    anchor_lang::prelude::*,
};

/// CAN mark: anyone. CANNOT be used early: the chain's own clock decides.
#[event_cpi]
#[derive(Accounts)]
pub struct CreditMark<'info> {
    pub market: AccountLoader<'info, Market>,
    #[account(mut, has_one = market @ BlockableError::MarketMismatch)]
    pub credit: AccountLoader<'info, Credit>,
}

impl CreditMark<'_> {
    /// Records that an instalment is unpaid past the delinquency grace period.
    pub fn mark_delinquent(ctx: Context<CreditMark>) -> Result<()> {
        let accounts = ctx.accounts;
        let clock = accounts.market.load()?.open_clock()?;
        let record = {
            let mut credit = accounts.credit.load_mut()?;
            credit.advance(Action::MarkDelinquent)?;
            credit.accrue(clock.market)?;
            let since = credit.debt.arrears_since;
            ensure(since != 0, BlockableError::NotInArrears)?;
            let from = after(since, credit.terms.delinquency_grace)?;
            ensure(clock.market >= from, BlockableError::DelinquencyGraceRunning)?;
            let change = Change::MarkedDelinquent { arrears: credit.arrears() };
            credit.record(accounts.credit.key(), clock.chain, change)?
        };
        emit(&accounts.event_authority, CreditChanged { record })
    }
}
