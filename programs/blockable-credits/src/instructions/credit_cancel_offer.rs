use {
    crate::{
        actions::Payout, errors::BlockableError, instructions::accounts::*, state::MarketClock,
        tokens::CreditSigner, transitions::Status,
    },
    anchor_lang::prelude::*,
    anchor_spl::token_interface::TokenAccount,
};

/// CAN cancel before the units are live: the lender at any time, the borrower once it has accepted.
#[event_cpi]
#[derive(Accounts)]
pub struct CreditCancelOffer<'info> {
    /// The lender or the borrower.
    pub party: Signer<'info>,
    /// CHECK: gets the rent of the credit and its vault back; checked to be the one that paid it.
    #[account(
        mut,
        constraint = credit_vault.credit.load()?.rent_payer == receiver.key() @ BlockableError::ReceiverMismatch,
    )]
    pub receiver: UncheckedAccount<'info>,
    pub credit_vault: CreditVault<'info>,
    /// Receives the principal: the lender's associated token account, or any of the lender's own where it signs. Or the
    /// credit's vault, once the offer is accepted: the principal then stays there as the lender's claim. A borrower names it
    /// where the lender's associated account cannot be paid to.
    #[account(mut, dup)]
    pub refund: Box<InterfaceAccount<'info, TokenAccount>>,
}

impl CreditCancelOffer<'_> {
    /// Returns the principal, with anything donated to the vault, and removes both accounts. Where the borrower has put cash
    /// into the reserve, the accounts stay until it has collected that. So neither party can hold back the other's money.
    ///
    /// - `offer_slot`: the slot of the offer, the credit's `offer_slot`.
    pub fn handle(ctx: Context<CreditCancelOffer>, offer_slot: u64) -> Result<()> {
        let accounts = ctx.accounts;
        let clock = clock_of(&accounts.credit_vault.market)?;
        if accounts.refund.key() == accounts.credit_vault.vault.key() {
            return accounts.leave_to_lender(offer_slot, &clock);
        }
        let lender = accounts.credit_vault.credit.load()?.lender;
        accounts.credit_vault.require_payable(&accounts.refund, &lender, accounts.party.key)?;
        let in_vault = accounts.credit_vault.vault.amount;
        let (record, signer, refunded, is_closed) = {
            let mut credit = accounts.credit_vault.credit.load_mut()?;
            let Payout { amount, change } =
                credit.cancel(accounts.party.key, offer_slot, in_vault, &clock)?;
            let record = credit.record(accounts.credit_vault.credit.key(), clock.chain, change)?;
            (record, CreditSigner::new(&credit), amount, credit.status()? == Status::Closed)
        };
        let vault = &mut accounts.credit_vault;
        vault.pay_out(&accounts.refund, &signer, refunded)?;
        if is_closed {
            vault.close_vault(&accounts.receiver.to_account_info(), &signer)?;
            vault.credit.close(accounts.receiver.to_account_info())?;
        }
        record.emit(&accounts.event_authority)
    }

    /// Leaves the principal in the vault as the lender's claim; accounts and reserve stay until they are collected.
    fn leave_to_lender(&self, offer_slot: u64, clock: &MarketClock) -> Result<()> {
        let (key, mut credit) = (self.credit_vault.credit.key(), self.credit_vault.credit.load_mut()?);
        let change = credit.cancel_to_claim(self.party.key, offer_slot, clock)?;
        record_and_emit(credit, key, clock.chain, change, &self.event_authority)
    }
}
