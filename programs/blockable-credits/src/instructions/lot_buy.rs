use {
    crate::{
        actions::{NewUnrestricted, Quote, Sale, UnitBounds},
        errors::BlockableError,
        events::Recorded,
        instructions::{accounts::*, unrestricted::Grant},
        state::{Credit, Lot, MarketClock, Provider, seeds},
    },
    anchor_lang::prelude::*,
    anchor_spl::token_interface::TokenAccount,
};

/// CAN buy: anyone. The units arrive in the buyer's unrestricted credit at this provider, which is created or topped up.
#[event_cpi]
#[derive(Accounts)]
pub struct LotBuy<'info> {
    /// Pays for the units.
    pub buyer: Signer<'info>,
    /// Pays the rent of the buyer's credit the first time, and gets it back when that is removed.
    #[account(mut)]
    pub rent_payer: Signer<'info>,
    #[account(
        constraint = credit_vault.credit.load()?.provider == provider.key() @ BlockableError::ProviderMismatch,
    )]
    pub credit_vault: CreditVault<'info>,
    /// The credit's provider.
    #[account(mut)]
    pub provider: AccountLoader<'info, Provider>,
    /// The lot.
    #[account(
        mut,
        constraint = lot.load()?.credit == credit_vault.credit.key() @ BlockableError::LotMismatch,
    )]
    pub lot: AccountLoader<'info, Lot>,
    /// The buyer's unrestricted credit for units of this provider and expiry, created the first time.
    #[account(
        init_if_needed,
        payer = rent_payer,
        space = Credit::SPACE,
        seeds = [
            seeds::CREDIT,
            credit_vault.market.key().as_ref(),
            provider.key().as_ref(),
            buyer.key().as_ref(),
            &credit_vault.credit.load()?.unrestricted_nonce().to_le_bytes(),
        ],
        bump,
    )]
    pub buyer_credit: AccountLoader<'info, Credit>,
    /// The buyer's token account.
    #[account(mut)]
    pub source: Box<InterfaceAccount<'info, TokenAccount>>,
    /// The system program.
    pub system_program: Program<'info, System>,
}

impl LotBuy<'_> {
    /// Buys units at the current price, refused where it exceeds `max_price` (micro-USDC per `PRICE_SCALE` units).
    ///
    /// - `max_price`: the highest price, in micro-USDC per `PRICE_SCALE` units.
    pub fn handle(ctx: Context<LotBuy>, amount: UnitBounds, max_price: u64) -> Result<()> {
        let accounts = ctx.accounts;
        let clock = clock_of(&accounts.credit_vault.market)?;
        let Quote { units, cost } = {
            let (lot, credit) = (accounts.lot.load()?, accounts.credit_vault.credit.load()?);
            lot.quote(&credit, accounts.buyer.key, amount, max_price, &clock)?
        };
        accounts.credit_vault.pay_in(&accounts.source, &accounts.buyer, cost)?;
        let sale = Sale { lot: accounts.lot.key(), buyer: accounts.buyer.key(), units, cost };
        let sold = accounts.sell(sale, &clock)?;
        let granted = accounts.grant(units, &clock, ctx.bumps.buyer_credit)?;
        sold.emit(&accounts.event_authority)?;
        granted.emit(&accounts.event_authority)
    }

    /// Takes the units from the lot and the proceeds off the debt.
    fn sell(&self, sale: Sale, clock: &MarketClock) -> Result<Recorded> {
        let fee_bps = self.credit_vault.market.load()?.redistribution_fee_bps;
        let mut lot = self.lot.load_mut()?;
        let mut credit = self.credit_vault.credit.load_mut()?;
        let change = credit.sell(&mut lot, sale, fee_bps, clock)?;
        credit.record(self.credit_vault.credit.key(), clock.chain, change)
    }

    /// Gives the units to the buyer's unrestricted credit.
    fn grant(&self, units: u64, clock: &MarketClock, bump: u8) -> Result<Recorded> {
        let source = self.credit_vault.credit.load()?;
        let new = NewUnrestricted { owner: self.buyer.key(), rent_payer: self.rent_payer.key(), bump };
        let grant = Grant { from: self.lot.key(), units, new };
        grant.make(&source, &self.provider, &self.buyer_credit, clock)
    }
}
