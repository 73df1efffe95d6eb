use {
    crate::{actions::Payout, errors::BlockableError, instructions::accounts::*, tokens::CreditSigner},
    anchor_lang::prelude::*,
    anchor_spl::token_interface::TokenAccount,
};

/// CAN remove a vault: anyone, once nothing is owed on the credit and from the vault. Its rent goes back to the
/// key that paid it; tokens that were sent to the vault without the program go to the treasury.
#[event_cpi]
#[derive(Accounts)]
pub struct VaultClose<'info> {
    pub credit_vault: CreditVault<'info>,
    /// CHECK: gets the rent back; checked to be the one that paid it.
    #[account(
        mut,
        constraint = credit_vault.credit.load()?.rent_payer == receiver.key() @ BlockableError::ReceiverMismatch,
    )]
    pub receiver: UncheckedAccount<'info>,
    /// The market's treasury, which gets tokens that were sent to the vault without the program.
    #[account(
        mut,
        constraint = credit_vault.market.load()?.treasury == treasury.key() @ BlockableError::TreasuryMismatch,
    )]
    pub treasury: Box<InterfaceAccount<'info, TokenAccount>>,
}

impl VaultClose<'_> {
    /// Removes the vault; the credit stays for as long as it holds units.
    pub fn handle(ctx: Context<VaultClose>) -> Result<()> {
        let accounts = ctx.accounts;
        let clock = clock_of(&accounts.credit_vault.market)?;
        let in_vault = accounts.credit_vault.vault.amount;
        let (record, signer, swept) = {
            let mut credit = accounts.credit_vault.credit.load_mut()?;
            let Payout { amount, change } = credit.close_vault(in_vault, &clock)?;
            let record = credit.record(accounts.credit_vault.credit.key(), clock.chain, change)?;
            (record, CreditSigner::new(&credit), amount)
        };
        if swept > 0 {
            accounts.credit_vault.pay_out(&accounts.treasury, &signer, swept)?;
        }
        accounts.credit_vault.close_vault(&accounts.receiver.to_account_info(), &signer)?;
        record.emit(&accounts.event_authority)
    }
}
