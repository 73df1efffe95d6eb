use super::book::CreditBook;

/// The units of a credit.
impl CreditBook {
    /// Units neither consumed, seized nor expired.
    pub fn remaining(&self) -> i128 {
        self.granted - self.consumed - self.seized - self.expired
    }

    /// Units that secure the debt.
    pub fn lien(&self) -> i128 {
        (self.granted - self.released - self.seized).max(0).min(self.remaining())
    }

    /// Units open to new jobs.
    pub fn available(&self) -> i128 {
        self.remaining() - self.frozen
    }

    fn fit(&mut self) {
        self.frozen = self.frozen.min(self.lien());
    }

    fn promise_for(&self, in_flight: i128) -> i128 {
        (in_flight - self.available()).max(0).min(self.frozen)
    }

    /// Raises the frozen units. Returns whether that changes anything.
    pub fn freeze(&mut self, target: i128, reason: i128, chain: i128, market: i128) -> bool {
        if target <= self.frozen {
            return false;
        }
        // Parts of one freeze are measured by what was open before the first of them.
        let closed = self.frozen - self.settlement_left;
        let goes_on = self.frozen > 0 && chain == self.frozen_at_chain;
        self.frozen_before = if goes_on { self.frozen_before.min(closed) } else { closed };
        self.frozen_at_chain = chain;
        self.frozen = target;
        self.settlement_left = self.promise_for(self.in_flight);
        self.frozen_at_market = market;
        self.freeze_reason = reason;
        true
    }

    /// Lowers the frozen units.
    pub fn thaw(&mut self, units: i128) {
        self.frozen -= units;
        self.settlement_left = self.settlement_left.min(self.promise_for(self.in_flight));
    }

    /// Thaws all of them.
    pub fn thaw_all(&mut self) {
        (self.frozen, self.settlement_left) = (0, 0);
    }

    /// Applies a reading. Returns whether it counts.
    pub fn meter(
        &mut self,
        cumulative: i128,
        in_flight: i128,
        reported_at: i128,
        rate: i128,
        chain: i128,
        market: i128,
    ) -> bool {
        let at = reported_at.min(chain);
        if at <= self.reported_at || cumulative < self.cumulative {
            return false;
        }
        let counted = (cumulative - self.cumulative).min(rate * (at - self.reported_at));
        let late = market <= self.frozen_at_market + 60;
        let before = self.consumed;
        if self.frozen > 0 && at <= self.frozen_at_chain && late {
            let closed = self.frozen_before.min(self.frozen);
            self.consumed += counted.min(self.remaining() - closed);
            self.fit();
            self.in_flight = in_flight.min(self.remaining() - closed.min(self.remaining()));
            self.settlement_left = self.promise_for(self.in_flight);
        } else {
            let open = counted.min(self.available());
            let promised = (counted - open).min(self.settlement_left).min(self.frozen);
            self.frozen -= promised;
            self.consumed += open + promised;
            self.fit();
            self.settlement_left = (self.settlement_left - promised).min(self.promise_for(in_flight));
            self.in_flight = in_flight.min(self.available() + self.settlement_left);
        }
        self.overrun += counted - (self.consumed - before);
        self.cumulative += counted;
        self.reported_at = at;
        true
    }

    /// Units of the lien that a seizure may take.
    pub fn seizable(&self, market: i128) -> i128 {
        let running = if self.promise_stands(market) {
            self.in_flight.min(self.available() + self.settlement_left)
        } else {
            (self.in_flight - self.settlement_left).max(0).min(self.available())
        };
        let outside = self.remaining() - self.lien();
        (self.lien() - (running - outside).max(0)).max(0)
    }

    /// True while the promise of a freeze to running jobs is kept.
    pub fn promise_stands(&self, market: i128) -> bool {
        market < self.frozen_at_market + i128::from(self.terms.cure_period)
    }

    /// Takes units out of the lien.
    pub fn seize(&mut self, units: i128, market: i128) {
        let kept = if self.promise_stands(market) { self.settlement_left.min(self.frozen) } else { 0 };
        self.frozen = (self.frozen - units).max(0).max(kept);
        self.seized += units;
        self.fit();
        if !self.promise_stands(market) {
            self.in_flight = (self.in_flight - self.settlement_left).max(0);
            self.settlement_left = 0;
        }
        self.settlement_left = self.settlement_left.min(self.frozen);
    }

    /// Lets what no job holds expire. Returns the units.
    pub fn expire(&mut self) -> i128 {
        let held = self.in_flight.min(self.available() + self.settlement_left);
        let units = self.remaining() - held;
        self.expired += units;
        self.frozen = self.frozen.min(self.settlement_left);
        self.fit();
        self.settlement_left = self.settlement_left.min(self.frozen);
        units
    }

    /// The price that the loan paid for a million units, rounded up.
    pub fn price_paid(&self) -> i128 {
        let units = i128::from(self.terms.units);
        if units == 0 { 0 } else { (i128::from(self.terms.principal) * 1_000_000 + units - 1) / units }
    }
}
