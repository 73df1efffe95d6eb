use {
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        instructions::accounts::*,
        state::Debt,
        transitions::Action,
    },
    anchor_lang::prelude::*,
};

impl CreditControl<'_> {
    /// CAN give up what is still owed: the lender, in default, once its lots are closed. What is left of the units is the
    /// borrower's.
    pub fn write_off(ctx: Context<CreditControl>) -> Result<()> {
        let accounts = ctx.accounts;
        let (mut credit, clock) = accounts.by_lender(Action::WriteOff)?;
        ensure(credit.lots_open == 0, BlockableError::LotsOpen)?;
        credit.accrue(clock.market)?;
        let debt = credit.debt.total();
        credit.debt = Debt { accrued_at: clock.market, ..Debt::default() };
        credit.discharge()?;
        accounts.finish(credit, clock.chain, Change::WrittenOff { debt })
    }
}
