use {
    crate::{
        errors::{BlockableError, ensure},
        instructions::{ProviderUpdate, provider_set_capacity::change_provider},
        state::{Market, Provider, ProviderSettings},
    },
    anchor_lang::prelude::*,
    anchor_spl::token_interface::TokenAccount,
};

/// CAN propose a change: the provider's authority. A change that only tightens is in force at once, also while the provider
/// is suspended; any other waits for the market's delay and is refused while it is suspended.
#[event_cpi]
#[derive(Accounts)]
pub struct ProviderProposeChange<'info> {
    /// The provider's authority.
    pub authority: Signer<'info>,
    /// The provider's market.
    pub market: AccountLoader<'info, Market>,
    /// The provider.
    #[account(mut, has_one = market @ BlockableError::MarketMismatch)]
    pub provider: AccountLoader<'info, Provider>,
    /// The payout account that the settings name.
    #[account(constraint = payout.mint == market.load()?.payment_mint @ BlockableError::TokenAccountMint)]
    pub payout: Box<InterfaceAccount<'info, TokenAccount>>,
}

impl ProviderProposeChange<'_> {
    /// Puts settings in force, or proposes them for the time after the market's delay.
    pub fn handle(ctx: Context<ProviderProposeChange>, settings: ProviderSettings) -> Result<()> {
        let accounts = ctx.accounts;
        ensure(settings.payout == accounts.payout.key(), BlockableError::PayoutMismatch)?;
        let signer = accounts.authority.key;
        change_provider(
            &accounts.market,
            &accounts.provider,
            &accounts.event_authority,
            &|provider, market, clock| provider.propose_change(signer, &settings, market, clock),
        )
    }
}

impl ProviderUpdate<'_> {
    /// CAN apply the change proposed for the market time `ready_at`: the provider's authority, once the delay has passed
    /// and for 14 days.
    ///
    /// - `ready_at`: market time from which the proposal may be applied, as the account has it in `change_ready_at`.
    pub fn apply_change(ctx: Context<ProviderUpdate>, ready_at: i64) -> Result<()> {
        ctx.accounts.act(&|provider, signer, _, clock| provider.apply_change(signer, ready_at, clock))
    }

    /// CAN drop the change proposed for the market time `ready_at`: the provider's authority. A suspension and a
    /// hand-over drop it as well.
    ///
    /// - `ready_at`: market time from which the proposal may be applied, as the account has it in `change_ready_at`.
    pub fn cancel_change(ctx: Context<ProviderUpdate>, ready_at: i64) -> Result<()> {
        ctx.accounts.act(&|provider, signer, _, clock| provider.cancel_change(signer, ready_at, clock))
    }
}
