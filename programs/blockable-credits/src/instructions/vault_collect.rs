use {
    crate::{
        errors::BlockableError,
        events::{Change, CreditChanged, emit},
        state::{Credit, Market, Party, seeds},
        tokens::{CreditSigner, TokenContext, require_covered},
    },
    anchor_lang::prelude::*,
    anchor_spl::{
        associated_token::get_associated_token_address_with_program_id,
        token_interface::{Mint, TokenAccount, TokenInterface},
    },
};

/// CAN collect: anyone, into the party's associated token account or the market's treasury; a party that signs, into
/// any token account of its own. CANNOT redirect a claim.
#[event_cpi]
#[derive(Accounts)]
pub struct VaultCollect<'info> {
    pub caller: Signer<'info>,
    pub market: AccountLoader<'info, Market>,
    #[account(mut, has_one = market @ BlockableError::MarketMismatch)]
    pub credit: AccountLoader<'info, Credit>,
    #[account(address = market.load()?.payment_mint @ BlockableError::MintMismatch)]
    pub mint: Box<InterfaceAccount<'info, Mint>>,
    #[account(mut, seeds = [seeds::VAULT, credit.key().as_ref()], bump = credit.load()?.vault_bump)]
    pub vault: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(mut, constraint = destination.mint == mint.key() @ BlockableError::TokenAccountMint)]
    pub destination: Box<InterfaceAccount<'info, TokenAccount>>,
    #[account(address = market.load()?.token_program @ BlockableError::TokenProgramMismatch)]
    pub token_program: Interface<'info, TokenInterface>,
}

impl VaultCollect<'_> {
    fn may_pay(&self, credit: &Credit, party: Party) -> Result<bool> {
        let destination = self.destination.key();
        let owner = match party {
            Party::Treasury => return Ok(destination == self.market.load()?.treasury),
            Party::Lender => credit.lender,
            Party::Borrower => credit.borrower,
        };
        let associated =
            || get_associated_token_address_with_program_id(&owner, &self.mint.key(), self.token_program.key);
        Ok(self.destination.owner == owner && (self.caller.key() == owner || destination == associated()))
    }

    /// Pays a party's whole claim out of the vault.
    pub fn handle(ctx: Context<VaultCollect>, party: Party) -> Result<()> {
        let accounts = ctx.accounts;
        let now = accounts.market.load()?.open_clock()?.chain;
        let (record, signer, amount, left) = {
            let mut credit = accounts.credit.load_mut()?;
            require!(accounts.may_pay(&credit, party)?, BlockableError::DestinationNotAllowed);
            let amount = credit.take_claim(party);
            require!(amount > 0, BlockableError::NothingToCollect);
            let change = Change::Collected { party, destination: accounts.destination.key(), amount };
            let record = credit.record(accounts.credit.key(), now, change)?;
            (record, CreditSigner::of(&credit), amount, credit.vault)
        };
        let tokens = TokenContext { program: &accounts.token_program, mint: &accounts.mint };
        let credit = accounts.credit.to_account_info();
        tokens.pay_out(&mut accounts.vault, &accounts.destination, &credit, &signer, amount)?;
        require_covered(&left, accounts.vault.amount)?;
        emit(&accounts.event_authority, CreditChanged { record })
    }
}
