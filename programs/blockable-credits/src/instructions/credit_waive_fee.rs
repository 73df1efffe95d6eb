use {
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        instructions::accounts::*,
        transitions::Action,
        units::sub,
    },
    anchor_lang::prelude::*,
};

impl CreditControl<'_> {
    /// CAN waive late fees: the lender.
    pub fn waive_fee(ctx: Context<CreditControl>, amount: u64) -> Result<()> {
        let accounts = ctx.accounts;
        ensure(amount > 0, BlockableError::AmountZero)?;
        let (mut credit, clock) = accounts.by_lender(Action::WaiveFee)?;
        credit.accrue(clock.market)?;
        ensure(amount <= credit.debt.late_fees, BlockableError::BeyondLateFees)?;
        credit.debt.late_fees = sub(credit.debt.late_fees, amount)?;
        accounts.finish(credit, clock.chain, Change::FeeWaived { amount })
    }
}
