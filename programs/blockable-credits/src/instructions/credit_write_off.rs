use {
    crate::{
        errors::BlockableError,
        instructions::accounts::{clock_of, record_and_emit},
        state::{Credit, Market, Provider},
    },
    anchor_lang::prelude::*,
};

/// CAN give up the rest of the debt: the lender, in default, once its lots are closed, and where the debt left after the
/// cancel is at most `most_debt`. Covered units that the debt pays for are cancelled first, once the cure period has passed; the
/// others become the borrower's.
#[event_cpi]
#[derive(Accounts)]
pub struct CreditWriteOff<'info> {
    /// The lender.
    pub authority: Signer<'info>,
    /// The credit's market.
    pub market: AccountLoader<'info, Market>,
    /// The credit.
    #[account(
        mut,
        has_one = market @ BlockableError::MarketMismatch,
        has_one = provider @ BlockableError::ProviderMismatch,
    )]
    pub credit: AccountLoader<'info, Credit>,
    /// The credit's provider, whose capacity the cancelled units give back.
    #[account(mut)]
    pub provider: AccountLoader<'info, Provider>,
}

impl CreditWriteOff<'_> {
    /// Gives up the debt.
    ///
    /// - `offer_slot`: the slot of the loan's offer, the credit's `offer_slot`.
    /// - `most_debt`: the most debt to give up, in micro-USDC.
    pub fn handle(ctx: Context<CreditWriteOff>, offer_slot: u64, most_debt: u64) -> Result<()> {
        let accounts = ctx.accounts;
        let clock = clock_of(&accounts.market)?;
        let mut credit = accounts.credit.load_mut()?;
        let change = {
            let mut provider = accounts.provider.load_mut()?;
            credit.write_off(accounts.authority.key, offer_slot, most_debt, &mut provider, &clock)?
        };
        record_and_emit(credit, accounts.credit.key(), clock.chain, change, &accounts.event_authority)
    }
}
