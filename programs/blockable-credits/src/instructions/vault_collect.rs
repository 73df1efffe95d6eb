use {
    crate::{
        actions::Payout,
        errors::{BlockableError, ensure},
        instructions::accounts::*,
        state::{Credit, Party, Provider},
        tokens::CreditSigner,
    },
    anchor_lang::prelude::*,
    anchor_spl::token_interface::TokenAccount,
};

/// CAN collect: anyone, into the party's associated token account, the market's treasury or the provider's payout account;
/// lender and borrower, where they sign, into any token account of their own. CANNOT redirect a claim.
#[event_cpi]
#[derive(Accounts)]
pub struct VaultCollect<'info> {
    /// Anyone; a party that signs may choose the destination.
    pub caller: Signer<'info>,
    pub credit_vault: CreditVault<'info>,
    /// The party's associated token account, the market's treasury or the provider's payout account; any account of a lender
    /// or a borrower that signs.
    #[account(mut)]
    pub destination: Box<InterfaceAccount<'info, TokenAccount>>,
    /// The credit's provider, for its own claim.
    pub provider: Option<AccountLoader<'info, Provider>>,
}

impl VaultCollect<'_> {
    /// Requires a destination that may get the claim; the token program itself refuses one of another mint. Errors:
    /// [`BlockableError::DestinationNotAllowed`], for a provider's claim [`BlockableError::ProviderMismatch`] and
    /// [`BlockableError::ClaimSuspended`].
    fn require_destination(&self, credit: &Credit, party: Party) -> Result<()> {
        let owner = match party {
            Party::Lender => credit.lender,
            Party::Borrower => credit.borrower,
            Party::Provider => return self.require_payout(credit),
            Party::Treasury => {
                let is_treasury = self.destination.key() == self.credit_vault.market.load()?.treasury;
                return ensure(is_treasury, BlockableError::DestinationNotAllowed);
            }
        };
        self.credit_vault.require_payable(&self.destination, &owner, self.caller.key)
    }

    /// Requires the payout account of the credit's provider, which the market's admin has not suspended. Errors:
    /// [`BlockableError::ProviderMismatch`], [`BlockableError::ClaimSuspended`], [`BlockableError::DestinationNotAllowed`].
    fn require_payout(&self, credit: &Credit) -> Result<()> {
        let provider = self.provider.as_ref().ok_or(BlockableError::ProviderMismatch)?;
        ensure(provider.key() == credit.provider, BlockableError::ProviderMismatch)?;
        let payout = provider.load()?.open_payout()?;
        ensure(self.destination.key() == payout, BlockableError::DestinationNotAllowed)
    }

    /// Pays a party's whole claim out of the vault, at least `least` micro-USDC. With a `least` of 0 it succeeds also where
    /// there is nothing to collect: so the buyer of a loan can collect the seller's claim in the transaction that takes the
    /// loan, whatever has been paid meanwhile.
    ///
    /// - `least`: the least to collect, in micro-USDC.
    pub fn handle(ctx: Context<VaultCollect>, party: Party, least: u64) -> Result<()> {
        let accounts = ctx.accounts;
        let clock = clock_of(&accounts.credit_vault.market)?;
        let (record, signer, amount, left) = {
            let mut credit = accounts.credit_vault.credit.load_mut()?;
            if !credit.has_claim(party, least)? {
                return Ok(());
            }
            accounts.require_destination(&credit, party)?;
            let Payout { amount, change } = credit.collect(party, accounts.destination.key(), &clock)?;
            let record = credit.record(accounts.credit_vault.credit.key(), clock.chain, change)?;
            (record, CreditSigner::new(&credit), amount, credit.owed_from_vault()?)
        };
        accounts.credit_vault.pay_out(&accounts.destination, &signer, amount)?;
        ensure(accounts.credit_vault.vault.amount >= left, BlockableError::VaultShort)?;
        record.emit(&accounts.event_authority)
    }
}
