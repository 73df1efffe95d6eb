use {
    crate::{
        actions::{NewUnrestricted, UnitBounds},
        errors::BlockableError,
        instructions::{accounts::clock_of, unrestricted::Grant},
        state::{Credit, Market, Provider, seeds},
    },
    anchor_lang::prelude::*,
    anchor_spl::token_interface::TokenAccount,
};

/// CAN take collateral over: the lender, once the cure period has passed, while the vault can be paid into. The units count
/// at the price that the loan paid, and no more can be taken than the debt pays for. They arrive in the lender's unrestricted
/// credit.
#[event_cpi]
#[derive(Accounts)]
pub struct CreditSeizeToLender<'info> {
    /// Takes the units.
    pub lender: Signer<'info>,
    /// Pays the rent of the lender's credit the first time, and gets it back when that is removed.
    #[account(mut)]
    pub rent_payer: Signer<'info>,
    /// The credit's market.
    pub market: AccountLoader<'info, Market>,
    /// The credit whose units are taken.
    #[account(
        mut,
        has_one = market @ BlockableError::MarketMismatch,
        has_one = lender @ BlockableError::NotLender,
        has_one = vault @ BlockableError::VaultMismatch,
        has_one = provider @ BlockableError::ProviderMismatch,
    )]
    pub credit: AccountLoader<'info, Credit>,
    /// The credit's vault. The mint's issuer must not have frozen it, because nobody could have paid then.
    #[account(constraint = !vault.is_frozen() @ BlockableError::VaultFrozen)]
    pub vault: Box<InterfaceAccount<'info, TokenAccount>>,
    /// The credit's provider.
    #[account(mut)]
    pub provider: AccountLoader<'info, Provider>,
    /// The lender's unrestricted credit for units of this provider and expiry, created the first time.
    #[account(
        init_if_needed,
        payer = rent_payer,
        space = Credit::SPACE,
        seeds = [
            seeds::CREDIT,
            market.key().as_ref(),
            provider.key().as_ref(),
            lender.key().as_ref(),
            &credit.load()?.unrestricted_nonce().to_le_bytes(),
        ],
        bump,
    )]
    pub lender_credit: AccountLoader<'info, Credit>,
    /// The system program.
    pub system_program: Program<'info, System>,
}

impl CreditSeizeToLender<'_> {
    /// Moves units out of the lien to the lender and takes their value off the debt.
    pub fn handle(ctx: Context<CreditSeizeToLender>, amount: UnitBounds) -> Result<()> {
        let accounts = ctx.accounts;
        let clock = clock_of(&accounts.market)?;
        let (taken, granted) = {
            let mut credit = accounts.credit.load_mut()?;
            let (units, change) = credit.take_over(accounts.lender_credit.key(), amount, &clock)?;
            let taken = credit.record(accounts.credit.key(), clock.chain, change)?;
            let new = NewUnrestricted {
                owner: accounts.lender.key(),
                rent_payer: accounts.rent_payer.key(),
                bump: ctx.bumps.lender_credit,
            };
            let grant = Grant { from: accounts.credit.key(), units, new };
            let granted = grant.make(&credit, &accounts.provider, &accounts.lender_credit, &clock)?;
            (taken, granted)
        };
        taken.emit(&accounts.event_authority)?;
        granted.emit(&accounts.event_authority)
    }
}
