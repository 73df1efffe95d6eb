use {
    crate::{
        errors::{BlockableError, ensure},
        events::MarketChange,
        instructions::{MarketControl, market_create::check_settings},
        state::{CHANGE_LIFETIME, Market, MarketSettings},
        units::after,
    },
    anchor_lang::prelude::*,
    anchor_spl::token_interface::TokenAccount,
};

/// CAN propose a change: the market's admin. What only tightens is in force at once; anything else waits.
#[event_cpi]
#[derive(Accounts)]
pub struct MarketProposeChange<'info> {
    pub authority: Signer<'info>,
    #[account(mut)]
    pub market: AccountLoader<'info, Market>,
    /// The treasury that the settings name.
    #[account(constraint = treasury.mint == market.load()?.payment_mint @ BlockableError::TokenAccountMint)]
    pub treasury: Box<InterfaceAccount<'info, TokenAccount>>,
}

impl MarketProposeChange<'_> {
    /// Puts settings in force, or lets them wait for the market's delay in place of what waited before.
    pub fn handle(ctx: Context<MarketProposeChange>, settings: MarketSettings) -> Result<()> {
        let accounts = ctx.accounts;
        ensure(settings.treasury == accounts.treasury.key(), BlockableError::TreasuryMismatch)?;
        let clock = accounts.market.load()?.open_clock()?;
        let change = {
            let mut market = accounts.market.load_mut()?;
            market.require_admin(accounts.authority.key)?;
            check_settings(&settings, market.is_test == 1)?;
            let current = market.settings();
            ensure(settings != current, BlockableError::NothingChanges)?;
            if settings.is_tightening(&current) {
                market.apply(&settings);
                // What waits was proposed before this and would undo it.
                market.drop_proposal();
                MarketChange::Applied { settings }
            } else {
                let ready_at = after(clock.market, current.change_delay)?;
                market.propose(&settings, ready_at);
                MarketChange::Proposed { settings, ready_at }
            }
        };
        change.emit(&accounts.event_authority, accounts.market.key(), clock.chain)
    }
}

impl MarketControl<'_> {
    /// CAN apply the change that waits: the market's admin, once the delay has passed.
    pub fn apply_change(ctx: Context<MarketControl>) -> Result<()> {
        MarketControl::by_admin(ctx, |market, clock| {
            ensure(market.change_ready_at != 0, BlockableError::NoChangeProposed)?;
            ensure(clock.market >= market.change_ready_at, BlockableError::ChangeDelayRunning)?;
            let lapses_at = after(market.change_ready_at, CHANGE_LIFETIME)?;
            ensure(clock.market <= lapses_at, BlockableError::ChangeLapsed)?;
            let settings = market.proposed_settings();
            market.apply(&settings);
            market.drop_proposal();
            Ok(MarketChange::Applied { settings })
        })
    }

    /// CAN drop the change that waits: the market's admin.
    pub fn cancel_change(ctx: Context<MarketControl>) -> Result<()> {
        MarketControl::by_admin(ctx, |market, _| {
            ensure(market.change_ready_at != 0, BlockableError::NoChangeProposed)?;
            market.drop_proposal();
            Ok(MarketChange::Cancelled)
        })
    }
}
