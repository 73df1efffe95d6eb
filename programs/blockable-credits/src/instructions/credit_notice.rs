use {
    crate::{
        actions::Notice,
        errors::BlockableError,
        instructions::accounts::*,
        state::{Credit, Market},
    },
    anchor_lang::prelude::*,
    anchor_spl::token_interface::TokenAccount,
};

/// CAN give notice of default for a breach: the lender, where the rider says so, while the vault can be paid into. The cure
/// period starts now. Paying the whole debt, a restructuring, or the lender's withdrawal ends the notice.
#[event_cpi]
#[derive(Accounts)]
pub struct CreditGiveNotice<'info> {
    /// The lender.
    pub authority: Signer<'info>,
    /// The credit's market.
    pub market: AccountLoader<'info, Market>,
    /// The credit.
    #[account(
        mut,
        has_one = market @ BlockableError::MarketMismatch,
        has_one = vault @ BlockableError::VaultMismatch,
    )]
    pub credit: AccountLoader<'info, Credit>,
    /// The credit's vault. The mint's issuer must not have frozen it, because nobody could pay in the cure period then.
    #[account(constraint = !vault.is_frozen() @ BlockableError::VaultFrozen)]
    pub vault: Box<InterfaceAccount<'info, TokenAccount>>,
}

impl CreditGiveNotice<'_> {
    /// Gives the notice.
    pub fn handle(ctx: Context<CreditGiveNotice>, notice: Notice) -> Result<()> {
        let accounts = ctx.accounts;
        let (key, clock) = (accounts.credit.key(), clock_of(&accounts.market)?);
        let mut credit = accounts.credit.load_mut()?;
        let change = credit.give_notice(accounts.authority.key, notice, &clock)?;
        record_and_emit(credit, key, clock.chain, change, &accounts.event_authority)
    }
}

impl CreditControl<'_> {
    /// CAN withdraw the notice that was given at the market time `given_at`: the lender. Instalments that are unpaid can
    /// be marked at once. Everything is thawed, unless the policy is to freeze at will. Then the units frozen for payment are,
    /// if nothing is in arrears.
    ///
    /// - `given_at`: market time of the notice, the credit's `defaulted_at`.
    pub fn withdraw_notice(ctx: Context<CreditControl>, given_at: i64) -> Result<()> {
        ctx.accounts.act(&|credit, signer, clock| credit.withdraw_notice(signer, given_at, clock))
    }
}
