use {
    crate::{
        auction::{self, Proceeds},
        errors::{BlockableError, ensure},
        events::{Change, Recorded},
        instructions::{accounts::*, unrestricted::Grant},
        state::{Credit, Lot, MarketClock, Provider, seeds},
        transitions::Action,
        units::{add, sub},
    },
    anchor_lang::prelude::*,
    anchor_spl::token_interface::TokenAccount,
};

/// CAN buy: anyone. The units arrive in the buyer's unrestricted credit at this provider, which is created or topped up.
#[event_cpi]
#[derive(Accounts)]
pub struct LotBuy<'info> {
    /// Pays for the units, and the rent of its credit the first time.
    #[account(mut)]
    pub buyer: Signer<'info>,
    #[account(
        constraint = credit_vault.credit.load()?.provider == provider.key() @ BlockableError::ProviderMismatch,
    )]
    pub credit_vault: CreditVault<'info>,
    #[account(mut)]
    pub provider: AccountLoader<'info, Provider>,
    #[account(
        mut,
        constraint = lot.load()?.credit == credit_vault.credit.key() @ BlockableError::LotMismatch,
    )]
    pub lot: AccountLoader<'info, Lot>,
    #[account(
        init_if_needed,
        payer = buyer,
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
    pub system_program: Program<'info, System>,
}

impl LotBuy<'_> {
    /// Buys `units` at the current price, refused where it exceeds `max_price` (micro-USDC per `PRICE_SCALE` units).
    pub fn handle(ctx: Context<LotBuy>, units: u64, max_price: u64) -> Result<()> {
        ensure(units > 0, BlockableError::AmountZero)?;
        let accounts = ctx.accounts;
        let clock = accounts.credit_vault.market.load()?.open_clock()?;
        {
            let credit = accounts.credit_vault.credit.load()?;
            credit.require_current()?;
            credit.require_unexpired(clock.market)?;
        }
        let cost = {
            let lot = accounts.lot.load()?;
            ensure(units <= lot.units_left, BlockableError::LotUnitsExceeded)?;
            let price = lot.price_at(clock.market)?;
            ensure(price <= max_price, BlockableError::PriceAboveMaximum)?;
            auction::cost(units, price)?
        };
        accounts.credit_vault.pay_in(&accounts.source, &accounts.buyer, cost)?;
        let sold = accounts.sell(units, cost, clock)?;
        let granted = accounts.grant(units, clock, ctx.bumps.buyer_credit)?;
        sold.emit(&accounts.event_authority)?;
        granted.emit(&accounts.event_authority)
    }

    /// Books the sale: the lot gives the units, the credit's debt takes the proceeds.
    fn sell(&self, units: u64, cost: u64, clock: MarketClock) -> Result<Recorded> {
        let mut lot = self.lot.load_mut()?;
        lot.units_left = sub(lot.units_left, units)?;
        lot.proceeds = add(lot.proceeds, cost)?;

        let mut credit = self.credit_vault.credit.load_mut()?;
        credit.advance(Action::Buy)?;
        credit.accrue(clock.market)?;
        let fee_bps = self.credit_vault.market.load()?.redistribution_fee_bps;
        let Proceeds { fee, recovered, surplus } = auction::split(cost, fee_bps, credit.debt.total())?;
        credit.apply_recovery(recovered)?;
        credit.recovered = add(credit.recovered, recovered)?;
        credit.vault.lender = add(credit.vault.lender, recovered)?;
        credit.vault.borrower = add(credit.vault.borrower, surplus)?;
        credit.vault.treasury = add(credit.vault.treasury, fee)?;
        if credit.debt.total() == 0 {
            credit.discharge()?;
            credit.advance(Action::PayOff)?;
        }
        let change = Change::Sold {
            lot: self.lot.key(),
            buyer: self.buyer.key(),
            units,
            cost,
            fee,
            recovered,
            surplus,
            debt: credit.debt.total(),
        };
        credit.record(self.credit_vault.credit.key(), clock.chain, change)
    }

    /// Gives the units to the buyer's unrestricted credit.
    fn grant(&self, units: u64, clock: MarketClock, bump: u8) -> Result<Recorded> {
        let source = self.credit_vault.credit.load()?;
        let grant = Grant { from: self.lot.key(), units, owner: self.buyer.key(), bump };
        grant.make(&source, &self.provider, &self.buyer_credit, clock)
    }
}
