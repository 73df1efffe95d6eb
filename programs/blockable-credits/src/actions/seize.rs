//! Collateral leaves the lien: into a lot for sale, or to the lender.

use {
    super::{LotTerms, NewLot, UnitBounds},
    crate::{
        auction,
        errors::{BlockableError, ensure},
        events::Change,
        metering,
        state::{Credit, Lot, MarketClock, TermBounds},
        transitions::{Action, Status},
        units::{Overflow, after, mul_div_ceil, sub},
    },
    anchor_lang::prelude::*,
};

/// The first seizure takes at least one in this many of the units that can be taken. It ends the right to cure: without this
/// bound the lender could seize a single unit to refuse a payment that is on its way.
pub const LEAST_FIRST_SEIZURE: u64 = 10;

/// Units that a seizure has taken.
struct Taken {
    units: u64,
    /// Those of them that the holdback covered.
    covered: u64,
}

impl Credit {
    /// Moves units of the lien into a zeroed lot, but none that the holdback covers. `bounds` are the market's. Errors: the
    /// market is paused, the status, [`BlockableError::UnitsExpired`], [`BlockableError::CurePeriodRunning`], those of
    /// [`LotTerms::validate`], [`BlockableError::LotOutlivesUnits`], [`BlockableError::AmountZero`],
    /// [`BlockableError::BeyondLien`], [`BlockableError::HeldByRunningJobs`], [`BlockableError::CoveredByHoldback`],
    /// [`BlockableError::FirstSeizureTooSmall`].
    pub fn seize_to_lot(
        &mut self,
        lot: &mut Lot,
        new: NewLot,
        amount: UnitBounds,
        terms: LotTerms,
        bounds: &TermBounds,
        clock: &MarketClock,
    ) -> Result<Change> {
        let is_first = self.begin_seizure(Action::Seize, clock)?;
        terms.validate(self.price_paid()?, bounds)?;
        self.require_lot_ends(terms.window, bounds, clock)?;
        let Taken { units, .. } = self.take_from_lien(amount, None, is_first, clock)?;
        lot.open(new, self, units, terms, clock);
        self.lots_opened = self.lots_opened.checked_add(1).ok_or(Overflow)?;
        self.lots_open = self.lots_open.checked_add(1).ok_or(Overflow)?;
        Ok(Change::Seized {
            lot: new.key,
            units,
            start_price: terms.start_price,
            floor_price: terms.floor_price,
        })
    }

    /// Moves units of the lien to the lender and takes their value off the debt. `to` is the unrestricted credit they go to.
    /// Units that the holdback covers are taken last, and the provider, which must serve them, is paid for them. Returns the
    /// number of units and the change. Errors: the market is paused, the status,
    /// [`BlockableError::UnitsExpired`], [`BlockableError::CurePeriodRunning`], [`BlockableError::AmountZero`],
    /// [`BlockableError::BeyondLien`], [`BlockableError::HeldByRunningJobs`], [`BlockableError::BeyondDebt`],
    /// [`BlockableError::FirstSeizureTooSmall`].
    pub fn take_over(
        &mut self,
        to: Pubkey,
        amount: UnitBounds,
        clock: &MarketClock,
    ) -> Result<(u64, Change)> {
        let is_first = self.begin_seizure(Action::TakeOver, clock)?;
        let debt = self.debt.total();
        // Rounded up: otherwise a rest of the debt below the price of one unit would keep the lien for ever.
        let worth = auction::units_worth(debt, self.terms.principal, self.terms.units);
        let earned_before = self.claims.provider;
        let Taken { units, covered } = self.take_from_lien(amount, Some(worth), is_first, clock)?;
        self.pay_for_covered(covered)?;
        let value = self.value_paid(units)?.min(debt);
        self.recover_from_collateral(value)?;
        let (earned, debt) = (sub(self.claims.provider, earned_before)?, self.debt.total());
        Ok((units, Change::TakenOver { to, units, value, earned, debt }))
    }

