use super::{amounts::div_up, book::CreditBook};

/// A quorum's reading of a credit.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// Units used since issue.
    pub cumulative: i128,
    /// Units that running jobs hold.
    pub in_flight: i128,
    /// Unix time of the reading.
    pub reported_at: i128,
}

/// The units of a credit.
impl CreditBook {
    /// Units neither consumed, seized, expired nor cancelled.
    pub fn remaining(&self) -> i128 {
        self.granted - self.consumed - self.seized - self.expired - self.cancelled
    }

    /// Units that secure the debt.
    pub fn lien(&self) -> i128 {
        (self.granted - self.released - self.seized - self.cancelled).max(0).min(self.remaining())
    }

    /// Units of the lien that no payment has opened.
    pub fn locked(&self) -> i128 {
        (self.locked_at_issue - self.released - self.cancelled).max(0).min(self.lien())
    }

    /// The most that can be frozen.
    pub fn freezable(&self) -> i128 {
        self.lien() - self.locked()
    }

    /// Units on top of the locked ones that are closed to new jobs: the largest of what is frozen for each kind of reason.
    pub fn frozen(&self) -> i128 {
        self.frozen_for_payment.max(self.frozen_for_other).max(self.frozen_for_cross)
    }

    /// Units closed to new jobs.
    pub fn held(&self) -> i128 {
        self.locked() + self.frozen()
    }

    /// Units open to new jobs.
    pub fn available(&self) -> i128 {
        self.remaining() - self.held()
    }

    /// Held units that running jobs may still use.
    pub fn finishing(&self) -> i128 {
        (self.in_flight - self.available()).clamp(0, self.held())
    }

    /// Leaves at most so many units frozen, for whatever reason.
    pub fn cap(&mut self, most: i128) {
        self.frozen_for_payment = self.frozen_for_payment.min(most);
        self.frozen_for_other = self.frozen_for_other.min(most);
        self.frozen_for_cross = self.frozen_for_cross.min(most);
    }

    pub fn fit(&mut self) {
        self.cap(self.freezable());
    }

    /// Raises the units frozen for reasons of one kind, up to the lien. Returns whether that amount rises. One that `moves`, from
    /// the default of one credit to that of another, counts as well.
    pub fn freeze(&mut self, target: i128, reason: i128, moves: bool, chain: i128, market: i128) -> bool {
        let (target, before) = (target.min(self.freezable()), self.frozen());
        let closed = self.held() - self.finishing();
        let amount = match reason {
            0 | 1 => &mut self.frozen_for_payment,
            4 => &mut self.frozen_for_cross,
            _ => &mut self.frozen_for_other,
        };
        if target <= *amount && !moves {
            return false;
        }
        let target = target.max(*amount);
        *amount = target;
        self.freeze_reason = reason;
        if target <= before {
            return true;
        }
        self.note_freeze(closed, chain, market);
        if !self.promise_stands(market) {
            self.lapse();
        }
        if self.promised == 0 {
            self.promised_at = market;
        }
        self.promise_to_others();
        true
    }

    /// Parts of one freeze are measured by what was open before the first of them. Of others in one minute, two are kept apart.
    fn note_freeze(&mut self, closed: i128, chain: i128, market: i128) {
        let in_minute = |at_chain: i128, at_market: i128| at_chain != 0 && market <= at_market + 60;
        if chain == self.frozen_at_chain || in_minute(self.at_chain, self.at_market) {
            self.closed_before = self.closed_before.min(closed);
        } else {
            let kept = in_minute(self.frozen_at_chain, self.frozen_at_market);
            let latest = (self.closed_before, self.frozen_at_chain, self.frozen_at_market);
            (self.earlier_closed, self.at_chain, self.at_market) = if kept { latest } else { (0, 0, 0) };
            self.closed_before = closed;
        }
        (self.frozen_at_chain, self.frozen_at_market) = (chain, market);
    }

    /// The units closed to use before the freeze that a quorum is measured by, whose latest report is of `latest` and whose
    /// reporters came into force at `began`; `None` where it counts as of now.
    pub fn closed_then(&self, latest: i128, began: i128, market: i128) -> Option<i128> {
        let measures = |at_chain: i128, at_market: i128| {
            latest <= at_chain && began < at_chain && market <= at_market + 60
        };
        if measures(self.at_chain, self.at_market) {
            return Some(self.earlier_closed);
        }
        measures(self.frozen_at_chain, self.frozen_at_market).then_some(self.closed_before)
    }

    /// Makes a promise to jobs on frozen units that no freeze has met before.
    fn promise_to_others(&mut self) {
        self.promised += (self.finishing() - self.promised - self.lapsed).max(0);
    }

    fn lapse(&mut self) {
        self.lapsed += self.promised;
        self.promised = 0;
    }

    /// Units in flight that a freeze has met and that are open again.
    fn reopened(&self) -> i128 {
        (self.promised + self.lapsed - self.finishing()).max(0)
    }

    /// Lowers what is promised and lapsed to the units of jobs in flight that a freeze can have met: those on held units,
    /// and at most `reopened` on open ones.
    fn forget_others(&mut self, reopened: i128) {
        let on_frozen = self.finishing();
        let most = on_frozen + reopened.min(self.in_flight - on_frozen);
        self.promised = self.promised.min(most);
        self.lapsed = self.lapsed.min(most - self.promised);
    }

