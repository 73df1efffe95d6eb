//! The lender after a default: cancels what is held back, sells what is left, and takes over the rest.
//!
//! The order is that of the most certain money first: locked units that the holdback covers are cancelled for cash, the
//! rest of the lien is offered in a lot at the prices of the day, and the reserve is drawn, which the first seizure
//! allows. A lot that has reached its floor is closed and offered again as often as assumed; in the end the lender
//! takes the units over, sells them by itself for an assumed share of the market price, and writes the rest of the debt
//! off.

use {
    super::{DefaultOutcome, Walk},
    crate::{
        DAY, EconomicsError,
        loan::{Act, MIN_SUSPENSION_DAYS, Observer},
        random::{normal, poisson},
    },
    blockable_credits::transitions::Status,
};

/// The state of a recovery.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Recovery {
    /// Day of the default; `None` before.
    defaulted_on: Option<i64>,
    /// Day on which the open lot reaches its floor.
    floor_on: Option<i64>,
    /// Lots opened.
    lots: u32,
    /// Price of the day relative to that of issue, once it is followed.
    price: Option<f64>,
    has_begun: bool,
    has_ended: bool,
}

impl Recovery {
    /// True from the first seizure or sale on.
    pub(super) fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// True once nothing more is recovered.
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended
    }
}

