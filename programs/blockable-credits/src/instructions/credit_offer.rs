use {
    crate::{
        actions::{NewCredit, OfferArgs},
        errors::BlockableError,
        instructions::accounts::clock_of,
        state::{Credit, Market, Provider, seeds},
        tokens::TokenContext,
    },
    anchor_lang::prelude::*,
    anchor_spl::token_interface::{Mint, TokenAccount, TokenInterface},
};

/// CAN offer: anyone, with its own money. The principal waits in the credit's vault until the provider issues.
#[event_cpi]
#[derive(Accounts)]
#[instruction(args: OfferArgs)]
pub struct CreditOffer<'info> {
    /// Lends the principal.
    pub lender: Signer<'info>,
    /// Pays the rent of credit and vault, and gets it back when they are removed.
    #[account(mut)]
    pub rent_payer: Signer<'info>,
    /// CHECK: any key; the borrower signs the acceptance.
    #[account(constraint = borrower.key() != lender.key() @ BlockableError::SelfLoan)]
    pub borrower: UncheckedAccount<'info>,
    /// The market of the loan.
    pub market: AccountLoader<'info, Market>,
    /// The provider that is to issue the units.
    #[account(has_one = market @ BlockableError::MarketMismatch)]
    pub provider: AccountLoader<'info, Provider>,
    /// The credit, which is created.
    #[account(
        init,
        payer = rent_payer,
        space = Credit::SPACE,
        seeds = [
            seeds::CREDIT,
            market.key().as_ref(),
            lender.key().as_ref(),
            borrower.key().as_ref(),
            &args.nonce.to_le_bytes(),
        ],
        bump,
    )]
    pub credit: AccountLoader<'info, Credit>,
    /// The market's payment token.
    #[account(address = market.load()?.payment_mint @ BlockableError::MintMismatch)]
    pub mint: Box<InterfaceAccount<'info, Mint>>,
    /// The token account that holds the escrow, which is created.
    #[account(
        init,
        payer = rent_payer,
        token::mint = mint,
        token::authority = credit,
        token::token_program = token_program,
        seeds = [seeds::VAULT, credit.key().as_ref()],
        bump,
    )]
    pub vault: Box<InterfaceAccount<'info, TokenAccount>>,
    /// The lender's token account that the principal comes from.
    #[account(
        mut,
        constraint = source.mint == mint.key() @ BlockableError::TokenAccountMint,
        constraint = source.owner == lender.key() @ BlockableError::TokenAccountOwner,
    )]
    pub source: Box<InterfaceAccount<'info, TokenAccount>>,
    /// The payment token's program.
    #[account(address = market.load()?.token_program @ BlockableError::TokenProgramMismatch)]
    pub token_program: Interface<'info, TokenInterface>,
    /// The system program.
    pub system_program: Program<'info, System>,
}

impl CreditOffer<'_> {
    /// Opens the credit with the principal in escrow.
    pub fn handle(ctx: Context<CreditOffer>, args: OfferArgs) -> Result<()> {
        let accounts = ctx.accounts;
        let clock = clock_of(&accounts.market)?;
        let schedule = args.validate(&*accounts.market.load()?, &*accounts.provider.load()?, &clock)?;
        let tokens = TokenContext { program: &accounts.token_program, mint: &accounts.mint };
        tokens.pay_in(&accounts.source, &mut accounts.vault, &accounts.lender, args.terms.principal)?;
        let new = NewCredit {
            market: accounts.market.key(),
            lender: accounts.lender.key(),
            borrower: accounts.borrower.key(),
            provider: accounts.provider.key(),
            bump: ctx.bumps.credit,
            vault: accounts.vault.key(),
            rent_payer: accounts.rent_payer.key(),
            slot: Clock::get()?.slot,
        };
        let record = {
            let mut credit = accounts.credit.load_init()?;
            let change = credit.offer(new, &args, schedule, &clock)?;
            credit.record(accounts.credit.key(), clock.chain, change)?
        };
        record.emit(&accounts.event_authority)
    }
}
