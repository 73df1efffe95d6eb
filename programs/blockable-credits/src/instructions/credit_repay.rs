use {
    crate::{actions::LoanRead, instructions::accounts::*},
    anchor_lang::prelude::*,
    anchor_spl::token_interface::TokenAccount,
};

/// CAN repay: anyone, in every status in which something is owed, also while the market is paused. The money goes to
/// the credit's own vault, so that nothing a lender does with its accounts can block a payment.
#[event_cpi]
#[derive(Accounts)]
pub struct CreditRepay<'info> {
    /// Pays.
    pub payer: Signer<'info>,
    pub credit_vault: CreditVault<'info>,
    /// The payer's token account.
    #[account(mut)]
    pub source: Box<InterfaceAccount<'info, TokenAccount>>,
}

impl CreditRepay<'_> {
    /// Pays `amount` micro-USDC, or the whole debt where that is less: the arrears, then the reserve, then ahead of the
    /// schedule. It fails where the loan is in a worse status than the payer has read: a payment after the first seizure
    /// releases nothing. With `must_cure` it fails also where arrears or a notice would be left.
    ///
    /// - `amount`: the most to pay, in micro-USDC.
    /// - `must_cure`: true to fail where arrears or a notice would be left.
    pub fn handle(ctx: Context<CreditRepay>, amount: u64, read: LoanRead, must_cure: bool) -> Result<()> {
        let accounts = ctx.accounts;
        let clock = clock_of(&accounts.credit_vault.market)?;
        let paid = {
            let mut credit = accounts.credit_vault.credit.load_mut()?;
            read.require(&credit)?;
            credit.begin_payment(amount, &clock)?
        };
        accounts.credit_vault.pay_in(&accounts.source, &accounts.payer, paid)?;
        let record = {
            let mut credit = accounts.credit_vault.credit.load_mut()?;
            let change = credit.receive_payment(accounts.payer.key(), paid)?;
            if must_cure {
                credit.require_cured()?;
            }
            credit.record(accounts.credit_vault.credit.key(), clock.chain, change)?
        };
        record.emit(&accounts.event_authority)
    }
}
