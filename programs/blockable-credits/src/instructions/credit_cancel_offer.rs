use {
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        instructions::accounts::*,
        tokens::CreditSigner,
        transitions::{Action, Status},
        units::sub,
    },
    anchor_lang::prelude::*,
    anchor_spl::token_interface::TokenAccount,
};

/// CAN cancel before the units are live: the lender at any time, the borrower once it has accepted.
#[event_cpi]
#[derive(Accounts)]
pub struct CreditCancelOffer<'info> {
    pub party: Signer<'info>,
    /// CHECK: gets the rent of the credit and its vault back; checked to be the credit's lender.
    #[account(mut)]
    pub lender: UncheckedAccount<'info>,
    #[account(constraint = credit_vault.credit.load()?.lender == lender.key() @ BlockableError::NotLender)]
    pub credit_vault: CreditVault<'info>,
    /// The lender's token account that the principal goes back to.
    #[account(mut)]
    pub refund: Box<InterfaceAccount<'info, TokenAccount>>,
}

impl CreditCancelOffer<'_> {
    /// Returns the principal, with anything donated to the vault, and removes both accounts. Where the borrower has put cash
    /// into the reserve, the accounts stay until it has collected that: nothing the borrower does can hold the principal.
    pub fn handle(ctx: Context<CreditCancelOffer>) -> Result<()> {
        let accounts = ctx.accounts;
        let clock = accounts.credit_vault.market.load()?.open_clock()?;
        accounts.credit_vault.require_owned(&accounts.refund, accounts.lender.key)?;
        let in_vault = accounts.credit_vault.vault.amount;
        let (record, signer, refunded, is_funded) = {
            let mut credit = accounts.credit_vault.credit.load_mut()?;
            let status = credit.status()?;
            let is_funded = credit.reserve_held > 0;
            let refunded = sub(in_vault, credit.reserve_held)?;
            credit.advance(if is_funded { Action::CancelFunded } else { Action::Cancel })?;
            let by_lender = accounts.party.key() == credit.lender;
            let by_borrower = accounts.party.key() == credit.borrower && status == Status::Accepted;
            ensure(by_lender || by_borrower, BlockableError::NotParty)?;
            credit.vault.escrow = 0;
            credit.return_reserve()?;
            let change = Change::Cancelled { refunded };
            let record = credit.record(accounts.credit_vault.credit.key(), clock.chain, change)?;
            (record, CreditSigner::of(&credit), refunded, is_funded)
        };
        let vault = &mut accounts.credit_vault;
        vault.pay_out(&accounts.refund, &signer, refunded)?;
        if !is_funded {
            vault.close_vault(&accounts.lender.to_account_info(), &signer)?;
            vault.credit.close(accounts.lender.to_account_info())?;
        }
        record.emit(&accounts.event_authority)
    }
}
