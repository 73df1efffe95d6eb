use {
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        state::{Credit, Market, Provider},
        transitions::Action,
        units::{add, sub},
    },
    anchor_lang::prelude::*,
};

/// CAN remove a credit: anyone once it holds no units, the borrower also before. Its rent goes back to who paid it.
#[event_cpi]
#[derive(Accounts)]
pub struct CreditClose<'info> {
    pub closer: Signer<'info>,
    /// CHECK: gets the rent back; checked to be the one that paid it.
    #[account(
        mut,
        constraint = credit.load()?.rent_payer() == receiver.key() @ BlockableError::ReceiverMismatch,
    )]
    pub receiver: UncheckedAccount<'info>,
    pub market: AccountLoader<'info, Market>,
    #[account(
        mut,
        has_one = market @ BlockableError::MarketMismatch,
        has_one = provider @ BlockableError::ProviderMismatch,
    )]
    pub credit: AccountLoader<'info, Credit>,
    #[account(mut)]
    pub provider: AccountLoader<'info, Provider>,
}

impl CreditClose<'_> {
    /// Removes the credit; its units no longer count against the provider's capacity.
    pub fn handle(ctx: Context<CreditClose>) -> Result<()> {
        let accounts = ctx.accounts;
        let now = accounts.market.load()?.open_clock()?.chain;
        let record = {
            let mut credit = accounts.credit.load_mut()?;
            credit.require_current()?;
            credit.advance(Action::Close)?;
            ensure(credit.lots_open == 0, BlockableError::LotsOpen)?;
            ensure(credit.is_unrestricted() || credit.vault_closed == 1, BlockableError::VaultOpen)?;
            let given_up = credit.collateral.remaining();
            let by_borrower = accounts.closer.key() == credit.borrower;
            ensure(given_up == 0 || by_borrower, BlockableError::UnitsLeft)?;
            let mut provider = accounts.provider.load_mut()?;
            let units = sub(credit.collateral.granted, credit.collateral.seized)?;
            provider.outstanding_units = sub(provider.outstanding_units, units)?;
            provider.closed_overrun = add(provider.closed_overrun, credit.meter.overrun)?;
            credit.record(accounts.credit.key(), now, Change::Closed { given_up })?
        };
        accounts.credit.close(accounts.receiver.to_account_info())?;
        record.emit(&accounts.event_authority)
    }
}
