use {
    crate::{
        errors::BlockableError,
        events::{Change, CreditChanged, emit},
        state::{Credit, Market, seeds},
        tokens::{CreditSigner, TokenContext},
        transitions::{Action, Status},
    },
    anchor_lang::prelude::*,
    anchor_spl::token_interface::{self, CloseAccount, Mint, TokenAccount, TokenInterface},
};

/// CAN cancel before the units are live: the lender at any time, the borrower once it has accepted.
#[event_cpi]
#[derive(Accounts)]
pub struct CreditCancelOffer<'info> {
    pub party: Signer<'info>,
    /// CHECK: gets the rent of the credit and its vault back; checked to be the credit's lender.
    #[account(mut)]
    pub lender: UncheckedAccount<'info>,
    pub market: AccountLoader<'info, Market>,
    #[account(
        mut,
        close = lender,
        has_one = market @ BlockableError::MarketMismatch,
        has_one = lender @ BlockableError::NotLender,
    )]
    pub credit: AccountLoader<'info, Credit>,
    #[account(address = market.load()?.payment_mint @ BlockableError::MintMismatch)]
    pub mint: Box<InterfaceAccount<'info, Mint>>,
    #[account(mut, seeds = [seeds::VAULT, credit.key().as_ref()], bump = credit.load()?.vault_bump)]
    pub vault: Box<InterfaceAccount<'info, TokenAccount>>,
    /// The lender's token account that the principal goes back to.
    #[account(
        mut,
        constraint = refund.mint == mint.key() @ BlockableError::TokenAccountMint,
        constraint = refund.owner == lender.key() @ BlockableError::TokenAccountOwner,
    )]
    pub refund: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(address = market.load()?.token_program @ BlockableError::TokenProgramMismatch)]
    pub token_program: Interface<'info, TokenInterface>,
}

impl CreditCancelOffer<'_> {
    /// Returns the principal, with anything donated to the vault, and removes both accounts.
    pub fn handle(ctx: Context<CreditCancelOffer>) -> Result<()> {
        let accounts = ctx.accounts;
        let clock = accounts.market.load()?.open_clock()?;
        let refunded = accounts.vault.amount;
        let (record, signer) = {
            let mut credit = accounts.credit.load_mut()?;
            let status = credit.status()?;
            credit.advance(Action::Cancel)?;
            let by_lender = accounts.party.key() == credit.lender;
            let by_borrower = accounts.party.key() == credit.borrower && status == Status::Accepted;
            require!(by_lender || by_borrower, BlockableError::NotParty);
            credit.vault.escrow = 0;
            let change = Change::Cancelled { refunded };
            let record = credit.record(accounts.credit.key(), clock.chain, change)?;
            (record, CreditSigner::of(&credit))
        };
        let tokens = TokenContext { program: &accounts.token_program, mint: &accounts.mint };
        let credit = accounts.credit.to_account_info();
        tokens.pay_out(&mut accounts.vault, &accounts.refund, &credit, &signer, refunded)?;
        let close = CloseAccount {
            account: accounts.vault.to_account_info(),
            destination: accounts.lender.to_account_info(),
            authority: credit,
        };
        let seeds: &[&[&[u8]]] = &[&signer.seeds()];
        token_interface::close_account(CpiContext::new_with_signer(
            accounts.token_program.key(),
            close,
            seeds,
        ))?;
        emit(&accounts.event_authority, CreditChanged { record })
    }
}
