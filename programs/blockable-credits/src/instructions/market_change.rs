use {
    crate::{
        errors::{BlockableError, ensure},
        events::{MarketChanged, emit},
        instructions::{MarketControl, accounts::clock_of},
        state::{Market, MarketSettings},
    },
    anchor_lang::prelude::*,
    anchor_spl::token_interface::TokenAccount,
};

/// CAN propose a change: the market's admin. A change that only tightens is in force at once; any other waits.
#[event_cpi]
#[derive(Accounts)]
pub struct MarketProposeChange<'info> {
    /// The market's admin.
    pub authority: Signer<'info>,
    /// The market.
    #[account(mut)]
    pub market: AccountLoader<'info, Market>,
    /// The treasury that the settings name.
    #[account(constraint = treasury.mint == market.load()?.payment_mint @ BlockableError::TokenAccountMint)]
    pub treasury: Box<InterfaceAccount<'info, TokenAccount>>,
}

impl MarketProposeChange<'_> {
    /// Puts settings in force, or proposes them for the time after the market's delay.
    pub fn handle(ctx: Context<MarketProposeChange>, settings: MarketSettings) -> Result<()> {
        let accounts = ctx.accounts;
        ensure(settings.treasury == accounts.treasury.key(), BlockableError::TreasuryMismatch)?;
        let clock = clock_of(&accounts.market)?;
        let change = {
            let mut market = accounts.market.load_mut()?;
            market.propose_change(accounts.authority.key, settings, &clock)?
        };
        let event = MarketChanged { market: accounts.market.key(), at: clock.chain, change };
        emit(&accounts.event_authority, event)
    }
}

impl MarketControl<'_> {
    /// CAN apply the change proposed for the market time `ready_at`: the market's admin, once the delay has passed.
    ///
    /// - `ready_at`: market time from which the proposal may be applied, as the account has it in `change_ready_at`.
    pub fn apply_change(ctx: Context<MarketControl>, ready_at: i64) -> Result<()> {
        ctx.accounts.act(&|market, signer, clock| market.apply_change(signer, ready_at, clock))
    }

    /// CAN drop the change proposed for the market time `ready_at`: the market's admin.
    ///
    /// - `ready_at`: market time from which the proposal may be applied, as the account has it in `change_ready_at`.
    pub fn cancel_change(ctx: Context<MarketControl>, ready_at: i64) -> Result<()> {
        ctx.accounts.act(&|market, signer, clock| market.cancel_change(signer, ready_at, clock))
    }
}
