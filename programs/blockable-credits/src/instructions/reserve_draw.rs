use {
    crate::{
        errors::{BlockableError, ensure},
        instructions::accounts::*,
        transitions::{Action, Status},
        units::sub,
    },
    anchor_lang::prelude::*,
};

impl CreditMark<'_> {
    /// CAN pay what is in arrears from the borrower's reserve: anyone, from the due date on. After the first seizure all that
    /// is owed is in arrears.
    pub fn draw_reserve(ctx: Context<CreditMark>) -> Result<()> {
        let accounts = ctx.accounts;
        let (mut credit, clock) = accounts.by_anyone(Action::DrawReserve)?;
        credit.accrue(clock.market)?;
        let due = if credit.status()? == Status::Seizing { credit.debt.total() } else { credit.arrears() };
        ensure(due > 0, BlockableError::NotInArrears)?;
        let amount = due.min(credit.reserve_held);
        ensure(amount > 0, BlockableError::ReserveEmpty)?;
        credit.reserve_held = sub(credit.reserve_held, amount)?;
        let change = credit.apply_payment(accounts.credit.key(), amount, 0)?;
        accounts.finish(credit, clock.chain, change)
    }
}
