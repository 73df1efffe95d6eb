//! Groups of accounts that several instructions name, so that each is checked in one place.

use {
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        state::{Credit, Market, MarketClock, seeds},
        tokens::{CreditSigner, TokenContext},
        transitions::Action,
    },
    anchor_lang::prelude::*,
    anchor_spl::token_interface::{self, CloseAccount, Mint, TokenAccount, TokenInterface},
    core::cell::RefMut,
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

    /// Removes the vault, which must be empty; its rent goes to `receiver`. Errors: the token program's own.
    pub fn close_vault(&self, receiver: &AccountInfo<'info>, signer: &CreditSigner) -> Result<()> {
        let close = CloseAccount {
            account: self.vault.to_account_info(),
            destination: receiver.clone(),
            authority: self.credit.to_account_info(),
        };
        let seeds: &[&[&[u8]]] = &[&signer.seeds()];
        token_interface::close_account(CpiContext::new_with_signer(self.token_program.key(), close, seeds))
    }
}

/// A credit and who wants to act on it; each handler says who that may be.
#[event_cpi]
#[derive(Accounts)]
pub struct CreditControl<'info> {
    pub authority: Signer<'info>,
    pub market: AccountLoader<'info, Market>,
    #[account(mut, has_one = market @ BlockableError::MarketMismatch)]
    pub credit: AccountLoader<'info, Credit>,
}

impl CreditControl<'_> {
    /// Begins an action of the lender's in a market that is not paused.
    pub(super) fn by_lender(&self, action: Action) -> Result<(RefMut<'_, Credit>, MarketClock)> {
        let clock = self.market.load()?.open_clock()?;
        let mut credit = self.credit.load_mut()?;
        credit.require_lender(self.authority.key)?;
        // Whoever takes the loan over takes it as it was offered: what the lender does in between withdraws the offer.
        credit.pending_lender = Pubkey::default();
        credit.advance(action)?;
        Ok((credit, clock))
    }

    /// Records what was done at a Unix time, and emits it.
    pub(super) fn finish(&self, credit: RefMut<Credit>, at: i64, change: Change) -> Result<()> {
        record_and_emit(credit, self.credit.key(), at, change, &self.event_authority)
    }
}

/// A credit that anyone may do something to, where the chain's own state allows it.
#[event_cpi]
#[derive(Accounts)]
pub struct CreditMark<'info> {
    pub market: AccountLoader<'info, Market>,
    #[account(mut, has_one = market @ BlockableError::MarketMismatch)]
    pub credit: AccountLoader<'info, Credit>,
}

impl CreditMark<'_> {
    /// Begins an action in a market that is not paused.
    pub(super) fn by_anyone(&self, action: Action) -> Result<(RefMut<'_, Credit>, MarketClock)> {
        let clock = self.market.load()?.open_clock()?;
        let mut credit = self.credit.load_mut()?;
        credit.advance(action)?;
        Ok((credit, clock))
    }

    /// As [`CreditMark::finish`], after a draw of the reserve where there was one.
    pub(super) fn finish_after(
        &self,
        draw: Option<Change>,
        mut credit: RefMut<Credit>,
        at: i64,
        change: Change,
    ) -> Result<()> {
        if let Some(draw) = draw {
            credit.record(self.credit.key(), at, draw)?.emit(&self.event_authority)?;
        }
        self.finish(credit, at, change)
    }

    /// Records what was done at a Unix time, and emits it.
    pub(super) fn finish(&self, credit: RefMut<Credit>, at: i64, change: Change) -> Result<()> {
        record_and_emit(credit, self.credit.key(), at, change, &self.event_authority)
    }
}

/// Records a change of the credit at `key`, gives the account back and emits the change.
fn record_and_emit(
    mut credit: RefMut<Credit>,
    key: Pubkey,
    at: i64,
    change: Change,
    event_authority: &AccountInfo,
) -> Result<()> {
    let record = credit.record(key, at, change)?;
    drop(credit);
    record.emit(event_authority)
}