    /// Makes the price of covered units that a takeover has taken, rounded down, the provider's claim.
    fn pay_for_covered(&mut self, units: u64) -> Result<()> {
        if units == 0 {
            return Ok(());
        }
        let price = self.holdback().price_floor(units)?;
        self.pay_provider(price.min(self.holdback_left))
    }

    /// Takes the edge of a seizure, once the cure period has passed, and brings the debt up to now. Returns true for the first
    /// seizure, which ends the right to cure.
    #[inline(never)]
    fn begin_seizure(&mut self, action: Action, clock: &MarketClock) -> Result<bool> {
        clock.require_open()?;
        let was = self.status()?;
        self.advance(action)?;
        self.pending_lender = Pubkey::default();
        self.require_unexpired(clock.market)?;
        self.accrue(clock.market)?;
        let is_first = was == Status::Defaulted;
        if is_first {
            self.require_cure_period_over(clock)?;
        }
        Ok(is_first)
    }

    /// Requires a window that ends before the units expire, or else the shortest one: in a longer one the units may expire
    /// before the price has fallen to what they are worth.
    fn require_lot_ends(&self, window: u32, bounds: &TermBounds, clock: &MarketClock) -> Result<()> {
        let ends = after(clock.market, window)?;
        let outlives = self.units_expire_at != 0 && ends > self.units_expire_at;
        ensure(!outlives || window == bounds.min_lot_window, BlockableError::LotOutlivesUnits)
    }

    /// Returns true while jobs keep the units that a freeze promised them: for the cure period from that freeze on. Errors:
    /// [`Overflow`].
    pub(super) fn promise_holds(&self, clock: &MarketClock) -> core::result::Result<bool, Overflow> {
        Ok(clock.market < after(self.meter.promised_at, self.terms.cure_period)?)
    }

    /// Units that can be seized now. Errors: [`Overflow`].
    pub fn seizable(&self, clock: &MarketClock) -> Result<u64> {
        let promise_holds = self.promise_holds(clock)?;
        Ok(metering::seizable(&self.collateral, &self.meter, promise_holds))
    }

    /// Takes units out of the lien. For a lot, `worth` is `None`, and units that the holdback covers stay. For a takeover
    /// `worth` is the number that the debt pays for: no more are taken, and covered ones last. Units that a freeze has promised
    /// to running jobs stay until the cure period from that freeze has passed; those of jobs that no freeze has met stay in
    /// any case. Returns the units taken.
    #[inline(never)]
    fn take_from_lien(
        &mut self,
        amount: UnitBounds,
        worth: Option<u64>,
        is_first: bool,
        clock: &MarketClock,
    ) -> Result<Taken> {
        let promise_holds = self.promise_holds(clock)?;
        let (mut collateral, mut meter) = (self.collateral, self.meter);
        let seizable = metering::seizable(&collateral, &meter, promise_holds);
        let uncovered = seizable.saturating_sub(self.covered()?);
        let takeable = worth.map_or(uncovered, |worth| worth.min(seizable));
        let too_few = match amount.least {
            least if least > collateral.lien() => BlockableError::BeyondLien,
            least if least > seizable => BlockableError::HeldByRunningJobs,
            _ if worth.is_some() => BlockableError::BeyondDebt,
            _ => BlockableError::CoveredByHoldback,
        };
        let units = amount.units(takeable, too_few)?;
        let least_first = mul_div_ceil(takeable, 1, LEAST_FIRST_SEIZURE)?;
        ensure(!is_first || units >= least_first, BlockableError::FirstSeizureTooSmall)?;
        let locked = collateral.locked();
        metering::seize(&mut collateral, &mut meter, units, promise_holds)?;
        (self.collateral, self.meter) = (collateral, meter);
        self.change_closed_before(|freeze| freeze.closed_after_seizure(units, seizable, locked));
        Ok(Taken { units, covered: units.saturating_sub(uncovered) })
    }
}
