//! Seized units are sold, and a lot is closed.

use {
    super::UnitBounds,
    crate::{
        auction::{self, Proceeds},
        errors::{BlockableError, ensure},
        events::Change,
        state::{Credit, FreezeRecord, Lot, MarketClock, TermBounds},
        transitions::{Action, Status},
        units::{Overflow, add, sub},
    },
    anchor_lang::prelude::*,
};

/// The terms of a sale of seized units.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct LotTerms {
    /// Price at the start, in micro-USDC per `PRICE_SCALE` units.
    pub start_price: u64,
    /// Price at the end of the window and after, in micro-USDC per `PRICE_SCALE` units.
    pub floor_price: u64,
    /// Seconds of market time over which the price falls.
    pub window: u32,
}

impl LotTerms {
    /// Checks the terms against a market's bounds, given the price that the loan paid per `PRICE_SCALE` units in micro-USDC.
    /// Errors: [`BlockableError::LotPriceTooLow`], [`BlockableError::LotPriceTooHigh`],
    /// [`BlockableError::LotWindowOutOfBounds`].
    pub fn validate(&self, price_paid: u64, bounds: &TermBounds) -> Result<()> {
        let least_start = auction::least_price(price_paid, bounds.min_start_price_bps)?;
        let least_floor = auction::least_price(price_paid, bounds.min_floor_price_bps)?.max(1);
        ensure(
            self.start_price >= least_start
                && self.floor_price >= least_floor
                && self.start_price >= self.floor_price,
            BlockableError::LotPriceTooLow,
        )?;
        let highest_start = auction::highest_price(price_paid, bounds.max_start_price_bps);
        ensure(self.start_price <= highest_start, BlockableError::LotPriceTooHigh)?;
        ensure(
            (bounds.min_lot_window..=bounds.max_lot_window).contains(&self.window),
            BlockableError::LotWindowOutOfBounds,
        )
    }
}

/// The addresses of a new lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewLot {
    /// The lot's address.
    pub key: Pubkey,
    /// Its bump.
    pub bump: u8,
    /// The credit's address.
    pub credit: Pubkey,
    /// The key that paid the lot's rent.
    pub rent_payer: Pubkey,
}

/// Units of a lot and their cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The units.
    pub units: u64,
    /// Their cost, in micro-USDC.
    pub cost: u64,
}

/// A sale that has been paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sale {
    /// The lot's address.
    pub lot: Pubkey,
    /// The buyer.
    pub buyer: Pubkey,
    /// Units sold.
    pub units: u64,
    /// Micro-USDC that the buyer has paid into the vault, as [`Lot::quote`] asked.
    pub cost: u64,
}

impl Lot {
    /// Sets up a zeroed lot with units of a credit.
    pub(super) fn open(
        &mut self,
        new: NewLot,
        credit: &Credit,
        units: u64,
        terms: LotTerms,
        clock: &MarketClock,
    ) {
        self.version = Lot::VERSION;
        self.bump = new.bump;
        self.index = credit.lots_opened;
        self.market = credit.market;
        self.credit = new.credit;
        self.provider = credit.provider;
        self.lender = credit.lender;
        self.rent_payer = new.rent_payer;
        self.units = units;
        self.units_left = units;
        self.start_price = terms.start_price;
        self.floor_price = terms.floor_price;
        self.opened_at = clock.market;
        self.window = terms.window;
    }

    /// The units of the lot that `amount` buys now and their cost in micro-USDC; `max_price` is per `PRICE_SCALE` units.
    /// `credit` is the one the units were seized from. The lender of the loan, and the lender that opened the lot, pay no
    /// less than the loan paid: otherwise they could get the units for less and keep the debt. Errors:
    /// [`BlockableError::AmountZero`], the market is paused, [`BlockableError::UnitsExpired`],
    /// [`BlockableError::LotUnitsExceeded`], [`BlockableError::PriceAboveMaximum`].
    pub fn quote(
        &self,
        credit: &Credit,
        buyer: &Pubkey,
        amount: UnitBounds,
        max_price: u64,
        clock: &MarketClock,
    ) -> Result<Quote> {
        clock.require_open()?;
        credit.require_unexpired(clock.market)?;
        let units = amount.units(self.units_left, BlockableError::LotUnitsExceeded)?;
        let mut price = self.price_at(clock.market)?;
        let mut cost = auction::cost(units, price)?;
        if self.is_lenders(credit, buyer) {
            price = price.max(credit.price_paid()?);
            cost = cost.max(credit.value_paid(units)?);
        }
        ensure(price <= max_price, BlockableError::PriceAboveMaximum)?;
        Ok(Quote { units, cost })
    }

    /// Returns true when `key` is the lender of `credit` now or the one that opened the lot.
    fn is_lenders(&self, credit: &Credit, key: &Pubkey) -> bool {
        *key == credit.lender || *key == self.lender
    }
}

impl Credit {
    /// Sells units of the lot: the debt takes the proceeds, less the market's fee of `fee_bps` basis points. Errors: the
    /// market is halted and the buyer is the lender, the status, [`Overflow`].
    pub fn sell(&mut self, lot: &mut Lot, sale: Sale, fee_bps: u16, clock: &MarketClock) -> Result<Change> {
        let Sale { lot: key, buyer, units, cost } = sale;
        if lot.is_lenders(self, &buyer) {
            clock.require_new_business()?;
        }
        lot.units_left = sub(lot.units_left, units)?;
        lot.proceeds = add(lot.proceeds, cost)?;
        self.advance(Action::Buy)?;
        self.accrue(clock.market)?;
        let Proceeds { fee, recovered, surplus } = auction::split(cost, fee_bps, self.debt.total())?;
        self.claims.lender = add(self.claims.lender, recovered)?;
        self.claims.borrower = add(self.claims.borrower, surplus)?;
        self.claims.treasury = add(self.claims.treasury, fee)?;
        let earned_before = self.claims.provider;
        self.recover_from_collateral(recovered)?;
        let (earned, debt) = (sub(self.claims.provider, earned_before)?, self.debt.total());
        Ok(Change::Sold { lot: key, buyer, units, cost, fee, recovered, surplus, earned, debt })
    }

    /// Closes the lot at `key`. Units that come back while something is owed come back frozen. Errors: the market is paused,
    /// the status, [`BlockableError::LotStillOpen`], [`BlockableError::LotNotYours`].
    pub fn close_lot(
        &mut self,
        lot: &Lot,
        key: Pubkey,
        signer: &Pubkey,
        clock: &MarketClock,
    ) -> Result<Change> {
        clock.require_open()?;
        let returned = lot.units_left;
        let window_has_passed = lot.window_has_passed(clock.market)?;
        let status = self.advance(Action::CloseLot)?;
        if returned > 0 && status == Status::Seizing {
            ensure(window_has_passed, BlockableError::LotStillOpen)?;
            ensure(*signer == self.lender, BlockableError::LotNotYours)?;
        }
        if status == Status::Seizing {
            self.collateral.unseize_frozen(returned)?;
            // To use from before a freeze they stay as closed as they were in the lot.
            let in_lot = |freeze: &FreezeRecord| if lot.opened_at < freeze.at_market { returned } else { 0 };
            self.change_closed_before(|freeze| freeze.closed_before.saturating_add(in_lot(&freeze)));
        } else {
            self.collateral.unseize(returned)?;
        }
        self.lots_open = self.lots_open.checked_sub(1).ok_or(Overflow)?;
        Ok(Change::LotClosed { lot: key, returned })
    }
}
