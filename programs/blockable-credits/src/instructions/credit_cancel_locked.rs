use {
    crate::{
        actions::{CancelSigners, LoanRead, UnitBounds},
        errors::BlockableError,
        instructions::accounts::{clock_of, record_and_emit},
        state::{Credit, Market, Provider},
    },
    anchor_lang::prelude::*,
    anchor_spl::token_interface::TokenAccount,
};

/// CAN cancel units under the holdback, while the vault can be paid into: the lender, in default, once the cure period has
/// passed; anyone, in default, from 30 days later on or once the last instalment's default grace and a cure period have passed;
/// lender and borrower together, while the market's admin has suspended the provider for long enough.
#[event_cpi]
#[derive(Accounts)]
pub struct CreditCancelLocked<'info> {
    /// The lender; anyone once that is open.
    pub signer: Signer<'info>,
    /// The borrower, for a loan that is not in default.
    pub borrower: Option<Signer<'info>>,
    /// The credit's market.
    pub market: AccountLoader<'info, Market>,
    /// The credit.
    #[account(
        mut,
        has_one = market @ BlockableError::MarketMismatch,
        has_one = vault @ BlockableError::VaultMismatch,
        has_one = provider @ BlockableError::ProviderMismatch,
    )]
    pub credit: AccountLoader<'info, Credit>,
    /// Must not be frozen by the mint's issuer: nobody could have paid.
    #[account(constraint = !vault.is_frozen() @ BlockableError::VaultFrozen)]
    pub vault: Box<InterfaceAccount<'info, TokenAccount>>,
    /// The credit's provider, whose capacity the units give back.
    #[account(mut)]
    pub provider: AccountLoader<'info, Provider>,
}

impl CreditCancelLocked<'_> {
    /// Cancels covered units; the money that was held back for them becomes the lender's claim, and the principal falls by as
    /// much.
    pub fn handle(ctx: Context<CreditCancelLocked>, amount: UnitBounds, read: LoanRead) -> Result<()> {
        let accounts = ctx.accounts;
        let clock = clock_of(&accounts.market)?;
        let borrower = accounts.borrower.as_ref().map(|borrower| borrower.key());
        let signers = CancelSigners { signer: accounts.signer.key(), borrower };
        let mut credit = accounts.credit.load_mut()?;
        let change = {
            let (mut provider, market) = (accounts.provider.load_mut()?, accounts.market.load()?);
            credit.cancel_locked(signers, amount, read, &mut provider, &market, &clock)?
        };
        record_and_emit(credit, accounts.credit.key(), clock.chain, change, &accounts.event_authority)
    }
}
