use {
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        instructions::accounts::*,
        tokens::CreditSigner,
        transitions::Action,
    },
    anchor_lang::prelude::*,
    anchor_spl::token_interface::TokenAccount,
};

/// CAN remove a vault: anyone, once nothing is owed on the credit and from the vault. Its rent goes back to who paid it;
/// what was sent to the vault beside the program goes to the treasury.
#[event_cpi]
#[derive(Accounts)]
pub struct VaultClose<'info> {
    pub credit_vault: CreditVault<'info>,
    /// CHECK: gets the rent back; checked to be the one that paid it.
    #[account(
        mut,
        constraint = credit_vault.credit.load()?.rent_payer() == receiver.key() @ BlockableError::ReceiverMismatch,
    )]
    pub receiver: UncheckedAccount<'info>,
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
        let now = accounts.credit_vault.market.load()?.open_clock()?.chain;
        let swept = accounts.credit_vault.vault.amount;
        let (record, signer) = {
            let mut credit = accounts.credit_vault.credit.load_mut()?;
            credit.require_current()?;
            credit.advance(Action::CloseVault)?;
            ensure(credit.owed_from_vault()? == 0, BlockableError::ClaimsLeft)?;
            credit.vault_closed = 1;
            let record =
                credit.record(accounts.credit_vault.credit.key(), now, Change::VaultClosed { swept })?;
            (record, CreditSigner::of(&credit))
        };
        if swept > 0 {
            accounts.credit_vault.pay_out(&accounts.treasury, &signer, swept)?;
        }
        accounts.credit_vault.close_vault(&accounts.receiver.to_account_info(), &signer)?;
        record.emit(&accounts.event_authority)
    }
}
