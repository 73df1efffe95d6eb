use {
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        instructions::CreditRepay,
        transitions::Action,
        units::add,
    },
    anchor_lang::prelude::*,
};

impl CreditRepay<'_> {
    /// CAN put cash into the borrower's reserve, up to what was agreed: anyone, from acceptance to default.
    pub fn fund_reserve(ctx: Context<CreditRepay>, amount: u64) -> Result<()> {
        ensure(amount > 0, BlockableError::AmountZero)?;
        let accounts = ctx.accounts;
        let clock = accounts.credit_vault.market.load()?.open_clock()?;
        let amount = {
            let mut credit = accounts.credit_vault.credit.load_mut()?;
            credit.advance(Action::FundReserve)?;
            amount.min(credit.rider.reserve.saturating_sub(credit.reserve_held))
        };
        ensure(amount > 0, BlockableError::ReserveFull)?;
        accounts.credit_vault.pay_in(&accounts.source, &accounts.payer, amount)?;
        let record = {
            let mut credit = accounts.credit_vault.credit.load_mut()?;
            credit.reserve_held = add(credit.reserve_held, amount)?;
            let held = credit.reserve_held;
            let change = Change::ReserveFunded { payer: accounts.payer.key(), amount, held };
            credit.record(accounts.credit_vault.credit.key(), clock.chain, change)?
        };
        record.emit(&accounts.event_authority)
    }
}
