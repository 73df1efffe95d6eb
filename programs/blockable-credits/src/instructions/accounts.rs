//! Groups of accounts that several instructions name, so that each is checked in one place.

use {
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        state::{Credit, Market, MarketClock},
        tokens::{CreditSigner, TokenContext},
    },
    anchor_lang::prelude::*,
    anchor_spl::{
        associated_token::get_associated_token_address_with_program_id,
        token_interface::{self, CloseAccount, Mint, TokenAccount, TokenInterface},
    },
    core::cell::RefMut,
};

/// A credit with its vault and the market's payment token.
#[derive(Accounts)]
pub struct CreditVault<'info> {
    /// The credit's market.
    pub market: AccountLoader<'info, Market>,
    /// The credit.
    #[account(
        mut,
        has_one = market @ BlockableError::MarketMismatch,
        has_one = vault @ BlockableError::VaultMismatch,
    )]
    pub credit: AccountLoader<'info, Credit>,
    /// The market's payment token.
    #[account(address = market.load()?.payment_mint @ BlockableError::MintMismatch)]
    pub mint: Box<InterfaceAccount<'info, Mint>>,
    /// Holds the escrow and the claims of lender, borrower and treasury.
    #[account(mut)]
    pub vault: Box<InterfaceAccount<'info, TokenAccount>>,
    /// The payment token's program.
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

    /// Requires a token account that money of `owner` may be paid to: the associated one of `owner`; or any of its own, where
    /// `owner` is the `caller`, which signs. Errors: [`BlockableError::TokenAccountMint`],
    /// [`BlockableError::DestinationNotAllowed`].
    pub fn require_payable(
        &self,
        account: &InterfaceAccount<'info, TokenAccount>,
        owner: &Pubkey,
        caller: &Pubkey,
    ) -> Result<()> {
        let associated =
            || get_associated_token_address_with_program_id(owner, &self.mint.key(), self.token_program.key);
        ensure(account.mint == self.mint.key(), BlockableError::TokenAccountMint)?;
        let is_chosen = caller == owner || account.key() == associated();
        ensure(account.owner == *owner && is_chosen, BlockableError::DestinationNotAllowed)
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

/// A credit and the key that acts on it; each action checks that the key may do so.
#[event_cpi]
#[derive(Accounts)]
pub struct CreditControl<'info> {
    /// The key that acts on the credit; each instruction says which it must be.
    pub authority: Signer<'info>,
    /// The credit's market.
    pub market: AccountLoader<'info, Market>,
    /// The credit.
    #[account(mut, has_one = market @ BlockableError::MarketMismatch)]
    pub credit: AccountLoader<'info, Credit>,
}

impl CreditControl<'_> {
    /// Acts on the credit, given the signer and the time; records and emits the change.
    #[inline(never)]
    pub(super) fn act(
        &self,
        action: &dyn Fn(&mut Credit, &Pubkey, &MarketClock) -> Result<Change>,
    ) -> Result<()> {
        let clock = clock_of(&self.market)?;
        let mut credit = self.credit.load_mut()?;
        let change = action(&mut credit, self.authority.key, &clock)?;
        record_and_emit(credit, self.credit.key(), clock.chain, change, &self.event_authority)
    }
}

/// A credit whose upkeep anyone may do without a signature, where the state on chain allows it.
#[event_cpi]
#[derive(Accounts)]
pub struct CreditUpkeep<'info> {
    /// The credit's market.
    pub market: AccountLoader<'info, Market>,
    /// The credit.
    #[account(mut, has_one = market @ BlockableError::MarketMismatch)]
    pub credit: AccountLoader<'info, Credit>,
}

impl CreditUpkeep<'_> {
    /// Acts on the credit, given its address and the time; records and emits the change.
    #[inline(never)]
    pub(super) fn act(
        &self,
        action: &dyn Fn(&mut Credit, Pubkey, &MarketClock) -> Result<Change>,
    ) -> Result<()> {
        let (key, clock) = (self.credit.key(), clock_of(&self.market)?);
        let mut credit = self.credit.load_mut()?;
        let change = action(&mut credit, key, &clock)?;
        record_and_emit(credit, key, clock.chain, change, &self.event_authority)
    }
}

/// A credit whose vault the mint's issuer has not frozen: nobody is declared late while nobody can pay.
#[derive(Accounts)]
pub struct PayableCredit<'info> {
    /// The credit's market.
    pub market: AccountLoader<'info, Market>,
    /// The credit.
    #[account(
        mut,
        has_one = market @ BlockableError::MarketMismatch,
        has_one = vault @ BlockableError::VaultMismatch,
    )]
    pub credit: AccountLoader<'info, Credit>,
    /// The credit's vault, which the mint's issuer must not have frozen.
    #[account(constraint = !vault.is_frozen() @ BlockableError::VaultFrozen)]
    pub vault: Box<InterfaceAccount<'info, TokenAccount>>,
}

/// A credit that anyone may mark for a missing payment.
#[event_cpi]
#[derive(Accounts)]
pub struct CreditMarkUnpaid<'info> {
    pub payable: PayableCredit<'info>,
}

impl CreditMarkUnpaid<'_> {
    /// Marks the credit, given the time; records and emits the change.
    #[inline(never)]
    pub(super) fn act(&self, action: &dyn Fn(&mut Credit, &MarketClock) -> Result<Change>) -> Result<()> {
        let PayableCredit { market, credit: account, .. } = &self.payable;
        let clock = clock_of(market)?;
        let mut credit = account.load_mut()?;
        let change = action(&mut credit, &clock)?;
        record_and_emit(credit, account.key(), clock.chain, change, &self.event_authority)
    }
}

/// Records a change of the credit at `key`, gives the account back and emits the change.
#[inline(never)]
pub(super) fn record_and_emit(
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

/// Both clocks of a market now, from the clock sysvar. Errors: a sysvar that cannot be read,
/// [`Overflow`](crate::units::Overflow).
#[inline(never)]
pub(super) fn clock_of(market: &AccountLoader<Market>) -> Result<MarketClock> {
    Ok(market.load()?.clock_at(Clock::get()?.unix_timestamp)?)
}
