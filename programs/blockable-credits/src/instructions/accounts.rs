//! Groups of accounts that several instructions name, so that each is checked in one place.

use {
    crate::{
        errors::{BlockableError, ensure},
        state::{Credit, Market, seeds},
        tokens::{CreditSigner, TokenContext},
    },
    anchor_lang::prelude::*,
    anchor_spl::token_interface::{Mint, TokenAccount, TokenInterface},
};

/// A credit with its vault and the market's payment token.
#[derive(Accounts)]
pub struct CreditVault<'info> {
    pub market: AccountLoader<'info, Market>,
    #[account(mut, has_one = market @ BlockableError::MarketMismatch)]
    pub credit: AccountLoader<'info, Credit>,
    #[account(address = market.load()?.payment_mint @ BlockableError::MintMismatch)]
    pub mint: Box<InterfaceAccount<'info, Mint>>,
    /// Holds the escrow and the claims of lender, borrower and treasury.
    #[account(mut, seeds = [seeds::VAULT, credit.key().as_ref()], bump = credit.load()?.vault_bump)]
    pub vault: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(address = market.load()?.token_program @ BlockableError::TokenProgramMismatch)]
    pub token_program: Interface<'info, TokenInterface>,
}

impl<'info> CreditVault<'info> {
    /// Requires a token account of the market's payment mint, owned by `owner`.
    /// Errors: [`BlockableError::TokenAccountMint`], [`BlockableError::TokenAccountOwner`].
    pub fn require_owned(&self, account: &TokenAccount, owner: &Pubkey) -> Result<()> {
        ensure(account.mint == self.mint.key(), BlockableError::TokenAccountMint)?;
        ensure(account.owner == *owner, BlockableError::TokenAccountOwner)?;
        Ok(())
    }

    /// Pays `amount` micro-USDC from a token account of `payer` into the vault.
    /// Errors: as [`CreditVault::require_owned`] and [`TokenContext::pay_in`].
    pub fn pay_in(
        &mut self,
        from: &InterfaceAccount<'info, TokenAccount>,
        payer: &AccountInfo<'info>,
        amount: u64,
    ) -> Result<()> {
        self.require_owned(from, payer.key)?;
        let tokens = TokenContext { program: &self.token_program, mint: &self.mint };
        tokens.pay_in(from, &mut self.vault, payer, amount)
    }

    /// Pays `amount` micro-USDC out of the vault. Errors: as [`TokenContext::pay_out`].
    pub fn pay_out(
        &mut self,
        to: &InterfaceAccount<'info, TokenAccount>,
        signer: &CreditSigner,
        amount: u64,
    ) -> Result<()> {
        let tokens = TokenContext { program: &self.token_program, mint: &self.mint };
        tokens.pay_out(&mut self.vault, to, &self.credit.to_account_info(), signer, amount)
    }
}
