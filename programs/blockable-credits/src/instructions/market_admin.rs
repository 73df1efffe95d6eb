use {
    crate::{
        errors::{BlockableError, ensure},
        events::{MarketChange, MarketChanged, emit},
        state::{Market, MarketClock},
    },
    anchor_lang::prelude::*,
};

/// A market and who wants to change it; each handler says who that may be.
#[event_cpi]
#[derive(Accounts)]
pub struct MarketControl<'info> {
    pub authority: Signer<'info>,
    #[account(mut)]
    pub market: AccountLoader<'info, Market>,
}

impl MarketControl<'_> {
    /// Changes a market at an instant of its clock; the change is given the signer.
    pub(super) fn change(
        ctx: Context<MarketControl>,
        clock: MarketClock,
        change: impl FnOnce(&mut Market, &Pubkey, MarketClock) -> Result<MarketChange>,
    ) -> Result<()> {
        let accounts = ctx.accounts;
        let change = {
            let mut market = accounts.market.load_mut()?;
            change(&mut market, accounts.authority.key, clock)?
        };
        change.emit(&accounts.event_authority, accounts.market.key(), clock.chain)
    }

    /// As [`MarketControl::change`], in a market that is not paused and by its admin's signature.
    pub(super) fn by_admin(
        ctx: Context<MarketControl>,
        change: impl FnOnce(&mut Market, MarketClock) -> Result<MarketChange>,
    ) -> Result<()> {
        let clock = ctx.accounts.market.load()?.open_clock()?;
        MarketControl::change(ctx, clock, |market, signer, clock| {
            market.require_admin(signer)?;
            change(market, clock)
        })
    }

    /// CAN offer the admin's place: the admin. To the zero key: withdraws the offer.
    pub fn offer_admin(ctx: Context<MarketControl>, to: Pubkey) -> Result<()> {
        MarketControl::by_admin(ctx, |market, _| {
            market.pending_admin = to;
            Ok(MarketChange::AdminOffered { to })
        })
    }

    /// CAN take the admin's place: the key it was offered to.
    pub fn accept_admin(ctx: Context<MarketControl>) -> Result<()> {
        let clock = ctx.accounts.market.load()?.open_clock()?;
        MarketControl::change(ctx, clock, |market, signer, _| {
            ensure(market.pending_admin == *signer, BlockableError::NotOffered)?;
            market.admin = *signer;
            market.pending_admin = Pubkey::default();
            Ok(MarketChange::AdminChanged { to: *signer })
        })
    }

    /// CAN name the guardian: the admin.
    pub fn set_guardian(ctx: Context<MarketControl>, to: Pubkey) -> Result<()> {
        MarketControl::by_admin(ctx, |market, _| {
            market.guardian = to;
            Ok(MarketChange::GuardianSet { to })
        })
    }
}

impl Market {
    /// Requires the admin. Errors: [`BlockableError::NotAdmin`].
    pub fn require_admin(&self, signer: &Pubkey) -> Result<()> {
        ensure(self.admin == *signer, BlockableError::NotAdmin)
    }
}

impl MarketChange {
    /// Emits the change of a market at a Unix time.
    pub(super) fn emit<'info>(
        self,
        event_authority: &AccountInfo<'info>,
        market: Pubkey,
        at: i64,
    ) -> Result<()> {
        emit(event_authority, MarketChanged { market, at, change: self })
    }
}