impl Walk<'_> {
    /// The loan as a default of this second would find it.
    pub(super) fn default_as_of_now(&self) -> Result<DefaultOutcome, EconomicsError> {
        let credit = self.loan.accrued(self.seconds())?;
        Ok(DefaultOutcome {
            day: self.day,
            debt: credit.debt.total(),
            held_back: credit.holdback_left,
            reserve: credit.reserve_held,
            ..DefaultOutcome::default()
        })
    }

    /// Notes a default that stays one. A borrower that pays late may be marked, and cures.
    pub(super) fn note_default(&mut self, before: DefaultOutcome) {
        let pays_again = self.next < self.plan.pays && !self.provider_has_failed();
        if pays_again {
            self.outcome.cured_defaults += 1;
            return;
        }
        self.recovery.defaulted_on = Some(self.day);
        self.outcome.default.get_or_insert(before);
    }

    /// Notes the day on which the provider goes dark: whatever is owed then is in danger.
    pub(super) fn note_failure(&mut self) {
        if self.day != self.plan.provider_fails_on || self.outcome.default.is_some() {
            return;
        }
        if let (false, Ok(before)) = (self.status_is(Status::Repaid), self.default_as_of_now()) {
            self.outcome.default = Some(before);
        }
    }

    /// After the failure of a provider the market's admin suspends it, and lender and borrower cancel together what the
    /// holdback covers, unless the loan is in default by then.
    pub(super) fn cancel_together<O: Observer>(&mut self, observer: &mut O) {
        let cancels_on = self.plan.provider_fails_on.saturating_add(self.course.suspension_days);
        if self.day == cancels_on - MIN_SUSPENSION_DAYS {
            let seconds = self.seconds();
            self.loan.attempt(seconds, Act::SuspendProvider, observer);
        }
        if self.day == cancels_on && (self.status_is(Status::Active) || self.status_is(Status::Delinquent)) {
            self.cancel(Act::CancelTogether, observer);
        }
    }

    /// Goes on with the recovery of a default.
    pub(super) fn recover<O: Observer>(&mut self, observer: &mut O) -> Result<(), EconomicsError> {
        let Some(defaulted_on) = self.recovery.defaulted_on else { return Ok(()) };
        if self.day < defaulted_on + i64::from(self.course.preset.cure_days) {
            return Ok(());
        }
        if !self.recovery.has_begun {
            self.recovery.has_begun = true;
            self.cancel(Act::Cancel, observer);
            self.offer_lot(observer);
            self.draw_reserve(observer);
        } else {
            self.move_price();
        }
        self.sell(observer)?;
        self.end_lot(observer);
        Ok(())
    }

    /// Carries an act out where it is allowed. Returns the micro-USDC that the lender's claim grew by.
    fn gain<O: Observer>(&mut self, act: Act, observer: &mut O) -> u64 {
        let before = self.loan.credit.claims.lender;
        let seconds = self.seconds();
        self.loan.attempt(seconds, act, observer);
        self.loan.credit.claims.lender.saturating_sub(before)
    }

    /// Cancels what the holdback covers, for cash.
    fn cancel<O: Observer>(&mut self, act: Act, observer: &mut O) {
        if self.loan.credit.holdback_left > 0 && !self.status_is(Status::Repaid) {
            let gain = self.gain(act, observer);
            self.with_default(|default| default.from_holdback += gain);
        }
    }

    fn draw_reserve<O: Observer>(&mut self, observer: &mut O) {
        if self.loan.credit.reserve_held > 0 && !self.status_is(Status::Repaid) {
            let gain = self.gain(Act::DrawReserve, observer);
            self.with_default(|default| default.from_reserve += gain);
        }
    }

    fn with_default(&mut self, change: impl FnOnce(&mut DefaultOutcome)) {
        if let Some(default) = &mut self.outcome.default {
            change(default);
        }
    }

    /// The market price of a million units today, in micro-USDC; zero where the provider has gone.
    fn market_price(&mut self) -> f64 {
        if self.provider_has_failed() {
            return 0.0;
        }
        let course = self.course;
        let (day, crash) = (self.day, self.plan.crash);
        let prices = &mut self.prices;
        let price = *self.recovery.price.get_or_insert_with(|| {
            let crash = if crash { 1.0 + course.assumptions.market.crash_price } else { 1.0 };
            crash * course.price.factor(day as f64, prices)
        });
        price * course.list_price
    }

    fn move_price(&mut self) {
        if let Some(price) = &mut self.recovery.price {
            *price *= self.course.price.factor(1.0, &mut self.prices);
        }
    }

    fn offer_lot<O: Observer>(&mut self, observer: &mut O) {
        let price = self.market_price();
        let plan = self.course.preset.lot;
        // Units of a provider that has gone are worth nothing, but the first seizure opens the reserve.
        let opens_reserve = self.status_is(Status::Defaulted) && self.loan.credit.reserve_held > 0;
        if (price <= 0.0 && !opens_reserve) || self.status_is(Status::Repaid) {
            return;
        }
        let seconds = self.seconds();
        let now = crate::loan::clock(seconds).market;
        let bounds = &self.loan.market.bounds;
        let Some(terms) = plan.terms(price, &self.loan.credit, bounds, now) else { return };
        if self.loan.attempt(seconds, Act::Seize(terms), observer) {
            // A window is counted up to whole days: the lot is closed at the beginning of a day.
            self.recovery.floor_on = Some(self.day + (i64::from(terms.window) + DAY - 1) / DAY);
            self.recovery.lots += 1;
        }
    }

    /// Lets the buyers of the day look at the lot.
    fn sell<O: Observer>(&mut self, observer: &mut O) -> Result<(), EconomicsError> {
        if !self.loan.lot_is_open || self.provider_has_failed() {
            return Ok(());
        }
        let market_price = self.market_price();
        let (course, crash) = (self.course, usize::from(self.plan.crash));
        let market = &course.assumptions.market;
        let come = poisson(&mut self.buyers, course.no_buyer.get(crash).copied().unwrap_or(1.0));
        let spends = market.buyer_takes * self.loan.credit.terms.principal as f64 * 1_000_000.0;
        for _ in 0..come {
            let pays =
                market.buyer_pays + course.assumptions.simulator.buyer_sigma * normal(&mut self.buyers);
            let price = self.loan.lot.price_at(crate::loan::clock(self.seconds()).market).unwrap_or(u64::MAX);
            let units = (spends / price.max(1) as f64) as u64;
            if price as f64 > pays * market_price
                || self.status_is(Status::Repaid)
                || self.loan.lot.units_left == 0
            {
                continue;
            }
            let gain = self.gain(Act::Buy(units.max(1)), observer);
            self.with_default(|default| default.from_sales += gain);
        }
        Ok(())
    }

    /// Ends the recovery where the debt is paid or nothing is left, and closes a lot that has reached its floor.
    fn end_lot<O: Observer>(&mut self, observer: &mut O) {
        let sold_out = self.loan.lot_is_open && self.loan.lot.units_left == 0;
        let at_floor = self.recovery.floor_on.is_none_or(|day| self.day >= day);
        let is_repaid = self.status_is(Status::Repaid);
        if !(is_repaid || sold_out || at_floor || self.provider_has_failed() || !self.loan.lot_is_open) {
            return;
        }
        let seconds = self.seconds();
        if self.loan.lot_is_open && !self.loan.attempt(seconds, Act::CloseLot, observer) {
            // A lot of a provider that has gone stays open until its window has passed.
            return;
        }
        self.recovery.floor_on = None;
        let offers_again = self.recovery.lots <= self.course.assumptions.simulator.relots && !sold_out;
        if !is_repaid && offers_again && self.recovery.lots > 0 && !self.provider_has_failed() {
            self.offer_lot(observer);
            if self.loan.lot_is_open {
                return;
            }
        }
        self.take_the_rest(observer);
        self.recovery.has_ended = true;
    }

    /// Takes over what is left and writes the rest of the debt off.
    fn take_the_rest<O: Observer>(&mut self, observer: &mut O) {
        if self.status_is(Status::Repaid) {
            return;
        }
        self.draw_reserve(observer);
        let worth = self.market_price() * self.course.assumptions.simulator.takeover_worth / 1_000_000.0;
        let (seconds, seized) = (self.seconds(), self.loan.credit.collateral.seized);
        if worth > 0.0 && self.loan.attempt(seconds, Act::TakeOver, observer) {
            let units = self.loan.credit.collateral.seized.saturating_sub(seized);
            // A cast of a float saturates.
            let value = (units as f64 * worth) as u64;
            self.outcome.receipts = self.outcome.receipts.saturating_add(value);
            self.with_default(|default| default.from_takeover += value);
        }
        if !self.status_is(Status::Repaid) {
            self.loan.attempt(seconds, Act::WriteOff, observer);
        }
    }
}
