use {
    crate::{
        actions::LoanRead,
        instructions::{CreditRepay, accounts::clock_of},
    },
    anchor_lang::prelude::*,
};

impl CreditRepay<'_> {
    /// CAN put cash into the borrower's reserve, up to the agreed sum: anyone, from acceptance to default, and in no worse
    /// status than the payer has read.
    ///
    /// - `amount`: the most to pay, in micro-USDC.
    pub fn fund_reserve(ctx: Context<CreditRepay>, amount: u64, read: LoanRead) -> Result<()> {
        let accounts = ctx.accounts;
        let clock = clock_of(&accounts.credit_vault.market)?;
        let amount = {
            let mut credit = accounts.credit_vault.credit.load_mut()?;
            read.require(&credit)?;
            credit.begin_funding(amount, &clock)?
        };
        accounts.credit_vault.pay_in(&accounts.source, &accounts.payer, amount)?;
        let record = {
            let mut credit = accounts.credit_vault.credit.load_mut()?;
            let change = credit.receive_funding(accounts.payer.key(), amount)?;
            credit.record(accounts.credit_vault.credit.key(), clock.chain, change)?
        };
        record.emit(&accounts.event_authority)
    }
}
