use {
    crate::{
        actions::{OfferRead, Payout},
        errors::BlockableError,
        instructions::accounts::*,
        state::Provider,
        tokens::CreditSigner,
    },
    anchor_lang::prelude::*,
    anchor_spl::token_interface::TokenAccount,
};

/// CAN issue: the provider the offer names, by the hash and the slot of the offer it has read. It is paid the principal,
/// less the holdback, and owes the units from then on.
#[event_cpi]
#[derive(Accounts)]
pub struct CreditIssue<'info> {
    /// The provider's authority.
    pub authority: Signer<'info>,
    #[account(
        constraint = credit_vault.credit.load()?.provider == provider.key() @ BlockableError::ProviderMismatch,
    )]
    pub credit_vault: CreditVault<'info>,
    /// The provider that the offer names.
    #[account(
        mut,
        has_one = authority @ BlockableError::NotProvider,
        constraint = provider.load()?.settings.payout == payout.key() @ BlockableError::PayoutMismatch,
    )]
    pub provider: AccountLoader<'info, Provider>,
    /// The provider's payout account, which the principal goes to.
    #[account(mut)]
    pub payout: Box<InterfaceAccount<'info, TokenAccount>>,
}

impl CreditIssue<'_> {
    /// Makes the units live: due dates count from now.
    pub fn handle(ctx: Context<CreditIssue>, read: OfferRead) -> Result<()> {
        let accounts = ctx.accounts;
        let read = read.in_slot(Clock::get()?.slot);
        let clock = clock_of(&accounts.credit_vault.market)?;
        let (record, signer, principal) = {
            let mut credit = accounts.credit_vault.credit.load_mut()?;
            let mut provider = accounts.provider.load_mut()?;
            let Payout { amount, change } = credit.issue(&mut provider, read, &clock)?;
            let record = credit.record(accounts.credit_vault.credit.key(), clock.chain, change)?;
            (record, CreditSigner::new(&credit), amount)
        };
        accounts.credit_vault.pay_out(&accounts.payout, &signer, principal)?;
        record.emit(&accounts.event_authority)
    }
}
