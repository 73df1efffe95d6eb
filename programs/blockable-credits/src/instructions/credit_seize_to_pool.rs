use {
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        instructions::UnitAmount,
        metering,
        state::{Credit, Lot, Market, MarketClock, seeds},
        transitions::{Action, Status},
        units::{Overflow, after},
    },
    anchor_lang::prelude::*,
};

/// How seized units are to be sold.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct LotTerms {
    /// Price at the start, in micro-USDC per `PRICE_SCALE` units.
    pub start_price: u64,
    /// Price at the end of the window and after, in micro-USDC per `PRICE_SCALE` units.
    pub floor_price: u64,
    /// Seconds of market time over which the price falls.
    pub window: u32,
}

/// CAN seize: the lender, once the cure period has passed. CANNOT price the units below the market's bounds, which
/// protect the borrower's surplus.
#[event_cpi]
#[derive(Accounts)]
pub struct CreditSeizeToPool<'info> {
    /// Seizes, and pays the lot's rent until it is closed.
    #[account(mut)]
    pub lender: Signer<'info>,
    pub market: AccountLoader<'info, Market>,
    #[account(
        mut,
        has_one = market @ BlockableError::MarketMismatch,
        has_one = lender @ BlockableError::NotLender,
    )]
    pub credit: AccountLoader<'info, Credit>,
    #[account(
        init,
        payer = lender,
        space = Lot::SPACE,
        seeds = [seeds::LOT, credit.key().as_ref(), &credit.load()?.lots_opened.to_le_bytes()],
        bump,
    )]
    pub lot: AccountLoader<'info, Lot>,
    pub system_program: Program<'info, System>,
}

impl CreditSeizeToPool<'_> {
    /// Moves units from the lien into a lot that sells them at a falling price.
    pub fn handle(ctx: Context<CreditSeizeToPool>, amount: UnitAmount, terms: LotTerms) -> Result<()> {
        let accounts = ctx.accounts;
        let market = accounts.market.load()?;
        let clock = market.open_clock()?;
        let record = {
            let mut credit = accounts.credit.load_mut()?;
            credit.begin_seizure(Action::Seize, clock)?;
            check_terms(&market, &credit, &terms)?;
            let units = credit.take_from_lien(amount, u64::MAX, clock)?;

            let mut lot = accounts.lot.load_init()?;
            lot.version = Lot::VERSION;
            lot.bump = ctx.bumps.lot;
            lot.index = credit.lots_opened;
            lot.market = credit.market;
            lot.credit = accounts.credit.key();
            lot.provider = credit.provider;
            lot.lender = credit.lender;
            lot.units = units;
            lot.units_left = units;
            lot.start_price = terms.start_price;
            lot.floor_price = terms.floor_price;
            lot.opened_at = clock.market;
            lot.window = terms.window;

            credit.lots_opened = credit.lots_opened.checked_add(1).ok_or(BlockableError::from(Overflow))?;
            credit.lots_open = credit.lots_open.checked_add(1).ok_or(BlockableError::from(Overflow))?;
            let change = Change::Seized {
                lot: accounts.lot.key(),
                units,
                start_price: terms.start_price,
                floor_price: terms.floor_price,
            };
            credit.record(accounts.credit.key(), clock.chain, change)?
        };
        record.emit(&accounts.event_authority)
    }
}

fn check_terms(market: &Market, credit: &Credit, terms: &LotTerms) -> Result<()> {
    let bounds = &market.bounds;
    let paid = credit.price_paid()?;
    let least_start = market.least_price(paid, bounds.min_start_price_bps)?;
    let least_floor = market.least_price(paid, bounds.min_floor_price_bps)?.max(1);
    ensure(
        terms.start_price >= least_start
            && terms.floor_price >= least_floor
            && terms.start_price >= terms.floor_price,
        BlockableError::LotPriceTooLow,
    )?;
    ensure(
        (bounds.min_lot_window..=bounds.max_lot_window).contains(&terms.window),
        BlockableError::LotWindowOutOfBounds,
    )?;
    Ok(())
}

impl Credit {
    /// Takes the edge of a seizure, once the cure period has passed, and brings the debt up to now.
    pub fn begin_seizure(&mut self, action: Action, clock: MarketClock) -> Result<()> {
        self.require_current()?;
        let was = self.status()?;
        self.advance(action)?;
        self.pending_lender = Pubkey::default();
        self.require_unexpired(clock.market)?;
        self.accrue(clock.market)?;
        if was == Status::Defaulted {
            let cured_by = after(self.defaulted_at, self.terms.cure_period)?;
            ensure(clock.market >= cured_by, BlockableError::CurePeriodRunning)?;
        }
        Ok(())
    }

    /// Whether what the latest freeze promised to running jobs is still kept: for the cure period from then on.
    /// Errors: [`Overflow`].
    pub fn promise_stands(&self, market_time: i64) -> core::result::Result<bool, Overflow> {
        Ok(market_time < after(self.frozen_at_market, self.terms.cure_period)?)
    }

    /// Units that can be seized now. Errors: [`Overflow`].
    pub fn seizable(&self, clock: MarketClock) -> Result<u64> {
        let promise_stands = self.promise_stands(clock.market)?;
        Ok(metering::seizable(&self.collateral, &self.meter, promise_stands))
    }

    /// Takes units out of the lien; all there are means at most `most`. Jobs that ran at a freeze have the cure period from
    /// then to settle; until it has passed, and where there was no freeze, the units that they hold stay. Returns the units
    /// taken.
    pub fn take_from_lien(&mut self, amount: UnitAmount, most: u64, clock: MarketClock) -> Result<u64> {
        let promise_stands = self.promise_stands(clock.market)?;
        let (mut collateral, mut meter) = (self.collateral, self.meter);
        let seizable = metering::seizable(&collateral, &meter, promise_stands);
        let units = amount.of(seizable.min(most))?;
        ensure(units > 0 && units <= collateral.lien(), BlockableError::BeyondLien)?;
        ensure(units <= seizable, BlockableError::HeldByRunningJobs)?;
        metering::seize(&mut collateral, &mut meter, units, promise_stands)?;
        (self.collateral, self.meter) = (collateral, meter);
        Ok(units)
    }
}
