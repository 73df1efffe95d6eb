use {
    crate::{
        events::{MarketChange, MarketChanged, emit},
        instructions::accounts::clock_of,
        state::{Market, MarketClock},
    },
    anchor_lang::prelude::*,
};

/// A market and the key that acts on it; each action checks that the key may do so.
#[event_cpi]
#[derive(Accounts)]
pub struct MarketControl<'info> {
    /// The key that acts on the market; each instruction says which it must be.
    pub authority: Signer<'info>,
    /// The market.
    #[account(mut)]
    pub market: AccountLoader<'info, Market>,
}

impl MarketControl<'_> {
    /// Acts on the market, given the signer and the time; emits the change.
    #[inline(never)]
    pub(super) fn act(
        &self,
        action: &dyn Fn(&mut Market, &Pubkey, &MarketClock) -> Result<MarketChange>,
    ) -> Result<()> {
        let clock = clock_of(&self.market)?;
        let change = action(&mut *self.market.load_mut()?, self.authority.key, &clock)?;
        emit(&self.event_authority, MarketChanged { market: self.market.key(), at: clock.chain, change })
    }

    /// CAN offer the admin role: the admin. The market's delay begins now. To the zero key: withdraws the offer.
    ///
    /// - `to`: the key to offer the role to; zero withdraws the offer.
    pub fn offer_admin(ctx: Context<MarketControl>, to: Pubkey) -> Result<()> {
        ctx.accounts.act(&|market, signer, clock| market.offer_admin(signer, to, clock))
    }

    /// CAN take the admin role: the key it was offered to, once the market's delay has passed.
    pub fn accept_admin(ctx: Context<MarketControl>) -> Result<()> {
        ctx.accounts.act(&|market, signer, clock| market.accept_admin(signer, clock))
    }
}
