use {
    crate::{
        actions::{LotTerms, NewLot, UnitBounds},
        errors::BlockableError,
        instructions::accounts::clock_of,
        state::{Credit, Lot, Market, seeds},
    },
    anchor_lang::prelude::*,
    anchor_spl::token_interface::TokenAccount,
};

/// CAN seize: the lender, once the cure period has passed, while the vault can be paid into. CANNOT price the units outside
/// the market's bounds: the lower ones protect the borrower's surplus, the upper one keeps a lot from putting every buyer off
/// until its floor.
#[event_cpi]
#[derive(Accounts)]
pub struct CreditSeizeToPool<'info> {
    /// Seizes.
    pub lender: Signer<'info>,
    /// Pays the lot's rent, and gets it back when the lot is closed.
    #[account(mut)]
    pub rent_payer: Signer<'info>,
    /// The credit's market.
    pub market: AccountLoader<'info, Market>,
    /// The credit whose units are seized.
    #[account(
        mut,
        has_one = market @ BlockableError::MarketMismatch,
        has_one = lender @ BlockableError::NotLender,
        has_one = vault @ BlockableError::VaultMismatch,
    )]
    pub credit: AccountLoader<'info, Credit>,
    /// The credit's vault. The mint's issuer must not have frozen it, because nobody could have paid then.
    #[account(constraint = !vault.is_frozen() @ BlockableError::VaultFrozen)]
    pub vault: Box<InterfaceAccount<'info, TokenAccount>>,
    /// The lot, which is created; its number is the credit's `lots_opened`.
    #[account(
        init,
        payer = rent_payer,
        space = Lot::SPACE,
        seeds = [seeds::LOT, credit.key().as_ref(), &credit.load()?.lots_opened.to_le_bytes()],
        bump,
    )]
    pub lot: AccountLoader<'info, Lot>,
    /// The system program.
    pub system_program: Program<'info, System>,
}

impl CreditSeizeToPool<'_> {
    /// Moves units from the lien into a lot that sells them at a falling price.
    pub fn handle(ctx: Context<CreditSeizeToPool>, amount: UnitBounds, terms: LotTerms) -> Result<()> {
        let accounts = ctx.accounts;
        let clock = clock_of(&accounts.market)?;
        let bounds = accounts.market.load()?.bounds;
        let new = NewLot {
            key: accounts.lot.key(),
            bump: ctx.bumps.lot,
            credit: accounts.credit.key(),
            rent_payer: accounts.rent_payer.key(),
        };
        let record = {
            let mut credit = accounts.credit.load_mut()?;
            let mut lot = accounts.lot.load_init()?;
            let change = credit.seize_to_lot(&mut lot, new, amount, terms, &bounds, &clock)?;
            credit.record(accounts.credit.key(), clock.chain, change)?
        };
        record.emit(&accounts.event_authority)
    }
}
