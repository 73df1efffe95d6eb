use {
    crate::{
        actions::{CrossCredit, FreezeAmount},
        errors::BlockableError,
        instructions::accounts::*,
        state::{Credit, FreezeReason, Market},
    },
    anchor_lang::prelude::*,
};

/// CAN freeze, where the policy allows it, while a drawn reserve is short past its grace, or for the default of another
/// credit where the rider says so: the lender or the freeze authority, by one signature; also while paused. CANNOT move value.
#[event_cpi]
#[derive(Accounts)]
pub struct CreditFreeze<'info> {
    /// The lender or the freeze authority.
    pub authority: Signer<'info>,
    /// The credit's market.
    pub market: AccountLoader<'info, Market>,
    /// The credit.
    #[account(mut, has_one = market @ BlockableError::MarketMismatch)]
    pub credit: AccountLoader<'info, Credit>,
    /// For cross-default: another credit of the same lender and borrower, of whatever market, that is in default.
    #[account(constraint = other.key() != credit.key() @ BlockableError::CrossCreditMismatch)]
    pub other: Option<AccountLoader<'info, Credit>>,
}

impl CreditFreeze<'_> {
    /// Freezes collateral.
    pub fn handle(ctx: Context<CreditFreeze>, amount: FreezeAmount, reason: FreezeReason) -> Result<()> {
        let accounts = ctx.accounts;
        let clock = clock_of(&accounts.market)?;
        let other =
            accounts.other.as_ref().map(|other| Ok::<_, Error>((other.key(), other.load()?))).transpose()?;
        let cross = other.as_ref().map(|(key, credit)| CrossCredit { key: *key, credit });
        let mut credit = accounts.credit.load_mut()?;
        let change = credit.freeze(accounts.authority.key, amount, reason, cross, &clock)?;
        record_and_emit(credit, accounts.credit.key(), clock.chain, change, &accounts.event_authority)
    }
}
