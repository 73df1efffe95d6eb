use {
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        state::{
            Credit, Instalment, Market, MarketClock, Provider, Rider, Terms, VaultClaims, seeds, terms_hash,
        },
        tokens::TokenContext,
        transitions::Status,
    },
    anchor_lang::prelude::*,
    anchor_spl::token_interface::{Mint, TokenAccount, TokenInterface},
};

/// What a lender offers.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug, PartialEq, Eq)]
pub struct OfferArgs {
    /// Tells offers between the same parties apart; the lender's choice.
    pub nonce: u64,
    /// May freeze and thaw beside the lender; the lender's own key where no other is wanted.
    pub freeze_authority: Pubkey,
    /// The terms.
    pub terms: Terms,
    /// What is agreed beside the terms; all zero for nothing.
    pub rider: Rider,
    /// 1 to 36 instalments whose principal adds up to the loan's.
    pub schedule: Vec<Instalment>,
}

/// CAN offer: anyone, with its own money. The principal waits in the credit's vault until the provider issues.
#[event_cpi]
#[derive(Accounts)]
#[instruction(args: OfferArgs)]
pub struct CreditOffer<'info> {
    /// Lends and pays the rent.
    #[account(mut)]
    pub lender: Signer<'info>,
    /// CHECK: any key; the borrower signs the acceptance.
    #[account(constraint = borrower.key() != lender.key() @ BlockableError::SelfLoan)]
    pub borrower: UncheckedAccount<'info>,
    pub market: AccountLoader<'info, Market>,
    #[account(has_one = market @ BlockableError::MarketMismatch)]
    pub provider: AccountLoader<'info, Provider>,
    #[account(
        init,
        payer = lender,
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
    #[account(address = market.load()?.payment_mint @ BlockableError::MintMismatch)]
    pub mint: Box<InterfaceAccount<'info, Mint>>,
    #[account(
        init,
        payer = lender,
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
    #[account(address = market.load()?.token_program @ BlockableError::TokenProgramMismatch)]
    pub token_program: Interface<'info, TokenInterface>,
    pub system_program: Program<'info, System>,
}

impl CreditOffer<'_> {
    fn validate(&self, args: &OfferArgs) -> Result<MarketClock> {
        let market = self.market.load()?;
        let clock = market.open_clock()?;
        let terms = &args.terms;
        terms.validate(&args.schedule, terms.principal, &market.bounds).map_err(BlockableError::from)?;
        args.rider.validate(terms, &market.bounds).map_err(BlockableError::from)?;
        ensure(!terms.offer_has_expired(clock.chain), BlockableError::OfferExpired)?;
        ensure(self.provider.load()?.suspended == 0, BlockableError::ProviderSuspended)?;
        Ok(clock)
    }

    /// Opens the credit with the principal in escrow.
    pub fn handle(ctx: Context<CreditOffer>, args: OfferArgs) -> Result<()> {
        let clock = ctx.accounts.validate(&args)?;
        let accounts = ctx.accounts;
        let principal = args.terms.principal;
        let tokens = TokenContext { program: &accounts.token_program, mint: &accounts.mint };
        tokens.pay_in(&accounts.source, &mut accounts.vault, &accounts.lender, principal)?;

        let mut credit = accounts.credit.load_init()?;
        credit.version = Credit::VERSION;
        credit.status = Status::Offered.byte();
        credit.bump = ctx.bumps.credit;
        credit.vault_bump = ctx.bumps.vault;
        credit.lender = accounts.lender.key();
        credit.borrower = accounts.borrower.key();
        credit.provider = accounts.provider.key();
        credit.market = accounts.market.key();
        credit.freeze_authority = args.freeze_authority;
        credit.nonce = args.nonce;
        credit.terms = args.terms;
        credit.set_schedule(&args.schedule)?;
        credit.rider = args.rider;
        credit.paused_at_offer = clock.paused()?;
        credit.terms_hash = terms_hash(&credit.parties(), &args.terms, &args.rider, &args.schedule)?;
        credit.vault = VaultClaims { escrow: principal, ..VaultClaims::default() };
        let change = Change::Offered {
            terms_hash: credit.terms_hash,
            terms: args.terms,
            rider: args.rider,
            schedule: args.schedule,
        };
        let record = credit.record(accounts.credit.key(), clock.chain, change)?;
        drop(credit);
        record.emit(&accounts.event_authority)
    }
}