    /// Thaws all that is frozen under the policy.
    pub fn thaw_all(&mut self) {
        (self.frozen_for_payment, self.frozen_for_other) = (0, 0);
        if self.frozen_for_cross == 0 {
            (self.promised, self.lapsed, self.promised_at) = (0, 0, 0);
        }
    }

    /// True while a reserve has been short for longer than the grace, which lets the lender freeze whatever the policy.
    pub fn reserve_is_overdue(&self, market: i128) -> bool {
        let grace = i128::from(self.terms.delinquency_grace);
        self.reserve_drawn_at != 0 && market >= self.reserve_drawn_at + grace
    }

    /// Notes since when the reserve has been short.
    pub fn note_reserve(&mut self, market: i128) {
        if self.reserve >= i128::from(self.rider.reserve) {
            self.reserve_drawn_at = 0;
        } else if self.reserve_drawn_at == 0 {
            self.reserve_drawn_at = market;
        }
    }

    /// Thaws after a cure: the units frozen for payment, and the rest where only a mark had allowed the freeze.
    pub fn thaw_cured(&mut self, market: i128) {
        self.frozen_for_payment = 0;
        if self.terms.freeze_policy > 0 && !self.reserve_is_overdue(market) {
            self.thaw_all();
        }
    }

    /// Applies a reading, with the units `closed_then` before a freeze that it is from before. Returns whether it counts.
    pub fn meter(&mut self, reading: Reading, closed_then: Option<i128>, chain: i128, market: i128) -> bool {
        let Reading { cumulative, in_flight, reported_at } = reading;
        let rate = i128::from(self.terms.max_units_per_second);
        let in_flight = in_flight.min(rate * i128::from(self.terms.longest_job)).min(u64::MAX.into());
        let at = reported_at.min(chain);
        if at <= self.reported_at || cumulative < self.cumulative {
            return false;
        }
        let counted = (cumulative - self.cumulative).min(rate * (at - self.reported_at));
        // Even the longest job that ran at the freeze of the promise has ended by now.
        let read_at = market - (chain - reported_at).max(0);
        if read_at > self.promised_at + i128::from(self.terms.longest_job) {
            self.forget_others(0);
        }
        let (before, reopened) = (self.consumed, self.reopened());
        if let Some(closed) = closed_then.filter(|_| self.frozen() > 0) {
            let closed = closed.min(self.held());
            self.consumed += counted.min(self.remaining() - closed);
            self.fit();
            self.in_flight = in_flight.min(self.remaining() - closed.min(self.remaining()));
            self.forget_others(reopened);
            self.promise_to_others();
        } else {
            let (open, left) = (counted.min(self.available()), self.finishing());
            let finished = (counted - open).min(left);
            self.cap((self.frozen() - finished).max(0));
            self.consumed += open + finished;
            self.fit();
            self.in_flight = in_flight.min(self.available() + (left - finished).min(self.held()));
            self.forget_others(reopened);
        }
        self.overrun += counted - (self.consumed - before);
        self.cumulative += counted;
        self.reported_at = at;
        true
    }

    /// Units of the lien that a seizure may take.
    pub fn seizable(&self, market: i128) -> i128 {
        let kept = self.in_flight - self.lapsed - if self.promise_stands(market) { 0 } else { self.promised };
        let outside = self.remaining() - self.lien();
        (self.lien() - (kept - outside).max(0)).max(0)
    }

    /// True while the promise of a freeze to running jobs is kept.
    pub fn promise_stands(&self, market: i128) -> bool {
        market < self.promised_at + i128::from(self.terms.cure_period)
    }

    /// Takes units out of the lien.
    pub fn seize(&mut self, units: i128, market: i128) {
        let (seizable, locked) = (self.seizable(market), self.locked());
        // What was frozen before a freeze goes first, then what was open before it, and locked units last.
        let left = |closed: i128| {
            let frozen = units.min((closed - locked).max(0));
            let open = (seizable - closed.max(locked)).max(0);
            (closed - frozen - (units - frozen - open).max(0)).max(0)
        };
        (self.closed_before, self.earlier_closed) = (left(self.closed_before), left(self.earlier_closed));
        if !self.promise_stands(market) {
            self.lapse();
        }
        let (kept, left) = (self.in_flight - self.lapsed, self.finishing());
        self.cap((self.frozen() - units).max(left.min(self.promised)));
        self.seized += units;
        self.fit();
        self.in_flight = self.in_flight.min((self.available() + left.min(self.frozen())).max(kept));
        self.lapsed = self.in_flight - kept;
    }

    /// Lets what no job holds expire. Returns the units.
    pub fn expire(&mut self) -> i128 {
        let left = self.finishing();
        let units = self.remaining() - self.in_flight.min(self.available() + left);
        self.expired += units;
        self.cap(left);
        self.fit();
        units
    }

    /// The value of units at what the loan paid for them, rounded up.
    pub fn worth(&self, units: i128) -> i128 {
        div_up(units * i128::from(self.terms.principal), self.terms.units.into())
    }

    /// The price that the loan paid for a million units, rounded up.
    pub fn price_paid(&self) -> i128 {
        let units = i128::from(self.terms.units);
        if units == 0 { 0 } else { (i128::from(self.terms.principal) * 1_000_000 + units - 1) / units }
    }
}
