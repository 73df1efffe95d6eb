use {
    crate::{
        errors::BlockableError,
        instructions::accounts::*,
        state::{Credit, Market},
    },
    anchor_lang::prelude::*,
};

/// CAN thaw what is frozen for the default of another credit: anyone, once that credit is neither in default nor being seized,
/// has another lender or borrower, or has been closed; also while paused. CANNOT thaw what is frozen for another reason.
#[event_cpi]
#[derive(Accounts)]
pub struct CreditThawCross<'info> {
    /// The credit's market.
    pub market: AccountLoader<'info, Market>,
    /// The credit.
    #[account(
        mut,
        has_one = market @ BlockableError::MarketMismatch,
        constraint = credit.load()?.cross_credit == other.key() @ BlockableError::CrossCreditMismatch,
    )]
    pub credit: AccountLoader<'info, Credit>,
    /// CHECK: the address of the other credit; its account is read as a credit unless it is closed.
    pub other: UncheckedAccount<'info>,
}

impl<'info> CreditThawCross<'info> {
    /// Thaws what rests on the other credit.
    pub fn handle(ctx: Context<'info, CreditThawCross<'info>>) -> Result<()> {
        let accounts = ctx.accounts;
        let clock = clock_of(&accounts.market)?;
        let is_closed = *accounts.other.owner != crate::ID;
        let loader = if is_closed { None } else { Some(AccountLoader::<Credit>::try_from(&accounts.other)?) };
        let other = loader.as_ref().map(|loader| loader.load()).transpose()?;
        let mut credit = accounts.credit.load_mut()?;
        let change = credit.thaw_cross(other.as_deref())?;
        record_and_emit(credit, accounts.credit.key(), clock.chain, change, &accounts.event_authority)
    }
}
